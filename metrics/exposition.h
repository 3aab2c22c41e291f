// Prometheus' text format 0.0.4: escaping, numbers, family headers.
#ifndef METRICS_EXPOSITION_H_
#define METRICS_EXPOSITION_H_

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"
#include "metrics/family.h"

namespace metrics {

// Prometheus 3 refuses a scrape without exactly this.
inline constexpr absl::string_view kTextContentType = "text/plain; version=0.0.4; charset=utf-8";

// Appends `value`, valid UTF-8, as it stands between the quotes of a label.
void AppendLabelValue(absl::string_view value, std::string& out);

// "# HELP" and "# TYPE" lines of a family.
void AppendHeader(const Family& family, std::string& out);

// Longest text WriteNumber() writes.
inline constexpr size_t kMaxNumberLength = 32;

// Writes the shortest digits that read back to the same double and returns the end. Amounts of at most six decimals,
// which is what Kubecost gives, are written in plain notation; anything else as std::to_chars does.
char* WriteNumber(double value, char* out);

}  // namespace metrics

#endif  // METRICS_EXPOSITION_H_
