// Which fields of an allocation are read, found by name in constant time.
#ifndef KUBECOST_ROW_FIELDS_H_
#define KUBECOST_ROW_FIELDS_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "kubecost/resource.h"

namespace kubecost {

// The cost of each resource comes first, then the adjustment of each, both in the order of Resource.
enum class RowField : uint8_t {
  kTotalCost = 2 * kResourceCount,
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

constexpr bool IsCostField(RowField field) { return field <= RowField::kTotalCost; }

namespace row_fields_internal {

struct Slot {
  absl::string_view name;
  RowField field;
};

inline constexpr auto kOtherFields = std::to_array<Slot>({
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
});

inline constexpr size_t kSlotCount = 64;
static_assert(2 * (2 * kResourceCount + kOtherFields.size()) <= kSlotCount, "the table of fields needs more slots");

// Chosen so that hardly two names begin at the same slot.
constexpr size_t FirstSlotOf(absl::string_view name) {
  const auto byte = [name](size_t i) { return static_cast<size_t>(static_cast<unsigned char>(name[i])); };
  return (name.size() * 3 + byte(0) * 43 + byte(name.size() / 2)) % kSlotCount;
}

// The slot of the name, or the free one where it would stand.
constexpr size_t SlotOf(absl::string_view name, const std::array<Slot, kSlotCount>& slots) {
  size_t slot = FirstSlotOf(name);
  while (!slots[slot].name.empty() && slots[slot].name != name) slot = (slot + 1) % kSlotCount;
  return slot;
}

inline constexpr std::array<Slot, kSlotCount> kSlots = [] {
  std::array<Slot, kSlotCount> slots;
  slots.fill({"", RowField::kNone});
  const auto add = [&slots](absl::string_view name, RowField field) { slots[SlotOf(name, slots)] = {name, field}; };
  for (size_t i = 0; i < kResourceCount; ++i) {
    const ResourceInfo& row = kResources[i];
    add(row.cost_field, static_cast<RowField>(i));
    if (!row.adjustment_field.empty()) add(row.adjustment_field, static_cast<RowField>(kResourceCount + i));
  }
  for (const Slot& other : kOtherFields) add(other.name, other.field);
  return slots;
}();

constexpr bool EveryFieldHasASlot() {
  size_t names = kOtherFields.size();
  for (const ResourceInfo& row : kResources) names += row.adjustment_field.empty() ? 1 : 2;
  size_t used = 0;
  for (const Slot& slot : kSlots) used += slot.name.empty() ? 0 : 1;
  return used == names;
}
static_assert(EveryFieldHasASlot(), "two rows read one field of the API");

}  // namespace row_fields_internal

constexpr RowField RowFieldOf(absl::string_view key) {
  if (key.empty()) return RowField::kNone;
  return row_fields_internal::kSlots[row_fields_internal::SlotOf(key, row_fields_internal::kSlots)].field;
}

// The name in the API of a field that is not kNone.
constexpr absl::string_view RowFieldName(RowField field) {
  for (const row_fields_internal::Slot& slot : row_fields_internal::kSlots) {
    if (slot.field == field) return slot.name;
  }
  return "";
}

}  // namespace kubecost

#endif  // KUBECOST_ROW_FIELDS_H_
