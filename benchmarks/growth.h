// How cost grows with the number of pods.
#ifndef BENCHMARKS_GROWTH_H_
#define BENCHMARKS_GROWTH_H_

namespace benchmarks {

// Prints parse, build, render time and snapshot bytes from 1,000 to 200,000 pods, and for each the exponent k of the
// best fit cost ~ pods^k: 1 is linear.
void PrintGrowth();

}  // namespace benchmarks

#endif  // BENCHMARKS_GROWTH_H_
