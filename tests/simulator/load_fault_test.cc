// Faults of the data and under load, and outages: what a reader of several levels or of parts sees.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "tests/simulator/simulator.h"
#include "tests/simulator/test_client.h"

namespace simulator {
namespace {

const absl::Time kDayStart = absl::FromUnixSeconds(1772496000);  // 2026-03-03
const absl::Time kDayEnd = kDayStart + absl::Hours(24);

constexpr char kPods[] = "aggregate=cluster,namespace,pod,node,controllerKind,controller";
constexpr char kNamespaces[] = "aggregate=cluster,namespace";
constexpr char kCluster[] = "aggregate=cluster";

SimulatorOptions Options() {
  SimulatorOptions options;
  options.pods = 60;
  options.now = [] { return absl::FromUnixSeconds(1772721000); };
  return options;
}

class LoadFaultTest : public testing::Test {
 protected:
  void SetFault(const std::string& fault) { ASSERT_TRUE(server_.SetFault(ParseFault(fault))) << fault; }

  static std::string Target(const std::string& query) {
    return absl::StrCat(
        "/model/allocation?window=2026-03-03T00:00:00Z,2026-03-04T00:00:00Z&accumulate=true&splitIdle=true&", query);
  }

  Response Get(const std::string& query) { return Fetch(server_.port(), Target(query)); }
  Json Set(const std::string& query) { return GetData(server_.port(), Target(query)).items.at(0); }
  double Total(const std::string& query) { return SumOf(Set(query), "totalCost"); }

