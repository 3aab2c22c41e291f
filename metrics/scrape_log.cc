#include "metrics/scrape_log.h"

#include <algorithm>
#include <utility>

namespace metrics {

void ScrapeLog::Add(std::shared_ptr<const DailyFacts> daily, Selection selection, bool has_consumer,
                    absl::Duration now) {
  // Of many scrapers with ways of their own, while nobody takes.
  constexpr size_t kMostEntries = 256;
  if (daily == nullptr) return;
  const base::MutexLock lock(mutex_);
  const auto same = std::find_if(scrapes_.begin(), scrapes_.end(), [&](const Scrapes& each) {
    return each.daily == daily && each.selection == selection && each.has_consumer == has_consumer &&
           now - each.last <= kLongestGap;
  });
  if (same != scrapes_.end()) {
    same->last = std::max(same->last, now);
  } else if (scrapes_.size() < kMostEntries) {
    scrapes_.push_back({std::move(daily), selection, has_consumer, now, now});
  }
}

std::vector<Scrapes> ScrapeLog::Take() {
  const base::MutexLock lock(mutex_);
  return std::exchange(scrapes_, {});
}

}  // namespace metrics
