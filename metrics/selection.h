// Which parts of a scrape are asked for, in node_exporter's manner: collect[]=pod.
#ifndef METRICS_SELECTION_H_
#define METRICS_SELECTION_H_

#include <array>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "metrics/family.h"

namespace metrics {

// What can be collected for itself: a level with its info families, and the exporter about itself. What is known of a
// day, and of the cluster, belongs to the cluster.
enum class Collector : uint8_t { kPod, kNamespace, kCluster, kExporter };
// The values of collect[], in the order of Collector.
inline constexpr std::array<absl::string_view, 4> kCollectorNames = {"pod", "namespace", "cluster", "exporter"};

constexpr Collector CollectorOf(const Family& family) {
  if (family.source == Source::kExporter) return Collector::kExporter;
  switch (family.level) {
    case Level::kPod:
      return Collector::kPod;
    case Level::kNamespace:
      return Collector::kNamespace;
    case Level::kCluster:
      break;
  }
  return Collector::kCluster;
}

class Selection {
 public:
  static constexpr Selection All() { return Selection(0x0F); }
  static constexpr Selection None() { return Selection(0); }

  constexpr bool Has(Collector collector) const { return (bits_ & BitOf(collector)) != 0; }
  constexpr void Add(Collector collector) { bits_ = static_cast<uint8_t>(bits_ | BitOf(collector)); }

  friend constexpr bool operator==(Selection a, Selection b) { return a.bits_ == b.bits_; }
  friend constexpr bool operator<(Selection a, Selection b) { return a.bits_ < b.bits_; }

 private:
  explicit constexpr Selection(uint8_t bits) : bits_(bits) {}
  static constexpr uint8_t BitOf(Collector collector) {
    return static_cast<uint8_t>(1U << static_cast<uint8_t>(collector));
  }

  uint8_t bits_;
};

}  // namespace metrics

#endif  // METRICS_SELECTION_H_
