#include "kubecost/allocation.h"

namespace kubecost {
namespace {

constexpr double kUnitsPerCurrency = 1e6;
// Below 2^53 every whole number of units is a double, so the sum of two is exact.
constexpr double kMaxUnits = 4e15;

// True and `units` set when `value` is the double nearest to a decimal with at most six decimals.
bool ToUnits(double value, double& units) {
  units = std::nearbyint(value * kUnitsPerCurrency);
  return std::abs(units) < kMaxUnits && units / kUnitsPerCurrency == value;
}

}  // namespace

void InvalidValues::Add(const InvalidValues& other) {
  null_cost += other.null_cost;
  not_a_number += other.not_a_number;
  negative_minutes += other.negative_minutes;
  invalid_utf8 += other.invalid_utf8;
  if (unknown_cost.empty()) unknown_cost = other.unknown_cost;
  if (clusterless_row.empty()) clusterless_row = other.clusterless_row;
}

double AddCosts(double a, double b) {
  if (b == 0) return a;
  if (a == 0) return b;
  double units_a = 0;
  double units_b = 0;
  if (ToUnits(a, units_a) && ToUnits(b, units_b)) return (units_a + units_b) / kUnitsPerCurrency;
  return a + b;
}

}  // namespace kubecost