  Simulator server_{Options()};
};

TEST_F(LoadFaultTest, RecomputationAfterSomeRequests) {
  const std::vector<const char*> reads = {kCluster, kPods, kNamespaces, kCluster};
  const double truth = Total(kCluster);
  for (const double percent : {1.0, -20.0}) {
    for (size_t k = 0; k <= 4; ++k) {
      SetFault(percent == 1 ? absl::StrCat("recompute:", k) : absl::StrCat("recompute:", k, ",", percent));
      for (size_t i = 0; i < reads.size(); ++i) {
        const double factor = i < k ? 1 : 1 + percent / 100;
        const Json set = Set(reads[i]);
        const double bound = 1e-5 * static_cast<double>(set.members.size());
        EXPECT_NEAR(SumOf(set, "totalCost"), truth * factor, bound) << k << " " << i;
        EXPECT_NEAR(SumOf(set, "cpuCost") + SumOf(set, "cpuCostAdjustment"),
                    factor * server_.Oracle(kDayStart, kDayEnd, Level::kCluster).at(0).cpu.value(), 2 * bound);
      }
      // Until cleared.
      EXPECT_NEAR(Total(kCluster), truth * (1 + percent / 100), 1e-4);
    }
  }
  server_.ClearFault();
  EXPECT_EQ(Total(kCluster), truth);
  EXPECT_NEAR(server_.Oracle(kDayStart, kDayEnd, Level::kCluster).at(0).total.value(), truth, 1e-9);
}

TEST_F(LoadFaultTest, RecomputationCountsTheRequestsOfItsPath) {
  Fault fault = ParseFault("recompute:2");
  fault.path = "/allocation";
  ASSERT_TRUE(server_.SetFault(fault));
  const double truth = Total(kCluster);
  EXPECT_EQ(Fetch(server_.port(), "/model/clusterInfo").status, 200);
  EXPECT_EQ(Total(kCluster), truth);
  EXPECT_NEAR(Total(kCluster), truth * 1.01, 1e-4);
}

TEST_F(LoadFaultTest, PartialDayShrinksEveryLevelAlike) {
  const double whole = Total(kCluster);
  SetFault("partial_day");
  const Json pods = Set(kPods);
  const double bound = 5e-6 * static_cast<double>(pods.members.size() + 20);
  EXPECT_NEAR(Total(kCluster), SumOf(pods, "totalCost"), bound);
  EXPECT_NEAR(Total(kNamespaces), SumOf(pods, "totalCost"), bound);
  EXPECT_GT(Total(kCluster), 0.3 * whole);
  EXPECT_LT(Total(kCluster), 0.7 * whole);
  for (const auto& [name, row] : pods.members) {
    EXPECT_LE(row["end"].text, std::string("2026-03-03T12:00:00Z")) << name;
    EXPECT_LE(row["minutes"].number, 720) << name;
    EXPECT_EQ(row["window"]["end"].text, "2026-03-04T00:00:00Z");
  }
  EXPECT_EQ(Get(kPods).body, Get(kPods).body);
  EXPECT_NEAR(server_.Oracle(kDayStart, kDayEnd, Level::kCluster).at(0).total.value(), whole, 1e-9);
}

TEST_F(LoadFaultTest, FewerPodsOnPodLevelOnly) {
  const double whole = Total(kCluster);
  const size_t pods = Set(kPods).members.size();
  const double of_pods = Total(kPods);
  SetFault("fewer_pods");
  EXPECT_EQ(Total(kCluster), whole);
  EXPECT_NEAR(Total(kNamespaces), whole, 1e-4);
  const Json fewer = Set(kPods);
  EXPECT_LT(fewer.members.size(), pods);
  EXPECT_GT(fewer.members.size(), pods * 3 / 4);
  EXPECT_LT(SumOf(fewer, "totalCost"), of_pods - 1e-3);
  EXPECT_EQ(Get(kPods).body, Get(kPods).body);
}

TEST_F(LoadFaultTest, TooBigDependsOnTheRowsAnswered) {
  const size_t rows = Set(kPods).members.size();
  ASSERT_GT(rows, 60u);
  SetFault(absl::StrCat("too_big:", rows));
  EXPECT_EQ(Get(kPods).status, 200);
  SetFault(absl::StrCat("too_big:", rows - 1));
  const Response refused = Get(kPods);
  EXPECT_EQ(refused.status, 504);
  EXPECT_TRUE(absl::StrContains(refused.head, "text/html")) << refused.head;
  EXPECT_TRUE(absl::StrContains(refused.body, "<h1>504")) << refused.body;
  // After the filter, after aggregation, and over all sets.
  EXPECT_EQ(Get(absl::StrCat(kPods, "&filter=namespace:%22default%22")).status, 200);
  EXPECT_EQ(Get(kNamespaces).status, 200);
  EXPECT_EQ(Get(absl::StrCat(kPods, "&idle=false")).status, 200);
  SetFault("too_big:30");
  const std::string month = "/model/allocation?window=2026-02-10T00:00:00Z,2026-03-05T00:00:00Z&aggregate=cluster";
  EXPECT_EQ(Fetch(server_.port(), month).status, 504);
  EXPECT_EQ(Fetch(server_.port(), month + "&accumulate=true").status, 200);
  EXPECT_EQ(Fetch(server_.port(), "/model/clusterInfo").status, 200);
}

TEST_F(LoadFaultTest, TooBigInOtherWords) {
  for (const int status : {499, 502, 503, 504}) {
    SetFault(absl::StrCat("too_big:10,", status));
    EXPECT_EQ(Get(kPods).status, status);
    EXPECT_EQ(Get(kCluster).status, 200);
  }
  SetFault("too_big:10,reset");
  const Response reset = Get(kPods);
  EXPECT_TRUE(reset.reset);
  EXPECT_EQ(reset.raw, "");
  EXPECT_EQ(Get(kCluster).status, 200);
  // 100 rows without an argument.
  SetFault("too_big");
  EXPECT_EQ(Get(kPods).status, 200);
  EXPECT_EQ(Get("aggregate=cluster,namespace,pod,container,node,controller").status, 504);
}

TEST_F(LoadFaultTest, NoLongWindows) {
  SetFault("no_long_windows");
  const auto status = [&](const char* end) {
    const Response response = Fetch(server_.port(), absl::StrCat("/model/allocation?window=2026-03-01T00:00:00Z,", end,
                                                                 "&aggregate=cluster&accumulate=false"));
    Json json;
    EXPECT_TRUE(ParseJson(response.body, json)) << response.body;
    EXPECT_EQ(json["code"].number, response.status);
    return response.status;
  };
  EXPECT_EQ(status("2026-03-03T00:00:00Z"), 200);
  EXPECT_EQ(status("2026-03-03T00:00:01Z"), 500);
  EXPECT_EQ(status("2026-03-16T00:00:00Z"), 500);
}

TEST_F(LoadFaultTest, NoHourlyStore) {
  SetFault("no_hourly");
  const auto body = [&](const char* start, const char* end) {
    const Response response = Fetch(server_.port(), absl::StrCat("/model/allocation?window=", start, ",", end,
                                                                 "&aggregate=cluster&accumulate=true"));
    EXPECT_EQ(response.status, 200);
    return response.body;
  };
  const std::string empty = "{\"code\":200,\"data\":[{}]}\n";
  EXPECT_EQ(body("2026-03-03T10:00:00Z", "2026-03-03T11:00:00Z"), empty);
  EXPECT_EQ(body("2026-03-03T00:00:01Z", "2026-03-04T00:00:00Z"), empty);
  EXPECT_GT(Total(kCluster), 0);
  EXPECT_EQ(Fetch(server_.port(), "/model/clusterInfo").status, 200);
  server_.ClearFault();
  EXPECT_NE(body("2026-03-03T10:00:00Z", "2026-03-03T11:00:00Z"), empty);
}

TEST_F(LoadFaultTest, TheServerStillRefusesWhatItCannotRead) {
  for (const char* fault : {"recompute:1", "partial_day", "fewer_pods", "too_big:1", "no_long_windows", "no_hourly"}) {
    SetFault(fault);
    EXPECT_EQ(Get(absl::StrCat(kPods, "&filter=pod")).status, 500) << fault;
    EXPECT_EQ(Fetch(server_.port(), "/model/allocation?window=never").status, 400) << fault;
  }
}

TEST(OutageTest, NothingIsAnsweredButTheOracle) {
  SimulatorOptions options = Options();
  options.outages = {ParseOutage("2026-03-05T00:00:00Z/2026-03-06T00:00:00Z").value(),
                     ParseOutage("2026-03-07T00:00:00Z/2026-03-07T01:00:00Z").value()};
  Simulator server(options);
  const std::string target =
      absl::StrCat("/model/allocation?window=2026-03-03T00:00:00Z,2026-03-04T00:00:00Z&accumulate=true&", kCluster);
  const auto answered = [&](const char* now) {
    absl::Time time;
    std::string error;
    EXPECT_TRUE(absl::ParseTime(absl::RFC3339_full, now, &time, &error)) << error;
    server.SetNow(time);
    EXPECT_EQ(server.Oracle(kDayStart, kDayEnd, Level::kCluster).size(), 1u);
    const Response response = Fetch(server.port(), target);
    EXPECT_EQ(Fetch(server.port(), "/model/clusterInfo").status, response.status);
    if (response.status == 503) {
      EXPECT_TRUE(absl::StrContains(response.head, "text/plain"));
      EXPECT_EQ(response.body, "Service Unavailable\n");
    }
    return response.status;
  };
  EXPECT_EQ(answered("2026-03-04T23:59:59Z"), 200);
  EXPECT_EQ(answered("2026-03-05T00:00:00Z"), 503);
  EXPECT_EQ(answered("2026-03-05T23:59:59Z"), 503);
  EXPECT_EQ(answered("2026-03-06T00:00:00Z"), 200);
  EXPECT_EQ(answered("2026-03-07T00:30:00Z"), 503);
  EXPECT_EQ(answered("2026-03-07T01:00:00Z"), 200);
}

}  // namespace
}  // namespace simulator
