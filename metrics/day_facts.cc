#include "metrics/day_facts.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "metrics/table_builder.h"

namespace metrics {
namespace {

using kubecost::AddCosts;

// The sum of the only cluster; null when the level has no row.
const LevelTable::ClusterSum* SumOf(const LevelTable& table) {
  return table.sums().empty() ? nullptr : table.sums().data();
}

double Difference(const LevelTable::ClusterSum& cluster, const LevelTable::ClusterSum* level) {
  return level == nullptr ? kubecost::kUnknown : AddCosts(cluster.total, -level->total);
}

bool IsRounding(double difference, const LevelTable::ClusterSum& cluster, const LevelTable::ClusterSum* level) {
  if (!kubecost::IsKnown(difference)) return false;
  return std::abs(difference) <= RoundingOf(cluster.terms + level->terms);
}

// Whether the windows of the level's rows cover the day without a hole.
bool Covers(const LevelTable::ClusterSum* level, const base::Window& day) {
  return level == nullptr || (level->window.has_value() && level->window->span.Contains(day) &&
                              level->window->covered >= day.end - day.start);
}

// Fills what follows from the tables.
void Conclude(DayFacts& day) {
  const LevelTable::ClusterSum* const cluster = SumOf(day.table(Level::kCluster));
  const LevelTable::ClusterSum* const namespaces = SumOf(day.table(Level::kNamespace));
  const LevelTable::ClusterSum* const pods = SumOf(day.table(Level::kPod));
  if (cluster != nullptr) {
    day.namespace_difference = Difference(*cluster, namespaces);
    day.pod_difference = Difference(*cluster, pods);
    day.reconciles = IsRounding(day.namespace_difference, *cluster, namespaces) &&
                     (!day.has_pods || IsRounding(day.pod_difference, *cluster, pods));
  }
  day.is_whole = Covers(cluster, day.window) && Covers(namespaces, day.window) && Covers(pods, day.window);
  if (pods != nullptr) day.pods = pods->samples;
  if (const LevelTable::ClusterSum* const finest = day.has_pods ? pods : namespaces; finest != nullptr) {
    day.extent = finest->extent;
    day.ran = finest->ran;
  }
}

}  // namespace

size_t DayFacts::bytes() const { return sizeof(*this) + date.capacity() + cluster.capacity() + LevelTables::bytes(); }

ClusterFacts SplitByCluster(base::Window window, std::string date, bool has_pods, LevelTables&& read) {
  TableBuilder::AddSpecialCosts(read.table(Level::kNamespace), read.table(Level::kCluster));
  std::map<std::string, std::shared_ptr<DayFacts>> days;
  for (LevelTable& table : read.tables) {
    const Level level = table.level();
    for (LevelTable& part : LevelTable::SplitByCluster(std::move(table))) {
      std::shared_ptr<DayFacts>& day = days[part.sums()[0].cluster];
      if (day == nullptr) day = std::make_shared<DayFacts>();
      day->table(level) = std::move(part);
    }
  }
  ClusterFacts clusters;
  for (auto& [cluster, day] : days) {
    day->window = window;
    day->date = date;
    day->cluster = cluster;
    day->has_pods = has_pods;
    Conclude(*day);
    clusters.push_back(std::move(day));
  }
  return clusters;
}

bool Reconcile(const ClusterFacts& clusters) {
  return std::all_of(clusters.begin(), clusters.end(), [](const auto& day) { return day->reconciles; });
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
    if (!(difference <= RoundingOf(terms))) return false;
  }
  return pod == pods.rows();
}

}  // namespace metrics
