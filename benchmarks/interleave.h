// Baseline and candidate in turns, so that what else the machine does meets both.
#ifndef BENCHMARKS_INTERLEAVE_H_
#define BENCHMARKS_INTERLEAVE_H_

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace benchmarks {

struct Timing {
  double wall_seconds = 0;
  double cpu_seconds = 0;  // of the whole process
};

// Merges what has been freed in small pieces, as glibc otherwise does at some later allocation: after millions of small
// frees that takes up to a second, and would be charged to the next one.
void ConsolidateHeap();

// `work`, and the heap consolidated after it.
Timing Measure(const std::function<void()>& work);

struct Contender {
  std::string name;
  std::function<void()> run;
};

// What ratios are made of. CPU time is less disturbed by a busy machine, but says nothing where threads wait for each
// other.
enum class Clock { kCpu, kWall };

double Median(std::vector<double> values);

class Comparison {
 public:
  // Runs every contender once to warm up, then once in each round, in turned order every other round.
  Comparison(std::string title, Clock clock, const std::vector<Contender>& contenders, size_t rounds);

  // How many times longer contender `slow` takes than contender `fast`: the median of the rounds' ratios.
  double Ratio(size_t slow, size_t fast) const;

  // Every contender's median times, and against contender `reference` the ratio of each round and their median.
  void Print(size_t reference) const;

 private:
  std::vector<double> Ratios(Clock clock, size_t slow, size_t fast) const;
  std::vector<double> Seconds(Clock clock, size_t contender) const;

  const std::string title_;
  const Clock clock_;
  std::vector<std::string> names_;
  std::vector<std::vector<Timing>> timings_;  // [contender][round]
};

}  // namespace benchmarks

#endif  // BENCHMARKS_INTERLEAVE_H_
