// What follows from the snapshot: the hour's coverage. poller_test has the rest.
#include "exporter/polling/metrics.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "metrics/table_builder.h"
#include "tests/fakes/fake_kubecost.h"

namespace polling {
namespace {

using fakes::November;
using kubecost::Level;

struct Run {
  const char* cluster;
  const char* namespace_name;
  int from;  // minutes of the hour
  int to;
};

std::shared_ptr<const metrics::LiveFacts> Hour(const std::vector<Run>& runs) {
  auto facts = std::make_shared<metrics::LiveFacts>();
  facts->window = {November(20, 11), November(20, 12)};
  metrics::TableBuilder builder(Level::kPod, "", 0);
  for (const Run& run : runs) {
    kubecost::Allocation row;
    row.properties.cluster = run.cluster;
    row.properties.namespace_name = run.namespace_name;
    row.properties.pod = absl::StrCat("p", run.from);
    row.extent = base::Window{November(20, 11) + absl::Minutes(run.from), November(20, 11) + absl::Minutes(run.to)};
    builder.Add(row);
  }
  facts->table(Level::kPod) = builder.Build(metrics::Columns::kTotal);
  return facts;
}

TEST(PollingMetricsTest, TheHoursCoverageIsThatOfTheClusterKnownBest) {
  metrics::Registry registry;
  const Options options;
  Metrics self(registry, options);
  metrics::Snapshot snapshot;
  const auto shown = [&](std::shared_ptr<const metrics::LiveFacts> hour) {
    snapshot.hour = std::move(hour);
    self.SetSnapshot(snapshot);
    const std::string text = registry.Serialize();
    const std::string name = "\nkubecost_exporter_hour_coverage_ratio ";
    const size_t at = text.find(name);
    if (at == std::string::npos) return std::string("-");
    return text.substr(at + name.size(), text.find('\n', at + 1) - at - name.size());
  };
  EXPECT_EQ(shown(nullptr), "-");
  EXPECT_EQ(shown(Hour({{"c1", "a", 0, 60}})), "1");
  EXPECT_EQ(shown(Hour({{"c1", "a", 15, 45}, {"c1", "b", 30, 60}, {"c2", "a", 0, 15}})), "0.75");
  EXPECT_EQ(shown(Hour({{"c1", "__unmounted__", 0, 60}, {"c1", "a", 30, 60}})), "0.5") << "no pod ran";
  EXPECT_EQ(shown(nullptr), "-") << "the hour is not served";
}

}  // namespace
}  // namespace polling
