// Which scrapes were answered whole, from the web's threads to the polling one.
#ifndef METRICS_SCRAPE_LOG_H_
#define METRICS_SCRAPE_LOG_H_

#include <memory>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/time/time.h"
#include "base/mutex.h"
#include "metrics/daily_facts.h"
#include "metrics/selection.h"

namespace metrics {

// Scrapes of the same days and levels, never further apart than ScrapeLog::kLongestGap. Times are by Clock::Elapsed().
struct Scrapes {
  std::shared_ptr<const DailyFacts> daily;
  Selection selection;
  // They named their consumer: ?consumer=billing.
  bool has_consumer;
  absl::Duration first;
  absl::Duration last;
};

// Safe from any thread.
class ScrapeLog {
 public:
  // A scrape tells nothing of the time longer ago.
  static constexpr absl::Duration kLongestGap = absl::Hours(1);

  void Add(std::shared_ptr<const DailyFacts> daily, Selection selection, bool has_consumer, absl::Duration now);
  // Those since the last time.
  std::vector<Scrapes> Take();

 private:
  base::Mutex mutex_;
  std::vector<Scrapes> scrapes_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace metrics

#endif  // METRICS_SCRAPE_LOG_H_
