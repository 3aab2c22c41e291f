#include "tests/simulator/life.h"

#include <algorithm>
#include <cstddef>
#include <limits>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "tests/simulator/hash.h"

namespace simulator {
namespace {

struct Rhythm {
  int64_t period = kDay;  // seconds from one start to the next
  int64_t phase = 0;
};

Rhythm SlotRhythm(const Workload& workload, const Slot& slot, bool first, uint64_t hash) {
  Rhythm rhythm;
  const int64_t spread = static_cast<int64_t>((hash >> 8) % 1000);
  switch (workload.kind) {
    case Kind::kDeployment:
      // Most live for weeks, some for hours.
      if (hash % 10 < 6) {
        rhythm.period = 10 * kDay + spread * kDay / 50;
      } else if (hash % 10 < 9) {
        rhythm.period = 18 * kHour + spread * kDay / 500;
      } else {
        rhythm.period = 4 * kHour + spread * kHour / 125;
      }
      break;
    case Kind::kStatefulSet:
      // Shorter than a day for the first one: it moves on every day.
      rhythm.period = first && slot.ordinal == 0 ? 20 * kHour : 36 * kHour + spread * kDay / 200;
      break;
    case Kind::kDaemonSet:
      rhythm.period = 30 * kDay;
      break;
    case Kind::kJob:
      rhythm.period = hash % 4 == 0 ? 6 * kHour : kDay;
      break;
    case Kind::kBare:
      rhythm.period = 45 * kDay;
      break;
  }
  rhythm.phase = static_cast<int64_t>((hash >> 20) % static_cast<uint64_t>(rhythm.period));
  return rhythm;
}

Span LifeSpan(const Workload& workload, const Rhythm& rhythm, int64_t number, uint64_t hash) {
  Span span;
  span.start = rhythm.phase + number * rhythm.period + static_cast<int64_t>(hash % 600);
  span.end = rhythm.phase + (number + 1) * rhythm.period;
  if (workload.kind == Kind::kJob) span.end = span.start + 120 + static_cast<int64_t>((hash >> 16) % 10800);
  return span;
}

size_t ChooseNode(const Population& population, const Workload& workload, const Slot& slot, int64_t life,
                  uint64_t hash) {
  const std::vector<size_t>& nodes = population.cluster_nodes[workload.cluster];
  // The daemon keeps its node; all others go to the next one with each life, which is a different one wherever there
  // are two.
  uint64_t index = workload.kind == Kind::kDaemonSet || workload.kind == Kind::kBare
                       ? slot.ordinal
                       : hash % 1021 + static_cast<uint64_t>(life);
  if (workload.kind == Kind::kBare) index = hash;
  return nodes[index % nodes.size()];
}

void AppendLetters(uint64_t hash, int count, std::string& out) {
  // The alphabet of generated Kubernetes names: no vowels, no 0, 1, 3.
  constexpr absl::string_view kAlphabet = "bcdfghjklmnpqrstvwxz2456789";
  for (int i = 0; i < count; ++i) {
    out.push_back(kAlphabet[hash % kAlphabet.size()]);
    hash /= kAlphabet.size();
  }
}

}  // namespace

Span Intersect(Span a, Span b) { return {std::max(a.start, b.start), std::min(a.end, b.end)}; }

Span Hull(Span a, Span b) {
  if (a.empty()) return b;
  if (b.empty()) return a;
  return {std::min(a.start, b.start), std::max(a.end, b.end)};
}

int64_t UnionSeconds(std::vector<Span> spans) {
  std::sort(spans.begin(), spans.end(), [](Span a, Span b) { return a.start < b.start; });
  int64_t seconds = 0;
  int64_t covered_to = std::numeric_limits<int64_t>::min();
  for (const Span span : spans) {
    const Span more = {std::max(span.start, covered_to), span.end};
    if (more.empty()) continue;
    seconds += more.seconds();
    covered_to = more.end;
  }
  return seconds;
}

int64_t FloorDiv(int64_t a, int64_t b) { return a / b - (a % b != 0 && (a < 0) != (b < 0) ? 1 : 0); }

void ForEachLife(const Population& population, uint64_t seed, uint32_t slot_index, Span window,
                 absl::FunctionRef<void(const Life&)> visit) {
  const Slot& slot = population.slots[slot_index];
  const Workload& workload = population.workloads[slot.workload];
  const uint64_t hash = Hash(seed, Salt::kLife, slot_index);
  const bool first = slot.workload < population.clusters.size();
  const Rhythm rhythm = SlotRhythm(workload, slot, first, hash);
  for (int64_t number = FloorDiv(window.start - rhythm.phase, rhythm.period);
       rhythm.phase + number * rhythm.period < window.end; ++number) {
    Life life;
    life.number = number;
    life.span = LifeSpan(workload, rhythm, number, Hash(seed, Salt::kGap, slot_index, static_cast<uint64_t>(number)));
    if (Intersect(life.span, window).empty()) continue;
    life.node = ChooseNode(population, workload, slot, number, hash >> 32);
    visit(life);
  }
}

int64_t RestartSeconds(uint64_t seed, uint32_t slot, int64_t day_start, Span span) {
  const uint64_t hash = Hash(seed, Salt::kRestart, slot, static_cast<uint64_t>(day_start));
  if (hash % 20 != 0) return 0;
  Span gap;
  gap.start = day_start + static_cast<int64_t>((hash >> 8) % kDay);
  gap.end = gap.start + 60 + static_cast<int64_t>((hash >> 40) % 540);
  const Span lost = Intersect(gap, span);
  return lost.empty() ? 0 : lost.seconds();
}

void PodName(const Population& population, uint64_t seed, uint32_t slot_index, int64_t life, bool with_uid,
             std::string& name) {
  const Slot& slot = population.slots[slot_index];
  const Workload& workload = population.workloads[slot.workload];
  name.clear();
  if (workload.nameless_pod) return;
  const auto number = static_cast<uint64_t>(life);
  name.append(workload.name);
  switch (workload.kind) {
    case Kind::kDeployment:
      name.push_back('-');
      AppendLetters(Hash(seed, Salt::kName, slot.workload, 1), 10, name);
      name.push_back('-');
      AppendLetters(Hash(seed, Salt::kName, slot_index, 2, number), 5, name);
      break;
    case Kind::kStatefulSet:
      absl::StrAppend(&name, "-", slot.ordinal);
      break;
    case Kind::kDaemonSet:
      name.push_back('-');
      AppendLetters(Hash(seed, Salt::kName, slot_index, 3, number), 5, name);
      break;
    case Kind::kJob:
      absl::StrAppend(&name, "-", 28000000 + life, "-");
      AppendLetters(Hash(seed, Salt::kName, slot_index, 4, number), 5, name);
      break;
    case Kind::kBare:
      break;
  }
  if (with_uid) {
    const uint64_t uid = Hash(seed, Salt::kUid, slot_index, number);
    absl::StrAppend(&name, " ", absl::Hex(uid, absl::kZeroPad16));
  }
}

}  // namespace simulator
