// Body -> rows.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstring>

#include "benchmarks/inputs.h"
#include "benchmarks/peers.h"
#include "benchmarks/product.h"

namespace benchmarks {
namespace {

void CountBytes(benchmark::State& state, const std::string& body) {
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(body.size()));
}

void BM_ParseStreaming(benchmark::State& state) {
  const std::string& body = Body(state.range(0));
  for (auto _ : state) {
    ParseStreaming(body, [](const kubecost::Allocation& row) { benchmark::DoNotOptimize(row.total_cost); });
  }
  CountBytes(state, body);
}
BENCHMARK(BM_ParseStreaming)->Apply(Sizes);

void BM_ParseRapidJsonDomOnly(benchmark::State& state) {
  const std::string& body = Body(state.range(0));
  for (auto _ : state) benchmark::DoNotOptimize(ParseDomOnly(body));
  CountBytes(state, body);
}
BENCHMARK(BM_ParseRapidJsonDomOnly)->Apply(Sizes);

void BM_ParseRapidJsonDomAndWalk(benchmark::State& state) {
  const std::string& body = Body(state.range(0));
  for (auto _ : state) {
    ParseDom(body, [](const kubecost::Allocation& row) { benchmark::DoNotOptimize(row.total_cost); });
  }
  CountBytes(state, body);
}
BENCHMARK(BM_ParseRapidJsonDomAndWalk)->Apply(Sizes);

// Reads every byte once, in pieces of the same size: the least that any parser does.
void BM_ParseFloorMemcpy(benchmark::State& state) {
  const std::string& body = Body(state.range(0));
  std::string buffer(size_t{32} << 10, '\0');
  for (auto _ : state) {
    for (size_t i = 0; i < body.size(); i += buffer.size()) {
      std::memcpy(buffer.data(), body.data() + i, std::min(buffer.size(), body.size() - i));
      benchmark::DoNotOptimize(buffer.data());
      benchmark::ClobberMemory();
    }
  }
  CountBytes(state, body);
}
BENCHMARK(BM_ParseFloorMemcpy)->Apply(Sizes);

// Looks at every byte by itself.
void BM_ParseFloorScan(benchmark::State& state) {
  const std::string& body = Body(state.range(0));
  for (auto _ : state) {
    size_t quotes = 0;
    for (const char* at = body.data(); (at = std::strchr(at, '"')) != nullptr; ++at) ++quotes;
    benchmark::DoNotOptimize(quotes);
  }
  CountBytes(state, body);
}
BENCHMARK(BM_ParseFloorScan)->Apply(Sizes);

}  // namespace
}  // namespace benchmarks
