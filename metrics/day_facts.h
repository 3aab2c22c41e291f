// One calendar day as Kubecost tells it: the costs of all levels, and how far they hold together.
#ifndef METRICS_DAY_FACTS_H_
#define METRICS_DAY_FACTS_H_

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "base/day.h"
#include "kubecost/allocation.h"
#include "metrics/coverage.h"
#include "metrics/level_table.h"

namespace metrics {

// A cluster's day besides its costs.
struct ClusterDay {
  std::string cluster;  // escaped
  // When real pods ran; nothing when no row told.
  std::optional<Extent> extent;
  // Pods whose total cost is known.
  size_t pods = 0;
  // Cluster total minus the sum of the level, each from its own query; unknown when an amount is, or was not read.
  double namespace_difference = kubecost::kUnknown;
  double pod_difference = kubecost::kUnknown;
  // Both differences are what rounding explains: Kubecost rounds each amount to 5 decimals, so sums agree within
  // 5e-6 x (amounts added).
  bool reconciles = false;
};

// One generation: all levels read without a change of Kubecost's in between.
struct DayFacts : LevelTables {
  base::Window window;
  // "2026-11-19", at the offset the days are counted in.
  std::string date;
  // False when the pod level was not asked for.
  bool has_pods = true;
  // Sorted by cluster.
  std::vector<ClusterDay> clusters;

  // To be called once all tables are there: fills what follows from them.
  void Conclude();

  // Every cluster's levels reconcile.
  bool Reconciles() const;
  // Memory held, in bytes.
  size_t bytes() const;
};

// True when a cluster of `before` is missing, or its pods ran more than 5 minutes less, in `after`: Kubecost may know
// a part of the day only.
bool HasShrunk(const DayFacts& before, const DayFacts& after);

// True when a cluster whose levels add up in `before` has levels that do not in `after`.
bool HasCeasedToReconcile(const DayFacts& before, const DayFacts& after);

// True when the pods of each namespace add up to what the namespace level says of it: a far closer look than at a whole
// cluster, whose rounding grows with its pods.
bool NamespacesReconcile(const DayFacts& day);

// True when both hold the same rows with the same totals on every level.
bool SameCosts(const DayFacts& a, const DayFacts& b);

}  // namespace metrics

#endif  // METRICS_DAY_FACTS_H_
