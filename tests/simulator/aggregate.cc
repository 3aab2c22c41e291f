#include "tests/simulator/aggregate.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tests/simulator/hash.h"

namespace simulator {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

void AppendOrUnallocated(absl::string_view text, std::string& key) {
  absl::StrAppend(&key, text.empty() ? kUnallocated : text);
}

void AppendOfKind(const Identity& id, absl::string_view kind, std::string& key) {
  AppendOrUnallocated(id.kind == kind ? id.controller : "", key);
}

void AppendPart(const Identity& id, Dimension dimension, std::string& key) {
  switch (dimension) {
    case Dimension::kCluster:
      absl::StrAppend(&key, id.cluster);
      break;
    case Dimension::kNode:
      absl::StrAppend(&key, id.node);
      break;
    case Dimension::kNamespace:
      absl::StrAppend(&key, id.namespace_name);
      break;
    case Dimension::kPod:
      absl::StrAppend(&key, id.pod);
      break;
    case Dimension::kContainer:
      absl::StrAppend(&key, id.container);
      break;
    case Dimension::kControllerKind:
      AppendOrUnallocated(id.kind, key);
      break;
    case Dimension::kController:
      if (!id.controller.empty()) absl::StrAppend(&key, id.kind, ":");
      AppendOrUnallocated(id.controller, key);
      break;
    case Dimension::kService:
    case Dimension::kDeployment:
      AppendOfKind(id, "deployment", key);
      break;
    case Dimension::kStatefulSet:
      AppendOfKind(id, "statefulset", key);
      break;
    case Dimension::kDaemonSet:
      AppendOfKind(id, "daemonset", key);
      break;
    case Dimension::kJob:
      AppendOfKind(id, "job", key);
      break;
    case Dimension::kAppLabel:
      AppendOrUnallocated(id.controller, key);
      break;
    case Dimension::kUnknownLabel:
      absl::StrAppend(&key, kUnallocated);
      break;
  }
}

void KeepCommon(const Identity& other, Identity& id) {
  for (auto member : {&Identity::cluster, &Identity::node, &Identity::provider_id, &Identity::namespace_name,
                      &Identity::kind, &Identity::controller, &Identity::pod, &Identity::container}) {
    if (id.*member != other.*member) id.*member = {};
  }
}

bool Contains(const std::vector<std::string>& list, absl::string_view text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

// Does not depend on the order in which a query names its dimensions.
uint64_t HashOf(const Identity& id) {
  uint64_t hash = 0;
  for (const absl::string_view text : {id.cluster, id.namespace_name, id.pod, id.node}) {
    hash = Mix(hash ^ std::hash<std::string_view>()({text.data(), text.size()}));
  }
  return hash;
}

double Efficiency(double usage, double request, double cost) {
  if (request > 0) return usage / request;
  return usage > 0 && cost > 0 ? 1 : 0;
}

double SumOfCosts(const Figures& figures) {
  double total = 0;
  for (const Figure figure : kTotalCostFigures) total += figures[figure];
  return total;
}

}  // namespace

// Builds the rows of one set; used once.
class Aggregator {
 public:
  Aggregator(const World& world, const AllocationQuery& query, Span set, const std::atomic<bool>* stop, RowSet& out)
      : world_(world), query_(query), set_(set), stop_(stop), out_(out) {}

  bool Run() {
    if (query_.share_idle && !MeasureClusters()) return false;
    const bool done = world_.ForEachAtom(set_, query_.conditions, stop_, [this](const Atom& atom) { Add(atom); });
    if (!done) return false;
    if (query_.idle || query_.share_idle) AddIdle();
    ShareTheShared();
    ApplyRate();
    ChooseOddities();
    for (const Row& row : out_.storage_) out_.sorted_.push_back(&row);
    std::sort(out_.sorted_.begin(), out_.sorted_.end(), [](const Row* a, const Row* b) { return a->key < b->key; });
    CutPage();
    return true;
  }

 private:
  struct ClusterCosts {
    double cpu = 0;
    double ram = 0;
    Figures idle{};
  };

  // Idle costs follow the costs that they are shared among.
  bool MeasureClusters() {
    clusters_.resize(world_.population().clusters.size());
    for (size_t i = 0; i < clusters_.size(); ++i) {
      clusters_[i].idle = world_.IdleOf(i, set_, query_.conditions).figures;
    }
    return world_.ForEachAtom(set_, query_.conditions, stop_, [this](const Atom& atom) {
      ClusterCosts& c = clusters_[atom.cluster];
      c.cpu += atom.figures[kCpuCost];
      c.ram += atom.figures[kRamCost];
    });
  }

  bool IsShared(const Identity& id) const {
    return Contains(query_.share_namespaces, id.namespace_name) || Contains(query_.share_apps, id.controller);
  }

