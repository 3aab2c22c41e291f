// Whose turn it is to be asked for, and when: policy alone, without a request or a clock of its own.
#ifndef EXPORTER_POLLING_AGENDA_H_
#define EXPORTER_POLLING_AGENDA_H_

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "exporter/polling/pace.h"
#include "exporter/polling/subjects.h"

namespace polling {

// The schedule of a subject after asking for it ended at `finished`, with the next back-off times `jitter`. When a
// subject that has not failed is due is for itself to say, before.
Schedule Judge(View view, const Outcome& outcome, Schedule schedule, absl::Duration finished, double jitter);

// Durations are by Clock::Elapsed():
//  - one turn at a time; what has waited longest is next, because what fails slowly would otherwise have every turn,
//  but
//    back-fill has no two turns in a row while others wait;
//  - after a failure the wait doubles from 15 s to 10 min, with jitter; when a subject works again, those that failed
//    with it are due at once, and so is what the server may not have, once a day was read after its failure;
//  - a server that says for how long it wants not to be asked is not asked, for anything;
//  - no turn of costs begins sooner after the end of the last one than ten times what that one took; a side question
//    holds back itself alone.
// For one thread.
class Agenda {
 public:
  // All there are, in place of those before; of two that are due alike the first is preferred.
  void Set(std::vector<Task> tasks) { tasks_ = std::move(tasks); }
  const std::vector<Task>& tasks() const { return tasks_; }

  // The task whose turn it is; nothing when none may be asked for now.
  std::optional<Task> Next(absl::Duration now) const;
  // When the next turn is, of any task or of those of a view; InfiniteDuration when there is no task.
  absl::Duration Due(std::optional<View> view = {}) const;
  absl::Duration DueOf(const Task& task) const {
    return std::max(
        {task.schedule->due, held_back_, SpecOf(task.view).is_side_question ? task.schedule->earliest : earliest_});
  }

  // No turn of any task begins before `until`: the server has asked for it.
  void HoldBack(absl::Duration until) { held_back_ = std::max(held_back_, until); }

  // What follows from a turn for its task and the others.
  void Conclude(const Task& task, const Outcome& outcome, absl::Duration started, absl::Duration finished);

 private:
  std::vector<Task> tasks_;
  Jitter jitter_;
  bool last_was_backfill_ = false;
  absl::Duration earliest_ = absl::ZeroDuration();  // of any turn of costs
  absl::Duration held_back_ = absl::ZeroDuration();
};

}  // namespace polling

#endif  // EXPORTER_POLLING_AGENDA_H_
