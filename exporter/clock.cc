#include "exporter/clock.h"

#include <condition_variable>
#include <mutex>

#include "absl/time/clock.h"

namespace exporter {

absl::Time SystemClock::Now() const { return absl::Now(); }

bool SystemClock::SleepUntil(absl::Time wake, std::stop_token stop) {
  std::mutex mutex;
  std::condition_variable_any changed;
  std::unique_lock<std::mutex> lock(mutex);
  changed.wait_until(lock, stop, absl::ToChronoTime(wake), [] { return false; });
  return !stop.stop_requested();
}

}  // namespace exporter
