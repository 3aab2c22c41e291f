#include "metrics/day_facts.h"

#include <algorithm>
#include <cmath>

#include "metrics/table_builder.h"

namespace metrics {
namespace {

using kubecost::AddCosts;
using kubecost::IsKnown;
using kubecost::kUnknown;

const LevelTable::ClusterSum* SumOf(const LevelTable& table, const std::string& cluster) {
  for (const LevelTable::ClusterSum& sum : table.sums()) {
    if (sum.cluster == cluster) return &sum;
  }
  return nullptr;
}

double Difference(const LevelTable::ClusterSum& cluster, const LevelTable::ClusterSum* level) {
  return level == nullptr ? kUnknown : AddCosts(cluster.total, -level->total);
}

// What Kubecost's rounding of one amount can amount to.
constexpr double kRounding = 5e-6;
// The difference of the doubles themselves: amounts are not on a binary grid.
constexpr double kSlack = 1e-9;

bool IsRounding(double difference, const LevelTable::ClusterSum& cluster, const LevelTable::ClusterSum* level) {
  if (!IsKnown(difference)) return false;
  return std::abs(difference) <= kRounding * static_cast<double>(cluster.terms + level->terms) + kSlack;
}

bool HasShrunk(const Extent& before, const std::optional<Extent>& after) {
  constexpr absl::Duration kTolerance = absl::Minutes(5);
  return !after.has_value() || after->span.start - before.span.start > kTolerance ||
         before.span.end - after->span.end > kTolerance || before.covered - after->covered > kTolerance;
}

}  // namespace

void DayFacts::Conclude() {
  TableBuilder::AddSpecialCosts(table(Level::kNamespace), table(Level::kCluster));
  for (const LevelTable::ClusterSum& cluster : table(Level::kCluster).sums()) {
    const LevelTable::ClusterSum* const namespaces = SumOf(table(Level::kNamespace), cluster.cluster);
    const LevelTable::ClusterSum* const pods = SumOf(table(Level::kPod), cluster.cluster);
    ClusterDay& day = clusters.emplace_back();
    day.cluster = cluster.cluster;
    day.namespace_difference = Difference(cluster, namespaces);
    day.pod_difference = Difference(cluster, pods);
    day.reconciles = IsRounding(day.namespace_difference, cluster, namespaces) &&
                     (!has_pods || IsRounding(day.pod_difference, cluster, pods));
    if (pods == nullptr) continue;
    day.extent = pods->extent;
    day.pods = pods->samples;
  }
}

bool DayFacts::Reconciles() const {
  return std::all_of(clusters.begin(), clusters.end(), [](const ClusterDay& day) { return day.reconciles; });
}

size_t DayFacts::bytes() const {
  size_t bytes = sizeof(*this) + clusters.capacity() * sizeof(ClusterDay);
  for (const LevelTable& table : tables) bytes += table.bytes();
  return bytes;
}

bool HasCeasedToReconcile(const DayFacts& before, const DayFacts& after) {
  return std::any_of(before.clusters.begin(), before.clusters.end(), [&after](const ClusterDay& old) {
    return old.reconciles && std::any_of(after.clusters.begin(), after.clusters.end(), [&old](const ClusterDay& day) {
             return day.cluster == old.cluster && !day.reconciles;
           });
  });
}

bool NamespacesReconcile(const DayFacts& day) {
  const LevelTable& namespaces = day.table(Level::kNamespace);
  const LevelTable& pods = day.table(Level::kPod);
  size_t pod = 0;
  for (size_t row = 0; row < namespaces.rows(); ++row) {
    double sum = 0;
    size_t terms = 1;
    for (; pod < pods.rows() && pods.cluster(pod) == namespaces.cluster(row) &&
           pods.namespace_name(pod) == namespaces.namespace_name(row);
         ++pod) {
      sum = AddCosts(sum, pods.value(Column::kTotal, pod));
      // A pod may be several rows merged: nodes it ran on.
      terms += 4;
    }
    const double difference = std::abs(AddCosts(namespaces.value(Column::kTotal, row), -sum));
    if (!(difference <= kRounding * static_cast<double>(terms) + kSlack)) return false;
  }
  return pod == pods.rows();
}

bool HasShrunk(const DayFacts& before, const DayFacts& after) {
  return std::any_of(before.clusters.begin(), before.clusters.end(), [&after](const ClusterDay& old) {
    const auto same = std::find_if(after.clusters.begin(), after.clusters.end(),
                                   [&old](const ClusterDay& day) { return day.cluster == old.cluster; });
    if (same == after.clusters.end()) return true;
    return after.has_pods && old.extent.has_value() && HasShrunk(*old.extent, same->extent);
  });
}

bool SameCosts(const DayFacts& a, const DayFacts& b) {
  return std::equal(a.tables.begin(), a.tables.end(), b.tables.begin(), SameTotals);
}

}  // namespace metrics
