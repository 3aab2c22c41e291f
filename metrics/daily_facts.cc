#include "metrics/daily_facts.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace metrics {
namespace {

std::vector<ServedDay> Sorted(std::vector<ServedDay> days) {
  std::sort(days.begin(), days.end(), IsBefore);
  return days;
}

// Whether the day has rows to serve.
bool IsInOrder(const ServedDay& day, Level level) {
  return day.facts != nullptr && day.facts->table(level).rows() > 0 && (level != Level::kPod || day.with_pods);
}

}  // namespace

ServedDay ServedDayOf(std::shared_ptr<const DayFacts> facts, absl::Time last_read, bool settled, bool with_pods) {
  ServedDay day = {std::move(facts), {}, {}, last_read, settled, false, with_pods};
  day.cluster = day.facts->cluster;
  day.date = day.facts->date;
  day.complete = day.has_pods() && day.facts->reconciles;
  return day;
}

bool IsBefore(const ServedDay& a, const ServedDay& b) {
  return std::tie(a.cluster, a.date) < std::tie(b.cluster, b.date);
}

DailyFacts::DailyFacts(std::vector<ServedDay> days, bool pod_resources)
    : days_(Sorted(std::move(days))), pod_resources_(pod_resources) {
  for (const Level level : {Level::kCluster, Level::kNamespace, Level::kPod}) FindOrder(level);
}

void DailyFacts::FindOrder(Level level) {
  size_t rows = 0;
  for (const ServedDay& day : days_) rows += IsInOrder(day, level) ? day.facts->table(level).rows() : 0;
  order_[static_cast<size_t>(level)].reserve(rows);
  // What lies beyond is left out: an entry could not name it.
  const size_t size = std::min(days_.size(), size_t{kDayMask} + 1);
  for (size_t first = 0, last = 0; first < size; first = last) {
    while (last < size && days_[last].cluster == days_[first].cluster) ++last;
    FindOrder(level, first, last);
  }
}

// Merges the tables, each sorted already.
void DailyFacts::FindOrder(Level level, size_t first, size_t last) {
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
  for (size_t day = first; day < last; ++day) {
    if (IsInOrder(days_[day], level)) insert({day, 0});
  }
  std::vector<uint16_t>& order = order_[static_cast<size_t>(level)];
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
  size_t bytes = sizeof(*this) + days_.capacity() * sizeof(ServedDay);
  for (const std::vector<uint16_t>& order : order_) bytes += order.capacity() * sizeof(uint16_t);
  return bytes;
}

double ValueOf(const ServedDay& day, Column column, Level level) {
  if (column == Column::kComplete) return day.complete ? 1 : 0;
  if (column == Column::kDoubted) return day.doubt.empty() ? kubecost::kUnknown : 1;
  if (column == Column::kRevised) return day.revised ? 1 : kubecost::kUnknown;
  if (day.facts == nullptr) return kubecost::kUnknown;
  const DayFacts& facts = *day.facts;
  switch (column) {
    case Column::kSettled:
      return day.settled ? 1 : 0;
    case Column::kCoverage:
      if (!facts.has_pods || !facts.extent.has_value()) return kubecost::kUnknown;
      return std::min(1.0, absl::FDivDuration(facts.extent->covered, facts.window.end - facts.window.start));
    case Column::kPods:
      return day.has_pods() ? static_cast<double>(facts.pods) : kubecost::kUnknown;
    case Column::kLastRead:
      return absl::ToDoubleSeconds(absl::Floor(day.last_read - absl::UnixEpoch(), absl::Seconds(1)));
    case Column::kDifference:
      return level == Level::kPod ? facts.pod_difference : facts.namespace_difference;
    default:
      return kubecost::kUnknown;
  }
}

}  // namespace metrics
