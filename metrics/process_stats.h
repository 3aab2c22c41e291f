// What the kernel knows of this process, for the standard process_* metrics.
#ifndef METRICS_PROCESS_STATS_H_
#define METRICS_PROCESS_STATS_H_

#include <map>

#include "absl/strings/string_view.h"

namespace metrics {

// Name and value of each family that the kernel gives a value for. Reads /proc; see proc(5).
std::map<absl::string_view, double> ReadProcessStats();

}  // namespace metrics

#endif  // METRICS_PROCESS_STATS_H_
