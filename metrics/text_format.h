// Prometheus' text format 0.0.4, on which OpenMetrics builds: escaping, numbers, headers, names with their labels.
#ifndef METRICS_TEXT_FORMAT_H_
#define METRICS_TEXT_FORMAT_H_

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
  explicit SeriesText(const Family& family);

  // `kubecost_pod_info{cluster="a",...} `, valid until the next call.
  absl::string_view Of(const Sample& sample);

 private:
  struct Label {
    absl::string_view Sample::*value;
    // What stands between this value and the next one.
    std::string after;
  };

  std::vector<Label> labels_;
  // The labels of cluster and namespace, which come first.
  size_t scope_labels_ = 0;
  // Where the values of the former sample stood.
  const char* cluster_ = nullptr;
  const char* namespace_name_ = nullptr;
  // The text up to the first value, and up to the first behind the namespace.
  size_t begin_size_;
  size_t scope_size_ = 0;
  std::string text_;
};

}  // namespace metrics

#endif  // METRICS_TEXT_FORMAT_H_
