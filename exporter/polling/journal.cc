#include "exporter/polling/journal.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "base/day.h"
#include "base/log.h"
#include "exporter/polling/upstream.h"
#include "kubecost/api_error.h"

namespace polling {
namespace {

using base::LogLevel;
using kubecost::Level;

base::LogFields FieldsOf(const Task& task, absl::Duration utc_offset) {
  base::LogFields fields = {{"view", std::string(SpecOf(task.view).name)}};
  if (Day* const* const day = std::get_if<Day*>(&task.subject); day != nullptr) {
    fields.emplace_back("day", base::DateText((*day)->window, utc_offset));
  }
  return fields;
}

void LogNothing(const base::LogFields& fields) { base::Log(LogLevel::kInfo, "Kubecost has nothing for a day", fields); }

void LogOff(View view, base::LogFields fields, const Outcome& outcome) {
  fields.emplace_back("next_try_in", SecondsText(outcome.next_try_in));
  base::Log(LogLevel::kInfo,
            view == View::kCurrency ? "Kubecost does not tell its currency; set --currency"
                                    : "Kubecost does not have this view: it is off until it is tried again",
            fields);
}

void LogFailure(base::LogFields fields, const Outcome& outcome) {
  fields.emplace_back("next_try_in", SecondsText(outcome.next_try_in));
  if (!outcome.served_day.empty()) fields.emplace_back("still_serving_day", outcome.served_day);
  base::Log(LogLevel::kWarn, "reading from Kubecost failed", fields);
}

absl::string_view DoubtText(Doubt doubt) {
  switch (doubt) {
    case Doubt::kShrunken:
      return "it covers less time than before, Kubecost may know a part of it only";
    case Doubt::kZeroCost:
      return "it costs nothing any more, Kubecost may have lost its prices";
    case Doubt::kUnknownCost:
      return "a cost that was known is unknown";
    case Doubt::kTotalChanged:
      return "its total changed by more than a correction does; it is believed when Kubecost says the same for three "
             "hours";
    case Doubt::kRowsGone:
      return "rows with cost are gone; it is believed when Kubecost says the same for three hours";
    case Doubt::kIdleGone:
      return "its idle cost is gone; it is believed when Kubecost says the same for three hours";
    case Doubt::kInconsistent:
      return "its levels do not add up any more";
  }
  return "";
}

// "cost=4.2 covered=24h0m0s pod_hours=96"
std::string SummaryText(const Summary& summary) {
  const std::optional<LevelSum>& cluster = summary.level(Level::kCluster);
  std::string text = absl::StrCat("cost=", cluster.has_value() ? cluster->total : 0);
  if (summary.extent.has_value()) {
    absl::StrAppend(&text, " covered=", SecondsText(summary.extent->covered),
                    " pod_hours=", std::round(absl::ToDoubleHours(summary.ran) * 10) / 10);
  }
  return text;
}

}  // namespace

void PollJournal::Record(const std::vector<Task>& tasks, const Task& task, const Outcome& outcome) {
  self_metrics_.CountPoll(SpecOf(task.view).name, outcome.is_good(), outcome.took, outcome.finished);
  self_metrics_.CountInvalidValues(outcome.invalid);
  if (outcome.merged_rows.has_value()) self_metrics_.SetMergedRows(*outcome.merged_rows);
  const std::optional<kubecost::ErrorReason> reason = kubecost::ReasonOf(outcome.status);
  if (reason.has_value()) self_metrics_.CountError(*reason);
  ViewReport& report = reports_[static_cast<size_t>(task.view)];
  (outcome.is_good() ? report.last_success : report.last_failure) = outcome.finished;
  if (!outcome.is_good()) report.error = std::string(outcome.status.message());
  NoteOddities(tasks, task, outcome);
  LogChange(tasks, task, outcome);
}

void PollJournal::NoteOddities(const std::vector<Task>& tasks, const Task& task, const Outcome& outcome) {
  if (outcome.ending != Ending::kGood && outcome.ending != Ending::kDoubted) return;
  Oddities told = {};
  for (const Task& each : tasks) {
    for (size_t i = 0; i < told.size(); ++i) told[i] |= each.view == task.view && each.schedule->oddities[i];
  }
  LogOddities(outcome.invalid, told, FieldsOf(task, options_.day_utc_offset));
  task.schedule->oddities = OdditiesOf(outcome.invalid);
}

void PollJournal::SetUps(const std::vector<Task>& tasks) {
  // A day behind the kept ones that Kubecost cannot answer says nothing of the others.
  self_metrics_.SetUp(std::all_of(tasks.begin(), tasks.end(), [](const Task& task) {
    return task.schedule->is_answered || (task.view == View::kBackfill && std::holds_alternative<Day*>(task.subject));
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
      report.is_off = report.is_off || task.schedule->support.is_off();
    }
    if (was_polled && is_up) report.error.clear();
    if (was_polled) self_metrics_.SetViewUp(view.name, report.is_off ? std::nullopt : std::optional<bool>(is_up));
  }
}

std::vector<ViewReport> PollJournal::Reports(const Agenda& agenda, absl::Time now, absl::Duration elapsed) const {
  std::vector<ViewReport> reports;
  for (const ViewSpec& view : kViews) {
    if (!view.enabled(options_)) continue;
    reports.push_back(reports_[static_cast<size_t>(view.view)]);
    reports.back().name = std::string(view.name);
    reports.back().next_poll = now + (agenda.Due(view.view) - elapsed);
  }
  return reports;
}

void PollJournal::LogChange(const std::vector<Task>& tasks, const Task& task, const Outcome& outcome) {
  Schedule& schedule = *task.schedule;
  const bool is_nothing = outcome.ending == Ending::kNothing;
  const bool told_nothing = std::exchange(schedule.told_nothing, is_nothing);
  base::LogFields fields = FieldsOf(task, options_.day_utc_offset);
  fields.emplace_back("reason", ReasonText(outcome.status));
  fields.emplace_back("error", std::string(outcome.status.message()));
  if (outcome.is_good()) {
    schedule.told.clear();
    LogRecovery(tasks, task.view);
    if (is_nothing && !told_nothing) LogNothing(fields);
    return;
  }
  // Whether the server has the view at all shows only later.
  const bool is_absent = outcome.ending == Ending::kAbsent;
  if (is_absent && !schedule.support.is_off()) return;
  const std::string reason = is_absent ? "off" : ReasonText(outcome.status);
  const bool is_news = std::none_of(tasks.begin(), tasks.end(), [&](const Task& each) {
    return each.view == task.view && each.schedule->told == reason;
  });
  schedule.told = reason;
  is_failing_[static_cast<size_t>(task.view)] = true;
  if (is_news) is_absent ? LogOff(task.view, fields, outcome) : LogFailure(fields, outcome);
}

void PollJournal::LogRecovery(const std::vector<Task>& tasks, View view) {
  bool& is_failing = is_failing_[static_cast<size_t>(view)];
  const bool still_fails = std::any_of(tasks.begin(), tasks.end(), [view](const Task& task) {
    return task.view == view && !task.schedule->told.empty();
  });
  if (still_fails || !std::exchange(is_failing, false)) return;
  base::Log(LogLevel::kInfo, "reading from Kubecost works again", {{"view", std::string(SpecOf(view).name)}});
}

void PollJournal::RecordChange(const Day& day, const metrics::DayFacts& facts, const DayChange& change) {
  base::LogFields fields = {{"cluster", facts.cluster}, {"day", facts.date}};
  if (change.judgement.doubt.has_value()) {
    const Doubt doubt = *change.judgement.doubt;
    self_metrics_.CountError(doubt == Doubt::kShrunken ? kubecost::ErrorReason::kShrunken
                                                       : kubecost::ErrorReason::kInconsistent);
    if (change.former_doubt == doubt) return;
    fields.emplace_back("reason", std::string(NameOf(doubt)));
    if (change.before.has_value()) fields.emplace_back("before", SummaryText(*change.before));
    fields.emplace_back("now", SummaryText(change.now));
    base::Log(LogLevel::kWarn, absl::StrCat("a day is doubted, what was served stays: ", DoubtText(doubt)), fields);
    return;
  }
  if (change.judgement.verdict == Verdict::kRevised) {
    fields.emplace_back("before", SummaryText(change.before.value_or(Summary())));
    fields.emplace_back("now", SummaryText(change.now));
    base::Log(LogLevel::kWarn,
              "a day is revised: Kubecost said the same for three hours; book it again if it was "
              "booked",
              fields);
  } else if (change.former_doubt.has_value()) {
    base::Log(LogLevel::kInfo, "a day is no longer doubted", fields);
  } else if (change.judgement.verdict == Verdict::kForgotten) {
    base::Log(LogLevel::kInfo, "Kubecost begins to forget a day: what was served stays, and it is not read again",
              fields);
  }
  if (!change.is_new) return;
  fields.emplace_back("namespaces", absl::StrCat(facts.table(Level::kNamespace).rows()));
  if (facts.has_pods) fields.emplace_back("pods", absl::StrCat(facts.table(Level::kPod).rows()));
  base::Log(LogLevel::kInfo, day.is_backfill() ? "back-fill: serving a day" : "serving a new day", fields);
}

void PollJournal::RecordUnsound(const std::string& cluster, const absl::Status& status, bool is_news) {
  self_metrics_.CountUnsound(cluster, ReasonText(status));
  if (!is_news) return;
  base::Log(LogLevel::kWarn, "a cluster's day could not be taken, what was served stays",
            {{"cluster", cluster}, {"reason", ReasonText(status)}, {"error", std::string(status.message())}});
}

void PollJournal::RecordClock(std::optional<absl::Duration> ahead) {
  self_metrics_.SetClockDifference(ahead);
  if (!ahead.has_value() && clock_ == ClockState::kUnknown) return;  // nothing was asked yet
  const ClockState state = !ahead.has_value()                            ? ClockState::kNoDate
                           : absl::AbsDuration(*ahead) > kClockTolerance ? ClockState::kDiffers
                                                                         : ClockState::kAlike;
  if (std::exchange(clock_, state) == state) return;
  if (state == ClockState::kDiffers) {
    base::Log(LogLevel::kWarn,
              "this machine's clock and Kubecost's differ: a day is read when it is over by both; set the clocks",
              {{"ahead", absl::FormatDuration(absl::Trunc(*ahead, absl::Seconds(1)))}});
  } else if (state == ClockState::kNoDate) {
    base::Log(LogLevel::kInfo, "Kubecost's answers do not tell the time: days end by this machine's clock alone", {});
  }
}

}  // namespace polling
