#include <prometheus/text_serializer.h>

#include <utility>

#include "benchmarks/peers.h"

namespace benchmarks {
namespace {

using metrics::Column;

bool IsPodFamily(const metrics::Family& family) {
  return family.source == metrics::Source::kDay && family.level == kubecost::Level::kPod;
}

// The sample of that column, kUnknown where the product serves none.
double ValueOf(const kubecost::Allocation& row, Column column) {
  switch (column) {
    case Column::kTotal:
      return row.total_cost;
    case Column::kCpuEfficiency:
      return row.efficiency.cpu;
    case Column::kMemoryEfficiency:
      return row.efficiency.memory;
    case Column::kTotalEfficiency:
      return row.efficiency.total;
    case Column::kInfo:
      return 1;
    default: {
      const auto resource = static_cast<size_t>(column);
      const bool is_left_out = row.costs[resource] == 0 && kubecost::kResources[resource].omit_zero_on_pods;
      return is_left_out ? kubecost::kUnknown : row.costs[resource];
    }
  }
}

prometheus::ClientMetric::Label Label(const char* name, absl::string_view value) { return {name, std::string(value)}; }

}  // namespace

GaugeRegistry::GaugeRegistry() {
  for (const metrics::Family& family : metrics::kFamilies) {
    if (!IsPodFamily(family)) continue;
    families_[static_cast<size_t>(family.column)] =
        &prometheus::BuildGauge().Name(std::string(family.name)).Help(std::string(family.help)).Register(*registry_);
  }
}

void GaugeRegistry::Set(const kubecost::Allocation& row) {
  const kubecost::Properties& properties = row.properties;
  const prometheus::Labels labels = {
      {"cluster", properties.cluster}, {"namespace", properties.namespace_name}, {"pod", properties.pod}};
  for (size_t i = 0; i < families_.size(); ++i) {
    if (families_[i] == nullptr) continue;
    const double value = ValueOf(row, static_cast<Column>(i));
    if (!kubecost::IsKnown(value)) continue;
    if (static_cast<Column>(i) != Column::kInfo) {
      families_[i]->Add(labels).Set(value);
      continue;
    }
    prometheus::Labels info = labels;
    info["node"] = properties.node;
    info["controller_kind"] = properties.controller_kind;
    info["controller"] = properties.controller;
    families_[i]->Add(info).Set(value);
  }
}

SnapshotCollectable::SnapshotCollectable(std::shared_ptr<const metrics::Snapshot> snapshot)
    : snapshot_(std::move(snapshot)) {}

std::vector<prometheus::MetricFamily> SnapshotCollectable::Collect() const {
  std::vector<prometheus::MetricFamily> families;
  const metrics::LevelTable& table = snapshot_->day.front()->table(kubecost::Level::kPod);
  for (const metrics::Family& family : metrics::kFamilies) {
    const bool is_info = family.column == Column::kInfo;
    if (!IsPodFamily(family) || (!is_info && table.column(family.column).empty())) continue;
    prometheus::MetricFamily& collected = families.emplace_back();
    collected.name = std::string(family.name);
    collected.help = std::string(family.help);
    collected.type = prometheus::MetricType::Gauge;
    collected.metric.reserve(table.rows());
    for (size_t row = 0; row < table.rows(); ++row) {
      const double value = is_info ? 1 : table.column(family.column)[row];
      if (!kubecost::IsKnown(value)) continue;
      prometheus::ClientMetric& metric = collected.metric.emplace_back();
      metric.gauge.value = value;
      metric.label.reserve(is_info ? 6 : 3);
      metric.label.push_back(Label("cluster", table.cluster(row)));
      metric.label.push_back(Label("namespace", table.namespace_name(row)));
      metric.label.push_back(Label("pod", table.pod(row)));
      if (!is_info) continue;
      metric.label.push_back(Label("node", table.node(row)));
      metric.label.push_back(Label("controller_kind", table.controller_kind(row)));
      metric.label.push_back(Label("controller", table.controller(row)));
    }
  }
  return families;
}

std::string SerializeText(const prometheus::Collectable& collectable) {
  return prometheus::TextSerializer().Serialize(collectable.Collect());
}

}  // namespace benchmarks
