// Baselines and product in turns, against the project's performance targets.
//
//   compare_baselines [--pods=N] [--rounds=N] [--check] [--default-malloc]
//   compare_baselines --growth
//
// --check: exit 1 when a floor is missed. Only ratios and sizes are floors; absolute times are printed, never judged.
// --default-malloc: leave glibc's malloc as it is instead of setting it as the exporter does. --growth: cost per pod
// from 1,000 to 200,000 pods instead.
#include <prometheus/exposer.h>

#include <algorithm>
#include <cstring>
#include <iostream>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "benchmarks/generator.h"
#include "benchmarks/growth.h"
#include "benchmarks/interleave.h"
#include "benchmarks/loopback.h"
#include "benchmarks/peers.h"
#include "benchmarks/product.h"
#include "metrics/walk.h"

namespace benchmarks {
namespace {

struct Settings {
  size_t pods = 100'000;
  size_t rounds = 5;
  bool check = false;
  bool default_malloc = false;
  bool growth = false;
};

// The floors and what was measured against them.
class Verdicts {
 public:
  void AtLeast(const char* target, double measured, double floor) {
    Add(target, measured, ">=", floor, measured >= floor);
  }
  void AtMost(const char* target, double measured, double floor) {
    Add(target, measured, "<=", floor, measured <= floor);
  }
  void Inform(const char* target, double measured) {
    lines_.push_back(absl::StrFormat("  %-66s %8.2f  (information)", target, measured));
  }
  // Whether every floor was kept.
  bool Print() const {
    std::cout << "\nTargets\n";
    for (const std::string& line : lines_) std::cout << line << "\n";
    return good_;
  }

 private:
  void Add(const char* target, double measured, const char* relation, double floor, bool good) {
    lines_.push_back(
        absl::StrFormat("  %-66s %8.2f  floor %s %g: %s", target, measured, relation, floor, good ? "kept" : "MISSED"));
    good_ = good_ && good;
  }

