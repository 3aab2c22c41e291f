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

std::shared_ptr<DayFacts> DayOf(int day_of_month, const std::vector<Pod>& pods) {
  auto day = std::make_shared<DayFacts>();
  const absl::Time start = absl::FromCivil(absl::CivilDay(2026, 11, day_of_month), absl::UTCTimeZone());
  day->window = {start, start + absl::Hours(24)};
  day->date = absl::FormatTime("%F", start, absl::UTCTimeZone());
  for (const Level level : {Level::kCluster, Level::kNamespace, Level::kPod}) {
    TableBuilder builder(level, "", 0);
    for (const Pod& pod : pods) {
      Allocation row;
      row.properties = {"prod-eu", pod.node, pod.namespace_name, "deployment", "cart", pod.name};
      row.total_cost = pod.cost;
      row.costs = {pod.cost / 2, 0, pod.cost / 2, 0, 0, 0, 0, 0};
      row.extent = {start, start + absl::Hours(12)};
      builder.Add(row);
    }
    day->table(level) = builder.Build();
  }
  day->Conclude();
  return day;
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
  golden::ExpectEqual("daily.prom",
                      Render({{DayOf(18, {{"checkout", "cart-1", 1}, {"web", "nginx-\"q\"", 0.5}}), kNow, true},
                              {DayOf(19, {{"checkout", "cart-1", 2, "node-2"}, {"checkout", "cart-2", 0.25}}), kNow}},
                             true));
}

TEST(DailyFactsTest, SortedByIdentityThenDate) {
  const std::string text = Render({{DayOf(17, {{"b", "p", 1}, {"a", "q", 2}}), kNow},
                                   {DayOf(18, {{"a", "p", 3}, {"a", "q", 4}}), kNow},
                                   {DayOf(19, {{"a", "q", 5}, {"c", "a", 6}}), kNow}});
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

TEST(DailyFactsTest, PodsThatWaitForTheirTurnAreNoCompleteDay) {
  const std::string text =
      Render({{DayOf(18, {{"a", "p", 3}}), kNow, true, false}, {DayOf(19, {{"a", "p", 4}}), kNow}});
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
  auto day = std::make_shared<DayFacts>(*DayOf(18, {}));
  day->has_pods = false;
  for (const Level level : {Level::kCluster, Level::kNamespace}) {
    TableBuilder builder(level, "", 0);
    Allocation row;
    row.properties = {"prod-eu", "", "a", "", "", ""};
    row.total_cost = 3;
    builder.Add(row);
    day->table(level) = builder.Build();
  }
  day->Conclude();
  const std::string text = Render({{day, kNow, true, true}});
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
    days.push_back({DayOf(day, pods), kNow});
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
