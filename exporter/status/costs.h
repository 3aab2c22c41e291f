// The part of the status page that shows costs: clusters, the most expensive namespaces and pods, what a search finds.
#ifndef EXPORTER_STATUS_COSTS_H_
#define EXPORTER_STATUS_COSTS_H_

#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "exporter/polling/report.h"
#include "exporter/status/options.h"
#include "metrics/snapshot.h"

namespace status {

// All that the page is made from.
struct StatusFacts {
  const Options& options;
  const metrics::Snapshot& snapshot;
  const polling::PollReport& report;
  std::string currency;
  absl::Time now;
};

inline constexpr size_t kMaxStatusPageBytes = 500'000;
// Rows and cards of any list end where the page has this many bytes: room is left for what must stand below.
inline constexpr size_t kFullPageBytes = kMaxStatusPageBytes - 150'000;

// A card for each cluster: the newest day, the days before, and what is known of now.
void AppendClusters(const StatusFacts& facts, std::string& html);

// A section with the most expensive namespaces or pods of the newest day, their parts and their trend.
void AppendTop(const StatusFacts& facts, metrics::Level level, std::string& html);

// The namespaces and pods of the newest day whose name holds `search`, in whatever case.
void AppendSearchResults(const StatusFacts& facts, absl::string_view search, std::string& html);

// "Thursday, 19 November 2026"
std::string DayTitle(absl::string_view date);

}  // namespace status

#endif  // EXPORTER_STATUS_COSTS_H_
