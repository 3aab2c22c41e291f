// Merging of allocations into the rows of one answered set.
#ifndef TESTS_SIMULATOR_AGGREGATE_H_
#define TESTS_SIMULATOR_AGGREGATE_H_

#include <atomic>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "tests/simulator/query.h"
#include "tests/simulator/world.h"

namespace simulator {

struct BalancerShare {
  absl::string_view cluster;
  absl::string_view namespace_name;
  absl::string_view service;
  double hours = 0;
  double cost = 0;
  double adjustment = 0;
};

// Which numbers of a row are NaN, which the encoder writes as null.
enum Oddity : unsigned {
  kCpuEfficiencyNaN = 1u << 0,  // and the CPU usage
  kRamEfficiencyNaN = 1u << 1,  // and the memory usage
  kTotalEfficiencyNaN = 1u << 2,
  kCpuCostNaN = 1u << 3,
  kRamCostNaN = 1u << 4,
  kNetworkCostNaN = 1u << 5,
  kPvAdjustmentNaN = 1u << 6,
};

struct Row {
  std::string key;
  Identity id;  // what all members have in common; text lives in the RowSet
  Span span;
  int64_t members = 0;
  Figures figures{};
  std::vector<VolumeShare> volumes;
  std::vector<BalancerShare> balancers;
  unsigned oddities = 0;
  bool idle = false;
  bool runs = false;  // at least one member is a container
};

// A row's emitted numbers before rounding; NaN where the server would have it.
struct Derived {
  double minutes = 0;
  double cpu_cores = 0;
  double cpu_request = 0;
  double cpu_limit = 0;
  double cpu_usage = 0;
  double cpu_cost = 0;
  double cpu_efficiency = 0;
  double gpu_count = 0;
  double gpu_request = 0;
  double gpu_usage = 0;
  double gpu_efficiency = 0;
  double network_cost = 0;
  double pv_bytes = 0;
  double pv_adjustment = 0;
  double ram_bytes = 0;
  double ram_request = 0;
  double ram_limit = 0;
  double ram_usage = 0;
  double ram_cost = 0;
  double ram_efficiency = 0;
  double total_cost = 0;
  double total_efficiency = 0;
};

Derived Derive(const Row& row);

// Not movable: rows hold views into its text.
class RowSet {
 public:
  RowSet() = default;
  RowSet(const RowSet&) = delete;
  RowSet& operator=(const RowSet&) = delete;

  // Sorted by key, as the server's encoder writes them.
  const std::vector<const Row*>& rows() const { return sorted_; }

 private:
  friend class Aggregator;
  std::deque<Row> storage_;
  std::deque<std::string> names_;
  std::vector<const Row*> sorted_;
};

// Fills `rows` with the rows of one set of `query`. Returns false when `*stop` became true before it was done.
bool BuildRows(const World& world, const AllocationQuery& query, Span set, const std::atomic<bool>* stop, RowSet& rows);

}  // namespace simulator

#endif  // TESTS_SIMULATOR_AGGREGATE_H_
