#include "metrics/daily_facts.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "base/day.h"

namespace metrics {
DailyFacts::DailyFacts(std::vector<ServedDay> days, bool pod_resources)
    : days_(std::move(days)), pod_resources_(pod_resources) {
  for (const ServedDay& day : days_) {
    for (const ClusterDay& cluster : day.facts->clusters) statuses_.push_back({&cluster, &day});
  }
  std::sort(statuses_.begin(), statuses_.end(), [](const Status& a, const Status& b) {
    return std::tie(a.cluster->cluster, a.day->facts->date) < std::tie(b.cluster->cluster, b.day->facts->date);
  });
  for (const Level level : {Level::kCluster, Level::kNamespace, Level::kPod}) FindOrder(level);
}

// Merges the tables, each sorted already.
void DailyFacts::FindOrder(Level level) {
  struct Head {
    size_t day;
    size_t row;
  };
  const auto table = [&](const Head& head) -> const LevelTable& { return days_[head.day].facts->table(level); };
  const auto compare = [&](const Head& a, const Head& b) { return CompareIdentity(table(a), a.row, table(b), b.row); };
  const auto is_before = [&](const Head& a, const Head& b) {
    const int order = compare(a, b);
    return order != 0 ? order < 0 : a.day < b.day;
  };
  // The next row of each day, sorted.
  std::vector<Head> heads;
  const auto insert = [&](const Head& head) {
    // Mostly the days have the same rows.
    const bool is_last = heads.empty() || !is_before(head, heads.back());
    heads.insert(is_last ? heads.end() : std::upper_bound(heads.begin(), heads.end(), head, is_before), head);
  };
  size_t rows = 0;
  for (size_t day = 0; day < days_.size(); ++day) {
    const Head head = {day, 0};
    if (table(head).rows() == 0 || (level == Level::kPod && !days_[day].with_pods)) continue;
    insert(head);
    rows += table(head).rows();
  }
  std::vector<uint16_t>& order = order_[static_cast<size_t>(level)];
  order.reserve(rows);
  std::vector<Head> same;
  while (!heads.empty()) {
    const auto other = std::find_if(heads.begin() + 1, heads.end(),
                                    [&](const Head& head) { return compare(head, heads.front()) != 0; });
    same.assign(heads.begin(), other);
    heads.erase(heads.begin(), other);
    for (Head& head : same) {
      order.push_back(static_cast<uint16_t>(head.day | (&head == same.data() ? kNewIdentity : 0)));
      if (++head.row < table(head).rows()) insert(head);
    }
  }
}

bool DailyFacts::Serves(const Family& family) const {
  return pod_resources_ || family.level != Level::kPod || family.column != Column::kResources;
}

size_t DailyFacts::bytes() const {
  size_t bytes = sizeof(*this) + days_.capacity() * sizeof(ServedDay) + statuses_.capacity() * sizeof(Status);
  for (const std::vector<uint16_t>& order : order_) bytes += order.capacity() * sizeof(uint16_t);
  return bytes;
}

double ValueOf(const DailyFacts::Status& status, Column column, Level level) {
  const ClusterDay& cluster = *status.cluster;
  const ServedDay& day = *status.day;
  const bool has_pods = day.with_pods && day.facts->has_pods;
  switch (column) {
    case Column::kComplete:
      return has_pods && cluster.reconciles ? 1 : 0;
    case Column::kSettled:
      return day.settled ? 1 : 0;
    case Column::kCoverage: {
      if (!cluster.extent.has_value()) return kubecost::kUnknown;
      const base::Window& window = day.facts->window;
      return std::min(1.0, absl::FDivDuration(cluster.extent->covered, window.end - window.start));
    }
    case Column::kPods:
      return has_pods ? static_cast<double>(cluster.pods) : kubecost::kUnknown;
    case Column::kLastRead:
      return absl::ToDoubleSeconds(absl::Floor(day.last_read - absl::UnixEpoch(), absl::Seconds(1)));
    case Column::kDifference:
      return level == Level::kPod ? cluster.pod_difference : cluster.namespace_difference;
    default:
      return kubecost::kUnknown;
  }
}

}  // namespace metrics
