// What counts as delivered: a day that a scraper was served as settled for long enough.
#ifndef EXPORTER_POLLING_DELIVERY_H_
#define EXPORTER_POLLING_DELIVERY_H_

#include "absl/time/time.h"
#include "exporter/polling/ledger.h"
#include "metrics/scrape_log.h"

namespace polling {

// Credits scrapes that held what is served of the record, for the levels they were of: the time since the scrape
// before, ScrapeLog::kLongestGap at most. It is delivered when each level it serves has `needed`.
void CreditScrapes(const metrics::Scrapes& scrapes, bool with_pods, absl::Duration needed, Record& record);

// All that is served of the day is delivered, and something is.
bool IsDelivered(const Clusters& clusters);
// The day need not be served again, whether or not it is now.
bool WasDelivered(const Clusters& clusters, bool needs_pods);

// The least time for which pods of a cluster were served.
absl::Duration PodCreditOf(const Clusters& clusters);
// Whether there are pods to show: settled ones, or any where `any_will_do`.
bool HasPodsToShow(const Clusters& clusters, bool any_will_do);

}  // namespace polling

#endif  // EXPORTER_POLLING_DELIVERY_H_
