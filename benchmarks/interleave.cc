#include "benchmarks/interleave.h"

#include <time.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <utility>

#include "absl/strings/str_format.h"

namespace benchmarks {
namespace {

double Now(clockid_t clock) {
  timespec now = {};
  clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

}  // namespace

void ConsolidateHeap() {
  // Too large for the bins of small chunks, too small for a mapping of its own.
  constexpr size_t kBytes = size_t{100} << 10;
  void* volatile chunk = std::malloc(kBytes);
  std::free(chunk);
}

Timing Measure(const std::function<void()>& work) {
  const double wall = Now(CLOCK_MONOTONIC);
  const double cpu = Now(CLOCK_PROCESS_CPUTIME_ID);
  work();
  ConsolidateHeap();
  return {Now(CLOCK_MONOTONIC) - wall, Now(CLOCK_PROCESS_CPUTIME_ID) - cpu};
}

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

Comparison::Comparison(std::string title, Clock clock, const std::vector<Contender>& contenders, size_t rounds)
    : title_(std::move(title)), clock_(clock), timings_(contenders.size()) {
  for (const Contender& contender : contenders) {
    names_.push_back(contender.name);
    Measure(contender.run);
  }
  for (size_t round = 0; round < rounds; ++round) {
    for (size_t i = 0; i < contenders.size(); ++i) {
      const size_t turn = round % 2 == 0 ? i : contenders.size() - 1 - i;
      timings_[turn].push_back(Measure(contenders[turn].run));
    }
  }
}

std::vector<double> Comparison::Seconds(Clock clock, size_t contender) const {
  std::vector<double> seconds;
  for (const Timing& timing : timings_[contender]) {
    seconds.push_back(clock == Clock::kCpu ? timing.cpu_seconds : timing.wall_seconds);
  }
  return seconds;
}

std::vector<double> Comparison::Ratios(Clock clock, size_t slow, size_t fast) const {
  std::vector<double> ratios = Seconds(clock, slow);
  const std::vector<double> divisors = Seconds(clock, fast);
  for (size_t round = 0; round < ratios.size(); ++round) ratios[round] /= divisors[round];
  return ratios;
}

double Comparison::Ratio(size_t slow, size_t fast) const { return Median(Ratios(clock_, slow, fast)); }

void Comparison::Print(size_t reference) const {
  const auto milliseconds = [this](Clock clock, size_t contender) { return Median(Seconds(clock, contender)) * 1e3; };
  std::cout << "\n" << title_ << "; ratios of " << (clock_ == Clock::kCpu ? "CPU" : "wall") << " time\n";
  for (size_t i = 0; i < names_.size(); ++i) {
    std::cout << absl::StrFormat("  %-40s wall %9.2f ms  cpu %9.2f ms", names_[i], milliseconds(Clock::kWall, i),
                                 milliseconds(Clock::kCpu, i));
    if (i != reference) {
      std::cout << absl::StrFormat("  x%.3g of '%s', in rounds:", Ratio(i, reference), names_[reference]);
      for (const double ratio : Ratios(clock_, i, reference)) std::cout << absl::StrFormat(" %.3g", ratio);
    }
    std::cout << "\n";
  }
}

}  // namespace benchmarks
