// The parts of the World that know of the days' events.

#include <algorithm>

#include "tests/simulator/hash.h"
#include "tests/simulator/world.h"

namespace simulator {

const DayPlan& World::PlanOf(std::int64_t day_start) const {
  static const DayPlan ordinary;
  const auto found = plans_.find(day_start);
  return found == plans_.end() ? ordinary : found->second;
}

Span World::PoweredPart(std::int64_t day_start) const {
  const DayPlan& plan = PlanOf(day_start);
  const std::int64_t length = plan.off ? 0 : plan.half ? kDay / 2 : kDay;
  return {day_start, day_start + length};
}

void World::ForEachDay(Span span, const Conditions& conditions,
                       absl::FunctionRef<void(Span, std::int64_t)> visit) const {
  for (std::int64_t day = DayStart(span.start); day < span.end; day += kDay) {
    Span part = Intersect(span, PoweredPart(day));
    if (conditions.first_half) part.end = std::min(part.end, day + kDay / 2);
    if (!part.empty()) visit(part, day);
  }
}

bool World::IsPicked(std::uint32_t slot, std::int64_t day_start, Salt salt, std::uint64_t share) const {
  // By counting, so that a small population has one too. A slot as a whole:
  // its pods may follow each other under one name.
  const std::uint64_t first = Hash(options_.seed, salt, static_cast<std::uint64_t>(day_start)) % share;
  return (slot + first) % std::min<std::uint64_t>(share, population_.slots.size()) == 0;
}

bool World::IsMissing(std::uint32_t slot, std::int64_t day_start, const Conditions& conditions) const {
  constexpr std::uint64_t kTenth = 10;
  const auto& vanish_after = PlanOf(day_start).vanish_after;
  const bool vanished = vanish_after && conditions.now >= day_start + kDay + *vanish_after &&
                        IsPicked(slot, day_start, Salt::kVanish, kTenth);
  return vanished || (conditions.lacks_pods && IsPicked(slot, day_start, Salt::kLacking, kTenth));
}

Span World::PartOnNode(std::uint32_t slot, const Life& life, std::int64_t day_start, Span part, bool moved) const {
  constexpr std::uint64_t kThird = 3;
  const bool moves =
      PlanOf(day_start).moves && NextNode(life.node) != life.node && IsPicked(slot, day_start, Salt::kMove, kThird);
  if (!moves) return moved ? Span() : part;
  // The pod moves at the same time whatever part of its day is asked for.
  const Span day = Intersect(life.span, PoweredPart(day_start));
  const std::int64_t middle = day.start + (day.end - day.start) / 2;
  return Intersect(part, moved ? Span{middle, day.end} : Span{day.start, middle});
}

int World::NextNode(int node) const {
  const int cluster = population_.nodes[static_cast<std::size_t>(node)].cluster;
  const std::vector<int>& nodes = population_.cluster_nodes[static_cast<std::size_t>(cluster)];
  const auto own = std::find(nodes.begin(), nodes.end(), node);
  return own + 1 == nodes.end() ? nodes.front() : *(own + 1);
}

}  // namespace simulator
