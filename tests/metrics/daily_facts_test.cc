// The families keyed by date, by what a scrape shows.
#include "metrics/daily_facts.h"

#include <gtest/gtest.h>

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

const absl::Time kNow = absl::FromUnixSeconds(1795174512);

struct Pod {
  const char* namespace_name;
  const char* name;
  double cost;
  const char* node = "node-1";
};

std::shared_ptr<const DayFacts> DayOf(int day_of_month, const std::vector<Pod>& pods, const char* cluster = "prod-eu") {
  const absl::Time start = absl::FromCivil(absl::CivilDay(2026, 11, day_of_month), absl::UTCTimeZone());
  LevelTables day;
  for (const Level level : {Level::kCluster, Level::kNamespace, Level::kPod}) {
    TableBuilder builder(level, "", 0);
    for (const Pod& pod : pods) {
      Allocation row;
      row.properties = {cluster, pod.node, pod.namespace_name, "deployment", "cart", pod.name};
      row.total_cost = pod.cost;
      row.costs = {pod.cost / 2, 0, pod.cost / 2, 0, 0, 0, 0, 0};
      row.extent = {start, start + absl::Hours(12)};
      builder.Add(row);
    }
    day.table(level) = builder.Build();
  }
  return SplitByCluster({start, start + absl::Hours(24)}, absl::FormatTime("%F", start, absl::UTCTimeZone()), true,
                        std::move(day))
      .at(0);
}

ServedDay Served(int day_of_month, const std::vector<Pod>& pods, const char* cluster = "prod-eu") {
  return ServedDayOf(DayOf(day_of_month, pods, cluster), kNow, false);
}

std::string Render(std::vector<ServedDay> days, bool pod_resources = false) {
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->daily = std::make_shared<const DailyFacts>(std::move(days), pod_resources);
  size_t series = 0;
  for (const auto& [family, count] : CountSeries(*snapshot)) series += count;
  const std::string text = ::Render(*snapshot);
  size_t samples = 0;
  for (const absl::string_view line : absl::StrSplit(text, '\n', absl::SkipEmpty())) samples += line[0] != '#' ? 1 : 0;
  EXPECT_EQ(samples, series) << "what is counted is what is served";
  return text;
}

// The lines of one family, without its name.
std::vector<std::string> SamplesOf(const std::string& text, absl::string_view family) {
  std::vector<std::string> samples;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    if (absl::StartsWith(line, absl::StrCat(family, "{"))) samples.emplace_back(line.substr(family.size()));
  }
  return samples;
}

using Lines = std::vector<std::string>;

TEST(DailyFactsTest, Golden) {
  golden::ExpectEqual(
      "daily.prom",
      Render({ServedDayOf(DayOf(18, {{"checkout", "cart-1", 1}, {"web", "nginx-\"q\"", 0.5}}), kNow, true),
              Served(19, {{"checkout", "cart-1", 2, "node-2"}, {"checkout", "cart-2", 0.25}})},
             true));
}

TEST(DailyFactsTest, SortedByIdentityThenDate) {
  const std::string text =
      Render({Served(17, {{"b", "p", 1}, {"a", "q", 2}}), Served(18, {{"a", "p", 3}, {"a", "q", 4}}),
              Served(19, {{"a", "q", 5}, {"c", "a", 6}})});
  EXPECT_EQ(SamplesOf(text, "kubecost_pod_daily_cost"),
            (Lines{R"({cluster="prod-eu",namespace="a",pod="p",date="2026-11-18"} 3)",
                   R"({cluster="prod-eu",namespace="a",pod="q",date="2026-11-17"} 2)",
                   R"({cluster="prod-eu",namespace="a",pod="q",date="2026-11-18"} 4)",
                   R"({cluster="prod-eu",namespace="a",pod="q",date="2026-11-19"} 5)",
                   R"({cluster="prod-eu",namespace="b",pod="p",date="2026-11-17"} 1)",
                   R"({cluster="prod-eu",namespace="c",pod="a",date="2026-11-19"} 6)"}));
  EXPECT_EQ(SamplesOf(text, "kubecost_cluster_daily_resource_cost").front(),
            R"({cluster="prod-eu",resource="cpu",date="2026-11-17"} 1.5)");
  EXPECT_EQ(SamplesOf(text, "kubecost_cluster_daily_resource_cost").size(), 3 * kubecost::kResourceCount);
  EXPECT_EQ(SamplesOf(text, "kubecost_pod_daily_resource_cost").size(), 0U) << "only when asked for";
}

