#include "exporter/polling/agenda.h"

#include "kubecost/api_error.h"

namespace polling {

Schedule Judge(View view, const Outcome& outcome, Schedule schedule, absl::Duration finished, double jitter) {
  const bool is_failure = outcome.ending == Ending::kFailed;
  const std::optional<kubecost::ErrorReason> reason = kubecost::ReasonOf(outcome.status);
  schedule.failures = is_failure ? schedule.failures + 1 : 0;
  if (is_failure) schedule.due = finished + Backoff(schedule.failures, jitter);
  schedule.was_polled = true;
  schedule.is_good = outcome.is_good();
  // Two answers that do not fit together were valid each; a server without clusterInfo is up.
  schedule.is_answered = !is_failure || reason == kubecost::ErrorReason::kInconsistent ||
                         (reason == kubecost::ErrorReason::kNotFound && view == View::kClusterInfo);
  return schedule;
}

std::optional<Task> Agenda::Next(absl::Duration now) const {
  std::optional<Task> next;
  const auto rank = [this](const Task& task) {
    return std::pair(last_was_backfill_ && task.view == View::kBackfill, task.schedule->due);
  };
  for (const Task& task : tasks_) {
    if (DueOf(task) <= now && (!next.has_value() || rank(task) < rank(*next))) next = task;
  }
  return next;
}

absl::Duration Agenda::Due(std::optional<View> view) const {
  absl::Duration due = absl::InfiniteDuration();
  for (const Task& task : tasks_) {
    if (view.value_or(task.view) == task.view) due = std::min(due, DueOf(task));
  }
  return due;
}

void Agenda::Conclude(const Task& task, const Outcome& outcome, absl::Duration started, absl::Duration finished) {
  (SpecOf(task.view).is_side_question ? task.schedule->earliest : earliest_) = finished + RestAfter(finished - started);
  last_was_backfill_ = task.view == View::kBackfill;
  const bool read_a_day = std::holds_alternative<Day*>(task.subject) &&
                          (outcome.ending == Ending::kGood || outcome.ending == Ending::kDoubted);
  for (const Task& other : tasks_) {
    if (read_a_day && other.schedule->support.TakeDay(finished)) other.schedule->due = finished;
  }
  Schedule& schedule = *task.schedule;
  const int failures = schedule.failures;
  schedule = Judge(task.view, outcome, schedule, finished, jitter_.Next());
  if (failures == 0 || schedule.failures > 0) return;
  // Kubecost answers again: what failed with it need not wait out its back-off.
  for (const Task& other : tasks_) {
    if (other.schedule->failures > 0) other.schedule->due = std::min(other.schedule->due, finished);
  }
}

}  // namespace polling
