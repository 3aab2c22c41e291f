// `once` against a small Kubecost in memory: which days it reads, what it prints, how it ends.
// Also tests exporter/commands/day_printer.h
#include "exporter/commands/once.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "base/day.h"
#include "kubecost/api_error.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_http_client.h"
#include "tests/fakes/fake_kubecost.h"

namespace commands {
namespace {

using fakes::FakeAnswer;
using fakes::Json;
using fakes::November;
using fakes::Text;
using kubecost::ErrorReason;
using Lines = std::vector<std::string>;

base::Window Day(int day) { return {November(day), November(day + 1)}; }

FakeAnswer Failing(ErrorReason reason) {
  FakeAnswer answer;
  answer.get_error = kubecost::ApiError(reason, "simulated");
  return answer;
}

// Every day has one pod, which costs as many cents as the day of the month, all of it CPU.
class FakeKubecost {
 public:
  FakeAnswer Answer(const std::string& url) {
    if (absl::StrContains(url, "/clusterInfo")) return cluster_info;
    if (absl::StrContains(url, "Configs")) return configs;
    const std::string window = url.substr(url.find("window=") + 7, 41);
    const absl::Time start = *base::ParseRfc3339(window.substr(0, 20));
    const int day = absl::ToCivilDay(start, absl::UTCTimeZone()).day();
    const bool by_pod = absl::StrContains(url, "namespace,pod");
    const bool by_namespace = absl::StrContains(url, "cluster,namespace");
    requests.push_back(absl::StrCat(day, by_pod ? "p" : by_namespace ? "n" : "c"));
    if (on_request) on_request();
    if (failing.contains(day) && failures != 0) {
      --failures;
      return failing[day];
    }
    if (empty.contains(day)) return Json("[{}]");
    double cost = day / 100.0;
    if (changing > 0 && !by_namespace) cost += --changing;
    if (unreconciled.contains(day) && by_pod) cost += 5;
    return Json(absl::StrCat(
        R"([{"c1":{"properties":{)", cluster, R"("namespace":"a","pod":"p","node":"n1"},"window":{"start":")",
        Text(start), R"(","end":")", Text(start + absl::Hours(24)), R"("},"start":")", Text(start), R"(","end":")",
        Text(start + absl::Hours(24)), R"(","cpuCost":)", cost,
        R"(,"gpuCost":0,"ramCost":0,"pvCost":0,"networkCost":0,"loadBalancerCost":0,"sharedCost":0,)",
        R"("externalCost":0,"totalCost":)", cost, "}}]"));
  }

  FakeAnswer cluster_info = Json(R"({"id":"c1"})");
  FakeAnswer configs = {404, "404 page not found", "text/plain", "", {}, {}};
  std::string cluster = R"("cluster":"c1",)";
  std::map<int, FakeAnswer> failing;
  int failures = -1;  // so often they fail, always when negative
  std::set<int> empty;
  std::set<int> unreconciled;
  int changing = 0;  // so many answers of the cluster level are each another
  std::function<void()> on_request;
  Lines requests;
};

class OnceTest : public testing::Test {
 protected:
  OnceTest() { options_.currency = "EUR"; }

  OnceResult Run(OutputFormat format, int first, int last) {
    once_.output = format;
    std::vector<base::Window> days;
    for (int day = first; day <= last; ++day) days.push_back(Day(day));
    const OnceStreams streams = {[this](absl::string_view block) {
                                   absl::StrAppend(&text_, block);
                                   return write_status_;
                                 },
                                 [this](absl::string_view line) { progress_.emplace_back(line); }};
    return RunOnce(once_, options_, days, clock_, http_, streams, stop_.get_token());
  }
  // The samples of a family, without its name.
  Lines Samples(absl::string_view family) const {
    Lines samples;
    for (const absl::string_view line : absl::StrSplit(text_, '\n')) {
      if (absl::StartsWith(line, absl::StrCat(family, "{"))) samples.emplace_back(line.substr(family.size()));
    }
    return samples;
  }

  FakeKubecost kubecost_;
  fakes::FakeClock clock_{November(20, 12)};
  fakes::FakeHttpClient http_{[this](const std::string& url) { return kubecost_.Answer(url); }, 4096};
  polling::Options options_;
  OnceOptions once_;
  std::stop_source stop_;
  absl::Status write_status_;
  std::string text_;
  Lines progress_;
};

