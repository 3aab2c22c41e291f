#include "exporter/polling/day_book.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/day.h"
#include "kubecost/api_error.h"

namespace polling {
namespace {

// A settled day seldom changes.
constexpr absl::Duration kSettledRefresh = absl::Hours(6);
// A day's own series are only worth something to a daily job that has run in between.
constexpr absl::Duration kDailyJob = absl::Hours(24);

base::Window Shifted(const base::Window& window, int days) {
  return {window.start + days * base::kDayLength, window.end + days * base::kDayLength};
}

bool HasPods(const Day& day) { return !day.facts.empty() && day.facts.front()->has_pods; }

// The same clusters with the same costs.
bool SameCosts(const metrics::ClusterFacts& a, const metrics::ClusterFacts& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const auto& x, const auto& y) { return metrics::SameCosts(*x, *y); });
}

}  // namespace

base::Window DayBook::OldestKept(const base::Window& newest) const { return Shifted(newest, 1 - options_.day_keep); }

bool DayBook::Advance(absl::Time now, absl::Duration elapsed) {
  // A clock that was set back does not bring back an older day.
  base::Window newest = base::NewestCompleteDay(now, options_.day_utc_offset, options_.day_close_delay);
  base::Window newest_read = newest;
  bool has_read = false;
  for (const auto& [start, day] : days_) {
    if (day.state != DayState::kKept) continue;
    has_read = true;
    newest_read = day.window;
  }
  if (has_read && newest_read.start > newest.start) newest = newest_read;
  newest_ = newest;
  for (int back = 0; back < options_.day_keep; ++back) {
    const base::Window window = Shifted(newest, -back);
    Day& day = days_[window.start];
    // After a clock that was wrong: what was read under it stands for nothing.
    if (day.is_backfill()) day = Day();
    day.window = window;
  }

  bool changed = false;
  for (auto entry = days_.begin(); entry != days_.end();) {
    Day& day = entry->second;
    if (!IsOver(day, newest_read, elapsed)) {
      ++entry;
      continue;
    }
    if (GoesOn(day, elapsed)) {
      day.state = DayState::kLate;
      day.pods_served_since = elapsed;
      continue;  // to see whether it is over as such
    }
    const bool is_bookable = !day.facts.empty() && (!HasPods(day) || metrics::Reconcile(day.facts));
    if (is_bookable && IsServedLongEnough(day, elapsed)) delivered_[day.window.start] = HasPods(day);
    changed = changed || !day.facts.empty();
    entry = days_.erase(entry);
  }
  delivered_.erase(delivered_.begin(), delivered_.lower_bound(Shifted(newest, 1 - options_.backfill_days).start));
  const bool is_new_day = find_days_.found_at != newest_.start;
  if (is_new_day && !find_days_.looks_again && find_days_.schedule.failures == 0) find_days_.schedule.due = {};
  return LetPodsIn(elapsed) || changed;
}

bool DayBook::IsOver(const Day& day, const base::Window& newest_read, absl::Duration elapsed) const {
  switch (day.state) {
    case DayState::kWaiting:
      return day.window.start < OldestKept(newest_).start || day.window.start > newest_.start;
    case DayState::kKept:
      // What has been read stays until something newer has been, and the plain families until there are others.
      return day.window.start < OldestKept(newest_read).start && day.facts != Plain();
    case DayState::kGone:
      return true;
    default:
      const bool has_left = day.window.start < Shifted(newest_, 1 - options_.backfill_days).start;
      return (has_left && !day.settled) || IsServedLongEnough(day, elapsed);
  }
}

bool DayBook::GoesOn(const Day& day, absl::Duration elapsed) const {
  const std::optional<base::Window> span = BackfillSpan();
  return day.state == DayState::kKept && span.has_value() && span->Contains(day.window) &&
         !IsServedLongEnough(day, elapsed);
}

bool DayBook::IsServedLongEnough(const Day& day, absl::Duration elapsed) const {
  if (day.facts.empty()) return false;
  if (!day.is_backfill()) {
    // A kept day is settled for about a day before it goes.
    return day.served_since.has_value() &&
           elapsed - *day.served_since >= std::min(options_.backfill_expose_for, kDailyJob);
  }
  const std::optional<absl::Duration>& since = HasPods(day) ? day.pods_served_since : day.served_since;
  return day.settled && since.has_value() && elapsed - *since >= options_.backfill_expose_for;
}

// Gives back-filled days their turn to serve pods, oldest first.
bool DayBook::LetPodsIn(absl::Duration elapsed) {
  int serving = 0;
  for (const auto& [start, day] : days_) serving += day.is_backfill() && day.pods_served_since.has_value() ? 1 : 0;
  bool changed = false;
  for (auto& [start, day] : days_) {
    if (serving >= options_.backfill_parallel_days) break;
    if (!day.is_backfill() || !day.settled || !HasPods(day) || day.pods_served_since.has_value()) continue;
    day.pods_served_since = elapsed;
    ++serving;
    changed = true;
  }
  return changed;
}

bool DayBook::IsPlain(const Day& day) const {
  return day.window == newest_ || (!day.facts.empty() && day.facts == Plain());
}

std::optional<metrics::Columns> DayBook::PodsOf(const Day& day) const {
  if (IsPlain(day)) return metrics::Columns::kAll;
  if (day.is_backfill() && day.state != DayState::kLate && !options_.backfill_pods) return std::nullopt;
  return options_.day_pod_resources ? metrics::Columns::kCosts : metrics::Columns::kTotal;
}

