// Rows -> LevelTable, and whole polls.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <random>

#include "benchmarks/inputs.h"
#include "benchmarks/interleave.h"
#include "benchmarks/peers.h"
#include "benchmarks/product.h"

namespace benchmarks {
namespace {

void BM_BuildSorted(benchmark::State& state) {
  const std::vector<kubecost::Allocation>& rows = Rows(state.range(0));
  for (auto _ : state) benchmark::DoNotOptimize(BuildTable(rows));
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(rows.size()));
}
BENCHMARK(BM_BuildSorted)->Apply(Sizes);

void BM_BuildShuffled(benchmark::State& state) {
  std::vector<kubecost::Allocation> rows = Rows(state.range(0));
  std::shuffle(rows.begin(), rows.end(), std::mt19937_64(1));
  for (auto _ : state) benchmark::DoNotOptimize(BuildTable(rows));
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(rows.size()));
}
BENCHMARK(BM_BuildShuffled)->Apply(Sizes);

// Poll after poll; every other answer is of generation `other`.
template <typename Polls>
void PollInTurns(benchmark::State& state, uint64_t other) {
  const std::string* bodies[] = {&Body(state.range(0)), &Body(state.range(0), other)};
  {
    Polls polls;
    size_t poll = 0;
    for (auto _ : state) polls.Poll(*bodies[poll++ % 2]);
  }
  ConsolidateHeap();
}

void BM_PollSamePods(benchmark::State& state) { PollInTurns<ProductPolls>(state, 0); }
BENCHMARK(BM_PollSamePods)->Apply(Sizes);

void BM_PollAllPodsReplaced(benchmark::State& state) { PollInTurns<ProductPolls>(state, 1); }
BENCHMARK(BM_PollAllPodsReplaced)->Apply(Sizes);

void BM_PollRebuiltRegistry(benchmark::State& state) { PollInTurns<RebuiltRegistryPolls>(state, 0); }
BENCHMARK(BM_PollRebuiltRegistry)->Apply(Sizes);

}  // namespace
}  // namespace benchmarks
