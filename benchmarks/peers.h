// What the product is compared with: the obvious design on the same libraries.
#ifndef BENCHMARKS_PEERS_H_
#define BENCHMARKS_PEERS_H_

#include <prometheus/collectable.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>

#include <array>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"
#include "kubecost/allocation.h"
#include "metrics/family.h"
#include "metrics/snapshot.h"

namespace benchmarks {

// Parses the whole body into a RapidJSON DOM and nothing else; returns the rows in it.
size_t ParseDomOnly(absl::string_view body);

// The DOM, then the fields that the product reads, row by row. Members are looked up by the product's own constant-time
// table, which is kinder to the DOM than RapidJSON's linear FindMember().
size_t ParseDom(absl::string_view body, absl::FunctionRef<void(const kubecost::Allocation&)> sink);

// Every pod family as a prometheus::Family<Gauge>.
class GaugeRegistry {
 public:
  GaugeRegistry();
  // Sets the gauges of a row; the same samples as the product serves.
  void Set(const kubecost::Allocation& row);
  const std::shared_ptr<prometheus::Registry>& registry() const { return registry_; }

 private:
  std::shared_ptr<prometheus::Registry> registry_ = std::make_shared<prometheus::Registry>();
  std::array<prometheus::Family<prometheus::Gauge>*, metrics::kColumnCount + 1> families_ = {};
};

// A prometheus::Collectable of one's own over the product's snapshot: no gauges are kept, they are made per scrape.
class SnapshotCollectable : public prometheus::Collectable {
 public:
  explicit SnapshotCollectable(std::shared_ptr<const metrics::Snapshot> snapshot);
  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  const std::shared_ptr<const metrics::Snapshot> snapshot_;
};

// What prometheus-cpp's Exposer does for a scrape, without the socket.
std::string SerializeText(const prometheus::Collectable& collectable);

// Poll after poll of the obvious design: DOM, a new registry, the old one destroyed.
class RebuiltRegistryPolls {
 public:
  void Poll(absl::string_view body);
  const GaugeRegistry& current() const { return *current_; }

 private:
  std::unique_ptr<GaugeRegistry> current_ = std::make_unique<GaugeRegistry>();
};

}  // namespace benchmarks

#endif  // BENCHMARKS_PEERS_H_
