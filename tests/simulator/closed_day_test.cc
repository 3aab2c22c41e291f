// Closed days: how they change after their end, and days unlike the others.

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "tests/simulator/simulator.h"
#include "tests/simulator/test_client.h"

namespace simulator {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1772721000);       // 2026-03-05 14:30
const absl::Time kDayStart = absl::FromUnixSeconds(1772496000);  // 2026-03-03
const absl::Time kDayEnd = kDayStart + absl::Hours(24);

constexpr char kPods[] = "aggregate=cluster,namespace,pod,node,controllerKind,controller";
constexpr const char* kLevels[] = {kPods, "aggregate=cluster,namespace", "aggregate=cluster"};
constexpr Level kOracleLevels[] = {Level::kPod, Level::kNamespace, Level::kCluster};

SimulatorOptions Options(std::vector<const char*> events = {}) {
  SimulatorOptions options;
  options.pods = 120;
  options.now = [] { return kNow; };
  for (const char* event : events) options.events.push_back(ParseEvent(event).value());
  return options;
}

std::string Target(absl::Time start, absl::Time end, absl::string_view aggregate) {
  const auto text = [](absl::Time time) { return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", time, absl::UTCTimeZone()); };
  return absl::StrCat("/model/allocation?window=", text(start), ",", text(end), "&accumulate=true&splitIdle=true&",
                      aggregate);
}

std::string DayTarget(absl::string_view aggregate) { return Target(kDayStart, kDayEnd, aggregate); }

std::string Body(const Simulator& server, const std::string& target) { return Fetch(server.port(), target).body; }

double OracleTotal(const Simulator& server, Level level = Level::kCluster) {
  double total = 0;
  for (const OracleEntry& entry : server.Oracle(kDayStart, kDayEnd, level)) total += entry.total.value_or(0);
  return total;
}

absl::Time TimeOf(const Json& row, const char* field) {
  absl::Time time;
  std::string error;
  EXPECT_TRUE(absl::ParseTime(absl::RFC3339_full, row[field].text, &time, &error)) << error;
  return time;
}

// The days around kDayStart and all hours of the following one are those of a server without events.
void ExpectOtherDaysUnchanged(const SimulatorOptions& options) {
  SimulatorOptions ordinary_options = options;
  ordinary_options.events.clear();
  Simulator ordinary(ordinary_options);
  Simulator server(options);
  for (const char* level : kLevels) {
    for (const int days : {-2, -1, 1, 2}) {
      const absl::Time start = kDayStart + absl::Hours(24 * days);
      const std::string target = Target(start, start + absl::Hours(24), level);
      EXPECT_EQ(Body(server, target), Body(ordinary, target)) << target;
    }
  }
}

// Every level's answer has the sum that the oracle tells.
void ExpectOracleToAgree(const Simulator& server) {
  for (size_t i = 0; i < 3; ++i) {
    const Json data = GetData(server.port(), DayTarget(kLevels[i]));
    EXPECT_NEAR(SumOf(data.items.at(0), "totalCost"), OracleTotal(server, kOracleLevels[i]), 1e-9);
    const double rows = static_cast<double>(data.items[0].members.size());
    EXPECT_NEAR(OracleTotal(server, kOracleLevels[i]), OracleTotal(server), 5e-6 * (rows + 10));
  }
}

TEST(EventTest, ReadsEventsAndOutages) {
  EXPECT_EQ(ParseEvent("off:2026-03-03")->day, absl::CivilDay(2026, 3, 3));
  EXPECT_EQ(ParseEvent("half:2026-03-03")->kind, EventKind::kHalf);
  EXPECT_EQ(ParseEvent("vanish:2026-03-03")->delay, absl::Hours(20));
  EXPECT_EQ(ParseEvent("vanish:2026-03-03:30")->delay, absl::Hours(30));
  for (const char* text : {"", "off", "off:", "off:3.3.2026", "on:2026-03-03", "off:2026-03-03:5", "move:2026-02-31",
                           "vanish:2026-03-03:-1", "vanish:2026-03-03:x", "vanish:2026-03-03:1:2"}) {
    EXPECT_FALSE(ParseEvent(text).has_value()) << text;
  }
  const auto outage = ParseOutage("2026-03-03T10:00:00Z/2026-03-03T12:00:00+01:00");
  ASSERT_TRUE(outage.has_value());
  EXPECT_EQ(outage->end - outage->start, absl::Hours(1));
  for (const char* text : {"", "2026-03-03T10:00:00Z", "2026-03-03T10:00:00Z/2026-03-03T10:00:00Z"}) {
    EXPECT_FALSE(ParseOutage(text).has_value()) << text;
  }
}

TEST(ClosedDayTest, CorrectionsGoUpAndDownAndEndWithin48Hours) {
  Simulator server(Options());
  std::map<std::pair<bool, bool>, int> directions;
  for (int day = 0; day < 30; ++day) {
    const absl::Time start = kDayStart - absl::Hours(24 * day);
    const absl::Time end = start + absl::Hours(24);
    const auto total = [&](int hours) {
      server.SetNow(end + absl::Hours(hours));
      return server.Oracle(start, end, Level::kCluster).at(0).total.value();
    };
    const double fresh = total(2);
    EXPECT_EQ(total(23), fresh);
    const double corrected = total(24);
    EXPECT_EQ(total(29), corrected);
    const double settled = total(48);
    EXPECT_GT(std::abs(corrected - fresh), 0.002 * fresh) << day;
    EXPECT_GT(std::abs(settled - corrected), 0.005 * fresh) << day;
    EXPECT_EQ(total(49), settled);
    EXPECT_EQ(total(24 * 28), settled);
    ++directions[{corrected > fresh, settled > corrected}];
  }
  for (const bool first : {false, true}) {
    for (const bool second : {false, true}) EXPECT_GE((directions[{first, second}]), 7);
  }
}

TEST(ClosedDayTest, DaysBeyondTheHistoryAreEmpty) {
  Simulator server(Options());
  const absl::Time oldest = absl::FromUnixSeconds(1772668800) - absl::Hours(30 * 24);
  EXPECT_EQ(server.Oracle(oldest, oldest + absl::Hours(24), Level::kCluster).size(), 1u);
  EXPECT_TRUE(server.Oracle(oldest - absl::Hours(24), oldest, Level::kCluster).empty());
  EXPECT_EQ(Body(server, Target(oldest - absl::Hours(24), oldest, kPods)), "{\"code\":200,\"data\":[{}]}\n");
}

TEST(ClosedDayTest, OffIsAnEmptyAnswer) {
  SimulatorOptions options = Options({"off:2026-03-03"});
  options.clusters = 2;
  Simulator server(options);
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(Body(server, DayTarget(kLevels[i])), "{\"code\":200,\"data\":[{}]}\n");
    EXPECT_TRUE(server.Oracle(kDayStart, kDayEnd, kOracleLevels[i]).empty());
  }
  ExpectOtherDaysUnchanged(options);
  const Json days =
      GetData(server.port(), "/model/allocation?window=2026-03-02T00:00:00Z,2026-03-05T00:00:00Z&aggregate=cluster");
  ASSERT_EQ(days.items.size(), 3u);
  EXPECT_FALSE(days.items[0].members.empty());
  EXPECT_TRUE(days.items[1].members.empty());
  EXPECT_FALSE(days.items[2].members.empty());
}

