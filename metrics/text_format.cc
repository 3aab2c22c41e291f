#include "metrics/text_format.h"

#include <charconv>
#include <cmath>
#include <cstdint>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "base/text.h"

namespace metrics {
namespace {

// In the order of Type.
constexpr absl::string_view kTypeNames[] = {"gauge", "counter", "histogram"};

constexpr const SampleLabel* FindLabel(absl::string_view name) {
  return std::find_if(kSampleLabels.begin(), kSampleLabels.end(),
                      [name](const SampleLabel& label) { return label.name == name; });
}

constexpr bool LabelsAreKnown(const Family& family) {
  if (family.source == Source::kExporter || family.source == Source::kClusterInfo) return true;
  size_t begin = 0;
  for (size_t end = 0; end <= family.labels.size(); ++end) {
    if (end < family.labels.size() && family.labels[end] != ',') continue;
    if (FindLabel(family.labels.substr(begin, end - begin)) == kSampleLabels.end()) return false;
    begin = end + 1;
  }
  return true;
}
static_assert(std::all_of(kFamilies.begin(), kFamilies.end(), LabelsAreKnown), "a label of a family is not in Sample");
static_assert(std::all_of(kSampleLabels.begin(), kSampleLabels.end(),
                          [](const SampleLabel& label) { return label.name.size() + 4 <= 32; }),
              "SeriesText has too little room for the name of a label");

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

std::string UnescapeLabelValue(absl::string_view escaped) {
  return absl::StrReplaceAll(escaped, {{"\\\\", "\\"}, {"\\\"", "\""}, {"\\n", "\n"}});
}

void AppendLabel(absl::string_view name, absl::string_view value, std::string& block) {
  absl::StrAppend(&block, block.empty() ? "{" : ",", name, "=\"");
  AppendLabelValue(base::ReplaceInvalidUtf8(value), block);
  block.push_back('"');
}

void AppendHeader(const Family& family, std::string& out) {
  const std::string help = absl::StrReplaceAll(family.help, {{"\\", "\\\\"}, {"\n", "\\n"}});
  absl::StrAppend(&out, "# HELP ", family.name, " ", help, "\n# TYPE ", family.name, " ",
                  kTypeNames[static_cast<size_t>(family.type)], "\n");
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

std::string NumberText(double value) {
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  char number[kMaxNumberLength];
  return std::string(number, WriteNumber(value, number));
}

SeriesText::SeriesText(const Family& family) : scope_(family.name) {
  const std::vector<absl::string_view> names = absl::StrSplit(family.labels, ',', absl::SkipEmpty());
  if (family.source == Source::kClusterInfo) {
    labels_.push_back({&Sample::cluster_info, {}, 0});
  } else {
    absl::StrAppend(&scope_, "{", names[0], "=\"");
    for (size_t i = 0; i < names.size(); ++i) {
      const bool is_scope = names[i] == "cluster" || names[i] == "namespace";
      Label& label = (is_scope ? scope_labels_ : labels_).emplace_back(Label{FindLabel(names[i])->value, {}, 0});
      const std::string after = i + 1 < names.size() ? absl::StrCat("\",", names[i + 1], "=\"") : "\"} ";
      label.after_size = after.copy(label.after.data(), label.after.size());
    }
  }
  name_size_ = scope_.size();
}

void SeriesText::SetScope(const Sample& sample) {
  const bool is_known =
      cluster_.data() != nullptr && cluster_ == sample.cluster && namespace_name_ == sample.namespace_name;
  cluster_ = sample.cluster;
  namespace_name_ = sample.namespace_name;
  if (is_known) return;
  scope_.resize(name_size_);
  for (const Label& label : scope_labels_) {
    absl::StrAppend(&scope_, sample.*label.value, absl::string_view(label.after.data(), label.after_size));
  }
}

}  // namespace metrics
