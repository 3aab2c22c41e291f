// The oracle against a second computation from the served text.

#include "tests/simulator/oracle.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <string>
#include <tuple>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "tests/simulator/simulator.h"
#include "tests/simulator/test_client.h"

namespace simulator {
namespace {

const absl::Time kStart = absl::FromUnixSeconds(1772496000);  // 2026-03-03
const absl::Time kEnd = kStart + absl::Hours(24);

using Key = std::tuple<std::string, std::string, std::string>;

// Sums as long double from the text, nulls remembered.
struct Brute {
  long double total = 0;
  long double cpu = 0;
  long double memory = 0;
  bool total_known = true;
  bool cpu_known = true;
  int rows = 0;
  long double usage = 0;
  long double request = 0;
  bool efficiency_known = true;
  Json only;
  long double costliest = -1e300L;
  std::string node;
};

std::map<Key, Brute> BruteForce(const std::string& body, Level level) {
  std::map<Key, Brute> out;
  Json json;
  EXPECT_TRUE(ParseJson(body, json));
  for (const Json::Member& member : json["data"].items.at(0).members) {
    const std::string& name = member.name;
    const Json& row = member.value;
    const bool idle = absl::EndsWith(name, "__idle__");
    const Json& p = row["properties"];
    const auto part = [&](const char* field) -> std::string {
      if (idle) return "__idle__";
      const std::string text = p[field].text.substr(0, p[field].text.find(' '));
      return text.empty() ? "__unallocated__" : text;
    };
    const Key key = {p["cluster"].text, level == Level::kCluster ? "" : part("namespace"),
                     level == Level::kPod ? part("pod") : ""};
    Brute& b = out[key];
    const auto known = [&](const char* field) { return row[field].type == Json::kNumber; };
    b.total += row["totalCost"].number;
    b.cpu += row["cpuCost"].number + row["cpuCostAdjustment"].number;
    b.memory += row["ramCost"].number + row["ramCostAdjustment"].number;
    b.total_known = b.total_known && known("totalCost");
    b.cpu_known = b.cpu_known && known("cpuCost");
    if (idle && level == Level::kCluster) continue;
    ++b.rows;
    b.only = row;
    const double minutes = row["minutes"].number;
    b.efficiency_known = b.efficiency_known && known("cpuCoreUsageAverage") && minutes > 0;
    b.usage += row["cpuCoreUsageAverage"].number * minutes;
    b.request += row["cpuCoreRequestAverage"].number * minutes;
    if (row["totalCost"].number > b.costliest) {
      b.costliest = row["totalCost"].number;
      b.node = p["node"].text;
    }
  }
  return out;
}

void Compare(const SimulatorOptions& options, Level level, const std::string& parameters, IdleMode idle) {
  Simulator server(options);
  const char* path = options.product == Product::kKubecost ? "/model/allocation" : "/allocation";
  const std::string target =
      absl::StrCat(path, "?window=2026-03-03T00:00:00Z,2026-03-04T00:00:00Z&accumulate=true&", parameters);
  const Response response = Fetch(server.port(), target);
  ASSERT_EQ(response.status, 200);
  const std::map<Key, Brute> expected = BruteForce(response.body, level);
  const auto entries = server.Oracle(kStart, kEnd, level, idle);
  ASSERT_EQ(entries.size(), expected.size());
  int merged = 0;
  for (const OracleEntry& entry : entries) {
    const auto it = expected.find({entry.cluster, entry.namespace_name, entry.pod});
    ASSERT_NE(it, expected.end()) << entry.cluster << entry.namespace_name << entry.pod;
    const Brute& b = it->second;
    EXPECT_EQ(entry.rows, b.rows);
    ASSERT_EQ(entry.total.has_value(), b.total_known);
    if (entry.total) {
      EXPECT_NEAR(*entry.total, static_cast<double>(b.total), 1e-9);
    }
    ASSERT_EQ(entry.cpu.has_value(), b.cpu_known);
    if (entry.cpu) {
      EXPECT_NEAR(*entry.cpu, static_cast<double>(b.cpu), 1e-9);
    }
    if (b.rows == 1) {
      const Json& efficiency = b.only["cpuEfficiency"];
      ASSERT_EQ(entry.cpu_efficiency.has_value(), efficiency.type == Json::kNumber);
      if (entry.cpu_efficiency) {
        EXPECT_EQ(*entry.cpu_efficiency, efficiency.number);
      }
    } else if (b.rows > 1) {
      ++merged;
      ASSERT_EQ(entry.cpu_efficiency.has_value(), b.efficiency_known && b.request != 0);
      if (entry.cpu_efficiency) {
        EXPECT_NEAR(*entry.cpu_efficiency, static_cast<double>(b.usage / b.request), 1e-9);
      }
    }
    if (level == Level::kPod && b.total_known && b.rows > 0) {
      EXPECT_EQ(entry.node, b.node);
    }
  }
  if (level == Level::kPod) {
    EXPECT_GT(merged, 0);
  }
}

SimulatorOptions Options(Product product) {
  SimulatorOptions options;
  options.product = product;
  options.pods = 400;
  options.null_efficiency_rate = 0.1;
  options.null_cost_rate = 0.1;
  options.negative_cost_rate = 0.05;
  options.now = [] { return absl::FromUnixSeconds(1772721000); };
  return options;
}

constexpr char kPods[] = "aggregate=cluster,namespace,pod,controller,node,controllerKind";

TEST(OracleTest, KubecostAgreesWithTheServedText) {
  SimulatorOptions options = Options(Product::kKubecost);
  options.clusters = 2;
  const std::string split = "&splitIdle=true";
  Compare(options, Level::kPod, kPods + split, IdleMode::kSeparate);
  Compare(options, Level::kNamespace, "aggregate=cluster,namespace" + split, IdleMode::kSeparate);
  Compare(options, Level::kCluster, "aggregate=cluster" + split, IdleMode::kSeparate);
  Compare(options, Level::kPod, kPods + split + "&idle=false", IdleMode::kOff);
  Compare(options, Level::kPod, kPods + split + "&shareIdle=true", IdleMode::kShare);
  options.pod_uid = true;
  options.unallocated_properties = true;
  Compare(options, Level::kPod, kPods + split, IdleMode::kSeparate);
}

TEST(OracleTest, OpenCostAgreesWithTheServedText) {
  const SimulatorOptions options = Options(Product::kOpenCost);
  Compare(options, Level::kPod, absl::StrCat(kPods, "&includeIdle=true"), IdleMode::kSeparate);
  Compare(options, Level::kCluster, "aggregate=cluster&includeIdle=true", IdleMode::kSeparate);
  Compare(options, Level::kNamespace, "aggregate=cluster,namespace", IdleMode::kOff);
}

TEST(OracleTest, ClusterEntriesCarryTheSpecialRows) {
  SimulatorOptions options = Options(Product::kKubecost);
  options.null_cost_rate = 0;
  Simulator server(options);
  const auto clusters = server.Oracle(kStart, kEnd, Level::kCluster);
  ASSERT_EQ(clusters.size(), 1u);
  int found = 0;
  for (const auto& entry : server.Oracle(kStart, kEnd, Level::kNamespace)) {
    if (entry.namespace_name == "__idle__") found += entry.total == clusters[0].idle;
    if (entry.namespace_name == "__unmounted__") found += entry.total == clusters[0].unmounted;
    if (entry.namespace_name == "__unallocated__") found += entry.total == clusters[0].unallocated;
  }
  EXPECT_EQ(found, 3);
  const auto off = server.Oracle(kStart, kEnd, Level::kCluster, IdleMode::kOff);
  EXPECT_FALSE(off[0].idle.has_value());
}

TEST(OracleTest, FollowsTheClock) {
  Simulator server(Options(Product::kKubecost));
  server.SetNow(kEnd + absl::Hours(2));
  const auto early = server.Oracle(kStart, kEnd, Level::kCluster);
  server.SetNow(kEnd + absl::Hours(60));
  const auto settled = server.Oracle(kStart, kEnd, Level::kCluster);
  EXPECT_NE(early[0].total, settled[0].total);
  EXPECT_TRUE(server.Oracle(kEnd + absl::Hours(72), kEnd + absl::Hours(96), Level::kPod).empty());
}

TEST(OracleTest, JsonShowsAbsenceAsNull) {
  OracleEntry entry;
  entry.cluster = "c";
  entry.total = 1.25;
  const std::string json = OracleJson({entry});
  EXPECT_TRUE(absl::StrContains(json, "\"total\":1.25,\"cpu\":null")) << json;
}

}  // namespace
}  // namespace simulator
