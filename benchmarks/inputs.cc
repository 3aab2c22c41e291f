#include "benchmarks/inputs.h"

#include <map>
#include <utility>

#include "benchmarks/generator.h"
#include "benchmarks/product.h"

namespace benchmarks {

void Sizes(benchmark::internal::Benchmark* benchmark) {
  benchmark->Arg(1'000)->Arg(10'000)->Arg(100'000)->Unit(benchmark::kMillisecond);
}

const std::string& Body(int64_t pods, uint64_t generation) {
  static std::map<std::pair<int64_t, uint64_t>, std::string> bodies;
  std::string& body = bodies[{pods, generation}];
  if (body.empty()) body = GenerateAnswer({.pods = static_cast<size_t>(pods), .generation = generation});
  return body;
}

const std::vector<kubecost::Allocation>& Rows(int64_t pods) {
  static std::map<int64_t, std::vector<kubecost::Allocation>> rows;
  std::vector<kubecost::Allocation>& of_size = rows[pods];
  if (of_size.empty()) of_size = ParseRows(Body(pods));
  return of_size;
}

std::shared_ptr<const metrics::Snapshot> SharedSnapshot(int64_t pods) {
  static std::map<int64_t, std::shared_ptr<const metrics::Snapshot>> snapshots;
  std::shared_ptr<const metrics::Snapshot>& snapshot = snapshots[pods];
  if (snapshot == nullptr) snapshot = SnapshotOf(Body(pods));
  return snapshot;
}

}  // namespace benchmarks
