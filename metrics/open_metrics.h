// Days with time stamps, in the OpenMetrics text format: the history that a store would have if the exporter had run.
#ifndef METRICS_OPEN_METRICS_H_
#define METRICS_OPEN_METRICS_H_

#include <cstdint>
#include <vector>

#include "absl/time/time.h"
#include "metrics/block_writer.h"
#include "metrics/daily_facts.h"

namespace metrics {

// A cluster's day and when it is to be seen, in Unix seconds, ascending.
struct StampedDay {
  ServedDay day;
  // By the plain families, of one day at a time.
  std::vector<int64_t> plain_times;
  // By the families keyed by date.
  std::vector<int64_t> dated_times;
};

// `from` and every whole multiple of `interval` after it, before `to`. Whole multiples because that is where range
// queries look; the first moment because a fact is there as soon as it can be.
std::vector<int64_t> SampleTimes(absl::Time from, absl::Time to, absl::Duration interval);

// Writes every family of `days`, each in one piece and each series' samples in the order of
// time, and the end mark. What a scrape leaves out is left out. `pod_resources`: the parts of a pod's daily cost as
// well.
void WriteOpenMetrics(std::vector<StampedDay> days, bool pod_resources, BlockWriter& out);

}  // namespace metrics

#endif  // METRICS_OPEN_METRICS_H_