constexpr char kCsvHeader[] =
    "date,cluster,namespace,pod,node,controller_kind,controller,cpu,gpu,memory,pv,network,load_balancer,shared,"
    "external,"
    "total,currency,cpu_efficiency,memory_efficiency,total_efficiency,reason\n";

TEST_F(OnceTest, CsvHasTheDaysInOrderThoughTheNewestIsReadFirst) {
  const OnceResult result = Run(OutputFormat::kCsv, 17, 19);
  EXPECT_EQ(result.outcome, OnceOutcome::kComplete);
  EXPECT_EQ(text_, absl::StrCat(kCsvHeader, "2026-11-17,c1,a,p,n1,,,0.17,0,0,0,0,0,0,0,0.17,EUR,,,,\n",
                                "2026-11-18,c1,a,p,n1,,,0.18,0,0,0,0,0,0,0,0.18,EUR,,,,\n",
                                "2026-11-19,c1,a,p,n1,,,0.19,0,0,0,0,0,0,0,0.19,EUR,,,,\n"));
  EXPECT_EQ(absl::StrJoin(kubecost_.requests, " "), "19c 19p 19n 19c 17c 17p 17n 17c 18c 18p 18n 18c");
  EXPECT_EQ(progress_, (Lines{"2026-11-19  1 of 3 days", "2026-11-17  2 of 3 days", "2026-11-18  3 of 3 days"}));
  EXPECT_EQ(result.message, "every day is printed");
  EXPECT_TRUE(clock_.sleeps.empty());
}

TEST_F(OnceTest, JsonTellsWhatIsMissing) {
  kubecost_.empty = {17};
  kubecost_.unreconciled = {19};
  const OnceResult result = Run(OutputFormat::kJson, 17, 19);
  EXPECT_EQ(result.outcome, OnceOutcome::kPartial);
  EXPECT_TRUE(absl::StartsWith(text_,
                               "{\"currency\":\"EUR\",\"utc_offset\":\"+00:00\",\"days\":[\n"
                               "{\"date\":\"2026-11-18\",\"window\":{\"start\":\"2026-11-18T00:00:00Z\",\"end\":"
                               "\"2026-11-19T00:00:00Z\"},\"read_at\":\"2026-11-20T12:00:00Z\",\n\"clusters\":[\n"
                               "{\"cluster\":\"c1\",\"complete\":true,\"settled\":false,"))
      << text_;
  EXPECT_TRUE(absl::StrContains(text_, "\n{\"date\":\"2026-11-19\","));
  EXPECT_TRUE(absl::StrContains(text_, "{\"cluster\":\"c1\",\"complete\":false,"));
  EXPECT_TRUE(
      absl::StrContains(text_, "]}],\n\"missing\":[{\"date\":\"2026-11-17\",\"reason\":\"empty\",\"error\":\""));
  const std::map<absl::string_view, std::string> fields(result.fields.begin(), result.fields.end());
  EXPECT_EQ(fields.at("days"), "2");
  EXPECT_EQ(fields.at("days_asked_for"), "3");
  EXPECT_EQ(fields.at("missing"), "2026-11-17");
  EXPECT_EQ(fields.at("not_adding_up"), "2026-11-19");
}

TEST_F(OnceTest, PrometheusIsAScrapeWithTheNewestDayInThePlainFamilies) {
  EXPECT_EQ(Run(OutputFormat::kPrometheus, 18, 19).outcome, OnceOutcome::kComplete);
  EXPECT_EQ(Samples("kubecost_pod_total_cost"), (Lines{R"({cluster="c1",namespace="a",pod="p"} 0.19)"}));
  EXPECT_EQ(Samples("kubecost_pod_daily_cost"),
            (Lines{R"({cluster="c1",namespace="a",pod="p",date="2026-11-18"} 0.18)",
                   R"({cluster="c1",namespace="a",pod="p",date="2026-11-19"} 0.19)"}));
  EXPECT_EQ(Samples("kubecost_day_complete").size(), 2U);
  EXPECT_EQ(Samples("kubecost_cluster_info"), (Lines{R"({cluster="c1",id="c1",name="c1"} 1)"}));
  EXPECT_TRUE(Samples("kubecost_pod_gpu_cost").empty()) << "a scrape leaves it out";
  EXPECT_FALSE(absl::StrContains(text_, "kubecost_exporter_"));
}

