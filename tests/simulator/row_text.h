// One row of an answer as JSON text.
#ifndef TESTS_SIMULATOR_ROW_TEXT_H_
#define TESTS_SIMULATOR_ROW_TEXT_H_

#include <cstdint>
#include <string>

#include "tests/simulator/aggregate.h"
#include "tests/simulator/tweaks.h"

namespace simulator {

// Writes the rows of one set. All arguments but `set` must outlive it.
class RowWriter {
 public:
  RowWriter(const World& world, const AllocationQuery& query, Span set, const RowTweaks& tweaks);

  // Appends `"key":{...}`, changed as the tweaks want it. `index` is the row's number within the set, -1 for idle rows.
  void Append(const Row& row, int64_t index, std::string& out) const;

 private:
  void AppendWindow(Span set);
  void AppendPlain(const Row& row, int64_t index, std::string& out) const;
  void AppendTimes(const Row& row, const Derived& d, std::string& out) const;
  void AppendCpu(const Row& row, const Derived& d, int64_t index, std::string& out) const;
  void AppendGpu(const Row& row, const Derived& d, std::string& out) const;
  void AppendNetwork(const Row& row, const Derived& d, std::string& out) const;
  void AppendStorage(const Row& row, const Derived& d, std::string& out) const;
  void AppendRam(const Row& row, const Derived& d, std::string& out) const;
  void AppendTotals(const Row& row, const Derived& d, std::string& out) const;
  void AppendCost(double value, std::string& out) const;
  void AppendGpuAllocation(const Row& row, const Derived& d, std::string& out) const;

  const World& world_;
  const AllocationQuery& query_;
  const RowTweaks& tweaks_;
  const bool tweaked_;
  const bool newest_;  // fields that came after the old envelope
  int64_t shift_ = 0;
  std::string window_;
};

// `"properties":{...}` of a row: those aggregated by, or all that its members have in common.
void AppendProperties(const World& world, const AllocationQuery& query, const RowTweaks& tweaks, const Row& row,
                      int64_t index, std::string& out);

// Applies the tweaks that change what a row says rather than how.
void TweakRow(const RowTweaks& tweaks, int64_t index, Row& row, std::string& name);

// Whether TweakRow, or a copy of the row, is needed at all.
bool ChangesRows(const RowTweaks& tweaks);

}  // namespace simulator

#endif  // TESTS_SIMULATOR_ROW_TEXT_H_
