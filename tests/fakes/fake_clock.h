// A clock that moves when told to.
#ifndef TESTS_FAKES_FAKE_CLOCK_H_
#define TESTS_FAKES_FAKE_CLOCK_H_

#include <vector>

#include "exporter/clock.h"

namespace fakes {

class FakeClock : public exporter::Clock {
 public:
  explicit FakeClock(absl::Time now) : now_(now) {}

  absl::Time Now() const override { return now_; }
  bool SleepUntil(absl::Time wake, std::stop_token stop) override {
    sleeps.push_back(wake - now_);
    if (wake > now_) now_ = wake;
    return !stop.stop_requested();
  }
  void Advance(absl::Duration duration) { now_ += duration; }
  void Set(absl::Time now) { now_ = now; }

  std::vector<absl::Duration> sleeps;

 private:
  absl::Time now_;
};

}  // namespace fakes

#endif  // TESTS_FAKES_FAKE_CLOCK_H_
