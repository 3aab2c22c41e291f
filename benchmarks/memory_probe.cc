// Memory of one design at one size, in a process of its own.
//
//   memory_probe product|registry PODS
//
// product: two polls, the answer streamed from the generator and never held; the second poll runs while the first
// snapshot is served, and two scrapes are open on it. registry: RapidJSON DOM and rebuilt prometheus-cpp registry, the
// body held as a client library gives it.
#include <fstream>
#include <iostream>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"
#include "benchmarks/generator.h"
#include "benchmarks/peers.h"
#include "benchmarks/product.h"
#include "metrics/prometheus_text.h"

namespace benchmarks {
namespace {

// A line of /proc/self/status, in MB (10^6).
double StatusMegabytes(const std::string& key) {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    double kibibytes = 0;
    if (word == key + ":" && status >> kibibytes) return kibibytes * 1024 / 1e6;
  }
  return 0;
}

void PrintMemory(const char* when) {
  std::cout << absl::StrFormat("%-24s VmRSS %8.1f MB  VmHWM %8.1f MB\n", when, StatusMegabytes("VmRSS"),
                               StatusMegabytes("VmHWM"));
}

void PollProduct(ProductPolls& polls, const AnswerShape& shape) {
  AnswerGenerator generator(shape);
  const auto source = [&generator]() -> absl::StatusOr<absl::string_view> { return generator.Next(); };
  polls.Poll(source);
}

void ProbeProduct(size_t pods) {
  TuneMallocAsTheProductDoes();
  ProductPolls polls;
  PrintMemory("before");
  PollProduct(polls, {.pods = pods});
  PrintMemory("after the first poll");
  {
    // The second poll runs while two scrapes stand at their first block.
    const std::shared_ptr<const metrics::Snapshot> scraped = polls.store().Current();
    metrics::BlockWriter inner([&](absl::string_view) {
      PollProduct(polls, {.pods = pods, .generation = 1});
      return false;
    });
    metrics::BlockWriter outer([&](absl::string_view) {
      metrics::WritePrometheusText(*scraped, metrics::Selection::All(), inner);
      return inner.Flush();
    });
    metrics::WritePrometheusText(*scraped, metrics::Selection::All(), outer);
    outer.Flush();
  }
  PrintMemory("after the second poll");
  const metrics::LevelTable& table = polls.store().Current()->day.front()->table(kubecost::Level::kPod);
  std::cout << absl::StrFormat("snapshot: %d pods, %d bytes, %.1f bytes per pod\n", table.rows(), table.bytes(),
                               static_cast<double>(table.bytes()) / static_cast<double>(table.rows()));
}

void ProbeRegistry(size_t pods) {
  RebuiltRegistryPolls polls;
  PrintMemory("before");
  polls.Poll(GenerateAnswer({.pods = pods}));
  PrintMemory("after the first poll");
  polls.Poll(GenerateAnswer({.pods = pods, .generation = 1}));
  PrintMemory("after the second poll");
}

int Main(int argc, char** argv) {
  const std::string design = argc == 3 ? argv[1] : "";
  size_t pods = 0;
  if ((design != "product" && design != "registry") || !absl::SimpleAtoi(argv[2], &pods) || pods == 0) {
    std::cerr << "usage: memory_probe product|registry PODS\n";
    return 2;
  }
  design == "product" ? ProbeProduct(pods) : ProbeRegistry(pods);
  return 0;
}

}  // namespace
}  // namespace benchmarks

int main(int argc, char** argv) { return benchmarks::Main(argc, argv); }
