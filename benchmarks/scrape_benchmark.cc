// Identity scrapes over the loopback interface.
#include <benchmark/benchmark.h>
#include <prometheus/exposer.h>

#include "benchmarks/inputs.h"
#include "benchmarks/loopback.h"
#include "benchmarks/peers.h"
#include "benchmarks/product.h"

namespace benchmarks {
namespace {

void ScrapeAll(benchmark::State& state, int port) {
  size_t bytes = 0;
  for (auto _ : state) bytes += Scrape(port);
  state.SetBytesProcessed(static_cast<int64_t>(bytes));
}

void ScrapeSizes(benchmark::internal::Benchmark* benchmark) {
  Sizes(benchmark);
  benchmark->UseRealTime()->MeasureProcessCPUTime();
}

void BM_ScrapeProduct(benchmark::State& state) {
  metrics::SnapshotStore store;
  store.Publish(SharedSnapshot(state.range(0)));
  const ProductServer server(store);
  ScrapeAll(state, server.port());
}
BENCHMARK(BM_ScrapeProduct)->Apply(ScrapeSizes);

void BM_ScrapeExposerAndRegistry(benchmark::State& state) {
  GaugeRegistry gauges;
  for (const kubecost::Allocation& row : Rows(state.range(0))) gauges.Set(row);
  prometheus::Exposer exposer("127.0.0.1:0");
  exposer.RegisterCollectable(gauges.registry());
  ScrapeAll(state, exposer.GetListeningPorts().front());
}
BENCHMARK(BM_ScrapeExposerAndRegistry)->Apply(ScrapeSizes);

void BM_ScrapeFloorRawSend(benchmark::State& state) {
  const RawSender sender(RenderText(SharedSnapshot(state.range(0))));
  ScrapeAll(state, sender.port());
}
BENCHMARK(BM_ScrapeFloorRawSend)->Apply(ScrapeSizes);

}  // namespace
}  // namespace benchmarks
