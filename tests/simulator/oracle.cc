#include "tests/simulator/oracle.h"

#include <array>
#include <charconv>
#include <cmath>
#include <map>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "tests/simulator/aggregate.h"
#include "tests/simulator/json_text.h"

namespace simulator {
namespace {

// Amounts in the unit of the server's last decimal, 1e-5, so that sums are exact.
using Units = std::optional<int64_t>;

Units Rounded(double value) {
  if (!std::isfinite(value)) return std::nullopt;
  return std::llround(value * 1e5);
}

Units Sum(Units a, Units b) {
  if (!a || !b) return std::nullopt;
  return *a + *b;
}

std::optional<double> Value(Units units) {
  if (!units) return std::nullopt;
  return static_cast<double>(*units) / 1e5;
}

// The emitted number as a client reads it.
std::optional<double> Emitted(double value) { return Value(Rounded(value)); }

// The costs of one entry in the order of OracleEntry, the total first.
constexpr size_t kParts = 9;
using Amounts = std::array<Units, kParts>;

Amounts AmountsOf(const Row& row, const Derived& d) {
  const Figures& f = row.figures;
  return {Rounded(d.total_cost),
          Sum(Rounded(d.cpu_cost), Rounded(f[kCpuAdjustment])),
          Sum(Rounded(f[kGpuCost]), Rounded(f[kGpuAdjustment])),
          Sum(Rounded(d.ram_cost), Rounded(f[kRamAdjustment])),
          Sum(Rounded(f[kPvCost]), Rounded(d.pv_adjustment)),
          Sum(Rounded(d.network_cost), Rounded(f[kNetworkAdjustment])),
          Sum(Rounded(f[kLoadBalancerCost]), Rounded(f[kLoadBalancerAdjustment])),
          Rounded(f[kSharedCost]),
          Rounded(f[kExternalCost])};
}

// A quotient of sums that is unknown once a term is.
class Ratio {
 public:
  void Add(std::optional<double> numerator, std::optional<double> denominator) {
    known_ = known_ && numerator && denominator;
    if (!known_) return;
    numerator_ += *numerator;
    denominator_ += *denominator;
  }
  void Spoil() { known_ = false; }
  std::optional<double> value() const {
    if (!known_ || denominator_ == 0) return std::nullopt;
    return numerator_ / denominator_;
  }

