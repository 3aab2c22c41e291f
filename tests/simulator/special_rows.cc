// The parts of the World that no pod stands for: storage that nobody mounts and capacity that nobody asked for.

#include "absl/strings/string_view.h"
#include "tests/simulator/hash.h"
#include "tests/simulator/world.h"

namespace simulator {
namespace {

constexpr double kVolumePrice = 0.0001096 / kGibibyte;  // per byte-hour
constexpr double kNodeCpuPrice = 0.2;                   // per node-hour
constexpr double kNodeRamPrice = 0.13;
constexpr double kOrphanedBalancerPrice = 0.025;

// Volumes of pods are numbered by slot; these stay clear of them.
constexpr uint32_t kFirstUnclaimedVolume = 0x40000000;
constexpr uint32_t kFirstUnmountedVolume = 0x80000000;

}  // namespace

void World::AddVolumeDay(uint32_t id, Span part, int64_t day_start, const Conditions& conditions, Atom& atom) const {
  const uint64_t hash = Hash(options_.seed, Salt::kStorage, id);
  const double bytes = kGibibyte * static_cast<double>(1 + hash % 200);
  const double byte_hours = bytes * part.hours();
  const double cost = byte_hours * kVolumePrice;
  const double adjustment = cost * AdjustmentShare(4 + hash % 4, day_start, conditions);
  atom.figures[kPvByteHours] += byte_hours;
  atom.figures[kPvCost] += cost;
  atom.figures[kPvAdjustment] += adjustment;
  atom.has_volume = true;
  atom.volume.id = id;
  atom.volume.cluster = atom.id.cluster;
  atom.volume.byte_hours += byte_hours;
  atom.volume.cost += cost;
  atom.volume.adjustment += adjustment;
}

void World::UnmountedAtoms(Span window, const Conditions& conditions,
                           absl::FunctionRef<void(const Atom&)> visit) const {
  const size_t namespaces = population_.namespaces.size();
  for (size_t c = 0; c < population_.clusters.size(); ++c) {
    Atom atom;
    atom.runs = false;
    atom.cluster = c;
    atom.id.cluster = population_.clusters[c];
    atom.id.namespace_name = kUnmounted;
    atom.id.pod = kUnmounted;
    atom.id.container = kUnmounted;
    ForEachDay(window, conditions, [&](Span part, int64_t day) {
      atom.span = Hull(atom.span, part);
      AddVolumeDay(kFirstUnclaimedVolume + static_cast<uint32_t>(c), part, day, conditions, atom);
      atom.figures[kLoadBalancerCost] += part.hours() * kOrphanedBalancerPrice;
    });
    if (atom.span.empty()) continue;
    visit(atom);
    for (size_t n = 0; n < namespaces; ++n) {
      const auto id = static_cast<uint32_t>(c * namespaces + n);
      if (n > 0 && Hash(options_.seed, Salt::kStorage, id, 1) % 4 != 0) continue;
      Atom claim;
      claim.runs = false;
      claim.cluster = c;
      claim.id.cluster = population_.clusters[c];
      claim.id.namespace_name = population_.namespaces[n];
      claim.id.pod = unmounted_pods_[n];
      claim.id.container = kUnmounted;
      ForEachDay(window, conditions, [&](Span part, int64_t day) {
        claim.span = Hull(claim.span, part);
        AddVolumeDay(kFirstUnmountedVolume + id, part, day, conditions, claim);
      });
      visit(claim);
    }
  }
}

Atom World::IdleOf(size_t cluster, Span window, const Conditions& conditions) const {
  const Span known = KnownPart(window, conditions.now);
  Atom atom;
  atom.runs = false;
  atom.cluster = cluster;
  atom.id.cluster = population_.clusters[cluster];
  const std::vector<size_t>& nodes = population_.cluster_nodes[cluster];
  if (nodes.size() == 1) {
    const Node& node = population_.nodes[nodes[0]];
    atom.id.node = node.name;
    atom.id.provider_id = node.provider_id;
  }
  ForEachDay(known, conditions, [&](Span part, int64_t day) {
    atom.span = Hull(atom.span, part);
    const uint64_t hash = Hash(options_.seed, Salt::kIdle, cluster, static_cast<uint64_t>(day));
    const double node_hours = part.hours() * static_cast<double>(nodes.size());
    // An overcommitted cluster has negative idle costs.
    const double cpu = node_hours * kNodeCpuPrice * Between(hash, -0.05, 0.6);
    const double ram = node_hours * kNodeRamPrice * Between(Mix(hash), -0.05, 0.6);
    atom.figures[kCpuCost] += cpu;
    atom.figures[kRamCost] += ram;
    atom.figures[kCpuAdjustment] += cpu * AdjustmentShare(8 + cluster % 4, day, conditions);
  });
  return atom;
}

}  // namespace simulator