TEST(ClosedDayTest, HalfIsTheFirstHalfOfAnOrdinaryDay) {
  Simulator ordinary(Options());
  const SimulatorOptions options = Options({"half:2026-03-03"});
  Simulator server(options);
  for (const char* level : kLevels) {
    const Json half = GetData(server.port(), DayTarget(level)).items.at(0);
    const Json first = GetData(ordinary.port(), Target(kDayStart, kDayStart + absl::Hours(12), level)).items.at(0);
    ASSERT_EQ(half.members.size(), first.members.size());
    for (size_t i = 0; i < half.members.size(); ++i) {
      const Json& row = half.members[i].value;
      for (const char* field : {"totalCost", "cpuCost", "minutes", "ramByteHours"}) {
        EXPECT_EQ(row[field].number, first.members[i].value[field].number) << half.members[i].name;
      }
      EXPECT_LE(TimeOf(row, "end"), kDayStart + absl::Hours(12));
    }
  }
  ExpectOracleToAgree(server);
  ExpectOtherDaysUnchanged(options);
  EXPECT_EQ(server.Oracle(kDayStart, kDayEnd, Level::kCluster).at(0).coverage, 0.5);
}

TEST(ClosedDayTest, EventsFollowTheServersOffset) {
  SimulatorOptions options = Options({"half:2026-03-03"});
  options.utc_offset = absl::Hours(5) + absl::Minutes(30);
  Simulator server(options);
  const absl::Time start = kDayStart - options.utc_offset;
  const Json set = GetData(server.port(), Target(start, start + absl::Hours(24), "aggregate=cluster")).items.at(0);
  for (const auto& row : set.members) {
    EXPECT_EQ(row.value["start"].text, "2026-03-02T18:30:00Z");
    EXPECT_EQ(row.value["end"].text, "2026-03-03T06:30:00Z");
  }
}

