// What is told of the polling: log lines, kubecost_exporter_up and view_up, and the report for the status page.
#ifndef EXPORTER_POLLING_JOURNAL_H_
#define EXPORTER_POLLING_JOURNAL_H_

#include <array>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "exporter/polling/day_book.h"
#include "exporter/polling/live_view.h"
#include "exporter/polling/metrics.h"
#include "exporter/polling/report.h"
#include "exporter/polling/schedule.h"
#include "exporter/polling/views.h"

namespace polling {

// Something that is asked for on its own: a day, which days there are, a live view, the cluster's description.
struct Task {
  View view;
  Schedule* schedule;
  Day* day = nullptr;
  LiveView* live = nullptr;
};

// How a poll ended.
struct Outcome {
  absl::Status status;
  // Kubecost has nothing for an older day, which is no failure.
  bool is_nothing = false;
  absl::Time finished;
  absl::Duration took;
  absl::Duration next_try_in;
  // "2026-11-19"; empty when no day is served.
  std::string served_day;
};

// A change between working and each kind of failure is logged once, whichever task of a view it shows at. For one
// thread.
class PollJournal {
 public:
  PollJournal(const Options& options, Metrics& self_metrics);

  // `tasks` are all there are, `task` among them, with their schedules brought up to date.
  void Record(const std::vector<Task>& tasks, const Task& task, const Outcome& outcome);

  // What the last polls of all tasks came to.
  void SetUps(const std::vector<Task>& tasks);

  // One for each enabled view, without the times of the next polls.
  std::vector<ViewReport> Reports() const;

 private:
  void LogChange(const std::vector<Task>& tasks, const Task& task, const Outcome& outcome);

  const Options& options_;
  Metrics& self_metrics_;
  std::array<ViewReport, kViewCount> reports_;
};

}  // namespace polling

#endif  // EXPORTER_POLLING_JOURNAL_H_
