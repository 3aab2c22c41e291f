#include <benchmark/benchmark.h>

#include "benchmarks/product.h"

int main(int argc, char** argv) {
  benchmarks::TuneMallocAsTheProductDoes();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
