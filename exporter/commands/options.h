// What `once` is asked for.
#ifndef EXPORTER_COMMANDS_OPTIONS_H_
#define EXPORTER_COMMANDS_OPTIONS_H_

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"

namespace commands {

enum class OutputFormat { kPrometheus, kOpenMetrics, kCsv, kJson };
inline constexpr absl::string_view kOutputFormatNames[] = {"prometheus", "openmetrics", "csv", "json"};

struct OnceOptions {
  OutputFormat output = OutputFormat::kPrometheus;
  // Calendar days at --day.utc-offset; all empty: the newest complete one. `to` is the last day of the range.
  std::optional<absl::CivilDay> date;
  std::optional<absl::CivilDay> from;
  std::optional<absl::CivilDay> to;
  // In their place: so many days up to the newest complete one.
  std::optional<int> days;
  // Empty: standard output.
  std::string output_file;
  // For OpenMetrics alone; an hour unless given.
  std::optional<absl::Duration> sample_interval;
};

}  // namespace commands

#endif  // EXPORTER_COMMANDS_OPTIONS_H_
