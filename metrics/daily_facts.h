// All days that are served side by side, told apart by their date.
#ifndef METRICS_DAILY_FACTS_H_
#define METRICS_DAILY_FACTS_H_

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
  // What a scrape is meant for; a history may have more.
  static constexpr size_t kMaxDays = 127;
  // Bits of an entry of order().
  static constexpr uint16_t kDayMask = 0x7FFF;
  static constexpr uint16_t kNewIdentity = 0x8000;

  // One cluster on one day.
  struct Status {
    const ClusterDay* cluster;
    const ServedDay* day;
  };

  // `days` sorted by date. `pod_resources`: whether the parts of a pod's cost are served.
  DailyFacts(std::vector<ServedDay> days, bool pod_resources);
  DailyFacts(const DailyFacts&) = delete;
  DailyFacts& operator=(const DailyFacts&) = delete;

  const std::vector<ServedDay>& days() const { return days_; }

  // For every row in turn the day whose next row it is; kNewIdentity is set where it differs from the row before.
  const std::vector<uint16_t>& order(Level level) const { return order_[static_cast<size_t>(level)]; }

  // Sorted by cluster, then date.
  const std::vector<Status>& statuses() const { return statuses_; }

  // Whether the family is served at all.
  bool Serves(const Family& family) const;
  // Memory held, in bytes, without the days' own facts.
  size_t bytes() const;

 private:
  void FindOrder(Level level);

  const std::vector<ServedDay> days_;
  const bool pod_resources_;
  std::array<std::vector<uint16_t>, kubecost::kLevelCount> order_;
  std::vector<Status> statuses_;
};

// Value of a family of Source::kDayStatus; kUnknown where there is no sample. `level` tells differences apart.
double ValueOf(const DailyFacts::Status& status, Column column, Level level);

}  // namespace metrics

#endif  // METRICS_DAILY_FACTS_H_