TEST_F(OnceTest, ThePlainFamiliesNeverShowAnotherDayThanTheNewest) {
  kubecost_.empty = {19};
  EXPECT_EQ(Run(OutputFormat::kPrometheus, 18, 19).outcome, OnceOutcome::kPartial);
  EXPECT_TRUE(Samples("kubecost_pod_total_cost").empty());
  EXPECT_EQ(Samples("kubecost_pod_daily_cost").size(), 1U);
}

TEST_F(OnceTest, OpenMetricsStampsADayFromItsCloseOn) {
  once_.sample_interval = absl::Hours(6);
  EXPECT_EQ(Run(OutputFormat::kOpenMetrics, 18, 19).outcome, OnceOutcome::kComplete);
  const auto line = [](absl::string_view series, absl::Time time) {
    return absl::StrCat(series, " ", absl::ToUnixSeconds(time));
  };
  const std::string plain = R"({cluster="c1",namespace="a",pod="p"})";
  EXPECT_EQ(Samples("kubecost_pod_total_cost"),
            (Lines{line(plain + " 0.18", November(19, 2)), line(plain + " 0.18", November(19, 6)),
                   line(plain + " 0.18", November(19, 12)), line(plain + " 0.18", November(19, 18)),
                   line(plain + " 0.18", November(20, 0)), line(plain + " 0.19", November(20, 2)),
                   line(plain + " 0.19", November(20, 6)), line(plain + " 0.19", November(20, 12))}))
      << "no later than now";
  const std::string dated = R"({cluster="c1",namespace="a",pod="p",date="2026-11-18"} 0.18)";
  EXPECT_EQ(Samples("kubecost_pod_daily_cost").front(), line(dated, November(19, 2)));
  EXPECT_EQ(Samples("kubecost_pod_daily_cost").size(), 7 + 3U) << "for --day.keep days";
  EXPECT_TRUE(absl::EndsWith(text_, "\n# EOF\n"));
  EXPECT_TRUE(Samples("kubecost_cluster_info").empty());
}

TEST_F(OnceTest, KubecostsOwnWordsForClusterAndCurrency) {
  options_.currency = "";
  kubecost_.cluster = "";
  kubecost_.configs = Json(R"({"currencyCode":"CHF"})");
  EXPECT_EQ(Run(OutputFormat::kCsv, 19, 19).outcome, OnceOutcome::kComplete);
  EXPECT_EQ(text_, absl::StrCat(kCsvHeader, "2026-11-19,c1,a,p,n1,,,0.19,0,0,0,0,0,0,0,0.19,CHF,,,,\n"));
  EXPECT_TRUE(progress_.empty()) << "one day is no progress";
  text_.clear();
  kubecost_.configs = {404, "", "text/plain", "", {}, {}};
  EXPECT_EQ(Run(OutputFormat::kCsv, 19, 19).outcome, OnceOutcome::kComplete);
  EXPECT_TRUE(absl::StrContains(text_, ",0.19,USD,"));
  for (const auto& [told, printed] : {std::pair("eur", ",0.19,EUR,"), std::pair("$", ",0.19,,")}) {
    text_.clear();
    kubecost_.configs = Json(absl::StrCat(R"({"currencyCode":")", told, R"("})"));
    EXPECT_EQ(Run(OutputFormat::kCsv, 19, 19).outcome, OnceOutcome::kComplete);
    EXPECT_TRUE(absl::StrContains(text_, printed)) << text_;
  }
}

TEST_F(OnceTest, WithoutClusterInfoOneFamilyIsMissing) {
  kubecost_.cluster_info = Failing(ErrorReason::kReadTimeout);
  EXPECT_EQ(Run(OutputFormat::kPrometheus, 19, 19).outcome, OnceOutcome::kComplete);
  EXPECT_TRUE(Samples("kubecost_cluster_info").empty());
  EXPECT_EQ(Samples("kubecost_pod_total_cost").size(), 1U);
  EXPECT_TRUE(clock_.sleeps.empty()) << "a day does not wait for what a side question took";
}

TEST_F(OnceTest, ItSaysWhatItWaitsFor) {
  kubecost_.failing[17] = {500, "", "text/plain", "", {}, {}};
  kubecost_.on_request = [this] { clock_.Advance(absl::Seconds(6)); };
  testing::internal::CaptureStderr();
  EXPECT_EQ(Run(OutputFormat::kCsv, 17, 19).outcome, OnceOutcome::kPartial);
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_TRUE(absl::StrContains(log,
                                "msg=\"waiting before Kubecost is asked again\" day=2026-11-18 wait=1m "
                                "after=\"day 2026-11-17 failed with reason http_5xx\"\n"))
      << log;
}

