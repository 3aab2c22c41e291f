#include "benchmarks/growth.h"

#include <array>
#include <cmath>
#include <iostream>
#include <vector>

#include "absl/strings/str_format.h"
#include "benchmarks/generator.h"
#include "benchmarks/interleave.h"
#include "benchmarks/product.h"

namespace benchmarks {
namespace {

constexpr std::array<size_t, 8> kSizes = {1'000, 2'000, 5'000, 10'000, 20'000, 50'000, 100'000, 200'000};
constexpr size_t kRepeats = 5;

struct Cost {
  double pods;
  double value;
};

// Slope of the regression line through (log pods, log cost).
double Exponent(const std::vector<Cost>& costs) {
  double sum_x = 0;
  double sum_y = 0;
  double sum_xx = 0;
  double sum_xy = 0;
  for (const Cost& cost : costs) {
    const double x = std::log(cost.pods);
    const double y = std::log(cost.value);
    sum_x += x;
    sum_y += y;
    sum_xx += x * x;
    sum_xy += x * y;
  }
  const auto n = static_cast<double>(costs.size());
  return (n * sum_xy - sum_x * sum_y) / (n * sum_xx - sum_x * sum_x);
}

double MedianSeconds(const std::function<void()>& work) {
  std::vector<double> seconds;
  for (size_t i = 0; i < kRepeats; ++i) seconds.push_back(Measure(work).wall_seconds);
  return Median(std::move(seconds));
}

}  // namespace

void PrintGrowth() {
  std::vector<Cost> parse;
  std::vector<Cost> build;
  std::vector<Cost> render;
  std::vector<Cost> memory;
  std::cout << "    pods  parse us/pod  build us/pod  render us/pod  snapshot bytes/pod\n";
  for (const size_t size : kSizes) {
    const auto pods = static_cast<double>(size);
    const std::string body = GenerateAnswer({.pods = size});
    const std::vector<kubecost::Allocation> rows = ParseRows(body);
    const std::shared_ptr<const metrics::Snapshot> snapshot = SnapshotOf(BuildTable(rows));
    const auto parse_body = [&body] { ParseStreaming(body, [](const kubecost::Allocation&) {}); };
    parse.push_back({pods, MedianSeconds(parse_body)});
    build.push_back({pods, MedianSeconds([&rows] { BuildTable(rows); })});
    render.push_back({pods, MedianSeconds([&snapshot] { RenderAll(snapshot); })});
    memory.push_back({pods, static_cast<double>(snapshot->day.front()->table(kubecost::Level::kPod).bytes())});
    const auto per_pod = [pods](const std::vector<Cost>& costs) { return costs.back().value / pods; };
    std::cout << absl::StrFormat("%8d  %12.3f  %12.3f  %13.3f  %18.1f\n", size, per_pod(parse) * 1e6,
                                 per_pod(build) * 1e6, per_pod(render) * 1e6, per_pod(memory));
  }
  std::cout << absl::StrFormat("exponent  %12.3f  %12.3f  %13.3f  %18.3f\n", Exponent(parse), Exponent(build),
                               Exponent(render), Exponent(memory));
}

}  // namespace benchmarks
