// All days that are served side by side, told apart by their date.
#ifndef METRICS_DAILY_FACTS_H_
#define METRICS_DAILY_FACTS_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "metrics/day_facts.h"
#include "metrics/family.h"

namespace metrics {

struct ServedDay {
  std::shared_ptr<const DayFacts> facts;
  absl::Time last_read;
  // Kubecost changes the day no more: it was read after the time that reconciliation takes.
  bool settled = false;
  // False while the pod level waits for its turn.
  bool with_pods = true;
};

// Immutable. The rows of all days in the order of a scrape: by identity, then by date. The order is found here, once,
// so that a scrape only follows it.
class DailyFacts {
 public:
  static constexpr size_t kMaxDays = 127;
  // Bits of an entry of order().
  static constexpr uint8_t kDayMask = 0x7F;
  static constexpr uint8_t kNewIdentity = 0x80;

  // One cluster on one day.
  struct Status {
    const ClusterDay* cluster;
    const ServedDay* day;
  };

  // `days` sorted by date, no more than kMaxDays. `pod_resources`: whether the parts of a pod's cost are served.
  DailyFacts(std::vector<ServedDay> days, bool pod_resources);
  DailyFacts(const DailyFacts&) = delete;
  DailyFacts& operator=(const DailyFacts&) = delete;

  const std::vector<ServedDay>& days() const { return days_; }
  // The end of a line's labels: `",date="2026-11-19"} `.
  const std::string& labels_end(size_t day) const { return labels_end_[day]; }

  // For every row in turn the day whose next row it is; kNewIdentity is set where it differs from the row before.
  const std::vector<uint8_t>& order(Level level) const { return order_[static_cast<size_t>(level)]; }

  // Sorted by cluster, then date.
  const std::vector<Status>& statuses() const { return statuses_; }

  // Whether the family is served at all.
  bool Serves(const Family& family) const;
  // Samples of a family of Source::kDaily or kDayStatus.
  size_t CountSamples(const Family& family) const;
  // Memory held, in bytes, without the days' own facts.
  size_t bytes() const;

 private:
  void FindOrder(Level level);

  const std::vector<ServedDay> days_;
  const bool pod_resources_;
  std::vector<std::string> labels_end_;
  std::array<std::vector<uint8_t>, kubecost::kLevelCount> order_;
  std::vector<Status> statuses_;
};

// Value of a family of Source::kDayStatus; kUnknown where there is no sample. `level` tells differences apart.
double ValueOf(const DailyFacts::Status& status, Column column, Level level);

// The parts of a cost in the order of label resource.
inline constexpr auto kResourcesByName = [] {
  std::array<Resource, kubecost::kResourceCount> sorted;
  std::transform(kubecost::kResources.begin(), kubecost::kResources.end(), sorted.begin(),
                 [](const kubecost::ResourceInfo& row) { return row.resource; });
  std::sort(sorted.begin(), sorted.end(), [](Resource a, Resource b) {
    return kubecost::kResources[static_cast<size_t>(a)].name < kubecost::kResources[static_cast<size_t>(b)].name;
  });
  return sorted;
}();

// True when the part is a sample: on pod level 0 is left out.
bool IsServedPart(Level level, double value);

}  // namespace metrics

#endif  // METRICS_DAILY_FACTS_H_
