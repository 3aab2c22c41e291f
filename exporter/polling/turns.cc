#include "exporter/polling/turns.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "exporter/polling/delivery.h"

namespace polling {
namespace {

bool HasDoubt(const Clusters& clusters) {
  return std::any_of(clusters.begin(), clusters.end(), [](const auto& each) { return each.second.doubt.has_value(); });
}

}  // namespace

bool GivePodsTheirTurn(const Ledger& ledger, int turns, Days& days) {
  std::vector<std::pair<absl::Duration, Day*>> waiting;
  for (auto& [start, day] : days) {
    if (!day.is_backfill()) continue;
    turns -= day.has_turn ? 1 : 0;
    if (!day.has_turn) waiting.emplace_back(PodCreditOf(ledger.ClustersOf(start)), &day);
  }
  std::stable_sort(waiting.begin(), waiting.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  bool changed = false;
  for (const auto& [credit, day] : waiting) {
    if (turns <= 0) break;
    if (HasPodsToShow(ledger.ClustersOf(day->window.start), day->state == DayState::kLate)) {
      day->has_turn = changed = true;
      --turns;
    } else if (day->state == DayState::kFound && day->schedule.failures == 0) {
      --turns;  // kept for it until it is read
    }
  }
  return changed;
}

void RankDoubts(const Ledger& ledger, absl::Duration longest_wait, Days& days) {
  bool is_newest = true;
  for (auto entry = days.rbegin(); entry != days.rend(); ++entry) {
    Day& day = entry->second;
    const Clusters& clusters = ledger.ClustersOf(entry->first);
    if (!HasDoubt(clusters)) continue;
    if (!std::exchange(is_newest, false)) {
      absl::Duration last = absl::ZeroDuration();
      for (const auto& [cluster, record] : clusters) last = std::max(last, record.last_reading.value_or(last));
      day.schedule.due = std::max(day.schedule.due, last + longest_wait);
      continue;
    }
    for (const auto& [cluster, record] : clusters) day.schedule.due = std::min(day.schedule.due, record.due);
  }
}

}  // namespace polling