 private:
  bool known_ = true;
  double numerator_ = 0;
  double denominator_ = 0;
};

std::optional<double> Times(std::optional<double> a, std::optional<double> b) {
  if (!a || !b) return std::nullopt;
  return *a * *b;
}

using Attributes = std::tuple<std::string, std::string, std::string>;

// Rows of one identity, merged.
struct Merged {
  int rows = 0;  // without idle rows that went into a cluster
  bool any = false;
  Amounts amounts;
  Ratio cpu;
  Ratio memory;
  Ratio total;
  // The last row's own figures, for an entry of one row.
  std::optional<double> cpu_efficiency;
  std::optional<double> memory_efficiency;
  std::optional<double> total_efficiency;
  Units attribute_cost;
  Attributes attributes;  // node, kind, controller
};

void MergeEfficiency(const Derived& d, const Amounts& amounts, Merged& m) {
  m.cpu_efficiency = Emitted(d.cpu_efficiency);
  m.memory_efficiency = Emitted(d.ram_efficiency);
  m.total_efficiency = Emitted(d.total_efficiency);
  const std::optional<double> minutes = Emitted(d.minutes);
  if (!minutes || *minutes <= 0) {
    m.cpu.Spoil();
    m.memory.Spoil();
    m.total.Spoil();
    return;
  }
  m.cpu.Add(Times(Emitted(d.cpu_usage), minutes), Times(Emitted(d.cpu_request), minutes));
  m.memory.Add(Times(Emitted(d.ram_usage), minutes), Times(Emitted(d.ram_request), minutes));
  const std::optional<double> weight = Value(Sum(Sum(amounts[1], amounts[3]), amounts[2]));
  m.total.Add(Times(Emitted(d.total_efficiency), weight), weight);
}

// An unknown cost is less than any known one.
bool Costlier(Units a, Units b) {
  if (!a || !b) return a.has_value();
  return *a > *b;
}

void MergeAttributes(const Row& row, const Amounts& amounts, const SimulatorOptions& options, Merged& m) {
  const auto word = [&](absl::string_view text) {
    const bool spelled = text.empty() && options.unallocated_properties && !row.idle;
    return std::string(spelled ? kUnallocated : text);
  };
  Attributes attributes(row.id.node, word(row.id.kind), word(row.id.controller));
  const bool tie = amounts[0] == m.attribute_cost;
  if (!m.any || Costlier(amounts[0], m.attribute_cost) || (tie && attributes < m.attributes)) {
    m.attribute_cost = amounts[0];
    m.attributes = std::move(attributes);
  }
}

using Key = std::tuple<std::string, std::string, std::string>;

Key KeyOf(const Row& row, Level level) {
  std::string cluster(row.id.cluster);
  if (level == Level::kCluster) return {std::move(cluster), "", ""};
  const auto named = [](absl::string_view text) { return std::string(text.empty() ? kUnallocated : text); };
  const std::string ns = row.idle ? std::string(kIdle) : named(row.id.namespace_name);
  if (level == Level::kNamespace) return {std::move(cluster), ns, ""};
  // With INGEST_POD_UID the UID follows the name after a space.
  const absl::string_view pod = row.id.pod.substr(0, row.id.pod.find(' '));
  return {std::move(cluster), ns, row.idle ? std::string(kIdle) : named(pod)};
}

// The query that an exporter sends for a level.
AllocationQuery QueryFor(const World& world, const OracleRequest& request, int64_t now) {
  const bool kubecost = world.options().product == Product::kKubecost;
  AllocationQuery query;
  query.window = request.window;
  query.accumulate = true;
  query.idle = request.idle != IdleMode::kOff;
  query.share_idle = request.idle == IdleMode::kShare;
  query.split_idle = kubecost;
  query.conditions.now = now;
  query.conditions.adjustments = world.reconciles();
  query.conditions.share_tenancy = kubecost && request.share_tenancy_costs;
  query.aggregate = {Dimension::kCluster};
  if (request.level != Level::kCluster) query.aggregate.push_back(Dimension::kNamespace);
  if (request.level == Level::kPod) {
    for (const Dimension dimension :
         {Dimension::kPod, Dimension::kNode, Dimension::kControllerKind, Dimension::kController}) {
      query.aggregate.push_back(dimension);
    }
  }
  return query;
}

using MergedRows = std::map<Key, Merged>;

MergedRows Merge(const World& world, Level level, const RowSet& rows) {
  MergedRows merged;
  for (const Row* row : rows.rows()) {
    const Derived derived = Derive(*row);
    const Amounts amounts = AmountsOf(*row, derived);
    Merged& m = merged[KeyOf(*row, level)];
    if (level == Level::kPod) MergeAttributes(*row, amounts, world.options(), m);
    if (!row->idle || level != Level::kCluster) {
      ++m.rows;
      MergeEfficiency(derived, amounts, m);
    }
    for (size_t i = 0; i < kParts; ++i) m.amounts[i] = m.any ? Sum(m.amounts[i], amounts[i]) : amounts[i];
    m.any = true;
  }
  return merged;
}

OracleEntry EntryOf(const Key& key, const Merged& m) {
  OracleEntry entry;
  std::tie(entry.cluster, entry.namespace_name, entry.pod) = key;
  std::tie(entry.node, entry.controller_kind, entry.controller) = m.attributes;
  entry.rows = m.rows;
  Amounts amounts = m.amounts;
  // A total without one of its parts would be a partial one.
  for (size_t i = 1; i < kParts; ++i) {
    if (!amounts[i]) amounts[0] = std::nullopt;
  }
  entry.total = Value(amounts[0]);
  entry.cpu = Value(amounts[1]);
  entry.gpu = Value(amounts[2]);
  entry.memory = Value(amounts[3]);
  entry.pv = Value(amounts[4]);
  entry.network = Value(amounts[5]);
  entry.load_balancer = Value(amounts[6]);
  entry.shared = Value(amounts[7]);
  entry.external = Value(amounts[8]);
  if (m.rows == 1) {
    entry.cpu_efficiency = m.cpu_efficiency;
    entry.memory_efficiency = m.memory_efficiency;
    entry.total_efficiency = m.total_efficiency;
  } else if (m.rows > 1) {
    entry.cpu_efficiency = m.cpu.value();
    entry.memory_efficiency = m.memory.value();
    entry.total_efficiency = m.total.value();
  }
  return entry;
}

void AddSpecialRows(const std::vector<OracleEntry>& namespaces, std::vector<OracleEntry>& clusters) {
  for (OracleEntry& cluster : clusters) {
    for (const OracleEntry& entry : namespaces) {
      if (entry.cluster != cluster.cluster) continue;
      if (entry.namespace_name == kIdle) cluster.idle = entry.total;
      if (entry.namespace_name == kUnallocated) cluster.unallocated = entry.total;
      if (entry.namespace_name == kUnmounted) cluster.unmounted = entry.total;
    }
  }
}

void AddPods(const World& world, const OracleRequest& request, int64_t now, const std::atomic<bool>* stop,
             std::vector<OracleEntry>& clusters) {
  OracleRequest below = request;
  below.level = Level::kPod;
  const AllocationQuery query = QueryFor(world, below, now);
  RowSet rows;
  if (!BuildRows(world, query, query.window, stop, rows)) return;
  std::map<absl::string_view, std::vector<Span>> runs;
  for (const Row* row : rows.rows()) {
    if (row->runs) runs[row->id.cluster].push_back(row->span);
  }
  std::map<std::string, int> known;
  for (const auto& [key, merged] : Merge(world, Level::kPod, rows)) {
    if (EntryOf(key, merged).total) ++known[std::get<0>(key)];
  }
  const auto length = static_cast<double>(query.window.seconds());
  for (OracleEntry& cluster : clusters) {
    cluster.coverage = static_cast<double>(UnionSeconds(runs[cluster.cluster])) / length;
    cluster.pods = known[cluster.cluster];
  }
}

void AppendNumber(absl::string_view name, std::optional<double> value, std::string& out) {
  absl::StrAppend(&out, ",\"", name, "\":");
  if (!value) {
    out.append("null");
    return;
  }
  std::array<char, 32> buffer;
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), *value);
  out.append(buffer.data(), end.ptr);
}

