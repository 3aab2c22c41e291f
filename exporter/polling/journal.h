// What is told of the polling: log lines, counters, kubecost_exporter_up and view_up, and the status page's report.
#ifndef EXPORTER_POLLING_JOURNAL_H_
#define EXPORTER_POLLING_JOURNAL_H_

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "exporter/polling/agenda.h"
#include "exporter/polling/day_book.h"
#include "exporter/polling/metrics.h"
#include "exporter/polling/options.h"
#include "exporter/polling/report.h"
#include "exporter/polling/subjects.h"

namespace polling {

// A change between working and each kind of failure is logged once, whichever task of a view it shows at. For one
// thread.
class PollJournal {
 public:
  PollJournal(const Options& options, Metrics& self_metrics) : options_(options), self_metrics_(self_metrics) {}

  // `tasks` are all there are, `task` among them, with their schedules brought up to date.
  void Record(const std::vector<Task>& tasks, const Task& task, const Outcome& outcome);

  // What a sound reading of a cluster's day came to.
  void RecordChange(const Day& day, const metrics::DayFacts& facts, const DayChange& change);
  // Why a cluster was not taken; the log is told when that `is_news`.
  void RecordUnsound(const std::string& cluster, const absl::Status& status, bool is_news);
  // How far the clock is ahead of Kubecost's; nothing when Kubecost does not tell.
  void RecordClock(std::optional<absl::Duration> ahead);

  // What the last polls of all tasks came to.
  void SetUps(const std::vector<Task>& tasks);

  // One for each enabled view.
  std::vector<ViewReport> Reports(const Agenda& agenda, absl::Time now, absl::Duration elapsed) const;

 private:
  void NoteOddities(const std::vector<Task>& tasks, const Task& task, const Outcome& outcome);
  void LogChange(const std::vector<Task>& tasks, const Task& task, const Outcome& outcome);
  // When nothing of the view fails any more.
  void LogRecovery(const std::vector<Task>& tasks, View view);

  const Options& options_;
  Metrics& self_metrics_;
  std::array<ViewReport, kViewCount> reports_;
  std::array<bool, kViewCount> is_failing_ = {};  // as far as the log was told
  // What the log knows of the clock.
  enum class ClockState { kUnknown, kAlike, kDiffers, kNoDate };
  ClockState clock_ = ClockState::kUnknown;
};

}  // namespace polling

#endif  // EXPORTER_POLLING_JOURNAL_H_