  std::vector<std::string> lines_;
  bool good_ = true;
};

void Ignore(const kubecost::Allocation&) {}

void CompareParse(const std::string& body, size_t rounds, Verdicts& verdicts) {
  std::string copy(body.size(), '\0');
  const Comparison parse("Parse: body -> rows", Clock::kCpu,
                         {{"streaming, 32 KiB pieces", [&] { ParseStreaming(body, Ignore); }},
                          {"RapidJSON DOM + walk", [&] { ParseDom(body, Ignore); }},
                          {"RapidJSON DOM alone", [&] { ParseDomOnly(body); }},
                          {"memcpy of the body", [&] { std::memcpy(copy.data(), body.data(), body.size()); }}},
                         rounds);
  parse.Print(0);
  verdicts.AtLeast("T2 RapidJSON DOM + walk over streaming parse", parse.Ratio(1, 0), 1.6);
  verdicts.Inform("T2 RapidJSON DOM alone over streaming parse", parse.Ratio(2, 0));
}

void ComparePolls(const std::string& body, const std::string& replaced, size_t rounds, Verdicts& verdicts) {
  ProductPolls same;
  ProductPolls turning;
  RebuiltRegistryPolls rebuilt;
  GaugeRegistry updated;
  size_t turn = 0;
  std::vector<double> publish_seconds;
  const auto poll_same = [&] {
    same.Poll(body);
    publish_seconds.push_back(same.publish_seconds());
  };
  const auto poll_turning = [&] { turning.Poll(turn++ % 2 == 0 ? replaced : body); };
  const Comparison polls("Poll: body -> published", Clock::kCpu,
                         {{"product, same pods", poll_same},
                          {"product, all pods replaced", poll_turning},
                          {"DOM + rebuilt registry", [&] { rebuilt.Poll(body); }},
                          {"DOM + registry updated, dead pods kept",
                           [&] { ParseDom(body, [&updated](const kubecost::Allocation& row) { updated.Set(row); }); }}},
                         rounds);
  polls.Print(0);
  verdicts.AtLeast("T1 DOM + rebuilt registry over product, poll to publish", polls.Ratio(2, 0), 10);
  verdicts.Inform("T1 DOM + registry only updated over product", polls.Ratio(3, 0));
  verdicts.AtMost("T10 poll with all pods replaced over the same pods", polls.Ratio(1, 0), 1.2);
  verdicts.Inform("T3 publish after the last byte, ms (at most 100)", Median(publish_seconds) * 1e3);
}

void CompareRender(const std::shared_ptr<const metrics::Snapshot>& snapshot, const GaugeRegistry& gauges, size_t rounds,
                   Verdicts& verdicts) {
  const std::string text = RenderText(snapshot);
  std::string copy(text.size(), '\0');
  const SnapshotCollectable collectable(snapshot);
  const Comparison render("Render: snapshot -> text", Clock::kCpu,
                          {{"product", [&] { RenderAll(snapshot); }},
                           {"own Collectable + TextSerializer", [&] { SerializeText(collectable); }},
                           {"Family<Gauge> registry + TextSerializer", [&] { SerializeText(*gauges.registry()); }},
                           {"memcpy of the text", [&] { std::memcpy(copy.data(), text.data(), text.size()); }}},
                          rounds);
  render.Print(0);
  verdicts.AtLeast("T4 Collectable + TextSerializer over product's render", render.Ratio(1, 0), 50);
  verdicts.AtMost("T4 product's render over memcpy of the text", render.Ratio(0, 3), 4);
  verdicts.Inform("T4 registry + TextSerializer over product's render", render.Ratio(2, 0));
}

void CompareScrapes(const std::shared_ptr<const metrics::Snapshot>& snapshot, const GaugeRegistry& gauges,
                    size_t rounds, Verdicts& verdicts) {
  metrics::SnapshotStore store;
  store.Publish(snapshot);
  const ProductServer server(store);
  const RawSender sender(RenderText(snapshot));
  prometheus::Exposer exposer("127.0.0.1:0");
  exposer.RegisterCollectable(gauges.registry());
  const int exposer_port = exposer.GetListeningPorts().front();
  const Comparison scrape("Scrape: identity, loopback, both ends in this process", Clock::kWall,
                          {{"product", [&] { Scrape(server.port()); }},
                           {"raw send() of the same text", [&] { Scrape(sender.port()); }},
                           {"Exposer + registry", [&] { Scrape(exposer_port); }}},
                          rounds);
  scrape.Print(0);
  verdicts.Inform("T5 product's scrape over raw send() (at most 2)", scrape.Ratio(0, 1));
  verdicts.Inform("T5 Exposer + registry over product's scrape (at least 25)", scrape.Ratio(2, 0));
}

// What is compared must serve the same samples.
bool SameSamples(const metrics::Snapshot& snapshot, const GaugeRegistry& gauges) {
  size_t product = 0;
  for (const auto& [family, series] : metrics::CountSeries(snapshot)) product += series;
  size_t registry = 0;
  for (const prometheus::MetricFamily& family : gauges.registry()->Collect()) registry += family.metric.size();
  std::cout << absl::StrFormat("%d series\n", product);
  if (product != registry) std::cerr << "the registry has " << registry << " series\n";
  return product == registry;
}

int Compare(const Settings& settings) {
  const std::string body = GenerateAnswer({.pods = settings.pods});
  std::cout << absl::StrFormat("%d pods, %d bytes of JSON, %d rounds\n", settings.pods, body.size(), settings.rounds);
  Verdicts verdicts;
  CompareParse(body, settings.rounds, verdicts);
  ComparePolls(body, GenerateAnswer({.pods = settings.pods, .generation = 1}), settings.rounds, verdicts);

  const std::shared_ptr<const metrics::Snapshot> snapshot = SnapshotOf(body);
  GaugeRegistry gauges;
  ParseDom(body, [&gauges](const kubecost::Allocation& row) { gauges.Set(row); });
  if (!SameSamples(*snapshot, gauges)) return 1;
  CompareRender(snapshot, gauges, settings.rounds, verdicts);
  CompareScrapes(snapshot, gauges, settings.rounds, verdicts);
  const double bytes = static_cast<double>(snapshot->day.front()->table(kubecost::Level::kPod).bytes());
  verdicts.AtMost("T7 snapshot bytes per pod", bytes / static_cast<double>(settings.pods), 600);
  const bool good = verdicts.Print();
  return settings.check && !good ? 1 : 0;
}

// Whether the argument is one of those above.
bool TakeArgument(absl::string_view argument, Settings& settings) {
  if (absl::ConsumePrefix(&argument, "--pods=")) return absl::SimpleAtoi(argument, &settings.pods) && settings.pods > 0;
  if (absl::ConsumePrefix(&argument, "--rounds=")) {
    return absl::SimpleAtoi(argument, &settings.rounds) && settings.rounds > 0;
  }
  settings.check |= argument == "--check";
  settings.growth |= argument == "--growth";
  settings.default_malloc |= argument == "--default-malloc";
  return argument == "--check" || argument == "--growth" || argument == "--default-malloc";
}

int Main(int argc, char** argv) {
  Settings settings;
  for (int i = 1; i < argc; ++i) {
    if (TakeArgument(argv[i], settings)) continue;
    std::cerr << "compare_baselines: cannot use " << argv[i] << "\n";
    return 2;
  }
  if (!settings.default_malloc) TuneMallocAsTheProductDoes();
  if (settings.growth) {
    PrintGrowth();
    return 0;
  }
  return Compare(settings);
}

}  // namespace
}  // namespace benchmarks

int main(int argc, char** argv) { return benchmarks::Main(argc, argv); }
