#include "exporter/polling/journal.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/day.h"
#include "base/log.h"
#include "kubecost/api_error.h"

namespace polling {
namespace {

using kubecost::ErrorReason;

bool IsOff(const Task& task) { return task.live != nullptr && task.live->is_off(); }

// The other tasks of the same view.
std::vector<Task> OthersOf(const std::vector<Task>& tasks, const Task& task) {
  std::vector<Task> others;
  for (const Task& other : tasks) {
    if (other.view == task.view && other.schedule != task.schedule) others.push_back(other);
  }
  return others;
}

}  // namespace

PollJournal::PollJournal(const Options& options, Metrics& self_metrics)
    : options_(options), self_metrics_(self_metrics) {
  for (const ViewSpec& view : kViews) reports_[static_cast<size_t>(view.view)].name = std::string(view.name);
}

void PollJournal::Record(const std::vector<Task>& tasks, const Task& task, const Outcome& outcome) {
  const bool is_good = outcome.status.ok() || outcome.is_nothing;
  self_metrics_.CountPoll(SpecOf(task.view).name, is_good, outcome.took, outcome.finished);
  const std::optional<ErrorReason> reason = kubecost::ReasonOf(outcome.status);
  if (reason.has_value()) self_metrics_.CountError(*reason);
  ViewReport& report = reports_[static_cast<size_t>(task.view)];
  (is_good ? report.last_success : report.last_failure) = outcome.finished;
  if (!is_good) report.error = std::string(outcome.status.message());
  LogChange(tasks, task, outcome);
}

void PollJournal::SetUps(const std::vector<Task>& tasks) {
  // A day behind the kept ones that Kubecost cannot answer says nothing of the others.
  self_metrics_.SetUp(std::all_of(tasks.begin(), tasks.end(), [](const Task& task) {
    return task.schedule->is_answered || (task.view == View::kBackfill && task.day != nullptr);
  }));
  for (const ViewSpec& view : kViews) {
    bool was_polled = false;
    bool is_up = true;
    ViewReport& report = reports_[static_cast<size_t>(view.view)];
    report.is_off = false;
    for (const Task& task : tasks) {
      if (task.view != view.view || !task.schedule->was_polled) continue;
      was_polled = true;
      is_up = is_up && task.schedule->is_good;
      report.is_off = report.is_off || IsOff(task);
    }
    if (was_polled && is_up) report.error.clear();
    if (was_polled) self_metrics_.SetViewUp(view.name, report.is_off ? std::nullopt : std::optional<bool>(is_up));
  }
}

std::vector<ViewReport> PollJournal::Reports() const {
  std::vector<ViewReport> reports;
  for (const ViewSpec& view : kViews) {
    if (view.enabled(options_)) reports.push_back(reports_[static_cast<size_t>(view.view)]);
  }
  return reports;
}

void PollJournal::LogChange(const std::vector<Task>& tasks, const Task& task, const Outcome& outcome) {
  Schedule& schedule = *task.schedule;
  const std::vector<Task> others = OthersOf(tasks, task);
  base::LogFields fields = {{"view", std::string(SpecOf(task.view).name)}};
  if (outcome.status.ok() || outcome.is_nothing) {
    const bool was_told = !std::exchange(schedule.told, "").empty();
    bool all_work = true;
    // Whatever else fails has been told of under this task's name, and gets its own turn.
    for (const Task& other : others) all_work = std::exchange(other.schedule->told, "").empty() && all_work;
    if (was_told && all_work) base::Log(base::LogLevel::kInfo, "reading from Kubecost works again", fields);
  }
  const bool told_nothing = std::exchange(schedule.told_nothing, outcome.is_nothing);
  if (outcome.status.ok() || (outcome.is_nothing && told_nothing)) return;
  // Whether the server has the view at all shows only later.
  if (task.live != nullptr && !task.live->has_worked() && schedule.failures == 0 && !IsOff(task)) return;

  const std::optional<ErrorReason> reason = kubecost::ReasonOf(outcome.status);
  const std::string reason_text(reason.has_value() ? kubecost::ErrorReasonName(*reason) : "internal");
  if (task.day != nullptr) fields.emplace_back("day", base::DateText(task.day->window, options_.day_utc_offset));
  fields.emplace_back("reason", reason_text);
  fields.emplace_back("error", std::string(outcome.status.message()));
  if (outcome.is_nothing) {
    base::Log(base::LogLevel::kInfo, "Kubecost has nothing for a day", fields);
    return;
  }
  const bool is_news = schedule.told != reason_text &&
                       std::none_of(others.begin(), others.end(),
                                    [&](const Task& other) { return other.schedule->told == reason_text; });
  schedule.told = reason_text;
  if (!is_news) return;
  if (IsOff(task)) {
    base::Log(base::LogLevel::kInfo, "Kubecost does not have this view: it is off, and tried again each day", fields);
    return;
  }
  fields.emplace_back("next_try_in", absl::FormatDuration(absl::Trunc(outcome.next_try_in, absl::Seconds(1))));
  if (!outcome.served_day.empty()) fields.emplace_back("still_serving_day", outcome.served_day);
  base::Log(base::LogLevel::kWarn, "reading from Kubecost failed", fields);
}

}  // namespace polling
