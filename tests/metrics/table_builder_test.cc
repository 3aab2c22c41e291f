// The rules of identity and merging, each by what a scrape shows.
// Also tests metrics/level_table.h
#include "metrics/table_builder.h"

#include <gtest/gtest.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "tests/render.h"

namespace metrics {
namespace {

using kubecost::Allocation;
using kubecost::kUnknown;

Allocation Row(absl::string_view name, absl::string_view cluster, absl::string_view ns, absl::string_view pod,
               double total) {
  Allocation row;
  row.name = std::string(name);
  row.properties.cluster = std::string(cluster);
  row.properties.namespace_name = std::string(ns);
  row.properties.pod = std::string(pod);
  row.total_cost = total;
  row.costs = {total, 0, 0, 0, 0, 0, 0, 0};
  row.efficiency = {0.5, 0.5, 0.5};
  row.usage = {60, 1, 0.5, 100, 50};
  return row;
}

class TableBuilderTest : public testing::Test {
 protected:
  // The samples of one family, in order, as "labels value".
  std::vector<std::string> Samples(Level level, const std::vector<Allocation>& rows, absl::string_view family,
                                   absl::string_view cluster_name = "") {
    builder_.emplace(level, cluster_name, 0);
    for (const Allocation& row : rows) EXPECT_EQ(builder_->Add(row), RowProblem::kNone);
    LevelTables read;
    read.table(level) = builder_->Build();
    Snapshot snapshot;
    snapshot.day = SplitByCluster({}, "2026-11-19", true, std::move(read));
    std::vector<std::string> samples;
    for (const absl::string_view line : absl::StrSplit(Render(snapshot), '\n')) {
      if (absl::StartsWith(line, absl::StrCat(family, "{"))) samples.emplace_back(line.substr(family.size()));
    }
    return samples;
  }

