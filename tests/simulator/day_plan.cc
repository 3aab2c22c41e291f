// The parts of the World that know of the days' events.

#include <algorithm>

#include "tests/simulator/hash.h"
#include "tests/simulator/world.h"

namespace simulator {

const DayPlan& World::PlanOf(int64_t day_start) const {
  static const DayPlan ordinary;
  const auto found = plans_.find(day_start);
  return found == plans_.end() ? ordinary : found->second;
}

Span World::PoweredPart(int64_t day_start) const {
  const DayPlan& plan = PlanOf(day_start);
  const int64_t length = plan.off ? 0 : plan.half ? kDay / 2 : kDay;
  return {day_start, day_start + length};
}

void World::ForEachDay(Span span, const Conditions& conditions, absl::FunctionRef<void(Span, int64_t)> visit) const {
  for (int64_t day = DayStart(span.start); day < span.end; day += kDay) {
    Span part = Intersect(span, PoweredPart(day));
    if (conditions.first_half) part.end = std::min(part.end, day + kDay / 2);
    if (!part.empty()) visit(part, day);
  }
}

bool World::IsPicked(uint32_t slot, int64_t day_start, Salt salt, uint64_t share) const {
  // Counting picks a slot of a small population too. The slot is picked as a whole: its pods may follow each other
  // under one name.
  const uint64_t first = Hash(options_.seed, salt, static_cast<uint64_t>(day_start)) % share;
  return (slot + first) % std::min<uint64_t>(share, population_.slots.size()) == 0;
}

bool World::IsMissing(uint32_t slot, int64_t day_start, const Conditions& conditions) const {
  constexpr uint64_t kTenth = 10;
  const auto& vanish_after = PlanOf(day_start).vanish_after;
  const bool vanished = vanish_after && conditions.now >= day_start + kDay + *vanish_after &&
                        IsPicked(slot, day_start, Salt::kVanish, kTenth);
  return vanished || (conditions.lacks_pods && IsPicked(slot, day_start, Salt::kLacking, kTenth));
}

Span World::PartOnNode(uint32_t slot, const Life& life, int64_t day_start, Span part, bool moved) const {
  constexpr uint64_t kThird = 3;
  const bool moves =
      PlanOf(day_start).moves && NextNode(life.node) != life.node && IsPicked(slot, day_start, Salt::kMove, kThird);
  if (!moves) return moved ? Span() : part;
  // The pod moves at the same time whatever part of its day is asked for.
  const Span day = Intersect(life.span, PoweredPart(day_start));
  const int64_t middle = day.start + day.seconds() / 2;
  return Intersect(part, moved ? Span{middle, day.end} : Span{day.start, middle});
}

size_t World::NextNode(size_t node) const {
  const std::vector<size_t>& nodes = population_.cluster_nodes[population_.nodes[node].cluster];
  const auto own = std::find(nodes.begin(), nodes.end(), node);
  return own + 1 == nodes.end() ? nodes.front() : *(own + 1);
}

}  // namespace simulator