DayBook::Verdict DayBook::Take(Day& day, metrics::ClusterFacts facts, absl::Time read_at, absl::Duration elapsed) {
  day.schedule.due = elapsed + options_.day_refresh;
  const Verdict verdict = Believe(day, facts);
  if (IsServed(verdict)) Serve(day, std::move(facts), read_at, elapsed);
  return verdict;
}

DayBook::Verdict DayBook::Believe(Day& day, const metrics::ClusterFacts& facts) {
  Verdict verdict = Verdict::kTaken;
  for (const auto& before : day.facts) {
    const auto after = std::find_if(facts.begin(), facts.end(),
                                    [&before](const auto& each) { return each->cluster == before->cluster; });
    if (after == facts.end() || metrics::HasShrunk(*before, **after)) {
      verdict = Verdict::kShrunken;
    } else if (verdict == Verdict::kTaken && metrics::HasCeasedToReconcile(*before, **after)) {
      verdict = Verdict::kCeasedToReconcile;
    }
  }
  const Day::Doubt doubt = std::exchange(day.doubt, {});
  if (verdict == Verdict::kTaken) return verdict;
  const bool is_same = SameCosts(doubt.facts, facts);
  const int reads = is_same ? doubt.reads + 1 : 1;
  if (reads == kReadsToBelieve) return Verdict::kBelieved;
  day.doubt = {facts, reads};
  return verdict;
}

void DayBook::Serve(Day& day, metrics::ClusterFacts facts, absl::Time read_at, absl::Duration elapsed) {
  const absl::Time settles = day.window.end + options_.day_settle_after;
  const bool is_other = !day.settled || !SameCosts(day.facts, facts);
  day.is_full = IsPlain(day);
  day.facts = std::move(facts);
  day.last_read = read_at;
  day.settled = day.settled || read_at >= settles;
  if (day.state == DayState::kWaiting) day.state = DayState::kKept;
  if (day.state == DayState::kFound) day.state = DayState::kBackfilled;
  if (day.settled) {
    if (is_other) day.served_since = elapsed;
    if (is_other && day.pods_served_since.has_value()) day.pods_served_since = elapsed;
    if (!day.is_backfill()) day.schedule.due = elapsed + kSettledRefresh;
    if (day.is_backfill() && metrics::Reconcile(day.facts)) day.schedule.due = absl::InfiniteDuration();
  } else {
    // Read at the very moment it settles, so that the settled day is served for as long as can be.
    day.schedule.due = std::min(day.schedule.due, elapsed + std::max(settles - read_at, absl::Minutes(1)));
  }
  LetPodsIn(elapsed);
}

void DayBook::TakeNothing(Day& day, absl::Duration elapsed) {
  day.schedule.due = elapsed + options_.day_refresh;
  if (day.state != DayState::kFound) return;
  day.state = DayState::kGone;
  // Kubecost may have been about to start; another look, once a day.
  if (std::exchange(find_days_.looked_again_at, newest_.start) != newest_.start) {
    find_days_.schedule.due = elapsed + options_.day_refresh;
  }
}

std::optional<base::Window> DayBook::BackfillSpan() const {
  if (options_.backfill_days <= options_.day_keep) return std::nullopt;
  return base::Window{Shifted(newest_, 1 - options_.backfill_days).start, OldestKept(newest_).start};
}

size_t DayBook::Backfill(const std::vector<base::Window>& found, absl::Duration elapsed) {
  const std::optional<base::Window> span = BackfillSpan();
  find_days_.looks_again = found.empty() && Served().empty();
  find_days_.schedule.due = find_days_.looks_again ? elapsed + options_.day_refresh : absl::InfiniteDuration();
  if (!find_days_.looks_again) find_days_.found_at = newest_.start;
  size_t missing = 0;
  for (const base::Window& window : found) {
    const auto delivered = delivered_.find(window.start);
    const bool is_delivered = delivered != delivered_.end() && (delivered->second || !options_.backfill_pods);
    // Days that wait for their turn can outlive the span.
    if (days_.size() + 2 * static_cast<size_t>(options_.day_keep) >= metrics::DailyFacts::kMaxDays) break;
    if (!span.has_value() || !span->Contains(window) || is_delivered || days_.contains(window.start)) continue;
    Day& day = days_[window.start];
    day.window = window;
    day.state = DayState::kFound;
    day.schedule.due = elapsed;
    ++missing;
  }
  return missing;
}

std::vector<metrics::ServedDay> DayBook::Served() const {
  std::vector<metrics::ServedDay> served;
  for (const auto& [start, day] : days_) {
    for (const auto& facts : day.facts) {
      const bool with_pods = !day.is_backfill() || day.pods_served_since.has_value();
      served.push_back(metrics::ServedDayOf(facts, day.last_read, day.settled, with_pods));
    }
  }
  return served;
}

metrics::ClusterFacts DayBook::Plain() const {
  for (auto entry = days_.rbegin(); entry != days_.rend(); ++entry) {
    if (entry->second.is_full) return entry->second.facts;
  }
  return {};
}

absl::Status DoubtOf(const metrics::ClusterFacts& facts, DayBook::Verdict verdict) {
  const bool is_shrunken = verdict == DayBook::Verdict::kShrunken;
  return kubecost::ApiError(
      is_shrunken ? kubecost::ErrorReason::kShrunken : kubecost::ErrorReason::kInconsistent,
      absl::StrCat(facts.front()->date, " as read now ",
                   is_shrunken ? "covers less time than before" : "does not add up any more",
                   ": Kubecost may know a part of it only. What was read before stays, until Kubecost says the same ",
                   DayBook::kReadsToBelieve, " times"));
}

}  // namespace polling
