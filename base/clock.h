// The seam to time.
#ifndef BASE_CLOCK_H_
#define BASE_CLOCK_H_

#include <stop_token>

#include "absl/time/time.h"

namespace base {

class Clock {
 public:
  virtual ~Clock() = default;
  // The date, which somebody may set.
  virtual absl::Time Now() const = 0;
  // Time since some moment, which nobody can set: for durations.
  virtual absl::Duration Elapsed() const = 0;
  // Returns early when `stop` is requested.
  virtual void Sleep(absl::Duration duration, std::stop_token stop) = 0;
};

// The machine's own clock. Safe from any thread.
class SystemClock : public Clock {
 public:
  absl::Time Now() const override;
  absl::Duration Elapsed() const override;
  void Sleep(absl::Duration duration, std::stop_token stop) override;
};

}  // namespace base

#endif  // BASE_CLOCK_H_
