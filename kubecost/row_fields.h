// Which fields of an allocation are read, found by name in constant time.
#ifndef KUBECOST_ROW_FIELDS_H_
#define KUBECOST_ROW_FIELDS_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"

namespace kubecost {

enum class RowField : uint8_t {
  // Costs of the resources, in the order of enum Resource, each followed by its adjustment where there is one.
  kCpuCost,
  kGpuCost,
  kMemoryCost,
  kPvCost,
  kNetworkCost,
  kLoadBalancerCost,
  kSharedCost,
  kExternalCost,
  kCpuAdjustment,
  kGpuAdjustment,
  kMemoryAdjustment,
  kPvAdjustment,
  kNetworkAdjustment,
  kLoadBalancerAdjustment,
  kTotalCost,
  kCpuEfficiency,
  kMemoryEfficiency,
  kTotalEfficiency,
  kMinutes,
  kCpuRequest,
  kCpuUsage,
  kMemoryRequest,
  kMemoryUsage,
  kNumberCount,
  kProperties = kNumberCount,
  kWindow,
  kStart,
  kEnd,
  kNone,
};

struct RowFieldName {
  absl::string_view name;
  RowField field;
};

inline constexpr std::array<RowFieldName, 27> kRowFieldNames = {{
    {"cpuCost", RowField::kCpuCost},
    {"gpuCost", RowField::kGpuCost},
    {"ramCost", RowField::kMemoryCost},
    {"pvCost", RowField::kPvCost},
    {"networkCost", RowField::kNetworkCost},
    {"loadBalancerCost", RowField::kLoadBalancerCost},
    {"sharedCost", RowField::kSharedCost},
    {"externalCost", RowField::kExternalCost},
    {"cpuCostAdjustment", RowField::kCpuAdjustment},
    {"gpuCostAdjustment", RowField::kGpuAdjustment},
    {"ramCostAdjustment", RowField::kMemoryAdjustment},
    {"pvCostAdjustment", RowField::kPvAdjustment},
    {"networkCostAdjustment", RowField::kNetworkAdjustment},
    {"loadBalancerCostAdjustment", RowField::kLoadBalancerAdjustment},
    {"totalCost", RowField::kTotalCost},
    {"cpuEfficiency", RowField::kCpuEfficiency},
    {"ramEfficiency", RowField::kMemoryEfficiency},
    {"totalEfficiency", RowField::kTotalEfficiency},
    {"minutes", RowField::kMinutes},
    {"cpuCoreRequestAverage", RowField::kCpuRequest},
    {"cpuCoreUsageAverage", RowField::kCpuUsage},
    {"ramByteRequestAverage", RowField::kMemoryRequest},
    {"ramByteUsageAverage", RowField::kMemoryUsage},
    {"properties", RowField::kProperties},
    {"window", RowField::kWindow},
    {"start", RowField::kStart},
    {"end", RowField::kEnd},
}};

namespace row_fields_internal {

inline constexpr size_t kSlots = 64;

// Chosen so that no two names share a slot, which the compiler checks below.
constexpr size_t SlotOf(absl::string_view name) {
  const auto byte = [name](size_t i) { return static_cast<size_t>(static_cast<unsigned char>(name[i])); };
  return (name.size() * 3 + byte(0) * 43 + byte(name.size() / 2)) % kSlots;
}

constexpr std::array<uint8_t, kSlots> MakeSlots() {
  std::array<uint8_t, kSlots> slots{};
  for (size_t i = 0; i < kRowFieldNames.size(); ++i) {
    slots[SlotOf(kRowFieldNames[i].name)] = static_cast<uint8_t>(i + 1);
  }
  return slots;
}

inline constexpr std::array<uint8_t, kSlots> kSlotTable = MakeSlots();

constexpr bool SlotsAreUnique() {
  size_t used = 0;
  for (const uint8_t slot : kSlotTable) used += slot != 0;
  return used == kRowFieldNames.size();
}
static_assert(SlotsAreUnique());

}  // namespace row_fields_internal

inline RowField RowFieldOf(absl::string_view key) {
  if (key.empty()) return RowField::kNone;
  const size_t index = row_fields_internal::kSlotTable[row_fields_internal::SlotOf(key)];
  if (index == 0 || kRowFieldNames[index - 1].name != key) return RowField::kNone;
  return kRowFieldNames[index - 1].field;
}

inline constexpr bool IsCostField(RowField field) { return field <= RowField::kTotalCost; }

}  // namespace kubecost

#endif  // KUBECOST_ROW_FIELDS_H_
