// Also tests metrics/block_writer.h
// Also tests metrics/family.h
// Also tests metrics/sample.h
// Also tests metrics/snapshot.h
// Also tests metrics/walk.h
#include "metrics/prometheus_text.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <clocale>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "metrics/table_builder.h"
#include "metrics/walk.h"
#include "tests/golden.h"
#include "tests/render.h"

namespace metrics {
namespace {

using kubecost::Allocation;

// A pod whose values follow from its number.
Allocation Pod(int number) {
  Allocation row;
  row.properties = {"prod-eu",    absl::StrCat("node-", number % 3), absl::StrCat("team-", number % 5),
                    "deployment", absl::StrCat("app-", number % 7),  absl::StrCat("pod-", number)};
  row.total_cost = number * 0.00321;
  row.costs = {number * 0.001, number % 4 == 0 ? 0.5 : 0, 0.25, 0, 0.00001, 0, 0.1, 0};
  row.efficiency = {0.25, number % 6 == 0 ? kubecost::kUnknown : 1.5, 0.75};
  return row;
}

std::shared_ptr<Snapshot> SnapshotOf(int pods) {
  LevelTables read;
  TableBuilder pod_rows(Level::kPod, "", 0);
  TableBuilder namespaces(Level::kNamespace, "", 0);
  TableBuilder clusters(Level::kCluster, "", 0);
  for (int i = 0; i < pods; ++i) pod_rows.Add(Pod(i));
  for (const char* name : {"team-0", "__idle__", "team-\"quoted\"\\"}) {
    Allocation row = Pod(40);
    row.properties.namespace_name = name;
    namespaces.Add(row);
  }
  clusters.Add(Pod(41));
  read.table(Level::kPod) = pod_rows.Build();
  read.table(Level::kNamespace) = namespaces.Build();
  read.table(Level::kCluster) = clusters.Build();
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->day = SplitByCluster({}, "2026-11-19", true, std::move(read));
  snapshot->cluster_info = std::make_shared<const std::string>(
      ClusterInfoLabels({{"id", "prod-eu"}, {"clusterProfile", "production"}, {"provider", "AWS"}}, {}));
  return snapshot;
}

TEST(RenderTest, Golden) { golden::ExpectEqual("snapshot.prom", Render(*SnapshotOf(8))); }

TEST(RenderTest, NothingReadYetIsNoText) { EXPECT_EQ(Render(Snapshot()), ""); }

TEST(RenderTest, AForeignLocaleChangesNothing) {
  const std::string before = Render(*SnapshotOf(8));
  const char* const foreign = std::setlocale(LC_ALL, "de_DE.UTF-8");
  const std::string after = Render(*SnapshotOf(8));
  std::setlocale(LC_ALL, "C");
  EXPECT_EQ(before, after) << (foreign == nullptr ? "" : foreign);
}

TEST(RenderTest, ManyBlocksHoldEverySeriesOnceInOrder) {
  constexpr int kPods = 4000;
  const std::shared_ptr<Snapshot> snapshot = SnapshotOf(kPods);
  size_t blocks = 0;
  const std::string text = Render(*snapshot, Selection::All(), &blocks);
  EXPECT_GT(blocks, 4U);

  size_t samples = 0;
  std::set<std::string> series;
  std::set<std::string> families;
  std::string last_family;
  for (const absl::string_view line : absl::StrSplit(text, '\n', absl::SkipEmpty())) {
    if (absl::StartsWith(line, "# HELP ")) {
      const std::string family(line.substr(7, line.find(' ', 7) - 7));
      EXPECT_TRUE(families.insert(family).second) << family << " begins twice";
      EXPECT_LT(last_family, family) << "families are sorted by name";
      last_family = family;
    } else if (!absl::StartsWith(line, "#")) {
      ++samples;
      EXPECT_TRUE(absl::StartsWith(line, absl::StrCat(last_family, "{"))) << line;
      EXPECT_TRUE(series.emplace(line.substr(0, line.rfind(' '))).second) << "twice: " << line;
    }
  }
  size_t counted = 0;
  for (const auto& [family, count] : CountSeries(*snapshot)) counted += count;
  EXPECT_EQ(samples, counted) << "kubecost_exporter_series must tell the truth";
}

TEST(RenderTest, ALineLongerThanABlockIsWhole) {
  // Label values are bounded, so this is beyond what a builder lets through; cluster information is not counted there.
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->cluster_info = std::make_shared<const std::string>(
      ClusterInfoLabels({{"id", "a"}, {"note", std::string(2 * BlockWriter::kBlockBytes, 'x')}}, {}));
  const std::string text = Render(*snapshot);
  EXPECT_GT(text.size(), 2 * BlockWriter::kBlockBytes);
  EXPECT_TRUE(absl::EndsWith(text, "\"} 1\n"));
}

TEST(RenderTest, NothingIsWrittenOnceNoMoreIsWanted) {
  const std::shared_ptr<Snapshot> snapshot = SnapshotOf(5000);
  size_t blocks = 0;
  BlockWriter out([&blocks](absl::string_view) { return ++blocks < 2; });
  WritePrometheusText(*snapshot, Selection::All(), out);
  EXPECT_EQ(blocks, 2U);
  EXPECT_FALSE(out.Flush());
  size_t samples = 0;
  EXPECT_FALSE(WalkFamily(*snapshot, FamilyNamed("kubecost_pod_total_cost"),
                          [&samples](const Sample&) { return ++samples < 3; }));
  EXPECT_EQ(samples, 3U);
}

TEST(ClusterInfoLabelsTest, MirrorsEveryKeyLowerCased) {
  EXPECT_EQ(ClusterInfoLabels({{"id", "c1"}, {"name", "n1"}, {"clusterProfile", "p"}, {"region", ""}}, {}),
            R"({cluster="c1",clusterprofile="p",id="c1",name="n1",region=""} )");
}

TEST(ClusterInfoLabelsTest, IdAndNameAreAlwaysThere) {
  EXPECT_EQ(ClusterInfoLabels({{"id", "c1"}}, {}), R"({cluster="c1",id="c1",name="c1"} )");
  EXPECT_EQ(ClusterInfoLabels({{"provider", "DigitalOcean"}}, {}), "");
  EXPECT_EQ(ClusterInfoLabels({{"provider", "DO"}}, {"prod-eu", {}}),
            R"({cluster="prod-eu",id="prod-eu",name="prod-eu",provider="DO"} )");
  EXPECT_EQ(ClusterInfoLabels({{"id", "c1"}, {"name", "n1"}}, {"prod-eu", {}}),
            R"({cluster="prod-eu",id="c1",name="n1"} )");
  EXPECT_EQ(ClusterInfoLabels({{"id", "c1"}, {"cluster", "x"}}, {}), R"({cluster="c1",id="c1",name="c1"} )");
}

TEST(ClusterInfoLabelsTest, OptionLabelsFillWhatIsMissing) {
  EXPECT_EQ(ClusterInfoLabels({{"id", "c1"}, {"region", ""}, {"provider", "AWS"}},
                              {"", {{"region", "eu"}, {"provider", "GCP"}, {"owner", "me"}}}),
            R"({cluster="c1",id="c1",name="c1",owner="me",provider="AWS",region="eu"} )");
}

TEST(ClusterInfoLabelsTest, HostileKeysAndValues) {
  EXPECT_EQ(ClusterInfoLabels({{"id", "a\"b"}, {"9x", "v"}, {"a-b", "\xff"}, {"__name__", "x"}}, {}),
            "{_9x=\"v\",a_b=\"\xEF\xBF\xBD\",cluster=\"a\\\"b\",id=\"a\\\"b\",name=\"a\\\"b\"} ");
}

}  // namespace
}  // namespace metrics