TEST_F(OnceTest, TheCurrencyIsTriedThreeTimes) {
  options_.currency = "";
  kubecost_.configs = {503, "", "text/plain", "", {}, {}};
  EXPECT_EQ(Run(OutputFormat::kCsv, 18, 19).outcome, OnceOutcome::kComplete);
  EXPECT_TRUE(absl::StrContains(text_, ",0.19,USD,"));
  EXPECT_EQ(clock_.sleeps, (std::vector<absl::Duration>{absl::Seconds(15), absl::Seconds(30)}));
}

TEST_F(OnceTest, WhatChangesWhileItIsReadIsReadAgain) {
  kubecost_.changing = 4;
  EXPECT_EQ(Run(OutputFormat::kCsv, 19, 19).outcome, OnceOutcome::kComplete);
  EXPECT_EQ(absl::StrJoin(kubecost_.requests, " "), "19c 19p 19n 19c 19c 19p 19n 19c 19c 19p 19n 19c");
  EXPECT_EQ(clock_.sleeps, (std::vector<absl::Duration>{absl::Seconds(15), absl::Seconds(30)}));
  text_.clear();
  kubecost_.changing = 100;
  const OnceResult result = Run(OutputFormat::kCsv, 19, 19);
  EXPECT_EQ(result.outcome, OnceOutcome::kFailed);
  EXPECT_EQ(result.message, "nothing could be read");
  EXPECT_EQ(text_, "");
}

TEST_F(OnceTest, AnUnreachableKubecostIsTriedThreeTimesForAllDays) {
  options_.cluster_info = polling::ClusterInfoMode::kOff;
  for (int day = 10; day <= 19; ++day) kubecost_.failing[day] = Failing(ErrorReason::kRefused);
  const OnceResult result = Run(OutputFormat::kCsv, 10, 19);
  EXPECT_EQ(result.outcome, OnceOutcome::kUnreachable);
  EXPECT_TRUE(absl::StrContains(result.fields.at(0).second, "simulated"));
  EXPECT_EQ(absl::StrJoin(kubecost_.requests, " "), "19c 19c 19c");
  EXPECT_EQ(text_, "");
}

TEST_F(OnceTest, RetryAfterIsObeyed) {
  kubecost_.failing[18] = {429, "", "text/plain", "", {}, {}};
  kubecost_.failing[18].retry_after = "600";
  kubecost_.failures = 1;
  EXPECT_EQ(Run(OutputFormat::kCsv, 18, 18).outcome, OnceOutcome::kComplete);
  EXPECT_EQ(clock_.sleeps, std::vector<absl::Duration>{absl::Minutes(10)});
}

TEST_F(OnceTest, RetryAfterOfASideQuestionHoldsBackTheDays) {
  kubecost_.cluster_info = {503, "", "text/plain", "", {}, {}};
  kubecost_.cluster_info.retry_after = "120";
  EXPECT_EQ(Run(OutputFormat::kCsv, 18, 18).outcome, OnceOutcome::kComplete);
  EXPECT_EQ(clock_.sleeps, std::vector<absl::Duration>{absl::Minutes(2)});
}

TEST_F(OnceTest, AfterATimeoutItWaitsTenTimesAsLong) {
  kubecost_.failing[19] = Failing(ErrorReason::kReadTimeout);
  kubecost_.failures = 2;
  kubecost_.on_request = [this] { clock_.Advance(absl::Seconds(50)); };
  EXPECT_EQ(Run(OutputFormat::kCsv, 19, 19).outcome, OnceOutcome::kComplete);
  EXPECT_EQ(clock_.sleeps, (std::vector<absl::Duration>{absl::Seconds(500), absl::Seconds(500)}));
  clock_.sleeps.clear();
  kubecost_.failures = 1;
  kubecost_.on_request = [this] { clock_.Advance(absl::Minutes(9)); };
  EXPECT_EQ(Run(OutputFormat::kCsv, 19, 19).outcome, OnceOutcome::kComplete);
  EXPECT_EQ(clock_.sleeps, std::vector<absl::Duration>{absl::Minutes(10)}) << "no longer than that";
}

