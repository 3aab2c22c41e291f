// What follows from the levels of a day: run times, reconciliation, what a later read lacks.
// Also tests metrics/coverage.h
#include "metrics/day_facts.h"

#include <gtest/gtest.h>

#include "base/day.h"
#include "metrics/coverage.h"
#include "metrics/table_builder.h"

namespace metrics {
namespace {

using base::Window;
using kubecost::Allocation;
using kubecost::kUnknown;

const absl::Time kMidnight = absl::FromCivil(absl::CivilDay(2026, 11, 19), absl::UTCTimeZone());

Window Hours(double from, double to) { return {kMidnight + from * absl::Hours(1), kMidnight + to * absl::Hours(1)}; }

TEST(CoverageTest, IsTheUnionOfItsWindows) {
  Coverage coverage;
  EXPECT_FALSE(coverage.extent().has_value());
  coverage.Add(Hours(5, 5));
  coverage.Add(Hours(6, 4));
  EXPECT_FALSE(coverage.extent().has_value()) << "an empty or reversed window is none";
  for (const Window& window : {Hours(4, 6), Hours(1, 2), Hours(5, 7), Hours(1.25, 1.5), Hours(9, 10), Hours(2, 2.5)}) {
    coverage.Add(window);
  }
  EXPECT_EQ(coverage.extent()->span, Hours(1, 10));
  EXPECT_EQ(coverage.extent()->covered, absl::Hours(5.5));
  coverage.Add(Hours(0, 24));
  EXPECT_EQ(coverage.extent()->covered, absl::Hours(24));
}

struct Pod {
  const char* namespace_name;
  const char* name;
  double cost;
  Window extent = Hours(0, 24);
  const char* node = "node-1";
  const char* cluster = "c";
};

ClusterFacts ClustersOf(const std::vector<Pod>& pods, double cluster_cost = kUnknown) {
  LevelTables day;
  for (const Level level : {Level::kCluster, Level::kNamespace, Level::kPod}) {
    TableBuilder builder(level, "", 0);
    for (const Pod& pod : pods) {
      Allocation row;
      row.properties = {pod.cluster, pod.node, pod.namespace_name, "", "", pod.name};
      row.total_cost = pod.cost;
      row.extent = pod.extent;
      if (level == Level::kCluster && kubecost::IsKnown(cluster_cost)) {
        row.total_cost = cluster_cost;
        builder.Add(row);
        break;
      }
      builder.Add(row);
    }
    day.table(level) = builder.Build();
  }
  return SplitByCluster(Hours(0, 24), "2026-11-19", true, std::move(day));
}

DayFacts DayOf(const std::vector<Pod>& pods, double cluster_cost = kUnknown) {
  return *ClustersOf(pods, cluster_cost).at(0);
}

TEST(DayFactsTest, LevelsThatDifferByRoundingReconcile) {
  const std::vector<Pod> pods = {{"a", "p", 0.1}, {"a", "q", 0.2}};
  EXPECT_TRUE(DayOf(pods, 0.3).reconciles);
  // Two pods and one cluster were rounded.
  const DayFacts rounded = DayOf(pods, 0.300015);
  EXPECT_TRUE(rounded.reconciles);
  EXPECT_EQ(rounded.pod_difference, 0.000015);
  const DayFacts off = DayOf(pods, 0.30002);
  EXPECT_FALSE(off.reconciles);
  EXPECT_EQ(off.namespace_difference, 0.00002);
}

TEST(DayFactsTest, AnUnknownCostReconcilesWithNothing) {
  const DayFacts day = DayOf({{"a", "p", 0.1}, {"a", "q", kUnknown}}, 0.1);
  EXPECT_FALSE(day.reconciles);
  EXPECT_EQ(day.pods, 1U) << "a pod without a sample does not count";
  EXPECT_FALSE(kubecost::IsKnown(day.pod_difference));
}

TEST(DayFactsTest, EveryClusterForItself) {
  const ClusterFacts days = ClustersOf({{"a", "p", 1, Hours(0, 12), "n", "east"},
                                        {"a", "p", 2, Hours(6, 24), "n2", "west"},
                                        {"b", "q", 4, Hours(6, 12), "n2", "west"}});
  ASSERT_EQ(days.size(), 2U);
  EXPECT_EQ(days[0]->cluster, "east");
  EXPECT_EQ(days[1]->cluster, "west");
  EXPECT_EQ(days[1]->date, "2026-11-19");
  EXPECT_EQ(days[0]->extent->covered, absl::Hours(12));
  EXPECT_EQ(days[1]->extent->covered, absl::Hours(18));
  EXPECT_EQ(days[1]->ran, absl::Hours(24));
  EXPECT_EQ(days[1]->pods, 2U);
  EXPECT_TRUE(Reconcile(days));
  const LevelTable& pods = days[1]->table(Level::kPod);
  ASSERT_EQ(pods.rows(), 2U);
  EXPECT_EQ(pods.pod(1), "q");
  EXPECT_EQ(pods.namespace_name(1), "b");
  EXPECT_EQ(pods.node(1), "n2");
  EXPECT_EQ(pods.value(Column::kTotal, 1), 4);
  EXPECT_TRUE(pods.column(Column::kCpuEfficiency).empty());
}

TEST(DayFactsTest, AClusterThatALevelLacksDoesNotReconcile) {
  LevelTables read;
  for (const Level level : {Level::kCluster, Level::kNamespace, Level::kPod}) {
    TableBuilder builder(level, "", 0);
    for (const char* cluster : {"east", "west"}) {
      Allocation row;
      row.properties = {cluster, "", "a", "", "", "p"};
      row.total_cost = 1;
      if (level != Level::kCluster || row.properties.cluster == "west") builder.Add(row);
    }
    read.table(level) = builder.Build();
  }
  const ClusterFacts days = SplitByCluster(Hours(0, 24), "2026-11-19", true, std::move(read));
  ASSERT_EQ(days.size(), 2U);
  EXPECT_EQ(days[0]->cluster, "east");
  EXPECT_FALSE(days[0]->reconciles);
  EXPECT_FALSE(kubecost::IsKnown(days[0]->namespace_difference));
  EXPECT_FALSE(kubecost::IsKnown(days[0]->pod_difference));
  EXPECT_TRUE(days[1]->reconciles);
  EXPECT_FALSE(Reconcile(days));
}

TEST(DayFactsTest, WithoutPodsTheNamespacesRan) {
  LevelTables read;
  for (const Level level : {Level::kCluster, Level::kNamespace}) {
    TableBuilder builder(level, "", 0);
    for (const char* name : {"a", "b", "__idle__"}) {
      Allocation row;
      row.properties = {"c", "", name, "", "", ""};
      row.total_cost = 1;
      row.extent = {kMidnight, kMidnight + absl::Seconds(90.5)};
      builder.Add(row);
    }
    read.table(level) = builder.Build();
  }
  const ClusterFacts days = SplitByCluster(Hours(0, 24), "2026-11-19", false, std::move(read));
  ASSERT_EQ(days.size(), 1U);
  EXPECT_TRUE(days[0]->reconciles);
  EXPECT_EQ(days[0]->ran, absl::Seconds(180)) << "whole seconds of each";
  EXPECT_EQ(days[0]->extent->covered, absl::Seconds(90.5));
}

TEST(DayFactsTest, OnlyRealPodsRun) {
  const DayFacts day = DayOf({{"a", "p", 1, Hours(3, 4)},
                              {"a", "a-unmounted-pvcs", 1, Hours(0, 24), ""},
                              {"__unmounted__", "__unmounted__", 1},
                              {"__idle__", "__idle__", 1}});
  EXPECT_EQ(day.extent->span, Hours(3, 4));
  EXPECT_EQ(day.ran, absl::Hours(1));
  EXPECT_EQ(day.pods, 4U);
}

TEST(DayFactsTest, WindowsThatDoNotCoverTheDay) {
  const auto is_whole = [](std::initializer_list<base::Window> windows) {
    TableBuilder builder(Level::kCluster, "", 0);
    for (const base::Window& window : windows) {
      Allocation row;
      row.properties.cluster = "c";
      row.window = window;
      builder.Add(row);
    }
    LevelTables read;
    read.table(Level::kCluster) = builder.Build();
    return SplitByCluster(Hours(0, 24), "2026-11-19", false, std::move(read)).front()->is_whole;
  };
  EXPECT_TRUE(is_whole({Hours(0, 24)}));
  EXPECT_TRUE(is_whole({Hours(0, 12), Hours(12, 24)}));
  EXPECT_FALSE(is_whole({Hours(0, 16.5)})) << "a server that has a part of the day";
  EXPECT_FALSE(is_whole({Hours(0, 11), Hours(13, 24)})) << "a hole";
}

}  // namespace
}  // namespace metrics
