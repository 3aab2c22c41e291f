#include "metrics/exposition.h"

#include <charconv>
#include <cmath>
#include <cstdint>

#include "absl/strings/str_cat.h"

namespace metrics {
namespace {

absl::string_view TypeName(Type type) {
  switch (type) {
    case Type::kGauge:
      return "gauge";
    case Type::kCounter:
      return "counter";
    case Type::kHistogram:
      return "histogram";
  }
  return "untyped";
}

}  // namespace

void AppendLabelValue(absl::string_view value, std::string& out) {
  for (const char c : value) {
    if (c == '\\' || c == '"') {
      out.push_back('\\');
      out.push_back(c);
    } else if (c == '\n') {
      out.append("\\n");
    } else {
      out.push_back(c);
    }
  }
}

void AppendHeader(const Family& family, std::string& out) {
  absl::StrAppend(&out, "# HELP ", family.name, " ");
  for (const char c : family.help) {
    if (c == '\\') {
      out.append("\\\\");
    } else if (c == '\n') {
      out.append("\\n");
    } else {
      out.push_back(c);
    }
  }
  absl::StrAppend(&out, "\n# TYPE ", family.name, " ", TypeName(family.type), "\n");
}

char* WriteNumber(double value, char* out) {
  constexpr int64_t kUnits = 1'000'000;
  // With at most 15 digits a decimal is the shortest that reads back to its double.
  constexpr double kMaxUnits = 1e15;
  const double units = std::nearbyint(value * static_cast<double>(kUnits));
  const bool exact = std::abs(units) < kMaxUnits && units / static_cast<double>(kUnits) == value;
  if (!exact) return std::to_chars(out, out + kMaxNumberLength, value).ptr;

  auto whole = static_cast<int64_t>(units);
  if (whole < 0) {
    *out++ = '-';
    whole = -whole;
  }
  int64_t decimals = whole % kUnits;
  out = std::to_chars(out, out + kMaxNumberLength, whole / kUnits).ptr;
  if (decimals == 0) return out;
  *out++ = '.';
  int width = 6;
  while (decimals % 10 == 0) {
    decimals /= 10;
    --width;
  }
  for (int i = width - 1; i >= 0; --i) {
    out[i] = static_cast<char>('0' + decimals % 10);
    decimals /= 10;
  }
  return out + width;
}

}  // namespace metrics