void AppendText(absl::string_view name, absl::string_view value, std::string& out) {
  absl::StrAppend(&out, ",\"", name, "\":");
  AppendJsonString(value, out);
}

}  // namespace

std::vector<OracleEntry> ComputeOracle(const World& world, const OracleRequest& request, int64_t now,
                                       const std::atomic<bool>* stop) {
  std::vector<OracleEntry> entries;
  RowSet rows;
  const AllocationQuery query = QueryFor(world, request, now);
  if (!BuildRows(world, query, query.window, stop, rows)) return entries;
  for (const auto& [key, merged] : Merge(world, request.level, rows)) entries.push_back(EntryOf(key, merged));
  if (request.level == Level::kCluster) {
    OracleRequest below = request;
    below.level = Level::kNamespace;
    AddSpecialRows(ComputeOracle(world, below, now, stop), entries);
    AddPods(world, request, now, stop, entries);
  }
  return entries;
}

std::string OracleJson(const std::vector<OracleEntry>& entries) {
  std::string out = "[";
  for (const OracleEntry& entry : entries) {
    out.append(out.size() > 1 ? ",\n{\"cluster\":" : "{\"cluster\":");
    AppendJsonString(entry.cluster, out);
    AppendText("namespace", entry.namespace_name, out);
    AppendText("pod", entry.pod, out);
    AppendText("node", entry.node, out);
    AppendText("controller_kind", entry.controller_kind, out);
    AppendText("controller", entry.controller, out);
    absl::StrAppend(&out, ",\"rows\":", entry.rows);
    AppendNumber("total", entry.total, out);
    AppendNumber("cpu", entry.cpu, out);
    AppendNumber("gpu", entry.gpu, out);
    AppendNumber("memory", entry.memory, out);
    AppendNumber("pv", entry.pv, out);
    AppendNumber("network", entry.network, out);
    AppendNumber("load_balancer", entry.load_balancer, out);
    AppendNumber("shared", entry.shared, out);
    AppendNumber("external", entry.external, out);
    AppendNumber("cpu_efficiency", entry.cpu_efficiency, out);
    AppendNumber("memory_efficiency", entry.memory_efficiency, out);
    AppendNumber("total_efficiency", entry.total_efficiency, out);
    AppendNumber("idle", entry.idle, out);
    AppendNumber("unallocated", entry.unallocated, out);
    AppendNumber("unmounted", entry.unmounted, out);
    AppendNumber("coverage", entry.coverage, out);
    AppendNumber("pods", entry.pods, out);
    out.push_back('}');
  }
  return out + "]\n";
}

}  // namespace simulator
