#include "exporter/polling/live_view.h"

#include <algorithm>
#include <utility>

#include "base/day.h"
#include "kubecost/api_error.h"

namespace polling {
namespace {

using kubecost::ErrorReason;
using kubecost::Level;

constexpr absl::Duration kHourLength = absl::Hours(1);
constexpr int kFailuresToSwitchOff = 3;
constexpr absl::Duration kTryAgain = absl::Hours(24);

// The hour at `utc_offset` that `time` lies in: Kubecost's stored hours begin where its days do.
base::Window HourOf(absl::Time time, absl::Duration utc_offset) {
  const base::Window day = base::DayOf(time, utc_offset);
  const absl::Time start = day.start + absl::Floor(time - day.start, kHourLength);
  return {start, start + kHourLength};
}

}  // namespace

base::Window LiveView::WindowAt(absl::Time now) const {
  // A whole day, although most of it may lie ahead: Kubecost has no set for a part of a day.
  if (view_ == View::kToday) return base::DayOf(now, options_.day_utc_offset);
  return HourOf(now - options_.hour_close_delay - kHourLength, options_.day_utc_offset);
}

absl::Duration LiveView::Refresh() const { return view_ == View::kToday ? options_.today_refresh : kHourLength; }

absl::Time LiveView::NextAfter(absl::Time now) const {
  if (view_ == View::kHour) return WindowAt(now).end + kHourLength + options_.hour_close_delay;
  // Kubecost knows nothing of a day that has just begun.
  const absl::Time tomorrow = WindowAt(now).end;
  return now + options_.today_refresh < tomorrow ? now + options_.today_refresh : tomorrow + options_.hour_close_delay;
}

absl::StatusOr<kubecost::InvalidValues> LiveView::Poll(absl::Time now, absl::Duration elapsed, std::stop_token stop) {
  const base::Window window = WindowAt(now);
  const bool wants_pods = view_ == View::kHour || options_.today_pods;
  // Each day is tried as a whole again.
  if (const base::Window day = base::DayOf(window.start, options_.day_utc_offset); !(day == day_)) {
    day_ = day;
    levels_.AskForTheWhole();
  }
  levels_.Begin();
  auto facts = std::make_shared<metrics::LiveFacts>();
  facts->window = window;
  facts->read_at = now;
  const bool in_parts = levels_.in_parts();
  NamespaceRows rows;
  absl::Status status =
      levels_.ReadSummed(in_parts ? Level::kNamespace : Level::kPod, window, in_parts ? &rows : nullptr, *facts, stop);
  if (!status.ok()) return in_parts ? status : levels_.AfterPodFailure(status);
  metrics::LevelTable& pods = facts->table(Level::kPod);
  if (!wants_pods) pods = {};
  if (in_parts && wants_pods) {
    status =
        levels_.AfterPodFailure(levels_.ReadPodsInParts(window, metrics::Columns::kTotal, rows, pods, std::move(stop)));
  }
  // The levels above are good without their pods.
  facts_ = std::move(facts);
  has_worked_ = true;
  schedule_.support.TakeSuccess();
  if (!status.ok()) return status;
  schedule_.due = elapsed + (NextAfter(now) - now);
  return levels_.invalid();
}

bool LiveView::TakeFailure(const absl::Status& status, absl::Time now, absl::Duration elapsed) {
  const std::optional<ErrorReason> reason = kubecost::ReasonOf(status);
  if (has_worked_ || !reason.has_value() || !IsAnAnswer(*reason)) return false;
  const bool is_off = schedule_.support.TakeFailure(kFailuresToSwitchOff);
  // A server that works may have nothing for a window, or no window like it.
  const bool works =
      reason == ErrorReason::kEmpty || reason == ErrorReason::kWindowMismatch || reason == ErrorReason::kHttp4xx;
  if (!is_off && !works) return false;
  // An hour, or a day, that is empty yet may not be next time.
  schedule_.due = elapsed + (is_off ? kTryAgain : NextAfter(now) - now);
  return true;
}

bool LiveView::Advance(absl::Time now, absl::Duration elapsed) {
  const absl::Time first = WindowAt(now).start + options_.hour_close_delay;
  const bool is_too_early = view_ == View::kToday && now < first;
  if (!schedule_.was_polled) schedule_.due = is_too_early ? elapsed + (first - now) : absl::ZeroDuration();
  if (facts_ == nullptr) return false;
  const bool is_of_another_day = view_ == View::kToday && !(facts_->window == WindowAt(now));
  const bool is_stale = now - facts_->read_at > 2 * Refresh() || facts_->read_at > now + Refresh();
  if (!is_of_another_day && !is_stale) return false;
  facts_.reset();
  return true;
}

}  // namespace polling
