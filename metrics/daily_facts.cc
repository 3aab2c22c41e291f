#include "metrics/daily_facts.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/day.h"

namespace metrics {
namespace {

using kubecost::IsKnown;
using kubecost::kUnknown;

constexpr Level kLevelsBelow[] = {Level::kNamespace, Level::kPod};

}  // namespace

DailyFacts::DailyFacts(std::vector<ServedDay> days, bool pod_resources)
    : days_(std::move(days)), pod_resources_(pod_resources) {
  for (const ServedDay& day : days_) {
    labels_end_.push_back(absl::StrCat("\",date=\"", day.facts->date, "\"} "));
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
    uint8_t day;
    const LevelTable* table;
    size_t row;
  };
  std::vector<Head> heads;
  size_t rows = 0;
  for (size_t day = 0; day < days_.size(); ++day) {
    const LevelTable& table = days_[day].facts->table(level);
    if (table.rows() == 0 || (level == Level::kPod && !days_[day].with_pods)) continue;
    heads.push_back({static_cast<uint8_t>(day), &table, 0});
    rows += table.rows();
  }
  std::vector<uint8_t>& order = order_[static_cast<size_t>(level)];
  order.reserve(rows);
  while (!heads.empty()) {
    const auto compare = [](const Head& a, const Head& b) { return CompareIdentity(*a.table, a.row, *b.table, b.row); };
    const Head first = *std::min_element(heads.begin(), heads.end(),
                                         [&compare](const Head& a, const Head& b) { return compare(a, b) < 0; });
    uint8_t mark = kNewIdentity;
    for (Head& head : heads) {
      if (compare(head, first) != 0) continue;
      order.push_back(head.day | mark);
      mark = 0;
      ++head.row;
    }
    std::erase_if(heads, [](const Head& head) { return head.row == head.table->rows(); });
  }
}

bool DailyFacts::Serves(const Family& family) const {
  return pod_resources_ || family.level != Level::kPod || family.column != Column::kResources;
}

size_t DailyFacts::CountSamples(const Family& family) const {
  if (!Serves(family)) return 0;
  size_t samples = 0;
  if (family.source == Source::kDayStatus) {
    for (const Status& status : statuses_) {
      for (const Level level : kLevelsBelow) {
        const bool is_other = family.column != Column::kDifference && level != kLevelsBelow[0];
        samples += !is_other && IsKnown(ValueOf(status, family.column, level)) ? 1 : 0;
      }
    }
    return samples;
  }
  for (const ServedDay& day : days_) {
    if (family.level == Level::kPod && !day.with_pods) continue;
    const LevelTable& table = day.facts->table(family.level);
    if (family.column != Column::kResources) {
      samples += table.CountSamples(family.column);
      continue;
    }
    for (const kubecost::Resource resource : kResourcesByName) {
      const std::vector<double>& values = table.column(static_cast<Column>(resource));
      samples += static_cast<size_t>(
          std::count_if(values.begin(), values.end(), [&](double value) { return IsServedPart(family.level, value); }));
    }
  }
  return samples;
}

size_t DailyFacts::bytes() const {
  size_t bytes = sizeof(*this) + days_.capacity() * sizeof(ServedDay) + statuses_.capacity() * sizeof(Status);
  for (const std::vector<uint8_t>& order : order_) bytes += order.capacity();
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
      if (!cluster.extent.has_value()) return kUnknown;
      const base::Window& window = day.facts->window;
      return std::min(1.0, absl::FDivDuration(cluster.extent->covered, window.end - window.start));
    }
    case Column::kPods:
      return has_pods ? static_cast<double>(cluster.pods) : kUnknown;
    case Column::kLastRead:
      return absl::ToDoubleSeconds(absl::Floor(day.last_read - absl::UnixEpoch(), absl::Seconds(1)));
    case Column::kDifference:
      return level == Level::kPod ? cluster.pod_difference : cluster.namespace_difference;
    default:
      return kUnknown;
  }
}

bool IsServedPart(Level level, double value) { return IsKnown(value) && (level != Level::kPod || value != 0); }

}  // namespace metrics
