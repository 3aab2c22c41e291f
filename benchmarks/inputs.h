// Inputs that several benchmarks share, made once per size and kept.
#ifndef BENCHMARKS_INPUTS_H_
#define BENCHMARKS_INPUTS_H_

#include <benchmark/benchmark.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "kubecost/allocation.h"
#include "metrics/snapshot.h"

namespace benchmarks {

// 1,000, 10,000 and 100,000 pods.
void Sizes(benchmark::internal::Benchmark* benchmark);

const std::string& Body(int64_t pods, uint64_t generation = 0);
const std::vector<kubecost::Allocation>& Rows(int64_t pods);
std::shared_ptr<const metrics::Snapshot> SharedSnapshot(int64_t pods);

}  // namespace benchmarks

#endif  // BENCHMARKS_INPUTS_H_
