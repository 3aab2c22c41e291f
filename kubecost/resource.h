// The parts of a cost: one row for each, from which every place that treats resources alike is derived.
#ifndef KUBECOST_RESOURCE_H_
#define KUBECOST_RESOURCE_H_

#include <array>
#include <cstddef>

#include "absl/strings/string_view.h"

namespace kubecost {

// In the order of the metric contract.
enum class Resource { kCpu, kGpu, kMemory, kPv, kNetwork, kLoadBalancer, kShared, kExternal, kCount };
inline constexpr size_t kResourceCount = static_cast<size_t>(Resource::kCount);

struct ResourceInfo {
  Resource resource;
  // Label `resource`, and part of the names of families and CSV columns.
  absl::string_view name;
  // For people.
  absl::string_view title;
  // Fields of the Allocation API; the second is empty where the API has no adjustment.
  absl::string_view cost_field;
  absl::string_view adjustment_field;
  // A scrape leaves a cost of 0 out on pod level: most pods have none of it.
  bool omit_zero_on_pods;
};

inline constexpr auto kResources = std::to_array<ResourceInfo>({
    {Resource::kCpu, "cpu", "CPU", "cpuCost", "cpuCostAdjustment", false},
    {Resource::kGpu, "gpu", "GPU", "gpuCost", "gpuCostAdjustment", true},
    {Resource::kMemory, "memory", "Memory", "ramCost", "ramCostAdjustment", false},
    {Resource::kPv, "pv", "Volumes", "pvCost", "pvCostAdjustment", false},
    {Resource::kNetwork, "network", "Network", "networkCost", "networkCostAdjustment", false},
    {Resource::kLoadBalancer, "load_balancer", "Load balancers", "loadBalancerCost", "loadBalancerCostAdjustment",
     true},
    {Resource::kShared, "shared", "Shared", "sharedCost", "", true},
    {Resource::kExternal, "external", "External", "externalCost", "", true},
});
static_assert(kResources.size() == kResourceCount, "every Resource needs its row in kResources");

namespace resource_internal {

constexpr bool RowsAreInOrder() {
  for (size_t i = 0; i < kResources.size(); ++i) {
    if (kResources[i].resource != static_cast<Resource>(i)) return false;
  }
  return true;
}
static_assert(RowsAreInOrder(), "the rows of kResources stand in the order of Resource");

constexpr bool NamesDiffer() {
  for (size_t i = 0; i < kResources.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      if (kResources[i].name == kResources[j].name) return false;
    }
  }
  return true;
}
static_assert(NamesDiffer(), "two rows of kResources have one name");

}  // namespace resource_internal

}  // namespace kubecost

#endif  // KUBECOST_RESOURCE_H_