TEST_F(OnceTest, NothingAtAllIsNoData) {
  kubecost_.empty = {18, 19};
  const OnceResult result = Run(OutputFormat::kJson, 18, 19);
  EXPECT_EQ(result.outcome, OnceOutcome::kNoData);
  EXPECT_TRUE(absl::StrContains(result.fields.at(0).second, "API response appears to be empty"));
  EXPECT_EQ(text_, "");
  EXPECT_EQ(absl::StrJoin(kubecost_.requests, " "), "19c 19p 19n 18c 18p 18n") << "no level has anything";
}

TEST_F(OnceTest, AnAnswerWithoutABodyIsAFailure) {
  kubecost_.failing[18] = {200, "", "application/json", "", {}, {}};
  const OnceResult result = Run(OutputFormat::kCsv, 18, 18);
  EXPECT_EQ(result.outcome, OnceOutcome::kFailed);
  EXPECT_EQ(kubecost_.requests, (Lines{"18c", "18c", "18c"}));
  kubecost_.requests.clear();
  kubecost_.failures = 1;
  EXPECT_EQ(Run(OutputFormat::kCsv, 17, 18).outcome, OnceOutcome::kComplete);
}

TEST_F(OnceTest, AFailureSaysMoreThanADayWithoutData) {
  kubecost_.empty = {18};
  kubecost_.failing[19] = {400, "", "text/plain", "", {}, {}};
  const OnceResult result = Run(OutputFormat::kJson, 18, 19);
  EXPECT_EQ(result.outcome, OnceOutcome::kFailed);
  EXPECT_TRUE(absl::StrContains(result.fields.at(0).second, "HTTP 400"));
}

TEST_F(OnceTest, ADaysOwnTroubleLetsTheOthersBeRead) {
  kubecost_.failing[18] = {500, "", "text/plain", "", {}, {}};
  EXPECT_EQ(Run(OutputFormat::kCsv, 17, 19).outcome, OnceOutcome::kPartial);
  EXPECT_EQ(absl::StrJoin(kubecost_.requests, " "), "19c 19p 19n 19c 17c 17p 17n 17c 18c 18c 18c");
  EXPECT_TRUE(absl::StrContains(text_, "2026-11-17,"));
  EXPECT_TRUE(absl::StrContains(text_, "2026-11-19,"));
}

TEST_F(OnceTest, WhatConcernsAllDaysEndsTheRun) {
  kubecost_.failing[17] = {401, "", "text/plain", "", {}, {}};
  const OnceResult result = Run(OutputFormat::kCsv, 17, 19);
  EXPECT_EQ(result.outcome, OnceOutcome::kPartial);
  EXPECT_EQ(absl::StrJoin(kubecost_.requests, " "), "19c 19p 19n 19c 17c");
  EXPECT_EQ(text_, absl::StrCat(kCsvHeader, "2026-11-19,c1,a,p,n1,,,0.19,0,0,0,0,0,0,0,0.19,EUR,,,,\n"));
  EXPECT_EQ(result.fields.at(2).second, "2026-11-17,2026-11-18");
}

TEST_F(OnceTest, ASignalEndsIt) {
  kubecost_.failing[19] = Failing(ErrorReason::kRefused);
  kubecost_.on_request = [this] { stop_.request_stop(); };
  OnceResult result = Run(OutputFormat::kCsv, 18, 19);
  EXPECT_EQ(result.outcome, OnceOutcome::kFailed);
  EXPECT_EQ(result.message, "stopped by a signal");
  EXPECT_EQ(kubecost_.requests.size(), 1U);
}

TEST_F(OnceTest, AFullDiskEndsIt) {
  write_status_ = absl::InternalError("cannot write costs.csv.tmp: No space left on device");
  const OnceResult result = Run(OutputFormat::kCsv, 10, 19);
  EXPECT_EQ(result.outcome, OnceOutcome::kFailed);
  EXPECT_EQ(result.message, "the output cannot be written");
  EXPECT_EQ(result.fields.at(0).second, "cannot write costs.csv.tmp: No space left on device");
  EXPECT_EQ(kubecost_.requests.size(), 2 * 4U) << "nothing is read for nothing";
}

// Which days there are.

std::string Days(const OnceOptions& once, absl::Duration utc_offset = absl::ZeroDuration()) {
  polling::Options options;
  options.day_utc_offset = utc_offset;
  std::vector<std::string> problems;
  const std::vector<base::Window> days = DaysOf(once, options, November(20, 12), problems);
  if (!problems.empty()) return absl::StrJoin(problems, "\n");
  for (size_t i = 1; i < days.size(); ++i) EXPECT_EQ(days[i].start, days[i - 1].end);
  return absl::StrCat(Text(days.front().start), " ", days.size());
}

