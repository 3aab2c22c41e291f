#include "metrics/open_metrics.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "metrics/table_builder.h"

namespace metrics {
namespace {

using kubecost::Allocation;
using Lines = std::vector<std::string>;

absl::Time November(int day, double hour = 0) {
  return absl::FromCivil(absl::CivilDay(2026, 11, day), absl::UTCTimeZone()) + hour * absl::Hours(1);
}

struct Pod {
  const char* name;
  double cost;
  const char* node = "n1";
};

// Seen by the plain families at 100 x day and one later, by those keyed by date at three moments.
StampedDay DayOf(int day_of_month, const std::vector<Pod>& pods, const char* cluster = "c1") {
  LevelTables read;
  for (const Level level : {Level::kCluster, Level::kNamespace, Level::kPod}) {
    TableBuilder builder(level, "", 0);
    for (const Pod& pod : pods) {
      Allocation row;
      row.properties = {cluster, pod.node, "a", "job", "j", pod.name};
      row.total_cost = pod.cost;
      row.costs = {pod.cost, 0, 0, 0, 0, 0, 0, 0};
      builder.Add(row);
    }
    read.table(level) = builder.Build(Columns::kEverything);
  }
  const ClusterFacts day = SplitByCluster({November(day_of_month), November(day_of_month + 1)},
                                          absl::StrCat("2026-11-", day_of_month), true, std::move(read));
  const int64_t first = 100 * day_of_month;
  return {ServedDayOf(day.at(0), November(20), true), {first, first + 1}, {first, first + 1, first + 100}};
}

std::string Render(const std::vector<StampedDay>& days, bool pod_resources = false) {
  std::string text;
  BlockWriter out([&text](absl::string_view block) {
    absl::StrAppend(&text, block);
    return true;
  });
  WriteOpenMetrics(days, pod_resources, out);
  EXPECT_TRUE(out.Flush());
  return text;
}

Lines LinesOf(const std::string& text, absl::string_view family) {
  Lines lines;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    if (absl::StartsWith(line, absl::StrCat(family, "{"))) lines.emplace_back(line.substr(family.size()));
  }
  return lines;
}

TEST(SampleTimesTest, TheFirstMomentAndWholeMultiples) {
  const auto seconds = [](std::vector<absl::Time> times) {
    std::vector<int64_t> found;
    for (const absl::Time time : times) found.push_back(absl::ToUnixSeconds(time));
    return found;
  };
  EXPECT_EQ(SampleTimes(November(20, 2), November(20, 5), absl::Hours(1)),
            seconds({November(20, 2), November(20, 3), November(20, 4)}))
      << "the end does not belong to it";
  EXPECT_EQ(SampleTimes(November(19, 20.5), November(19, 22.5), absl::Hours(1)),
            seconds({November(19, 20.5), November(19, 21), November(19, 22)}))
      << "range queries look at whole hours";
  EXPECT_EQ(SampleTimes(November(20, 2), November(21, 2), absl::Hours(24)), seconds({November(20, 2), November(21)}));
  EXPECT_TRUE(SampleTimes(November(20, 2), November(20, 2), absl::Hours(1)).empty());
  EXPECT_TRUE(SampleTimes(November(20, 2), November(20, 1), absl::Hours(1)).empty());
}

TEST(OpenMetricsTest, PlainFamiliesAreOneSeriesOverTheDays) {
  const std::string text = Render({DayOf(17, {{"p", 1}, {"q", 2}}), DayOf(18, {{"p", 3}}), DayOf(19, {{"p", 4}})});
  EXPECT_EQ(
      LinesOf(text, "kubecost_pod_total_cost"),
      (Lines{R"({cluster="c1",namespace="a",pod="p"} 1 1700)", R"({cluster="c1",namespace="a",pod="p"} 1 1701)",
             R"({cluster="c1",namespace="a",pod="p"} 3 1800)", R"({cluster="c1",namespace="a",pod="p"} 3 1801)",
             R"({cluster="c1",namespace="a",pod="p"} 4 1900)", R"({cluster="c1",namespace="a",pod="p"} 4 1901)",
             R"({cluster="c1",namespace="a",pod="q"} 2 1700)", R"({cluster="c1",namespace="a",pod="q"} 2 1701)"}));
  EXPECT_TRUE(absl::StartsWith(text, "# HELP kubecost_cluster_cpu_cost ")) << text.substr(0, 200);
  EXPECT_TRUE(absl::EndsWith(text, "\n# EOF\n"));
}

TEST(OpenMetricsTest, ClustersOneAfterTheOther) {
  const std::string text =
      Render({DayOf(18, {{"p", 1}}), DayOf(18, {{"p", 2}}, "c2"), DayOf(19, {{"p", 3}}), DayOf(19, {{"q", 4}}, "c0")});
  EXPECT_EQ(LinesOf(text, "kubecost_cluster_total_cost"),
            (Lines{R"({cluster="c0"} 4 1900)", R"({cluster="c0"} 4 1901)", R"({cluster="c1"} 1 1800)",
                   R"({cluster="c1"} 1 1801)", R"({cluster="c1"} 3 1900)", R"({cluster="c1"} 3 1901)",
                   R"({cluster="c2"} 2 1800)", R"({cluster="c2"} 2 1801)"}));
}

TEST(OpenMetricsTest, LeavesOutWhatAScrapeLeavesOut) {
  const std::string text = Render({DayOf(19, {{"p", 1}})});
  EXPECT_EQ(LinesOf(text, "kubecost_pod_pv_cost").size(), 2U);
  EXPECT_TRUE(LinesOf(text, "kubecost_pod_gpu_cost").empty());
  EXPECT_EQ(LinesOf(text, "kubecost_namespace_gpu_cost").size(), 2U);
  EXPECT_TRUE(LinesOf(text, "kubecost_pod_cpu_efficiency").empty());
}

TEST(OpenMetricsTest, AttributesThatComeBackAreOneSeries) {
  const std::string text = Render({DayOf(17, {{"p", 1}}), DayOf(18, {{"p", 1, "n2"}}), DayOf(19, {{"p", 1}})});
  constexpr absl::string_view kFirst =
      R"({cluster="c1",namespace="a",pod="p",node="n1",controller_kind="job",controller="j"} 1 )";
  constexpr absl::string_view kSecond =
      R"({cluster="c1",namespace="a",pod="p",node="n2",controller_kind="job",controller="j"} 1 )";
  EXPECT_EQ(LinesOf(text, "kubecost_pod_info"),
            (Lines{absl::StrCat(kFirst, 1700), absl::StrCat(kFirst, 1701), absl::StrCat(kFirst, 1900),
                   absl::StrCat(kFirst, 1901), absl::StrCat(kSecond, 1800), absl::StrCat(kSecond, 1801)}));
}

TEST(OpenMetricsTest, EachDateIsASeries) {
  const std::string text = Render({DayOf(18, {{"p", 1}}), DayOf(19, {{"p", 2}})}, true);
  EXPECT_EQ(LinesOf(text, "kubecost_pod_daily_cost"),
            (Lines{R"({cluster="c1",namespace="a",pod="p",date="2026-11-18"} 1 1800)",
                   R"({cluster="c1",namespace="a",pod="p",date="2026-11-18"} 1 1801)",
                   R"({cluster="c1",namespace="a",pod="p",date="2026-11-18"} 1 1900)",
                   R"({cluster="c1",namespace="a",pod="p",date="2026-11-19"} 2 1900)",
                   R"({cluster="c1",namespace="a",pod="p",date="2026-11-19"} 2 1901)",
                   R"({cluster="c1",namespace="a",pod="p",date="2026-11-19"} 2 2000)"}));
  EXPECT_EQ(
      LinesOf(text, "kubecost_pod_daily_info")[3],
      R"({cluster="c1",namespace="a",pod="p",node="n1",controller_kind="job",controller="j",date="2026-11-19"} 1 1900)");
  EXPECT_EQ(LinesOf(text, "kubecost_pod_daily_resource_cost").size(), 2 * 3U) << "zero parts are left out";
  EXPECT_EQ(LinesOf(text, "kubecost_namespace_daily_resource_cost")[0],
            R"({cluster="c1",namespace="a",resource="cpu",date="2026-11-18"} 1 1800)");
  EXPECT_EQ(LinesOf(text, "kubecost_day_pods")[5], R"({cluster="c1",date="2026-11-19"} 1 2000)");
  EXPECT_EQ(LinesOf(text, "kubecost_day_complete")[0], R"({cluster="c1",date="2026-11-18"} 1 1800)");
  EXPECT_EQ(LinesOf(text, "kubecost_reconciliation_difference")[3],
            R"({cluster="c1",date="2026-11-18",level="pod"} 0 1800)");
  EXPECT_TRUE(LinesOf(Render({DayOf(19, {{"p", 2}})}), "kubecost_pod_daily_resource_cost").empty());
}

TEST(OpenMetricsTest, FamiliesAndSeriesAreInOnePieceAndTimeRises) {
  std::vector<StampedDay> days;
  for (int day = 10; day <= 19; ++day) {
    std::vector<Pod> pods;
    static constexpr const char* kNames[] = {"a", "b", "c", "d", "e"};
    static constexpr const char* kNodes[] = {"n1", "n2"};
    for (int pod = 0; pod < 5; ++pod) {
      if ((day + pod) % 3 != 0) pods.push_back({kNames[pod], day + pod / 10.0, kNodes[(day * pod) % 2]});
    }
    days.push_back(DayOf(day, pods));
  }
  std::set<std::string> families;
  std::map<std::string, int64_t> last_times;
  std::string family;
  std::string series;
  for (const absl::string_view line : absl::StrSplit(Render(days, true), '\n', absl::SkipEmpty())) {
    if (absl::StartsWith(line, "# HELP ")) {
      family = std::string(line.substr(7, line.find(' ', 7) - 7));
      EXPECT_TRUE(families.insert(family).second) << family << " begins twice";
    } else if (!absl::StartsWith(line, "#")) {
      const std::vector<std::string> words = absl::StrSplit(line, ' ');
      ASSERT_EQ(words.size(), 3U) << line;
      int64_t time = 0;
      ASSERT_TRUE(absl::SimpleAtoi(words[2], &time)) << line;
      EXPECT_TRUE(absl::StartsWith(words[0], absl::StrCat(family, "{"))) << line;
      const auto [last, is_new] = last_times.try_emplace(words[0], time);
      EXPECT_EQ(words[0] == series, !is_new) << "not in one piece: " << line;
      EXPECT_TRUE(is_new || last->second < time) << line;
      last->second = time;
      series = words[0];
    }
  }
  EXPECT_GT(families.size(), 20U);
}

TEST(OpenMetricsTest, ADayThatIsNeverSeenIsNotWritten) {
  StampedDay day = DayOf(19, {{"p", 1}});
  day.plain_times.clear();
  const std::string text = Render({day});
  EXPECT_FALSE(absl::StrContains(text, "kubecost_pod_total_cost"));
  EXPECT_TRUE(absl::StrContains(text, "kubecost_pod_daily_cost{"));
  EXPECT_EQ(Render({}), "# EOF\n");
}

}  // namespace
}  // namespace metrics