  void Add(const Atom& atom) {
    if (!query_.filter.Matches(atom.id)) return;
    if (IsShared(atom.id)) {
      shared_total_ += SumOfCosts(atom.figures);
      return;
    }
    key_.clear();
    for (size_t i = 0; i < query_.aggregate.size(); ++i) {
      if (i > 0) key_.push_back('/');
      AppendPart(atom.id, query_.aggregate[i], key_);
    }
    Row& row = Merge(atom);
    if (query_.share_idle) AddShareOfIdle(atom, row);
  }

  void AddShareOfIdle(const Atom& atom, Row& row) const {
    const ClusterCosts& c = clusters_[atom.cluster];
    if (c.cpu > 0) {
      const double share = atom.figures[kCpuCost] / c.cpu;
      row.figures[kCpuCost] += c.idle[kCpuCost] * share;
      row.figures[kCpuAdjustment] += c.idle[kCpuAdjustment] * share;
    }
    if (c.ram > 0) row.figures[kRamCost] += c.idle[kRamCost] * atom.figures[kRamCost] / c.ram;
  }

  Row& Merge(const Atom& atom) {
    const auto found = index_.find(key_);
    if (found != index_.end()) {
      Row& row = out_.storage_[found->second];
      KeepCommon(atom.id, row.id);
      row.span.start = std::min(row.span.start, atom.span.start);
      row.span.end = std::max(row.span.end, atom.span.end);
      for (size_t i = 0; i < kFigureCount; ++i) row.figures[i] += atom.figures[i];
      Count(atom, row);
      return row;
    }
    Row& row = out_.storage_.emplace_back();
    row.key = key_;
    row.id = atom.id;
    if (!atom.id.pod.empty()) row.id.pod = out_.names_.emplace_back(std::string(atom.id.pod));
    row.span = atom.span;
    row.figures = atom.figures;
    Count(atom, row);
    index_.emplace(row.key, out_.storage_.size() - 1);
    return row;
  }

  static void Count(const Atom& atom, Row& row) {
    ++row.members;
    row.runs = row.runs || atom.runs;
    if (atom.has_volume) {
      VolumeShare* last = row.volumes.empty() ? nullptr : &row.volumes.back();
      if (last != nullptr && last->id == atom.volume.id) {
        last->Add(atom.volume);
      } else {
        row.volumes.push_back(atom.volume);
      }
    }
    if (atom.load_balancer_hours > 0) {
      row.balancers.push_back({atom.id.cluster, atom.id.namespace_name, atom.id.controller, atom.load_balancer_hours,
                               atom.figures[kLoadBalancerCost], atom.figures[kLoadBalancerAdjustment]});
    }
  }

  // One row for all clusters, or one for each with splitIdle. Shared idle costs have a row only where a cluster has
  // nothing to share them among. A filter does not apply to it: what real servers say of idle under a filter cannot be
  // relied on, and a client that splits its query by namespace and asks for idle in each part must find out that it
  // counted it several times.
  void AddIdle() {
    for (size_t c = 0; c < world_.population().clusters.size(); ++c) {
      Atom idle = world_.IdleOf(c, set_, query_.conditions);
      if (idle.span.empty()) continue;
      if (query_.share_idle) {
        const ClusterCosts& costs = clusters_[c];
        if (costs.cpu > 0) {
          idle.figures[kCpuCost] = 0;
          idle.figures[kCpuAdjustment] = 0;
        }
        if (costs.ram > 0) idle.figures[kRamCost] = 0;
        if (SumOfCosts(idle.figures) == 0) continue;
      }
      key_ = query_.split_idle ? absl::StrCat(idle.id.cluster, "/", kIdle) : std::string(kIdle);
      Merge(idle).idle = true;
    }
  }

  void ShareTheShared() {
    if (shared_total_ == 0) return;
    double total = 0;
    for (const Row& row : out_.storage_) {
      if (!row.idle) total += SumOfCosts(row.figures);
    }
    if (total <= 0) return;
    for (Row& row : out_.storage_) {
      if (row.idle) continue;
      row.figures[kSharedCost] += shared_total_ * SumOfCosts(row.figures) / total;
    }
  }

  void ApplyRate() {
    const Span known = world_.KnownPart(set_, query_.conditions.now);
    if (query_.rate_hours == 0 || known.empty()) return;
    const double factor = query_.rate_hours * 3600.0 / static_cast<double>(known.seconds());
    for (Row& row : out_.storage_) {
      for (const Figure figure : kTotalCostFigures) row.figures[figure] *= factor;
    }
  }