OnceOptions Asking(std::optional<absl::CivilDay> date, std::optional<absl::CivilDay> from = {},
                   std::optional<absl::CivilDay> to = {}, OutputFormat output = OutputFormat::kCsv) {
  OnceOptions once;
  once.output = output;
  once.date = date;
  once.from = from;
  once.to = to;
  return once;
}

TEST(DaysOfTest, DaysAndRanges) {
  const auto day = [](int number) { return absl::CivilDay(2026, 11, number); };
  EXPECT_EQ(Days(Asking({})), "2026-11-19T00:00:00Z 1") << "the newest complete day";
  EXPECT_EQ(Days(Asking(day(5))), "2026-11-05T00:00:00Z 1");
  EXPECT_EQ(Days(Asking({}, day(5), day(7))), "2026-11-05T00:00:00Z 3") << "the last day belongs to it";
  EXPECT_EQ(Days(Asking({}, day(5), day(5))), "2026-11-05T00:00:00Z 1");
  EXPECT_EQ(Days(Asking({}, day(18))), "2026-11-18T00:00:00Z 2");
  EXPECT_EQ(Days(Asking({}, absl::CivilDay(2025, 11, 19))), "2025-11-19T00:00:00Z 366");
  EXPECT_EQ(Days(Asking(day(5)), absl::Minutes(330)), "2026-11-04T18:30:00Z 1");
  EXPECT_EQ(Days(Asking(day(18)), -absl::Hours(11)), "2026-11-18T11:00:00Z 1");
}

TEST(DaysOfTest, TheLastFew) {
  OnceOptions once = Asking({});
  once.days = 3;
  EXPECT_EQ(Days(once), "2026-11-17T00:00:00Z 3");
  EXPECT_EQ(Days(once, -absl::Hours(11)), "2026-11-16T11:00:00Z 3");
  once.days = 1;
  EXPECT_EQ(Days(once), Days(Asking({})));
  once.days = 366;
  EXPECT_EQ(Days(once), "2025-11-19T00:00:00Z 366");
  once.days = 367;
  EXPECT_EQ(Days(once), "--days: the range has 367 days; at most 366");
  once.output = OutputFormat::kPrometheus;
  EXPECT_EQ(Days(once), "--days: the range has 367 days; at most 127 with --output=prometheus");
  once = Asking(absl::CivilDay(2026, 11, 5));
  once.days = 3;
  EXPECT_EQ(Days(once), "--days: counts back from the newest complete day; give it without --date, --from and --to");
}

TEST(DaysOfTest, Problems) {
  const auto day = [](int number) { return absl::CivilDay(2026, 11, number); };
  EXPECT_EQ(Days(Asking(day(20))),
            "--date: 2026-11-20 is complete from 2026-11-21T02:00:00Z on; the newest complete day is 2026-11-19");
  EXPECT_EQ(Days(Asking(day(19)), -absl::Hours(11)),
            "--date: 2026-11-19 is complete from 2026-11-20T13:00:00Z on; the newest complete day is 2026-11-18");
  EXPECT_EQ(Days(Asking({}, {}, day(5))), "--to: needs --from");
  EXPECT_EQ(Days(Asking(day(1), day(2))), "--date: is one day, --from and --to are a range; give either");
  EXPECT_EQ(Days(Asking({}, day(6), day(5))), "--from: is after --to");
  EXPECT_EQ(Days(Asking({}, absl::CivilDay(2025, 11, 18))), "--from: the range has 367 days; at most 366");
  EXPECT_EQ(Days(Asking({}, absl::CivilDay(2026, 7, 15), day(19), OutputFormat::kPrometheus)),
            "--from: the range has 128 days; at most 127 with --output=prometheus");
  EXPECT_EQ(Days(Asking({}, absl::CivilDay(1, 1, 1))), "--from: the range has 739939 days; at most 366");
  OnceOptions once = Asking({});
  once.sample_interval = absl::Hours(1);
  EXPECT_EQ(Days(once), "--sample-interval: belongs to --output=openmetrics");
}

TEST(DaysOfTest, EveryProblemInOneGo) {
  const std::string problems =
      Days(Asking(absl::CivilDay(2026, 11, 20), absl::CivilDay(2026, 11, 22), absl::CivilDay(2026, 11, 21)));
  EXPECT_EQ(std::count(problems.begin(), problems.end(), '\n'), 4) << problems;
}

}  // namespace
}  // namespace commands