// Three clusters, of which each lacks a day of the others, given by date.
TEST(DailyFactsTest, ClustersOneAfterTheOther) {
  const std::vector<ServedDay> days = {
      Served(17, {{"a", "p", 1}}, "east"),  Served(17, {{"a", "p", 2}, {"b", "q", 3}}, "west"),
      Served(18, {{"a", "p", 4}}, "east"),  Served(18, {{"a", "o", 5}}, "north"),
      Served(19, {{"a", "p", 6}}, "north"), Served(19, {{"b", "q", 7}}, "west")};
  const std::string text = Render(days);
  EXPECT_EQ(SamplesOf(text, "kubecost_pod_daily_cost"),
            (Lines{R"({cluster="east",namespace="a",pod="p",date="2026-11-17"} 1)",
                   R"({cluster="east",namespace="a",pod="p",date="2026-11-18"} 4)",
                   R"({cluster="north",namespace="a",pod="o",date="2026-11-18"} 5)",
                   R"({cluster="north",namespace="a",pod="p",date="2026-11-19"} 6)",
                   R"({cluster="west",namespace="a",pod="p",date="2026-11-17"} 2)",
                   R"({cluster="west",namespace="b",pod="q",date="2026-11-17"} 3)",
                   R"({cluster="west",namespace="b",pod="q",date="2026-11-19"} 7)"}));
  EXPECT_EQ(SamplesOf(text, "kubecost_cluster_daily_cost"),
            (Lines{R"({cluster="east",date="2026-11-17"} 1)", R"({cluster="east",date="2026-11-18"} 4)",
                   R"({cluster="north",date="2026-11-18"} 5)", R"({cluster="north",date="2026-11-19"} 6)",
                   R"({cluster="west",date="2026-11-17"} 5)", R"({cluster="west",date="2026-11-19"} 7)"}));
  EXPECT_EQ(SamplesOf(text, "kubecost_day_pods"),
            (Lines{R"({cluster="east",date="2026-11-17"} 1)", R"({cluster="east",date="2026-11-18"} 1)",
                   R"({cluster="north",date="2026-11-18"} 1)", R"({cluster="north",date="2026-11-19"} 1)",
                   R"({cluster="west",date="2026-11-17"} 2)", R"({cluster="west",date="2026-11-19"} 1)"}));
}

// The plain families of one day.
TEST(DailyFactsTest, EveryClusterHasItsTable) {
  Snapshot snapshot;
  snapshot.day = {DayOf(19, {{"a", "p", 1}}, "east"), DayOf(19, {{"a", "p", 2}}, "west")};
  EXPECT_EQ(SamplesOf(::Render(snapshot), "kubecost_pod_total_cost"),
            (Lines{R"({cluster="east",namespace="a",pod="p"} 1)", R"({cluster="west",namespace="a",pod="p"} 2)"}));
  const size_t bytes = snapshot.bytes();
  snapshot.daily = std::make_shared<const DailyFacts>(std::vector{ServedDayOf(snapshot.day[0], kNow, false)}, false);
  EXPECT_LT(snapshot.bytes(), bytes + 1000) << "shared facts count once";
}

TEST(DailyFactsTest, ADayOfWhichNothingIsServedIsNotComplete) {
  ServedDay day;
  day.cluster = "prod-eu";
  day.date = "2026-11-18";
  const std::string text = Render({day, Served(19, {{"a", "p", 4}})});
  EXPECT_EQ(SamplesOf(text, "kubecost_day_complete"),
            (Lines{R"({cluster="prod-eu",date="2026-11-18"} 0)", R"({cluster="prod-eu",date="2026-11-19"} 1)"}));
  EXPECT_EQ(SamplesOf(text, "kubecost_day_settled"), (Lines{R"({cluster="prod-eu",date="2026-11-19"} 0)"}));
  EXPECT_EQ(SamplesOf(text, "kubecost_cluster_daily_cost"), (Lines{R"({cluster="prod-eu",date="2026-11-19"} 4)"}));
}

