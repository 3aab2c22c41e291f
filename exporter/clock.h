// The seam to time.
#ifndef EXPORTER_CLOCK_H_
#define EXPORTER_CLOCK_H_

#include <stop_token>

#include "absl/time/time.h"

namespace exporter {

class Clock {
 public:
  virtual ~Clock() = default;
  virtual absl::Time Now() const = 0;
  // Returns early, with false, when `stop` is requested.
  virtual bool SleepUntil(absl::Time wake, std::stop_token stop) = 0;
};

// The machine's own clock. Safe from any thread.
class SystemClock : public Clock {
 public:
  absl::Time Now() const override;
  bool SleepUntil(absl::Time wake, std::stop_token stop) override;
};

}  // namespace exporter

#endif  // EXPORTER_CLOCK_H_
