// A closed day that is polled or served: its state and its schedule. What is known of its clusters stands in the
// ledger.
#ifndef EXPORTER_POLLING_CLOSED_DAY_H_
#define EXPORTER_POLLING_CLOSED_DAY_H_

#include <map>
#include <string>

#include "absl/time/time.h"
#include "base/day.h"
#include "exporter/polling/subjects.h"

namespace polling {

// State        The day                              Next, at Advance() unless another call is named
// kWaiting     is to be kept, not read yet          kKept by Take(); leaves when other days are to be kept
// kKept        is one of the last --day.keep        kLate when a newer one was read, or leaves if it is delivered
// kFound       is older, not read yet               kBackfilled by Take(), kGone by TakeNothing(); leaves when too old
// kBackfilled  is older, read                       leaves when it is delivered, or Kubecost has forgotten it
// kLate        was kept and not delivered           as kBackfilled
// kGone        is older, Kubecost has nothing       leaves at once
enum class DayState { kWaiting, kKept, kFound, kBackfilled, kLate, kGone };

// One question for all clusters.
struct Day {
  base::Window window;
  DayState state = DayState::kWaiting;
  Schedule schedule;
  // A day behind the kept ones shows its pods.
  bool has_turn = false;
  // Kubecost has nothing for it any more.
  bool is_forgotten = false;
  // The clusters that were not taken, and why, as the log was told.
  std::map<std::string, std::string> told_unsound;

  // Older than --day.keep.
  bool is_backfill() const { return state >= DayState::kFound; }
};

// By their start.
using Days = std::map<absl::Time, Day>;

}  // namespace polling

#endif  // EXPORTER_POLLING_CLOSED_DAY_H_
