// The model: one row of an Allocation API answer, in this project's terms.
//
// Everything here is a plain value without behaviour of its own. Costs are in the currency Kubecost is configured
// with; an amount Kubecost did not give (JSON null, a missing field) is kUnknown and never 0.
#ifndef KUBECOST_ALLOCATION_H_
#define KUBECOST_ALLOCATION_H_

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/day.h"
#include "kubecost/resource.h"

namespace kubecost {

// A value that Kubecost did not give. JSON has no NaN, so it cannot collide with a real number.
inline constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
inline bool IsKnown(double value) { return !std::isnan(value); }

// Another level needs, besides its place here: its aggregate (allocation_query.cc), its collector
// (metrics/selection.h), its identity (metrics/table_builder.cc, metrics/level_table.cc), its question
// (exporter/polling/day_reader.cc) and its families (metrics/family.h); the lists of levels in metrics/ are found by
// kNamespace.
enum class Level { kCluster, kNamespace, kPod };
inline constexpr size_t kLevelCount = 3;
inline constexpr std::array<absl::string_view, kLevelCount> kLevelNames = {"cluster", "namespace", "pod"};

// The rows Kubecost adds for cost that belongs to no workload.
inline constexpr absl::string_view kIdle = "__idle__";
inline constexpr absl::string_view kUnallocated = "__unallocated__";
inline constexpr absl::string_view kUnmounted = "__unmounted__";

// An amount for each resource.
using ResourceCosts = std::array<double, kResourceCount>;
inline constexpr ResourceCosts kUnknownCosts = [] {
  ResourceCosts costs;
  costs.fill(kUnknown);
  return costs;
}();

// Only the properties that a query aggregates by mean anything: a group with a single member leaks the others.
struct Properties {
  std::string cluster;
  std::string node;
  std::string namespace_name;
  std::string controller_kind;
  std::string controller;
  std::string pod;
};

// Each property with its name in the API.
struct PropertyField {
  absl::string_view name;
  std::string Properties::*text;
};
inline constexpr auto kPropertyFields = std::to_array<PropertyField>({
    {"cluster", &Properties::cluster},
    {"node", &Properties::node},
    {"namespace", &Properties::namespace_name},
    {"controllerKind", &Properties::controller_kind},
    {"controller", &Properties::controller},
    {"pod", &Properties::pod},
});

struct Efficiency {
  double cpu = kUnknown;
  double memory = kUnknown;
  double total = kUnknown;
};

// Averages over `minutes` of the row, needed to compute the efficiency of merged rows. Cores and bytes.
struct Usage {
  double minutes = kUnknown;
  double cpu_request = kUnknown;
  double cpu_usage = kUnknown;
  double memory_request = kUnknown;
  double memory_usage = kUnknown;
};

struct Allocation {
  // The key of the row in its set: dimensions joined with '/'. For error texts and to recognise special rows; it is
  // never split, since label values may contain '/'.
  std::string name;
  Properties properties;
  // The window of the set that the row belongs to. Empty when the server left it open or out, or gave no times.
  std::optional<base::Window> window;
  // From the first moment of the window in which something of the row ran to the last. Empty when not told.
  std::optional<base::Window> extent;
  // Kubecost's own total, never repaired from the parts.
  double total_cost = kUnknown;
  // Each part with its adjustment: cpuCost + cpuCostAdjustment.
  ResourceCosts costs = kUnknownCosts;
  // True when a cost field was an explicit null: a sum over such rows is not known either.
  bool has_null_cost = false;
  Efficiency efficiency;
  Usage usage;
};

// Values of an answer that were present but could not be taken as they were, by kind.
struct InvalidValues {
  uint64_t null_cost = 0;         // a cost field was null
  uint64_t not_a_number = 0;      // a number field held text, a bool, or a number no double can hold
  uint64_t negative_minutes = 0;  // a row that ends before it starts
  uint64_t invalid_utf8 = 0;      // a label value that had bytes replaced
  // For the log the first of its kind, empty when there is none: a cost that is not a number (`row "c1": totalCost is
  // null`), and a row without a cluster where others name several.
  std::string unknown_cost;
  std::string clusterless_row;

  void Add(const InvalidValues& other);
};

// Sum of two amounts, exact in decimal: Kubecost rounds every amount to 5 decimals (6 before OpenCost 1.101), so on
// that grid the sum is computed in whole units and 0.1 + 0.2 is 0.3, whatever the order of the terms. Amounts off the
// grid are added as doubles. Unknown plus anything is unknown.
double AddCosts(double a, double b);

}  // namespace kubecost

#endif  // KUBECOST_ALLOCATION_H_