TEST(DailyFactsTest, DoubtedAndRevisedOnlyWhereTheyAre) {
  std::vector<ServedDay> days = {Served(17, {{"a", "p", 1}}), Served(18, {{"a", "p", 2}}), Served(19, {{"a", "p", 3}})};
  days[0].revised = true;
  days[1].doubt = "shrunken";
  const std::string text = Render(days);
  EXPECT_EQ(SamplesOf(text, "kubecost_day_doubted"),
            (Lines{R"({cluster="prod-eu",date="2026-11-18",reason="shrunken"} 1)"}));
  EXPECT_EQ(SamplesOf(text, "kubecost_day_revised"), (Lines{R"({cluster="prod-eu",date="2026-11-17"} 1)"}));
  // Of a day that is not served, the doubt is what there is.
  days[1].facts = nullptr;
  EXPECT_EQ(SamplesOf(Render(days), "kubecost_day_doubted").size(), 1U);
}

TEST(DailyFactsTest, PodsThatWaitForTheirTurnAreNoCompleteDay) {
  const std::string text =
      Render({ServedDayOf(DayOf(18, {{"a", "p", 3}}), kNow, true, false), Served(19, {{"a", "p", 4}})});
  EXPECT_EQ(SamplesOf(text, "kubecost_pod_daily_cost"),
            (Lines{R"({cluster="prod-eu",namespace="a",pod="p",date="2026-11-19"} 4)"}));
  EXPECT_EQ(SamplesOf(text, "kubecost_namespace_daily_cost").size(), 2U);
  EXPECT_EQ(SamplesOf(text, "kubecost_day_complete"),
            (Lines{R"({cluster="prod-eu",date="2026-11-18"} 0)", R"({cluster="prod-eu",date="2026-11-19"} 1)"}));
  EXPECT_EQ(SamplesOf(text, "kubecost_day_pods"), (Lines{R"({cluster="prod-eu",date="2026-11-19"} 1)"}));
  EXPECT_EQ(SamplesOf(text, "kubecost_day_settled"),
            (Lines{R"({cluster="prod-eu",date="2026-11-18"} 1)", R"({cluster="prod-eu",date="2026-11-19"} 0)"}));
}

TEST(DailyFactsTest, ADayReadWithoutPodsHasNothingToSayOfThem) {
  LevelTables read;
  for (const Level level : {Level::kCluster, Level::kNamespace}) {
    TableBuilder builder(level, "", 0);
    Allocation row;
    row.properties = {"prod-eu", "", "a", "", "", ""};
    row.total_cost = 3;
    row.extent = {kNow, kNow + absl::Hours(1)};
    builder.Add(row);
    read.table(level) = builder.Build();
  }
  const ClusterFacts day = SplitByCluster({kNow, kNow + absl::Hours(24)}, "2026-11-18", false, std::move(read));
  const std::string text = Render({ServedDayOf(day.at(0), kNow, true)});
  EXPECT_EQ(SamplesOf(text, "kubecost_day_complete"), (Lines{R"({cluster="prod-eu",date="2026-11-18"} 0)"}));
  EXPECT_EQ(SamplesOf(text, "kubecost_reconciliation_difference"),
            (Lines{R"({cluster="prod-eu",date="2026-11-18",level="namespace"} 0)"}));
  EXPECT_TRUE(SamplesOf(text, "kubecost_day_pods").empty());
  EXPECT_TRUE(SamplesOf(text, "kubecost_day_coverage_ratio").empty());
}

TEST(DailyFactsTest, ManyDaysOfManyPodsInManyBlocks) {
  std::vector<ServedDay> days;
  std::vector<std::string> names;
  for (int i = 0; i < 700; ++i) names.push_back(absl::StrCat("pod-", i));
  for (int day = 1; day <= 18; ++day) {
    std::vector<Pod> pods;
    for (int i = day; i < 700; i += 2)
      pods.push_back({i % 3 == 0 ? "a" : "b", names[static_cast<size_t>(i)].c_str(), i * 0.5});
    days.push_back(Served(day, pods));
  }
  const std::string text = Render(std::move(days), true);
  const std::vector<std::string> samples = SamplesOf(text, "kubecost_pod_daily_cost");
  const std::vector<std::string> infos = SamplesOf(text, "kubecost_pod_daily_info");
  EXPECT_EQ(samples.size(), infos.size());
  EXPECT_GT(text.size(), 4 * BlockWriter::kBlockBytes);
  std::vector<std::string> sorted = samples;
  std::sort(sorted.begin(), sorted.end());
  EXPECT_TRUE(std::adjacent_find(sorted.begin(), sorted.end()) == sorted.end());
  EXPECT_EQ(SamplesOf(text, "kubecost_pod_daily_resource_cost").size(), 2 * samples.size()) << "cpu and memory";
}

}  // namespace
}  // namespace metrics