TEST(ClosedDayTest, VanishTakesATenthOfThePodsAwayLater) {
  const SimulatorOptions options = Options({"vanish:2026-03-03:40"});
  Simulator ordinary(Options());
  Simulator server(options);
  for (Simulator* each : {&ordinary, &server}) each->SetNow(kDayEnd + absl::Hours(40) - absl::Seconds(1));
  for (const char* level : kLevels) {
    EXPECT_EQ(Body(server, DayTarget(level)), Body(ordinary, DayTarget(level)));
  }
  ExpectOracleToAgree(server);
  for (Simulator* each : {&ordinary, &server}) each->SetNow(kDayEnd + absl::Hours(40));
  const auto before = ordinary.Oracle(kDayStart, kDayEnd, Level::kPod);
  const auto after = server.Oracle(kDayStart, kDayEnd, Level::kPod);
  const double share = 1 - static_cast<double>(after.size()) / static_cast<double>(before.size());
  EXPECT_GT(share, 0.05);
  EXPECT_LT(share, 0.15);
  // Those that are left have kept their costs.
  std::map<std::string, double> totals;
  for (const OracleEntry& entry : before) totals[entry.namespace_name + "/" + entry.pod] = entry.total.value();
  double left = 0;
  for (const OracleEntry& entry : after) {
    left += entry.total.value();
    if (entry.pod != "__unallocated__") {
      EXPECT_EQ(totals.at(entry.namespace_name + "/" + entry.pod), entry.total.value()) << entry.pod;
    }
  }
  EXPECT_LT(left, OracleTotal(ordinary, Level::kPod));
  ExpectOracleToAgree(server);
  ExpectOtherDaysUnchanged(options);
}

TEST(ClosedDayTest, VanishHasAPodEvenAmongFew) {
  for (const int pods : {4, 10, 25}) {
    SimulatorOptions options = Options();
    options.pods = pods;
    Simulator ordinary(options);
    options.events = {ParseEvent("vanish:2026-03-03").value()};
    Simulator server(options);
    EXPECT_LT(server.Oracle(kDayStart, kDayEnd, Level::kPod).size(),
              ordinary.Oracle(kDayStart, kDayEnd, Level::kPod).size())
        << pods;
    EXPECT_LT(OracleTotal(server), OracleTotal(ordinary)) << pods;
  }
}

TEST(ClosedDayTest, MoveGivesAThirdOfThePodsTwoRows) {
  const SimulatorOptions options = Options({"move:2026-03-03"});
  Simulator server(options);
  int pods = 0;
  int on_two_nodes = 0;
  const Json set = GetData(server.port(), DayTarget(kPods)).items.at(0);
  std::map<std::string, std::set<std::string>> nodes;
  for (const auto& [name, row] : set.members) {
    const Json& p = row["properties"];
    if (p.has("node")) nodes[p["namespace"].text + "/" + p["pod"].text].insert(p["node"].text);
  }
  for (const OracleEntry& entry : server.Oracle(kDayStart, kDayEnd, Level::kPod)) {
    const auto found = nodes.find(entry.namespace_name + "/" + entry.pod);
    if (found == nodes.end()) continue;
    ++pods;
    if (found->second.size() < 2) continue;
    ++on_two_nodes;
    EXPECT_GE(entry.rows, 2);
  }
  EXPECT_GT(on_two_nodes, pods / 4);
  EXPECT_LT(on_two_nodes, pods / 2);
  ExpectOracleToAgree(server);
  ExpectOtherDaysUnchanged(options);
}

