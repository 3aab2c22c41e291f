// One cluster's calendar day as Kubecost tells it: the costs of all levels, and how far they hold together.
#ifndef METRICS_DAY_FACTS_H_
#define METRICS_DAY_FACTS_H_

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "base/day.h"
#include "kubecost/allocation.h"
#include "metrics/coverage.h"
#include "metrics/level_table.h"

namespace metrics {

// One generation: one cluster on one calendar day, all levels read without a change of Kubecost's in between.
struct DayFacts : LevelTables {
  base::Window window;
  // "2026-11-19", at the offset the days are counted in.
  std::string date;
  std::string cluster;  // escaped
  // The windows of the rows cover the whole day.
  bool is_whole = true;
  // False when the pod level was not asked for.
  bool has_pods = true;
  // When real pods ran, nothing when no row told, and the sum of the run times of these rows: pod-minutes. From the pod
  // level, or from the namespace level when pods were not asked for.
  std::optional<Extent> extent;
  absl::Duration ran;
  // Pods whose total cost is known.
  size_t pods = 0;
  // Cluster total minus the sum of the level, each from its own query; unknown when an amount is, or was not read.
  double namespace_difference = kubecost::kUnknown;
  double pod_difference = kubecost::kUnknown;
  // Both differences are what rounding explains: Kubecost rounds each amount to 5 decimals, so sums agree within
  // 5e-6 x (amounts added).
  bool reconciles = false;

  // Memory held, in bytes.
  size_t bytes() const;
};

// The clusters of one day, sorted by cluster.
using ClusterFacts = std::vector<std::shared_ptr<const DayFacts>>;

// The facts of every cluster that any level of a reading names. One that the cluster level lacks does not reconcile.
ClusterFacts SplitByCluster(base::Window window, std::string date, bool has_pods, LevelTables&& read);

// Every cluster's levels reconcile.
bool Reconcile(const ClusterFacts& clusters);

// True when the pods of each namespace add up to what the namespace level says of it: a far closer look than at a whole
// cluster, whose rounding grows with its pods.
bool NamespacesReconcile(const DayFacts& day);

}  // namespace metrics

#endif  // METRICS_DAY_FACTS_H_
