// How far this machine's clock is ahead of Kubecost's.
#ifndef EXPORTER_POLLING_CLOCK_DIFFERENCE_H_
#define EXPORTER_POLLING_CLOCK_DIFFERENCE_H_

#include <deque>
#include <optional>

#include "absl/time/time.h"

namespace polling {

// From the header Date of Kubecost's answers (RFC 9110 6.6.1), to a second. What is kept is measured by
// Clock::Elapsed(), so that a jump of the date shows at once. For one thread.
class ClockDifference {
 public:
  // An answer's Date, when its headers arrived; nothing for an answer without one, or out of a cache (header Age).
  void See(std::optional<absl::Time> date, absl::Duration arrived) {
    if (!date.has_value()) {
      ahead_of_elapsed_.clear();
      return;
    }
    ahead_of_elapsed_.push_back(*date - absl::UnixEpoch() - arrived);
    if (ahead_of_elapsed_.size() > kAnswers) ahead_of_elapsed_.pop_front();
  }

  // The least difference that the last answers tell; nothing when the newest had no date.
  std::optional<absl::Duration> Ahead(absl::Time now, absl::Duration elapsed) const {
    std::optional<absl::Duration> least;
    for (const absl::Duration& each : ahead_of_elapsed_) {
      const absl::Duration ahead = now - absl::UnixEpoch() - elapsed - each;
      if (!least.has_value() || absl::AbsDuration(ahead) < absl::AbsDuration(*least)) least = ahead;
    }
    return least;
  }

 private:
  static constexpr size_t kAnswers = 10;

  std::deque<absl::Duration> ahead_of_elapsed_;
};

}  // namespace polling

#endif  // EXPORTER_POLLING_CLOCK_DIFFERENCE_H_
