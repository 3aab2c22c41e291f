#include "exporter/polling/delivery.h"

#include <algorithm>

namespace polling {
namespace {

using kubecost::Level;

constexpr struct {
  Level level;
  metrics::Collector collector;
} kLevels[] = {{Level::kCluster, metrics::Collector::kCluster},
               {Level::kNamespace, metrics::Collector::kNamespace},
               {Level::kPod, metrics::Collector::kPod}};

void AddCredit(const metrics::Scrapes& scrapes, std::optional<absl::Duration>& last, absl::Duration& credit) {
  if (last.has_value() && scrapes.first > *last) {
    credit += std::min(scrapes.first - *last, metrics::ScrapeLog::kLongestGap);
  }
  // Scrapes of another way may have covered a part.
  const absl::Duration from = std::max(scrapes.first, last.value_or(scrapes.first));
  credit += std::max(scrapes.last - from, absl::ZeroDuration());
  last = std::max(scrapes.last, from);
}

}  // namespace

void CreditScrapes(const metrics::Scrapes& scrapes, bool with_pods, absl::Duration needed, Record& record) {
  absl::Duration least = absl::InfiniteDuration();
  for (const auto& [level, collector] : kLevels) {
    const auto index = static_cast<size_t>(level);
    const bool is_shown = level != Level::kPod || with_pods;
    if (is_shown && scrapes.selection.Has(collector)) {
      AddCredit(scrapes, record.last_scrape[index], record.credit[index]);
    }
    if (level != Level::kPod || record.served->has_pods) least = std::min(least, record.credit[index]);
  }
  if (least < needed) return;
  record.is_delivered = true;
  record.has_delivered_pods = record.served->has_pods;
}

bool IsDelivered(const Clusters& clusters) {
  return IsServed(clusters) && std::all_of(clusters.begin(), clusters.end(), [](const auto& each) {
           return each.second.served == nullptr || each.second.is_delivered;
         });
}

bool WasDelivered(const Clusters& clusters, bool needs_pods) {
  return !clusters.empty() && std::all_of(clusters.begin(), clusters.end(), [needs_pods](const auto& each) {
    return each.second.is_delivered && (each.second.has_delivered_pods || !needs_pods);
  });
}

absl::Duration PodCreditOf(const Clusters& clusters) {
  absl::Duration least = clusters.empty() ? absl::ZeroDuration() : absl::InfiniteDuration();
  for (const auto& [cluster, record] : clusters) {
    least = std::min(least, record.credit[static_cast<size_t>(Level::kPod)]);
  }
  return least;
}

bool HasPodsToShow(const Clusters& clusters, bool any_will_do) {
  return std::any_of(clusters.begin(), clusters.end(), [any_will_do](const auto& each) {
    const Record& record = each.second;
    return record.served != nullptr && record.served->has_pods && (record.is_settled || any_will_do);
  });
}

}  // namespace polling
