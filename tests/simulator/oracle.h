// What a correct exporter must export, computed apart from any exporter.
#ifndef TESTS_SIMULATOR_ORACLE_H_
#define TESTS_SIMULATOR_ORACLE_H_

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tests/simulator/options.h"
#include "tests/simulator/world.h"

namespace simulator {

enum class Level { kPod, kNamespace, kCluster };
enum class IdleMode { kSeparate, kShare, kOff };

// One entry per (cluster[, namespace[, pod]]). An absent value must have no sample.
struct OracleEntry {
  std::string cluster;
  std::string namespace_name;  // "" on cluster level
  std::string pod;             // "" on cluster and namespace level
  // From the most expensive row; "" where unknown and above pod level.
  std::string node;
  std::string controller_kind;
  std::string controller;
  // Answered rows that were merged; idle rows that went into a cluster do not count.
  int rows = 0;

  // Currency units, adjustments included.
  std::optional<double> total;
  std::optional<double> cpu;
  std::optional<double> gpu;
  std::optional<double> memory;
  std::optional<double> pv;
  std::optional<double> network;
  std::optional<double> load_balancer;
  std::optional<double> shared;
  std::optional<double> external;

  std::optional<double> cpu_efficiency;
  std::optional<double> memory_efficiency;
  std::optional<double> total_efficiency;

  // Cluster level only: totals of the special rows of the namespace level.
  std::optional<double> idle;
  std::optional<double> unallocated;
  std::optional<double> unmounted;
  // Cluster level only. The part of the window, 0..1, in which at least one real pod ran, as the extents of the pod
  // level's rows tell: idle capacity and storage that nobody mounts are not pods.
  std::optional<double> coverage;
  // Cluster level only: the entries of the pod level with a known total.
  std::optional<int> pods;
};

struct OracleRequest {
  Span window;
  Level level = Level::kPod;
  IdleMode idle = IdleMode::kSeparate;
  bool share_tenancy_costs = true;
};

// Sorted by (cluster, namespace_name, pod). `stop` makes it give up early.
std::vector<OracleEntry> ComputeOracle(const World& world, const OracleRequest& request, int64_t now,
                                       const std::atomic<bool>* stop);

// An array of objects, `null` for what is absent.
std::string OracleJson(const std::vector<OracleEntry>& entries);

}  // namespace simulator

#endif  // TESTS_SIMULATOR_ORACLE_H_