  void ChooseOddities() {
    const SimulatorOptions& options = world_.options();
    if (options.null_efficiency_rate <= 0 && options.null_cost_rate <= 0) return;
    for (Row& row : out_.storage_) {
      if (!row.runs) continue;
      const uint64_t hash = Hash(options.seed, Salt::kOddity, HashOf(row.id), static_cast<uint64_t>(set_.start));
      if (Unit(hash) < options.null_efficiency_rate) row.oddities |= 1u << (Mix(hash) % 3);
      if (Unit(Mix(hash ^ 1)) < options.null_cost_rate) row.oddities |= kCpuCostNaN << (Mix(hash ^ 2) % 4);
    }
  }

  void CutPage() {
    if (query_.limit <= 0 && query_.offset <= 0) return;
    std::vector<const Row*>& rows = out_.sorted_;
    std::stable_sort(rows.begin(), rows.end(),
                     [](const Row* a, const Row* b) { return SumOfCosts(a->figures) > SumOfCosts(b->figures); });
    const auto size = static_cast<int64_t>(rows.size());
    const int64_t from = std::clamp<int64_t>(query_.offset, 0, size);
    const int64_t count = query_.limit > 0 ? std::min(query_.limit, size - from) : size - from;
    rows.erase(rows.begin() + from + count, rows.end());
    rows.erase(rows.begin(), rows.begin() + from);
    std::sort(rows.begin(), rows.end(), [](const Row* a, const Row* b) { return a->key < b->key; });
  }

  const World& world_;
  const AllocationQuery& query_;
  const Span set_;
  const std::atomic<bool>* const stop_;
  RowSet& out_;
  std::string key_;
  std::unordered_map<std::string_view, size_t> index_;
  std::vector<ClusterCosts> clusters_;
  double shared_total_ = 0;
};

Derived Derive(const Row& row) {
  Derived d;
  const Figures& f = row.figures;
  const double hours = row.span.hours();
  const double per_hour = hours > 0 ? 1 / hours : 0;
  d.minutes = hours * 60;
  d.cpu_cores = f[kCpuCoreHours] * per_hour;
  d.cpu_request = f[kCpuRequestHours] * per_hour;
  d.cpu_limit = f[kCpuLimitHours] * per_hour;
  d.cpu_usage = f[kCpuUsageHours] * per_hour;
  d.cpu_cost = f[kCpuCost];
  d.gpu_count = f[kGpuHours] * per_hour;
  d.gpu_request = f[kGpuRequestHours] * per_hour;
  d.gpu_usage = f[kGpuUsageHours] * per_hour;
  d.network_cost = f[kNetworkCost];
  d.pv_bytes = f[kPvByteHours] * per_hour;
  d.pv_adjustment = f[kPvAdjustment];
  d.ram_bytes = f[kRamByteHours] * per_hour;
  d.ram_request = f[kRamRequestHours] * per_hour;
  d.ram_limit = f[kRamLimitHours] * per_hour;
  d.ram_usage = f[kRamUsageHours] * per_hour;
  d.ram_cost = f[kRamCost];
  if (row.oddities & kCpuEfficiencyNaN) d.cpu_usage = kNaN;
  if (row.oddities & kRamEfficiencyNaN) d.ram_usage = kNaN;
  if (row.oddities & kCpuCostNaN) d.cpu_cost = kNaN;
  if (row.oddities & kRamCostNaN) d.ram_cost = kNaN;
  if (row.oddities & kNetworkCostNaN) d.network_cost = kNaN;
  if (row.oddities & kPvAdjustmentNaN) d.pv_adjustment = kNaN;
  d.cpu_efficiency = Efficiency(d.cpu_usage, d.cpu_request, f[kCpuCost]);
  d.ram_efficiency = Efficiency(d.ram_usage, d.ram_request, f[kRamCost]);
  d.gpu_efficiency = Efficiency(d.gpu_usage, d.gpu_request, f[kGpuCost]);
  if (std::isnan(d.cpu_usage)) d.cpu_efficiency = kNaN;
  if (std::isnan(d.ram_usage)) d.ram_efficiency = kNaN;
  const double cpu = d.cpu_cost + f[kCpuAdjustment];
  const double ram = d.ram_cost + f[kRamAdjustment];
  const double gpu = f[kGpuCost] + f[kGpuAdjustment];
  const double weight = cpu + ram + gpu;
  d.total_efficiency =
      weight == 0 ? 0 : (cpu * d.cpu_efficiency + ram * d.ram_efficiency + gpu * d.gpu_efficiency) / weight;
  if (row.oddities & kTotalEfficiencyNaN) d.total_efficiency = kNaN;
  d.total_cost = SumOfCosts(f) + (row.oddities >= kCpuCostNaN ? kNaN : 0.0);
  return d;
}

bool BuildRows(const World& world, const AllocationQuery& query, Span set, const std::atomic<bool>* stop,
               RowSet& rows) {
  return Aggregator(world, query, set, stop, rows).Run();
}

}  // namespace simulator
