// When something is asked of Kubecost next, and what asking came to last.
#ifndef EXPORTER_POLLING_SCHEDULE_H_
#define EXPORTER_POLLING_SCHEDULE_H_

#include <string>

#include "absl/time/time.h"

namespace polling {

struct Schedule {
  // By Clock::Elapsed().
  absl::Duration due = absl::ZeroDuration();
  int failures = 0;
  bool was_polled = false;
  // False when the last poll failed.
  bool is_good = true;
  // False when the last answer was none or not valid.
  bool is_answered = true;
  // The failure that the log was last told, if it still lasts: its reason, or "internal".
  std::string told;
  // The log knows that Kubecost has nothing for it.
  bool told_nothing = false;
};

}  // namespace polling

#endif  // EXPORTER_POLLING_SCHEDULE_H_
