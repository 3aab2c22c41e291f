#include "tests/simulator/world.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"

namespace simulator {
namespace {

// Prices in currency per hour and unit.
constexpr double kCpuPrice = 0.031611;
constexpr double kRamPrice = 0.004237 / kGibibyte;
constexpr double kGpuPrice = 0.95;
constexpr double kNetworkPrice = 0.01 / 1e9;
constexpr double kLoadBalancerPrice = 0.025;
constexpr double kTenancyPrice = 0.0004;

// Seconds between the starts of the containers of one pod.
constexpr int64_t kContainerStartDelay = 5;

constexpr std::array<absl::string_view, 3> kSidecars = {"", "istio-proxy", "log-shipper"};

uint64_t Bits(int64_t value) { return static_cast<uint64_t>(value); }

void AddNetwork(uint64_t hash, double hours, bool credit, Figures& figures) {
  if (credit) {
    figures[kNetworkCost] -= hours * Between(hash >> 7, 0.01, 0.05);
    return;
  }
  if (hash % 4 == 0) return;
  const double sent = hours * Between(hash, 1e5, 4e8);
  const double cost = sent * kNetworkPrice;
  figures[kNetworkTransfer] += sent;
  figures[kNetworkReceive] += sent * Between(hash >> 5, 0.1, 3);
  figures[kNetworkCost] += cost;
  figures[kNetworkCrossZone] += cost * 0.25;
  figures[kNetworkCrossRegion] += cost * 0.125;
  figures[kNetworkInternet] += cost * 0.5;
}

std::map<int64_t, DayPlan> MakePlans(const std::vector<DayEvent>& events, int64_t offset) {
  std::map<int64_t, DayPlan> plans;
  for (const DayEvent& event : events) {
    const int64_t day = event.day - absl::CivilDay(1970, 1, 1);
    DayPlan& plan = plans[day * kDay - offset];
    switch (event.kind) {
      case EventKind::kOff:
        plan.off = true;
        break;
      case EventKind::kHalf:
        plan.half = true;
        break;
      case EventKind::kVanish:
        plan.vanish_after = absl::ToInt64Seconds(event.delay);
        break;
      case EventKind::kMove:
        plan.moves = true;
        break;
    }
  }
  return plans;
}

}  // namespace

World::World(SimulatorOptions options)
    : options_(std::move(options)),
      offset_(absl::ToInt64Seconds(options_.utc_offset)),
      population_(MakePopulation(options_)),
      plans_(MakePlans(options_.events, offset_)) {
  for (const std::string& ns : population_.namespaces) unmounted_pods_.push_back(absl::StrCat(ns, "-unmounted-pvcs"));
}

bool World::reconciles() const { return options_.adjustments.value_or(options_.product == Product::kKubecost); }

int64_t World::DayStart(int64_t time) const { return FloorDiv(time + offset_, kDay) * kDay - offset_; }

Span World::KnownPart(Span window, int64_t now) const {
  const int64_t oldest = DayStart(now) - options_.history_days * kDay;
  return Intersect(window, {oldest, now});
}

double World::AdjustmentShare(uint64_t what, int64_t day_start, const Conditions& conditions) const {
  if (!conditions.adjustments) return 0;
  const int64_t age = conditions.now - (day_start + kDay);
  if (age < kDay) return 0;
  const uint64_t hash = Hash(options_.seed, Salt::kAdjustment, what, Bits(day_start));
  // The direction belongs to the day, so that a cluster's costs do not cancel each other out.
  const uint64_t day = Bits(FloorDiv(day_start + offset_, kDay));
  const double first = Between(hash, 0.01, 0.05) * (day % 2 == 0 ? 1 : -1);
  const int64_t settled = kDay + 6 * kHour + static_cast<int64_t>(hash % (18 * kHour));
  if (age < settled) return first;
  return first + Between(Mix(hash), 0.02, 0.1) * (day / 2 % 2 == 0 ? 1 : -1);
}

bool World::ForEachAtom(Span window, const Conditions& conditions, const std::atomic<bool>* stop,
                        absl::FunctionRef<void(const Atom&)> visit) const {
  const Span known = KnownPart(window, conditions.now);
  if (known.empty()) return true;
  std::string name;
  const auto count = static_cast<uint32_t>(population_.slots.size());
  for (uint32_t slot = 0; slot < count; ++slot) {
    if (slot % 256 == 0 && stop != nullptr && stop->load()) return false;
    PodAtoms(slot, known, conditions, name, visit);
  }
  UnmountedAtoms(known, conditions, visit);
  return true;
}

void World::PodAtoms(uint32_t slot, Span window, const Conditions& conditions, std::string& name,
                     absl::FunctionRef<void(const Atom&)> visit) const {
  const Workload& workload = population_.workloads[population_.slots[slot].workload];
  ForEachLife(population_, options_.seed, slot, window, [&](const Life& life) {
    PodName(population_, options_.seed, slot, life.number, options_.pod_uid, name);
    for (const bool moved : {false, true}) {
      if (moved && plans_.empty()) break;
      for (int container = 0; container < workload.containers; ++container) {
        Atom atom = RunOf(slot, life, container, moved, window, conditions);
        if (atom.span.empty()) continue;
        atom.id.pod = name;
        visit(atom);
      }
    }
  });
}

Atom World::RunOf(uint32_t slot, const Life& life, int container, bool moved, Span window,
                  const Conditions& conditions) const {
  const Workload& workload = population_.workloads[population_.slots[slot].workload];
  const size_t node_index = moved ? NextNode(life.node) : life.node;
  const Node& node = population_.nodes[node_index];
  Atom atom;
  atom.cluster = workload.cluster;
  atom.id.cluster = population_.clusters[workload.cluster];
  atom.id.node = node.name;
  atom.id.provider_id = node.provider_id;
  if (workload.namespace_index >= 0) {
    atom.id.namespace_name = population_.namespaces[static_cast<size_t>(workload.namespace_index)];
  }
  atom.id.kind = KindName(workload.kind);
  if (workload.kind != Kind::kBare) atom.id.controller = workload.name;
  atom.id.container = container == 0 ? absl::string_view(workload.name) : kSidecars[static_cast<size_t>(container)];
  Span own = life.span;
  own.start += container * kContainerStartDelay;
  ForEachDay(Intersect(own, window), conditions, [&](Span whole, auto day) {
    const Span part = PartOnNode(slot, life, day, whole, moved);
    if (part.empty() || IsMissing(slot, day, conditions)) return;
    atom.span = Hull(atom.span, part);
    AddDay(slot, container, node_index, part, day, conditions, atom);
    if (container == 0) AddExtras(slot, part, day, conditions, atom);
  });
  return atom;
}

void World::AddDay(uint32_t slot, int container, size_t node, Span part, int64_t day_start,
                   const Conditions& conditions, Atom& atom) const {
  const Workload& workload = population_.workloads[population_.slots[slot].workload];
  const uint64_t hash = Hash(options_.seed, Salt::kUsage, slot, Bits(day_start), static_cast<uint64_t>(container));
  const double hours =
      static_cast<double>(part.seconds() - RestartSeconds(options_.seed, slot, day_start, part)) / 3600.0;
  const double share = container == 0 ? 1 : 0.1;
  const double cpu_request = workload.cpu_request * share;
  const double ram_request = workload.ram_request * share;
  const double cpu_usage = cpu_request > 0 ? cpu_request * Between(hash, 0.01, 1.3) : Between(hash, 1e-5, 0.02);
  const double ram_usage = ram_request > 0 ? ram_request * Between(Mix(hash), 0.1, 1.4) : Between(Mix(hash), 1e6, 9e7);
  const double cpu_hours = hours * std::max(cpu_request, cpu_usage);
  const double ram_hours = hours * std::max(ram_request, ram_usage);
  const double price_factor = population_.nodes[node].price_factor;
  const double cpu_cost = cpu_hours * kCpuPrice * price_factor;
  const double ram_cost = ram_hours * kRamPrice * price_factor;
  const uint64_t key = node * 8 + 16;
  Figures& f = atom.figures;
  f[kCpuCoreHours] += cpu_hours;
  f[kCpuRequestHours] += hours * cpu_request;
  f[kCpuLimitHours] += hours * cpu_request * 2;
  f[kCpuUsageHours] += hours * cpu_usage;
  f[kCpuCost] += cpu_cost;
  f[kCpuAdjustment] += cpu_cost * AdjustmentShare(key, day_start, conditions);
  f[kRamByteHours] += ram_hours;
  f[kRamRequestHours] += hours * ram_request;
  f[kRamLimitHours] += hours * ram_request * 2;
  f[kRamUsageHours] += hours * ram_usage;
  f[kRamCost] += ram_cost;
  f[kRamAdjustment] += ram_cost * AdjustmentShare(key + 1, day_start, conditions);
  if (conditions.share_tenancy) f[kSharedCost] += hours * kTenancyPrice * share;
}

void World::AddExtras(uint32_t slot, Span part, int64_t day_start, const Conditions& conditions, Atom& atom) const {
  const Slot& place = population_.slots[slot];
  const Workload& workload = population_.workloads[place.workload];
  const uint64_t hash = Hash(options_.seed, Salt::kNetwork, slot, Bits(day_start));
  const double hours = part.hours();
  Figures& f = atom.figures;
  const bool credit = Unit(Hash(options_.seed, Salt::kNegative, slot, Bits(day_start))) < options_.negative_cost_rate;
  AddNetwork(hash, hours, credit, f);
  if (workload.gpus > 0) {
    const double gpu_hours = hours * workload.gpus;
    f[kGpuHours] += gpu_hours;
    f[kGpuRequestHours] += gpu_hours;
    f[kGpuUsageHours] += gpu_hours * Between(hash >> 3, 0.1, 0.95);
    f[kGpuCost] += gpu_hours * kGpuPrice;
    f[kGpuAdjustment] += gpu_hours * kGpuPrice * AdjustmentShare(2, day_start, conditions);
  }
  if (workload.load_balancer && place.ordinal == 0) {
    f[kLoadBalancerCost] += hours * kLoadBalancerPrice;
    f[kLoadBalancerAdjustment] += hours * kLoadBalancerPrice * AdjustmentShare(3, day_start, conditions);
    atom.load_balancer_hours += hours;
  }
  if (workload.kind == Kind::kStatefulSet) AddVolumeDay(slot, part, day_start, conditions, atom);
  if (conditions.external && place.workload % 50 == 0) f[kExternalCost] += hours * 0.002;
}

}  // namespace simulator
