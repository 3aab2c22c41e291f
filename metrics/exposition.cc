#include "metrics/exposition.h"

#include <charconv>
#include <cmath>
#include <cstdint>

#include "absl/strings/str_cat.h"

namespace metrics {
namespace {

constexpr absl::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

// Length of the well-formed UTF-8 sequence at the start of `text`, 0 when there is none (RFC 3629: no overlong form,
// no surrogate, nothing above U+10FFFF).
size_t SequenceLength(absl::string_view text) {
  const auto byte = [text](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return 1;
  const size_t length = lead < 0xC2 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF5 ? 4 : 0;
  if (length == 0 || text.size() < length) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  if ((lead == 0xE0 && byte(1) < 0xA0) || (lead == 0xED && byte(1) > 0x9F) || (lead == 0xF0 && byte(1) < 0x90) ||
      (lead == 0xF4 && byte(1) > 0x8F)) {
    return 0;
  }
  return length;
}

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

bool IsValidUtf8(absl::string_view text) {
  while (!text.empty()) {
    const size_t length = SequenceLength(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

std::string ReplaceInvalidUtf8(absl::string_view text) {
  std::string valid;
  while (!text.empty()) {
    const size_t length = SequenceLength(text);
    absl::StrAppend(&valid, length == 0 ? kReplacement : text.substr(0, length));
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return valid;
}

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