  std::optional<TableBuilder> builder_;
};

using Lines = std::vector<std::string>;

TEST_F(TableBuilderTest, KeyedByClusterNamespaceAndPod) {
  // aggregate=pod alone would merge equal names of different namespaces and clusters.
  EXPECT_EQ(Samples(Level::kPod,
                    {Row("", "b", "n", "p", 3), Row("", "a", "n2", "p", 2), Row("", "a", "n", "p", 1),
                     Row("", "a", "n", "o", 4)},
                    "kubecost_pod_total_cost"),
            (Lines{R"({cluster="a",namespace="n",pod="o"} 4)", R"({cluster="a",namespace="n",pod="p"} 1)",
                   R"({cluster="a",namespace="n2",pod="p"} 2)", R"({cluster="b",namespace="n",pod="p"} 3)"}));
  EXPECT_EQ(builder_->merged_rows(), 0U);
}

TEST_F(TableBuilderTest, LevelsIgnoreLeakedProperties) {
  // A group with a single member keeps its pod and namespace.
  EXPECT_EQ(Samples(Level::kNamespace, {Row("a/n", "a", "n", "leaked", 1)}, "kubecost_namespace_total_cost"),
            Lines{R"({cluster="a",namespace="n"} 1)"});
  EXPECT_EQ(Samples(Level::kCluster, {Row("a", "a", "leaked", "leaked", 1)}, "kubecost_cluster_total_cost"),
            Lines{R"({cluster="a"} 1)"});
}

TEST_F(TableBuilderTest, SpecialRowsKeepTheirNames) {
  EXPECT_EQ(Samples(Level::kPod,
                    {Row("__idle__", "a", "", "", 1), Row("b/__idle__", "b", "", "", 2),
                     Row("a/__unmounted__/__unmounted__/__unallocated__", "a", "__unmounted__", "__unmounted__", 3),
                     Row("a////", "a", "", "", 4), Row("a/n/", "a", "n", "", 5), Row("a//p/", "a", "", "p", 6),
                     Row("a/n/n-unmounted-pvcs", "a", "n", "n-unmounted-pvcs", 7)},
                    "kubecost_pod_total_cost"),
            (Lines{R"({cluster="a",namespace="__idle__",pod="__idle__"} 1)",
                   R"({cluster="a",namespace="__unallocated__",pod="__unallocated__"} 4)",
                   R"({cluster="a",namespace="__unallocated__",pod="p"} 6)",
                   R"({cluster="a",namespace="__unmounted__",pod="__unmounted__"} 3)",
                   R"({cluster="a",namespace="n",pod="__unallocated__"} 5)",
                   R"({cluster="a",namespace="n",pod="n-unmounted-pvcs"} 7)",
                   R"({cluster="b",namespace="__idle__",pod="__idle__"} 2)"}));
}

TEST_F(TableBuilderTest, IdleSplitByNodeIsOneRowOfItsCluster) {
  EXPECT_EQ(
      Samples(Level::kNamespace, {Row("a/node-1/__idle__", "a", "", "", 1), Row("a/node-2/__idle__", "a", "", "", 2)},
              "kubecost_namespace_total_cost"),
      Lines{R"({cluster="a",namespace="__idle__"} 3)"});
}

TEST_F(TableBuilderTest, IdleHasNoAttributes) {
  Allocation idle = Row("__idle__", "a", "", "", 1);
  idle.properties.node = "only-node";
  EXPECT_EQ(Samples(Level::kPod, {idle}, "kubecost_pod_info"),
            Lines{R"({cluster="a",namespace="__idle__",pod="__idle__",node="",controller_kind="",controller=""} 1)"});
}

TEST_F(TableBuilderTest, AClusterNameIsNeverTakenFromTheKey) {
  // Cluster ids and label values may hold '/'.
  EXPECT_EQ(Samples(Level::kNamespace,
                    {Row("arn:x/y/z/n", "arn:x/y/z", "n", "", 1), Row("a/n", "a", "n", "", 3),
                     Row("a/__idle__", "", "", "", 2)},
                    "kubecost_namespace_total_cost"),
            (Lines{R"({cluster="",namespace="__idle__"} 2)", R"({cluster="a",namespace="n"} 3)",
                   R"({cluster="arn:x/y/z",namespace="n"} 1)"}));
}

TEST_F(TableBuilderTest, ARowWithoutAClusterBelongsToTheOnlyOne) {
  const std::vector<Allocation> pods = {Row("__idle__", "", "", "", 0.25), Row("a/n/p/x", "a", "n", "p", 1),
                                        Row("a/n/q/x", "a", "n", "q", 2), Row("//m//", "", "m", "", 4)};
  EXPECT_EQ(Samples(Level::kPod, pods, "kubecost_pod_total_cost"),
            (Lines{R"({cluster="a",namespace="__idle__",pod="__idle__"} 0.25)",
                   R"({cluster="a",namespace="m",pod="__unallocated__"} 4)", R"({cluster="a",namespace="n",pod="p"} 1)",
                   R"({cluster="a",namespace="n",pod="q"} 2)"}));
  EXPECT_EQ(Samples(Level::kCluster, {Row("a", "a", "", "", 1), Row("__idle__", "", "", "", 0.25)},
                    "kubecost_cluster_total_cost"),
            Lines{R"({cluster="a"} 1.25)"});
  // Kubecost's own name of the cluster is only for an answer that names none.
  for (const char* named : {"a", ""}) {
    TableBuilder builder(Level::kCluster, "", 0);
    builder.set_fallback_cluster("c1");
    builder.Add(Row("__idle__", "", "", "", 0.25));
    builder.Add(Row(named, named, "", "", 1));
    const LevelTable table = builder.Build();
    ASSERT_EQ(table.sums().size(), 1U);
    EXPECT_EQ(table.sums()[0].cluster, *named == 'a' ? "a" : "c1");
    EXPECT_EQ(table.sums()[0].total, 1.25);
  }
}

TEST_F(TableBuilderTest, TimesOfRowsWithoutAClusterAreThoseOfTheOnlyOne) {
  const auto row = [](absl::string_view cluster, int from, int to) {
    Allocation made = Row("", cluster, "n", "p", 1);
    made.window = made.extent = base::Window{absl::FromUnixSeconds(from), absl::FromUnixSeconds(to)};
    return made;
  };
  TableBuilder builder(Level::kPod, "", 0);
  for (const Allocation& each : {row("", 0, 10), row("a", 5, 20), row("", 30, 40)}) builder.Add(each);
  const LevelTable table = builder.Build();
  ASSERT_EQ(table.sums().size(), 1U);
  EXPECT_EQ(table.sums()[0].extent->covered, absl::Seconds(30));
  EXPECT_EQ(table.sums()[0].ran, absl::Seconds(35));
  EXPECT_EQ(table.sums()[0].window->covered, absl::Seconds(30));
}

TEST_F(TableBuilderTest, OneCostHasTheSameSpecialNameOnEveryLevel) {
  // As the levels' keys are: without properties only they tell, and a part without a value is `__unallocated__`.
  for (const absl::string_view special : {"__unmounted__", "__idle__", "__external__", "__unallocated__"}) {
    const std::string with_rest = absl::StrCat("a/", special, "/", special, "//__unallocated__/__unallocated__");
    for (const bool has_namespace : {false, true}) {
      if (special == "__idle__" && has_namespace) continue;
      const absl::string_view ns = has_namespace ? special : "";
      EXPECT_EQ(Samples(Level::kNamespace, {Row(absl::StrCat("a/", special), "a", ns, "", 1)},
                        "kubecost_namespace_total_cost"),
                Lines{absl::StrCat(R"({cluster="a",namespace=")", special, R"("} 1)")});
      for (const std::string& key : {absl::StrCat("a/", special), with_rest}) {
        EXPECT_EQ(Samples(Level::kPod, {Row(key, "a", ns, "", 1)}, "kubecost_pod_total_cost"),
                  Lines{absl::StrCat(R"({cluster="a",namespace=")", special, R"(",pod=")", special, R"("} 1)")});
        EXPECT_EQ(TableBuilder::IsSpecial(Row(key, "a", ns, "", 1)), special != "__unallocated__") << key;
      }
    }
  }
  EXPECT_FALSE(TableBuilder::IsSpecial(Row("a/n/p/node/__unallocated__/__unallocated__", "a", "n", "p", 1)));
}

TEST_F(TableBuilderTest, EachClustersWindowsAreAddedUp) {
  const auto row = [](absl::string_view cluster, std::optional<base::Window> window) {
    Allocation made = Row("", cluster, "n", "p", 1);
    made.window = window;
    return made;
  };
  const auto hours = [](int from, int to) {
    return base::Window{absl::UnixEpoch() + absl::Hours(from), absl::UnixEpoch() + absl::Hours(to)};
  };
  for (const Level level : {Level::kCluster, Level::kNamespace, Level::kPod}) {
    TableBuilder builder(level, "", 0);
    for (const Allocation& each :
         {row("whole", hours(0, 24)), row("whole", hours(0, 24)), row("part", hours(0, 16)), row("hole", hours(18, 24)),
          row("hole", hours(0, 6)), row("hole", hours(6, 12)), row("none", {})}) {
      builder.Add(each);
    }
    const LevelTable table = builder.Build();
    std::vector<std::string> windows;
    for (const LevelTable::ClusterSum& sum : table.sums()) {
      const auto text = [](const Extent& window) {
        return absl::StrCat((window.span.start - absl::UnixEpoch()) / absl::Hours(1), "-",
                            (window.span.end - absl::UnixEpoch()) / absl::Hours(1), " ",
                            window.covered / absl::Hours(1));
      };
      windows.push_back(absl::StrCat(sum.cluster, " ", sum.window.has_value() ? text(*sum.window) : "-"));
    }
    EXPECT_EQ(windows, (Lines{"hole 0-24 18", "none -", "part 0-16 16", "whole 0-24 24"}));
  }
}

TEST_F(TableBuilderTest, PodUidIsCutOff) {
  EXPECT_EQ(Samples(Level::kPod,
                    {Row("", "a", "n", "web-0 11111111-2222-3333-4444-555555555555", 1),
                     Row("", "a", "n", "web-0 66666666-2222-3333-4444-555555555555", 2)},
                    "kubecost_pod_total_cost"),
            Lines{R"({cluster="a",namespace="n",pod="web-0"} 3)"});
  EXPECT_EQ(builder_->merged_rows(), 1U);
}

TEST_F(TableBuilderTest, MergedCostsAddExactlyAndAttributesComeFromTheCostlierRow) {
  Allocation first = Row("", "a", "n", "db-0", 0.1);
  first.properties.node = "node-1";
  Allocation second = Row("", "a", "n", "db-0", 0.2);
  second.properties.node = "node-2";
  second.properties.controller_kind = "statefulset";
  second.properties.controller = "db";
  for (const std::vector<Allocation>& rows : {std::vector{first, second}, std::vector{second, first}}) {
    EXPECT_EQ(Samples(Level::kPod, rows, "kubecost_pod_total_cost"),
              Lines{R"({cluster="a",namespace="n",pod="db-0"} 0.3)"});
    EXPECT_EQ(Samples(Level::kPod, rows, "kubecost_pod_info"),
              Lines{R"({cluster="a",namespace="n",pod="db-0",node="node-2",controller_kind="statefulset",)"
                    R"(controller="db"} 1)"});
  }
}

TEST_F(TableBuilderTest, EqualCostsTakeTheLesserAttributesWhateverTheOrder) {
  Allocation first = Row("", "a", "n", "p", 1);
  first.properties.node = "node-2";
  Allocation second = Row("", "a", "n", "p", 1);
  second.properties.node = "node-1";
  for (const std::vector<Allocation>& rows : {std::vector{first, second}, std::vector{second, first}}) {
    EXPECT_TRUE(absl::StrContains(Samples(Level::kPod, rows, "kubecost_pod_info")[0], "node-1"));
  }
}

TEST_F(TableBuilderTest, EfficiencyOfASingleRowIsKubecostsOwn) {
  Allocation row = Row("", "a", "n", "p", 1);
  row.efficiency = {4.18, kUnknown, 0.3};
  row.usage.minutes = -1;
  EXPECT_EQ(Samples(Level::kPod, {row}, "kubecost_pod_cpu_efficiency"),
            Lines{R"({cluster="a",namespace="n",pod="p"} 4.18)"});
  EXPECT_TRUE(Samples(Level::kPod, {row}, "kubecost_pod_memory_efficiency").empty()) << "null: no sample";
}

TEST_F(TableBuilderTest, EfficiencyOfMergedRowsIsWeighted) {
  Allocation first = Row("", "a", "n", "p", 3);
  first.usage = {30, 2, 1, 100, 100};
  first.efficiency.total = 0.25;
  Allocation second = Row("", "a", "n", "p", 1);
  second.usage = {90, 1, 1, 100, 20};
  second.efficiency.total = 0.75;
  const std::vector<Allocation> rows = {first, second};
  // CPU: (1 x 30 + 1 x 90) / (2 x 30 + 1 x 90); memory: (100 x 30 + 20 x 90) / (100 x 120).
  EXPECT_EQ(Samples(Level::kPod, rows, "kubecost_pod_cpu_efficiency"),
            Lines{R"({cluster="a",namespace="n",pod="p"} 0.8)"});
  EXPECT_EQ(Samples(Level::kPod, rows, "kubecost_pod_memory_efficiency"),
            Lines{R"({cluster="a",namespace="n",pod="p"} 0.4)"});
  // Total: (0.25 x 3 + 0.75 x 1) / 4.
  EXPECT_EQ(Samples(Level::kPod, rows, "kubecost_pod_total_efficiency"),
            Lines{R"({cluster="a",namespace="n",pod="p"} 0.375)"});
}

TEST_F(TableBuilderTest, EfficiencyOfMergedRowsIsAbsentWhereATermIs) {
  for (const double minutes : {0.0, -5.0, kUnknown}) {
    Allocation odd = Row("", "a", "n", "p", 1);
    odd.usage.minutes = minutes;
    EXPECT_TRUE(Samples(Level::kPod, {Row("", "a", "n", "p", 1), odd}, "kubecost_pod_cpu_efficiency").empty());
    EXPECT_TRUE(Samples(Level::kPod, {Row("", "a", "n", "p", 1), odd}, "kubecost_pod_total_efficiency").empty());
  }
  Allocation no_request = Row("", "a", "n", "p", 1);
  no_request.usage.cpu_request = kUnknown;
  EXPECT_TRUE(Samples(Level::kPod, {Row("", "a", "n", "p", 1), no_request}, "kubecost_pod_cpu_efficiency").empty());
  EXPECT_FALSE(Samples(Level::kPod, {Row("", "a", "n", "p", 1), no_request}, "kubecost_pod_memory_efficiency").empty());
}

TEST_F(TableBuilderTest, ANullCostMakesComponentAndTotalOfMergedRowsAbsent) {
  Allocation null_cpu = Row("", "a", "n", "p", 1);
  null_cpu.costs[0] = kUnknown;
  null_cpu.has_null_cost = true;
  const std::vector<Allocation> rows = {Row("", "a", "n", "p", 1), null_cpu};
  EXPECT_TRUE(Samples(Level::kPod, rows, "kubecost_pod_cpu_cost").empty());
  EXPECT_TRUE(Samples(Level::kPod, rows, "kubecost_pod_total_cost").empty());
  EXPECT_EQ(Samples(Level::kPod, rows, "kubecost_pod_memory_cost").size(), 1U) << "the other parts are known";
  EXPECT_EQ(Samples(Level::kPod, {null_cpu}, "kubecost_pod_total_cost").size(), 1U) << "Kubecost's own total stays";
}

TEST_F(TableBuilderTest, IdleCountsIntoItsClusterButNotIntoEfficiency) {
  Allocation idle = Row("a/__idle__", "a", "", "", 2);
  idle.efficiency = {0, 0, 0};
  Allocation cluster = Row("a", "a", "", "", 1);
  cluster.efficiency = {0.7, 0.6, 0.5};
  const std::vector<Allocation> rows = {idle, cluster};
  EXPECT_EQ(Samples(Level::kCluster, rows, "kubecost_cluster_total_cost"), Lines{R"({cluster="a"} 3)"});
  EXPECT_EQ(Samples(Level::kCluster, rows, "kubecost_cluster_total_efficiency"), Lines{R"({cluster="a"} 0.5)"});
  EXPECT_EQ(builder_->merged_rows(), 0U);
}

TEST_F(TableBuilderTest, OptionalPartsOfZeroAreLeftOutOnPodLevelOnly) {
  const std::vector<Allocation> rows = {Row("", "a", "n", "p", 1)};
  for (const char* part : {"gpu", "load_balancer", "shared", "external"}) {
    EXPECT_TRUE(Samples(Level::kPod, rows, absl::StrCat("kubecost_pod_", part, "_cost")).empty()) << part;
    EXPECT_EQ(Samples(Level::kNamespace, rows, absl::StrCat("kubecost_namespace_", part, "_cost")).size(), 1U) << part;
  }
  for (const char* part : {"cpu", "memory", "pv", "network"}) {
    EXPECT_EQ(Samples(Level::kPod, rows, absl::StrCat("kubecost_pod_", part, "_cost")).size(), 1U) << part;
  }
}

TEST_F(TableBuilderTest, NegativeCostsPass) {
  EXPECT_EQ(Samples(Level::kNamespace, {Row("__idle__", "a", "", "", -186.57)}, "kubecost_namespace_total_cost"),
            Lines{R"({cluster="a",namespace="__idle__"} -186.57)"});
}

TEST_F(TableBuilderTest, AClusterNameReplacesOneClusterAndFillsInForNone) {
  const std::vector<Allocation> rows = {Row("", "cluster-one", "n", "p", 1), Row("", "", "n", "q", 2)};
  EXPECT_EQ(
      Samples(Level::kPod, rows, "kubecost_pod_total_cost", "prod-eu"),
      (Lines{R"({cluster="prod-eu",namespace="n",pod="p"} 1)", R"({cluster="prod-eu",namespace="n",pod="q"} 2)"}));
}

TEST_F(TableBuilderTest, AClusterNameForTwoClustersIsAProblem) {
  TableBuilder builder(Level::kPod, "prod-eu", 0);
  EXPECT_EQ(builder.Add(Row("", "a", "n", "p", 1)), RowProblem::kNone);
  EXPECT_EQ(builder.Add(Row("", "b", "n", "p", 1)), RowProblem::kSecondCluster);
}

TEST_F(TableBuilderTest, ANameNoClusterCanHaveIsAProblem) {
  TableBuilder builder(Level::kPod, "", 0);
  EXPECT_EQ(builder.Add(Row("", "a", "n", std::string(1025, 'x'), 1)), RowProblem::kNameTooLong);
  EXPECT_EQ(builder.Add(Row("", "a", "n", std::string(1024, 'x'), 1)), RowProblem::kNone);
}

TEST_F(TableBuilderTest, InvalidUtf8IsReplacedAndCounted) {
  EXPECT_EQ(Samples(Level::kPod, {Row("", "a", "n", "p\xff", 1)}, "kubecost_pod_total_cost"),
            Lines{"{cluster=\"a\",namespace=\"n\",pod=\"p\xEF\xBF\xBD\"} 1"});
  EXPECT_EQ(builder_->invalid_utf8(), 1U);
}

TEST_F(TableBuilderTest, InvalidUtf8InASpecialRowsKeyIsReplacedAndCounted) {
  EXPECT_EQ(Samples(Level::kNamespace, {Row("a/__x\xff__", "a", "", "", 1)}, "kubecost_namespace_total_cost"),
            Lines{"{cluster=\"a\",namespace=\"__x\xEF\xBF\xBD__\"} 1"});
  EXPECT_EQ(builder_->invalid_utf8(), 1U);
}

TEST_F(TableBuilderTest, NamesThatBecomeEqualByReplacementMerge) {
  EXPECT_EQ(
      Samples(Level::kPod, {Row("", "a", "n", "p\xff", 1), Row("", "a", "n", "p\xfe", 2)}, "kubecost_pod_total_cost"),
      Lines{"{cluster=\"a\",namespace=\"n\",pod=\"p\xEF\xBF\xBD\"} 3"});
}

TEST(AddSpecialCostsTest, TakesTheSpecialRowsOfTheNamespaceLevel) {
  TableBuilder clusters(Level::kCluster, "", 0);
  clusters.Add(Row("a", "a", "", "", 10));
  clusters.Add(Row("b", "b", "", "", 20));
  TableBuilder namespaces(Level::kNamespace, "", 0);
  namespaces.Add(Row("a/__idle__", "a", "", "", 1));
  namespaces.Add(Row("b/__unmounted__", "b", "__unmounted__", "", 2));
  namespaces.Add(Row("b/n", "b", "n", "", 3));
  LevelTable cluster_table = clusters.Build();
  TableBuilder::AddSpecialCosts(namespaces.Build(), cluster_table);
  ASSERT_EQ(cluster_table.column(Column::kIdle).size(), 2U);
  EXPECT_EQ(cluster_table.column(Column::kIdle)[0], 1);
  EXPECT_FALSE(kubecost::IsKnown(cluster_table.column(Column::kIdle)[1])) << "absent is not zero";
  EXPECT_EQ(cluster_table.column(Column::kUnmounted)[1], 2);
  EXPECT_TRUE(cluster_table.column(Column::kUnallocated).empty());
}

}  // namespace
}  // namespace metrics