TEST(ClosedDayTest, ExtentsAreTheHullOfTheRunTimes) {
  SimulatorOptions options = Options({"move:2026-03-03", "half:2026-03-02"});
  options.clusters = 2;
  Simulator server(options);
  using Extent = std::pair<absl::Time, absl::Time>;
  // Over two days, so that a row has a gap within.
  const absl::Time start = kDayStart - absl::Hours(24);
  const auto extents = [&](const char* level, bool by_namespace) {
    std::map<std::string, Extent> out;
    const Json set = GetData(server.port(), Target(start, kDayEnd, level)).items.at(0);
    for (const auto& [name, row] : set.members) {
      const Extent own = {TimeOf(row, "start"), TimeOf(row, "end")};
      if (absl::EndsWith(name, "__idle__")) {
        EXPECT_EQ(own, (Extent{start, kDayEnd}));
        continue;
      }
      EXPECT_NEAR(absl::ToDoubleMinutes(own.second - own.first), row["minutes"].number, 1e-5);
      const Json& p = row["properties"];
      Extent& hull =
          out.emplace(p["cluster"].text + (by_namespace ? "/" + p["namespace"].text : ""), own).first->second;
      hull = {std::min(hull.first, own.first), std::max(hull.second, own.second)};
    }
    return out;
  };
  EXPECT_EQ(extents(kPods, true), extents("aggregate=cluster,namespace", true));
  EXPECT_EQ(extents(kPods, false), extents("aggregate=cluster", false));
}

TEST(ClosedDayTest, CoverageAndPodsFollowFromTheServedRows) {
  SimulatorOptions options = Options();
  // The pods of one stateful set in each cluster: on another node, a little later, with each life.
  options.pods = 2;
  options.nodes = 4;
  options.clusters = 2;
  options.null_cost_rate = 0.6;
  Simulator server(options);
  std::map<std::string, std::vector<bool>> covered;
  std::map<std::string, std::map<std::string, bool>> pods;
  const Json set = GetData(server.port(), DayTarget(kPods)).items.at(0);
  for (const auto& [name, row] : set.members) {
    const Json& p = row["properties"];
    const std::string cluster = p["cluster"].text;
    covered[cluster].resize(86400);
    const bool known = row["totalCost"].type == Json::kNumber;
    const std::string pod = absl::EndsWith(name, "__idle__") ? name : p["namespace"].text + "/" + p["pod"].text;
    pods[cluster].emplace(pod, true).first->second &= known;
    if (absl::EndsWith(name, "__idle__") || p["pod"].text == "__unmounted__" ||
        absl::EndsWith(p["pod"].text, "-unmounted-pvcs")) {
      continue;
    }
    const auto from = static_cast<size_t>(absl::ToInt64Seconds(TimeOf(row, "start") - kDayStart));
    const auto to = static_cast<size_t>(absl::ToInt64Seconds(TimeOf(row, "end") - kDayStart));
    for (size_t second = from; second < to; ++second) covered[cluster][second] = true;
  }
  const Json entries = [&] {
    Json json;
    EXPECT_TRUE(ParseJson(
        Body(server, "/__simulator/oracle?start=2026-03-03T00:00:00Z&end=2026-03-04T00:00:00Z&level=cluster"), json));
    return json;
  }();
  ASSERT_EQ(entries.items.size(), 2u);
  for (const Json& entry : entries.items) {
    const std::vector<bool>& seconds = covered[entry["cluster"].text];
    const auto count = static_cast<double>(std::count(seconds.begin(), seconds.end(), true));
    EXPECT_EQ(entry["coverage"].number, count / 86400);
    EXPECT_LT(entry["coverage"].number, 1);
    int known = 0;
    for (const auto& pod : pods[entry["cluster"].text]) known += pod.second ? 1 : 0;
    EXPECT_EQ(entry["pods"].number, known);
    EXPECT_LT(static_cast<size_t>(known), pods[entry["cluster"].text].size());
  }
  EXPECT_FALSE(server.Oracle(kDayStart, kDayEnd, Level::kPod).at(0).coverage.has_value());
}

}  // namespace
}  // namespace simulator
