// The parts of the World that no pod stands for: storage that nobody mounts
// and capacity that nobody asked for.

#include "absl/strings/string_view.h"
#include "tests/simulator/hash.h"
#include "tests/simulator/world.h"

namespace simulator {
namespace {

constexpr double kGibibyte = 1024.0 * 1024.0 * 1024.0;
constexpr double kVolumePrice = 0.0001096 / kGibibyte;  // per byte-hour
constexpr double kNodeCpuPrice = 0.2;                   // per node-hour
constexpr double kNodeRamPrice = 0.13;
constexpr double kOrphanedBalancerPrice = 0.025;

constexpr absl::string_view kUnmounted = "__unmounted__";

// Volumes of pods are numbered by slot; these stay clear of them.
constexpr std::uint32_t kFirstUnclaimedVolume = 0x40000000;
constexpr std::uint32_t kFirstUnmountedVolume = 0x80000000;

double Hours(Span span) { return static_cast<double>(span.end - span.start) / 3600.0; }

}  // namespace

void World::AddVolumeDay(std::uint32_t id, Span part, std::int64_t day_start, const Conditions& conditions,
                         Atom& atom) const {
  const std::uint64_t h = Hash(options_.seed, Salt::kStorage, id);
  const double bytes = kGibibyte * static_cast<double>(1 + h % 200);
  const double byte_hours = bytes * Hours(part);
  const double cost = byte_hours * kVolumePrice;
  const double adjustment = cost * AdjustmentShare(4 + h % 4, day_start, conditions);
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
  const std::size_t namespaces = population_.namespaces.size();
  for (std::size_t c = 0; c < population_.clusters.size(); ++c) {
    Atom atom;
    atom.runs = false;
    atom.cluster = static_cast<int>(c);
    atom.id.cluster = population_.clusters[c];
    atom.id.ns = kUnmounted;
    atom.id.pod = kUnmounted;
    atom.id.container = kUnmounted;
    ForEachDay(window, conditions, [&](Span part, std::int64_t day) {
      atom.span = Hull(atom.span, part);
      AddVolumeDay(kFirstUnclaimedVolume + static_cast<std::uint32_t>(c), part, day, conditions, atom);
      atom.figures[kLoadBalancerCost] += Hours(part) * kOrphanedBalancerPrice;
    });
    if (atom.span.empty()) continue;
    visit(atom);
    for (std::size_t n = 0; n < namespaces; ++n) {
      const auto id = static_cast<std::uint32_t>(c * namespaces + n);
      if (n > 0 && Hash(options_.seed, Salt::kStorage, id, 1) % 4 != 0) {
        continue;
      }
      Atom claim;
      claim.runs = false;
      claim.cluster = static_cast<int>(c);
      claim.id.cluster = population_.clusters[c];
      claim.id.ns = population_.namespaces[n];
      claim.id.pod = unmounted_pods_[n];
      claim.id.container = kUnmounted;
      ForEachDay(window, conditions, [&](Span part, std::int64_t day) {
        claim.span = Hull(claim.span, part);
        AddVolumeDay(kFirstUnmountedVolume + id, part, day, conditions, claim);
      });
      visit(claim);
    }
  }
}

Atom World::IdleOf(int cluster, Span window, const Conditions& conditions) const {
  const Span known = KnownPart(window, conditions.now);
  Atom atom;
  atom.runs = false;
  atom.cluster = cluster;
  const auto index = static_cast<std::size_t>(cluster);
  atom.id.cluster = population_.clusters[index];
  const std::vector<int>& nodes = population_.cluster_nodes[index];
  if (nodes.size() == 1) {
    const Node& node = population_.nodes[static_cast<std::size_t>(nodes[0])];
    atom.id.node = node.name;
    atom.id.provider_id = node.provider_id;
  }
  ForEachDay(known, conditions, [&](Span part, std::int64_t day) {
    atom.span = Hull(atom.span, part);
    const std::uint64_t h = Hash(options_.seed, Salt::kIdle, index, static_cast<std::uint64_t>(day));
    const double node_hours = Hours(part) * static_cast<double>(nodes.size());
    // Overcommitted clusters have less than nothing left.
    const double cpu = node_hours * kNodeCpuPrice * Between(h, -0.05, 0.6);
    const double ram = node_hours * kNodeRamPrice * Between(Mix(h), -0.05, 0.6);
    atom.figures[kCpuCost] += cpu;
    atom.figures[kRamCost] += ram;
    atom.figures[kCpuAdjustment] += cpu * AdjustmentShare(8 + index % 4, day, conditions);
  });
  return atom;
}

}  // namespace simulator
