// When the pods of a slot live, on which node and under which name.
#ifndef TESTS_SIMULATOR_LIFE_H_
#define TESTS_SIMULATOR_LIFE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "tests/simulator/population.h"

namespace simulator {

inline constexpr int64_t kHour = 3600;
inline constexpr int64_t kDay = 24 * kHour;

// [start, end) in Unix seconds.
struct Span {
  int64_t start = 0;
  int64_t end = 0;

  bool empty() const { return end <= start; }
  int64_t seconds() const { return end - start; }
  double hours() const { return static_cast<double>(seconds()) / 3600.0; }
};

Span Intersect(Span a, Span b);
// The smallest span that holds both; an empty one counts for nothing.
Span Hull(Span a, Span b);
// How long at least one of them lasts.
int64_t UnionSeconds(std::vector<Span> spans);
// Division that rounds down for negative numbers too.
int64_t FloorDiv(int64_t a, int64_t b);

// One pod: from its start to its end, wherever the window lies.
struct Life {
  int64_t number = 0;
  Span span;
  size_t node = 0;  // into Population::nodes
};

// Calls `visit` for each pod of the slot that lives within `window`, oldest first.
void ForEachLife(const Population& population, uint64_t seed, uint32_t slot, Span window,
                 absl::FunctionRef<void(const Life&)> visit);

// The seconds of `span` that a container restart took away. A container of a slot restarts on some days.
int64_t RestartSeconds(uint64_t seed, uint32_t slot, int64_t day_start, Span span);

// Writes the pod's name into `name`.
void PodName(const Population& population, uint64_t seed, uint32_t slot, int64_t life, bool with_uid,
             std::string& name);

}  // namespace simulator

#endif  // TESTS_SIMULATOR_LIFE_H_
