// Snapshot -> text.
#include <benchmark/benchmark.h>

#include <cstring>
#include <string>

#include "benchmarks/inputs.h"
#include "benchmarks/peers.h"
#include "benchmarks/product.h"

namespace benchmarks {
namespace {

void BM_Render(benchmark::State& state) {
  const auto snapshot = SharedSnapshot(state.range(0));
  size_t bytes = 0;
  for (auto _ : state) benchmark::DoNotOptimize(bytes = RenderAll(snapshot));
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(bytes));
}
BENCHMARK(BM_Render)->Apply(Sizes);

void BM_RenderGaugeRegistry(benchmark::State& state) {
  GaugeRegistry gauges;
  for (const kubecost::Allocation& row : Rows(state.range(0))) gauges.Set(row);
  for (auto _ : state) benchmark::DoNotOptimize(SerializeText(*gauges.registry()));
}
BENCHMARK(BM_RenderGaugeRegistry)->Apply(Sizes);

void BM_RenderOwnCollectable(benchmark::State& state) {
  const SnapshotCollectable collectable(SharedSnapshot(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(SerializeText(collectable));
}
BENCHMARK(BM_RenderOwnCollectable)->Apply(Sizes);

void BM_RenderFloorMemcpy(benchmark::State& state) {
  const std::string text = RenderText(SharedSnapshot(state.range(0)));
  std::string copy(text.size(), '\0');
  for (auto _ : state) {
    std::memcpy(copy.data(), text.data(), text.size());
    benchmark::DoNotOptimize(copy.data());
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(text.size()));
}
BENCHMARK(BM_RenderFloorMemcpy)->Apply(Sizes);

}  // namespace
}  // namespace benchmarks
