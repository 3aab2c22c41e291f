// Prometheus' text format 0.0.4, on which OpenMetrics builds: escaping, numbers, headers, names with their labels.
#ifndef METRICS_TEXT_FORMAT_H_
#define METRICS_TEXT_FORMAT_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "metrics/family.h"
#include "metrics/sample.h"

namespace metrics {

// Prometheus 3 refuses a scrape without exactly this.
inline constexpr absl::string_view kTextContentType = "text/plain; version=0.0.4; charset=utf-8";

// Appends `value`, valid UTF-8, as it stands between the quotes of a label.
void AppendLabelValue(absl::string_view value, std::string& out);
// What AppendLabelValue() made of a text, undone.
std::string UnescapeLabelValue(absl::string_view escaped);

// Appends `{name="value"`, or `,name="value"` to a block that has a label already. `value` may hold any bytes.
void AppendLabel(absl::string_view name, absl::string_view value, std::string& block);

// "# HELP" and "# TYPE" lines of a family.
void AppendHeader(const Family& family, std::string& out);

// Longest text WriteNumber() writes.
inline constexpr size_t kMaxNumberLength = 32;

// Writes the shortest digits that read back to the same double and returns the end. Amounts of at most six decimals,
// which is what Kubecost gives, are written in plain notation; anything else as std::to_chars does.
char* WriteNumber(double value, char* out);
// The same, and "+Inf" and "-Inf" as the format has them.
std::string NumberText(double value);

// Names and labels of one family's samples. Cheapest when samples of one cluster and namespace follow each other.
class SeriesText {
 public:
  // `family` is not of Source::kExporter.
  explicit SeriesText(const Family& family);

  // The room that Write() needs.
  size_t MaxSize(const Sample& sample) {
    if (sample.cluster.data() != cluster_.data() || sample.namespace_name.data() != namespace_name_.data()) {
      SetScope(sample);
    }
    size_t size = scope_.size();
    for (const Label& label : labels_) size += (sample.*label.value).size() + sizeof(label.after);
    return size;
  }

  // `kubecost_pod_info{cluster="a",...} `; returns the end. MaxSize() of the same sample is to be called before.
  char* Write(const Sample& sample, char* out) const {
    out = std::copy(scope_.begin(), scope_.end(), out);
    for (const Label& label : labels_) {
      const absl::string_view value = sample.*label.value;
      out = std::copy(value.begin(), value.end(), out);
      // All of it, because a copy of constant size is much faster.
      std::copy(label.after.begin(), label.after.end(), out);
      out += label.after_size;
    }
    return out;
  }

 private:
  struct Label {
    absl::string_view Sample::*value;
    // What stands between this value and the next one.
    std::array<char, 32> after;
    size_t after_size;
  };

  void SetScope(const Sample& sample);

  // Begins with the name and ends where the first value behind cluster and namespace begins.
  std::string scope_;
  // What is in it.
  size_t name_size_;
  std::vector<Label> scope_labels_;
  absl::string_view cluster_;
  absl::string_view namespace_name_;
  // The other labels.
  std::vector<Label> labels_;
};

}  // namespace metrics

#endif  // METRICS_TEXT_FORMAT_H_
