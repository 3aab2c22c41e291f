// Everything a scrape shows of Kubecost's facts, immutable, and the one shared cell that holds the newest.
#ifndef METRICS_SNAPSHOT_H_
#define METRICS_SNAPSHOT_H_

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/cell.h"
#include "base/day.h"
#include "metrics/daily_facts.h"
#include "metrics/day_facts.h"

namespace metrics {

// Costs of a window that Kubecost has not closed or reconciled; totals alone, every level summed from one answer.
struct LiveFacts : LevelTables {
  base::Window window;
  absl::Time read_at;
};

// The parts are shared with the snapshots before and after: publishing a new view copies pointers.
struct Snapshot {
  // The newest complete day, for the plain families; empty until one has been read.
  ClusterFacts day;
  // It and all others, for the families keyed by date; null until a day has been read.
  std::shared_ptr<const DailyFacts> daily;
  // The last complete hour, and today so far; null while it is not fresh. Pods of today may be left out.
  std::shared_ptr<const LiveFacts> hour;
  std::shared_ptr<const LiveFacts> today;
  // Label currency of the families of the former exporter; nothing when they are not served.
  std::optional<std::string> compat_currency;
  // The label block of kubecost_cluster_info, `{id="...",...} `; null while it is not known.
  std::shared_ptr<const std::string> cluster_info;

  // Memory held, in bytes.
  size_t bytes() const;
};

struct ClusterInfoSettings {
  // The cluster of the costs, when not empty; id and name where Kubecost gives none.
  std::string cluster_name;
  // Fills labels that Kubecost leaves out or empty.
  std::map<std::string, std::string> labels;
};

// The label block of kubecost_cluster_info from the answer of the clusterInfo endpoint: every key, lower-cased, as
// Kubecost's own series of that name has it, because Kubecost reads the series back and a missing label would blank
// what it knows and another id would be another cluster to it; and `cluster` as the costs have it. Empty when there is
// neither an id nor a cluster name.
std::string ClusterInfoLabels(const std::map<std::string, std::string>& info, const ClusterInfoSettings& settings);

using SnapshotStore = base::Cell<Snapshot>;

}  // namespace metrics

#endif  // METRICS_SNAPSHOT_H_
