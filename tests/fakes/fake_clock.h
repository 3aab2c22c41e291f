// A clock that moves when told to.
#ifndef TESTS_FAKES_FAKE_CLOCK_H_
#define TESTS_FAKES_FAKE_CLOCK_H_

#include <vector>

#include "base/clock.h"

namespace fakes {

class FakeClock : public base::Clock {
 public:
  explicit FakeClock(absl::Time now) : now_(now) {}

  absl::Time Now() const override { return now_; }
  absl::Duration Elapsed() const override { return elapsed_; }
  void Sleep(absl::Duration duration, std::stop_token) override {
    sleeps.push_back(duration);
    Advance(duration);
  }
  void Advance(absl::Duration duration) {
    now_ += duration;
    elapsed_ += duration;
  }
  // As time passes.
  void AdvanceTo(absl::Time now) { Advance(now - now_); }
  // As somebody sets the date.
  void Set(absl::Time now) { now_ = now; }

  std::vector<absl::Duration> sleeps;

 private:
  absl::Time now_;
  absl::Duration elapsed_ = absl::Hours(1);
};

}  // namespace fakes

#endif  // TESTS_FAKES_FAKE_CLOCK_H_
