// The simulated clusters as a function of time: what ran and what it cost.
#ifndef TESTS_SIMULATOR_WORLD_H_
#define TESTS_SIMULATOR_WORLD_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"
#include "tests/simulator/hash.h"
#include "tests/simulator/life.h"
#include "tests/simulator/options.h"
#include "tests/simulator/population.h"

namespace simulator {

// What adds up when allocations are merged. Costs are currency, the others core-hours, byte-hours, GPU-hours or bytes.
enum Figure : size_t {
  kCpuCoreHours,
  kCpuRequestHours,
  kCpuLimitHours,
  kCpuUsageHours,
  kCpuCost,
  kCpuAdjustment,
  kGpuHours,
  kGpuRequestHours,
  kGpuUsageHours,
  kGpuCost,
  kGpuAdjustment,
  kNetworkTransfer,
  kNetworkReceive,
  kNetworkCost,
  kNetworkCrossZone,
  kNetworkCrossRegion,
  kNetworkInternet,
  kNetworkNatEgress,
  kNetworkNatIngress,
  kNetworkAdjustment,
  kLoadBalancerCost,
  kLoadBalancerAdjustment,
  kPvByteHours,
  kPvCost,
  kPvAdjustment,
  kRamByteHours,
  kRamRequestHours,
  kRamLimitHours,
  kRamUsageHours,
  kRamCost,
  kRamAdjustment,
  kExternalCost,
  kSharedCost,
  kFigureCount,
};

using Figures = std::array<double, kFigureCount>;

// The figures whose sum is totalCost.
inline constexpr std::array<Figure, 14> kTotalCostFigures = {
    kCpuCost,     kCpuAdjustment,     kGpuCost,          kGpuAdjustment,
    kNetworkCost, kNetworkAdjustment, kLoadBalancerCost, kLoadBalancerAdjustment,
    kPvCost,      kPvAdjustment,      kRamCost,          kRamAdjustment,
    kSharedCost,  kExternalCost};

// The server's words for cost that belongs to no workload.
inline constexpr absl::string_view kIdle = "__idle__";
inline constexpr absl::string_view kUnallocated = "__unallocated__";
inline constexpr absl::string_view kUnmounted = "__unmounted__";

// Views of text that the World owns, except `pod`.
struct Identity {
  absl::string_view cluster;
  absl::string_view node;
  absl::string_view provider_id;
  absl::string_view namespace_name;
  absl::string_view kind;
  absl::string_view controller;
  absl::string_view pod;
  absl::string_view container;
};

struct VolumeShare {
  uint32_t id = 0;
  absl::string_view cluster;
  double byte_hours = 0;
  double cost = 0;
  double adjustment = 0;

  void Add(const VolumeShare& other) {
    byte_hours += other.byte_hours;
    cost += other.cost;
    adjustment += other.adjustment;
  }
};

// One container's run, clipped to the window.
struct Atom {
  Identity id;
  size_t cluster = 0;  // into Population::clusters
  Span span;
  Figures figures{};
  bool has_volume = false;
  VolumeShare volume;
  double load_balancer_hours = 0;
  bool runs = true;  // false: storage that nobody mounts, or idle capacity
};

struct Conditions {
  int64_t now = 0;  // Unix seconds; nothing is known of what lies ahead
  bool adjustments = false;
  bool share_tenancy = false;
  bool external = false;
  // The server knows no more than the first half of each day.
  bool first_half = false;
  // The server has lost a tenth of the pods.
  bool lacks_pods = false;
};

// What the events make of a day.
struct DayPlan {
  bool off = false;
  bool half = false;
  bool moves = false;
  std::optional<int64_t> vanish_after;  // seconds after the day's end
};

// Deterministic and const after construction; safe to share between threads.
class World {
 public:
  explicit World(SimulatorOptions options);

  const SimulatorOptions& options() const { return options_; }
  const Population& population() const { return population_; }
  bool reconciles() const;
  int64_t offset_seconds() const { return offset_; }
  // The start of the day, in the server's offset, that `time` lies in.
  int64_t DayStart(int64_t time) const;

  // The part of `window` that there is data for.
  Span KnownPart(Span window, int64_t now) const;

  // Calls `visit` for every container of the known part of `window`, pods first, then storage without pods. An atom and
  // the text of its pod name live only during the call. Stops early, with false, once `*stop` is true.
  bool ForEachAtom(Span window, const Conditions& conditions, const std::atomic<bool>* stop,
                   absl::FunctionRef<void(const Atom&)> visit) const;

  // Capacity of a cluster that nobody asked for. Negative on some days. Its span is empty when nothing ran in the
  // window.
  Atom IdleOf(size_t cluster, Span window, const Conditions& conditions) const;

 private:
  void PodAtoms(uint32_t slot, Span window, const Conditions& conditions, std::string& name,
                absl::FunctionRef<void(const Atom&)> visit) const;
  // The run of one container of a pod on one node: its own, or the one that it moved to in the middle of some days. An
  // empty span when it did not run.
  Atom RunOf(uint32_t slot, const Life& life, int container, bool moved, Span window,
             const Conditions& conditions) const;
  void AddDay(uint32_t slot, int container, size_t node, Span part, int64_t day_start, const Conditions& conditions,
              Atom& atom) const;
  void AddExtras(uint32_t slot, Span part, int64_t day_start, const Conditions& conditions, Atom& atom) const;
  void UnmountedAtoms(Span window, const Conditions& conditions, absl::FunctionRef<void(const Atom&)> visit) const;
  void AddVolumeDay(uint32_t id, Span part, int64_t day_start, const Conditions& conditions, Atom& atom) const;
  // Calls `visit(part, start of its day)` for the days of which `span` touches the hours that the clusters ran and the
  // server knows.
  void ForEachDay(Span span, const Conditions& conditions, absl::FunctionRef<void(Span, int64_t)> visit) const;
  const DayPlan& PlanOf(int64_t day_start) const;
  // When the clusters were powered on.
  Span PoweredPart(int64_t day_start) const;
  // The part of a pod's day that it spent on its own node, or on the one that it moved to.
  Span PartOnNode(uint32_t slot, const Life& life, int64_t day_start, Span part, bool moved) const;
  // Whether the slot is one of each `share` slots that `salt` picks that day.
  bool IsPicked(uint32_t slot, int64_t day_start, Salt salt, uint64_t share) const;
  bool IsMissing(uint32_t slot, int64_t day_start, const Conditions& conditions) const;
  // The node after `node` in its cluster; `node` itself where it is the only one.
  size_t NextNode(size_t node) const;
  // What the cloud bill changes in a cost, as a share of it: 0 in the first 24 hours after the day's end, then a first
  // figure, and the final one at most 48 hours after it. Any four days in a row show each pair of directions, up or
  // down, of the two corrections.
  double AdjustmentShare(uint64_t what, int64_t day_start, const Conditions& conditions) const;

  const SimulatorOptions options_;
  const int64_t offset_;
  const Population population_;
  const std::map<int64_t, DayPlan> plans_;   // by the start of the day
  std::vector<std::string> unmounted_pods_;  // by namespace
};

}  // namespace simulator

#endif  // TESTS_SIMULATOR_WORLD_H_
