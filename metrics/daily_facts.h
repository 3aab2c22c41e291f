// All days that are served side by side, told apart by their date.
#ifndef METRICS_DAILY_FACTS_H_
#define METRICS_DAILY_FACTS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/time/time.h"
#include "metrics/day_facts.h"
#include "metrics/family.h"

namespace metrics {

// One cluster on one day.
struct ServedDay {
  // Null when no cost of the day is served, but what is known of it.
  std::shared_ptr<const DayFacts> facts;
  std::string cluster;  // escaped
  std::string date;
  absl::Time last_read;
  // Kubecost changes the day no more: it was read after the time that reconciliation takes.
  bool settled = false;
  // Its costs can be booked.
  bool complete = false;
  // False while the pod level waits for its turn.
  bool with_pods = true;
  // Label reason: why a newer reading of the day is not believed; empty when none is doubted.
  std::string doubt = {};
  // What had been doubted changed its costs.
  bool revised = false;

  // Whether its pods are served.
  bool has_pods() const { return with_pods && facts != nullptr && facts->has_pods; }
};

// What is served of facts as they were read; to be completed by what else is known.
ServedDay ServedDayOf(std::shared_ptr<const DayFacts> facts, absl::Time last_read, bool settled, bool with_pods = true);

// The order of DailyFacts::days().
bool IsBefore(const ServedDay& a, const ServedDay& b);

// Immutable. The rows of all days in the order of a scrape: by identity, then by date. The order is found here, once,
// so that a scrape only follows it.
class DailyFacts {
 public:
  // The dates a scrape is meant for; a history may have more.
  static constexpr size_t kMaxDays = 127;
  // Bits of an entry of order().
  static constexpr uint16_t kDayMask = 0x7FFF;
  static constexpr uint16_t kNewIdentity = 0x8000;

  // `days` in any order. `pod_resources`: whether the parts of a pod's cost are served.
  DailyFacts(std::vector<ServedDay> days, bool pod_resources);
  DailyFacts(const DailyFacts&) = delete;
  DailyFacts& operator=(const DailyFacts&) = delete;

  // Sorted by cluster, then date.
  const std::vector<ServedDay>& days() const { return days_; }

  // For every row in turn the day whose next row it is; kNewIdentity is set where it differs from the row before.
  const std::vector<uint16_t>& order(Level level) const { return order_[static_cast<size_t>(level)]; }

  // Whether the family is served at all.
  bool Serves(const Family& family) const;
  // Memory held, in bytes, without the days' own facts.
  size_t bytes() const;

 private:
  void FindOrder(Level level);
  // The same of the days from `first` to `last`, which are those of one cluster.
  void FindOrder(Level level, size_t first, size_t last);

  const std::vector<ServedDay> days_;
  const bool pod_resources_;
  std::array<std::vector<uint16_t>, kubecost::kLevelCount> order_;
};

// Value of a family of Source::kDayStatus; kUnknown where there is no sample. `level` tells differences apart.
double ValueOf(const ServedDay& day, Column column, Level level);

}  // namespace metrics

#endif  // METRICS_DAILY_FACTS_H_
