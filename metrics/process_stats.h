// What the kernel knows of this process, for the standard process_* metrics.
#ifndef METRICS_PROCESS_STATS_H_
#define METRICS_PROCESS_STATS_H_

#include <optional>

namespace metrics {

// Seconds and bytes. A value the kernel did not give is empty.
struct ProcessStats {
  std::optional<double> cpu_seconds;
  std::optional<double> start_time_seconds;  // since the epoch
  std::optional<double> resident_memory_bytes;
  std::optional<double> virtual_memory_bytes;
  std::optional<double> open_fds;
  std::optional<double> max_fds;
};

// Reads /proc; see proc(5).
ProcessStats ReadProcessStats();

}  // namespace metrics

#endif  // METRICS_PROCESS_STATS_H_
