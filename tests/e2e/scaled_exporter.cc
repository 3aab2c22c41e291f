// The whole exporter on a clock that starts anywhere and runs faster than real time, for end-to-end tests. Takes the
// exporter's own command line; the clock comes from the environment, in the words of the simulator's flags:
// SCALED_CLOCK_NOW (RFC 3339: what the clock showed at the epoch), SCALED_CLOCK_EPOCH (real Unix seconds) and
// SCALED_CLOCK_TIME_SCALE (its seconds per real second).
#include <cstdlib>
#include <iostream>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "exporter/app.h"

namespace {

class ScaledClock : public base::Clock {
 public:
  ScaledClock(absl::Time now, absl::Time epoch, double scale) : start_(now), epoch_(epoch), scale_(scale) {}

  absl::Time Now() const override { return start_ + scale_ * (absl::Now() - epoch_); }

  absl::Duration Elapsed() const override { return scale_ * real_.Elapsed(); }
  void Sleep(absl::Duration duration, std::stop_token stop) override { real_.Sleep(duration / scale_, stop); }

 private:
  const absl::Time start_;
  const absl::Time epoch_;
  const double scale_;
  base::SystemClock real_;
};

std::string Environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

int main(int argc, char** argv) {
  absl::Time now;
  std::string error;
  double epoch = 0;
  double scale = 1;
  if (!absl::ParseTime(absl::RFC3339_full, Environment("SCALED_CLOCK_NOW"), &now, &error) ||
      !absl::SimpleAtod(Environment("SCALED_CLOCK_EPOCH"), &epoch) ||
      !absl::SimpleAtod(Environment("SCALED_CLOCK_TIME_SCALE"), &scale)) {
    std::cerr << "SCALED_CLOCK_NOW, SCALED_CLOCK_EPOCH and SCALED_CLOCK_TIME_SCALE must be set\n";
    return 2;
  }
  ScaledClock clock(now, absl::UnixEpoch() + absl::Seconds(epoch), scale);
  return exporter::RunMain(argc, argv, clock);
}
