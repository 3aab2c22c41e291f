// How soon Kubecost is asked again: for the poller and for `once`.
#ifndef EXPORTER_POLLING_PACE_H_
#define EXPORTER_POLLING_PACE_H_

#include <algorithm>
#include <random>

#include "absl/time/time.h"

namespace polling {

inline constexpr absl::Duration kFirstWait = absl::Seconds(15);
inline constexpr absl::Duration kLongestWait = absl::Minutes(10);

// How long Kubecost rests after what took so long, because it goes on computing after a client has given up, and a slow
// Kubecost is a busy one.
inline absl::Duration RestAfter(absl::Duration took) { return 10 * took; }

// How long the poller waits after so many failures in a row, times `jitter`.
inline absl::Duration Backoff(int failures, double jitter) {
  absl::Duration wait = kFirstWait;
  for (int i = 1; i < failures && wait < kLongestWait; ++i) wait *= 2;
  return std::min(wait, kLongestWait) * jitter;
}

// How long `once` waits after so many tries, the last of which took so long.
inline absl::Duration RetryWait(int tries, absl::Duration took) {
  return std::min(std::max(kFirstWait * tries, RestAfter(took)), kLongestWait);
}

// Keeps the exporters of many clusters from asking one Kubecost in step.
class Jitter {
 public:
  // 0.8 to 1.2.
  double Next() { return factor_(random_); }

 private:
  std::mt19937_64 random_{std::random_device{}()};
  std::uniform_real_distribution<double> factor_{0.8, 1.2};
};

}  // namespace polling

#endif  // EXPORTER_POLLING_PACE_H_
