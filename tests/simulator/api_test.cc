#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "tests/simulator/simulator.h"
#include "tests/simulator/test_client.h"

namespace simulator {
namespace {

constexpr char kWindow[] = "window=2026-03-03T00:00:00Z,2026-03-04T00:00:00Z";
constexpr char kPods[] = "aggregate=cluster,namespace,pod,node,controllerKind,controller";

SimulatorOptions Options(Product product = Product::kKubecost) {
  SimulatorOptions options;
  options.product = product;
  options.now = [] { return absl::FromUnixSeconds(1772721000); };
  return options;
}

std::string Body(const Simulator& server, const std::string& target) {
  const Response response = Fetch(server.port(), target);
  EXPECT_EQ(response.status, 200) << target;
  EXPECT_TRUE(response.complete) << target;
  return response.body;
}

Json Data(const Simulator& server, const std::string& target) { return GetData(server.port(), target); }

std::string Target(const std::string& query, const std::string& path = "/model/allocation") {
  return absl::StrCat(path, "?", kWindow, "&", query);
}

TEST(ApiTest, EachProductAnswersOnlyItsOwnPaths) {
  Simulator kubecost(Options());
  Simulator opencost(Options(Product::kOpenCost));
  for (const char* path : {"/allocation", "/allocation/compute", "/clusterInfo"}) {
    const std::string target = absl::StrCat(path, "?", kWindow);
    EXPECT_EQ(Fetch(kubecost.port(), "/model" + target).status, 200);
    EXPECT_EQ(Fetch(opencost.port(), target).status, 200);
    const Response wrong = Fetch(kubecost.port(), target);
    EXPECT_EQ(wrong.status, 404);
    EXPECT_EQ(wrong.body, "404 page not found\n");
    EXPECT_EQ(Fetch(opencost.port(), "/model" + target).status, 404);
  }
  EXPECT_EQ(Fetch(kubecost.port(), "/model/allocation/").status, 404);
  EXPECT_EQ(Fetch(kubecost.port(), "/healthz").status, 200);
}

TEST(ApiTest, RowsHaveTheRecordedFieldsInTheirOrder) {
  Simulator server(Options());
  const Json set = Data(server, Target(std::string(kPods) + "&accumulate=true")).items.at(0);
  std::string names;
  const Json& row = set.members.back().value;
  for (const auto& member : row.members) names += member.name + " ";
  EXPECT_TRUE(absl::StartsWith(names,
                               "name properties window start end minutes cpuCores cpuCoreRequestAverage "
                               "cpuCoreLimitAverage cpuCoreUsageAverage cpuCoreHours cpuCost "
                               "cpuCostAdjustment cpuCostIdle cpuEfficiency gpuCount gpuHours gpuCost "
                               "gpuCostAdjustment gpuCostIdle gpuEfficiency networkTransferBytes "
                               "networkReceiveBytes networkCost networkCrossZoneCost "
                               "networkCrossRegionCost networkInternetCost networkNatGatewayEgressCost "
                               "networkNatGatewayIngressCost networkCostAdjustment loadBalancerCost "
                               "loadBalancerCostAdjustment pvBytes pvByteHours pvCost pvs "
                               "pvCostAdjustment ramBytes ramByteRequestAverage ramByteLimitAverage "
                               "ramByteUsageAverage ramByteHours ramCost ramCostAdjustment ramCostIdle "
                               "ramEfficiency externalCost sharedCost totalCost totalEfficiency "))
      << names;
  EXPECT_TRUE(absl::EndsWith(names, "lbAllocations gpuAllocation ")) << names;
}

TEST(ApiTest, EnvelopesNewAndOld) {
  SimulatorOptions options = Options();
  const std::string target = Target("aggregate=cluster&accumulate=true");
  EXPECT_TRUE(absl::StartsWith(Body(Simulator(options), target), "{\"code\":200,\"data\":[{\""));
  options.envelope = Envelope::kOld;
  Simulator old(options);
  EXPECT_TRUE(absl::StartsWith(Body(old, target), "{\"code\":200,\"status\":\"success\",\"data\":[{\""));
  const Response bad = Fetch(old.port(), "/model/allocation?window=never");
  EXPECT_EQ(bad.status, 400);
  EXPECT_EQ(bad.body,
            "Invalid 'window' parameter: illegal window: never\n"
            "{\"code\":500,\"data\":null,\"message\":\"Error: illegal window\"}\n");
}

TEST(ApiTest, EqualServersAnswerEqualBytes) {
  Simulator a(Options());
  Simulator b(Options());
  const std::string target = Target(kPods);
  EXPECT_EQ(Body(a, target), Body(b, target));
}

TEST(ApiTest, LevelsAgreeWithinRounding) {
  SimulatorOptions options = Options();
  options.pods = 300;
  options.clusters = 2;
  options.negative_cost_rate = 0.05;
  Simulator server(options);
  for (const char* idle : {"&splitIdle=true", "&idle=false", "&shareIdle=true", "&shareTenancyCosts=false"}) {
    std::vector<double> totals;
    size_t rows = 0;
    for (const char* aggregate : {"aggregate=cluster", "aggregate=cluster,namespace", kPods}) {
      const Json set = Data(server, Target(absl::StrCat(aggregate, "&accumulate=true", idle))).items.at(0);
      totals.push_back(SumOf(set, "totalCost"));
      rows += set.members.size();
    }
    const double bound = 5e-6 * static_cast<double>(rows);
    EXPECT_NEAR(totals[0], totals[1], bound) << idle;
    EXPECT_NEAR(totals[0], totals[2], bound) << idle;
  }
}

TEST(ApiTest, WindowsFollowTheServersOffset) {
  SimulatorOptions options = Options();
  options.utc_offset = absl::Hours(2);
  Simulator server(options);
  const Json data = Data(server, Target("aggregate=cluster"));
  ASSERT_EQ(data.items.size(), 2u);
  const Json& row = data.items[0].members.front().value;
  EXPECT_EQ(row["window"]["start"].text, "2026-03-03T02:00:00+02:00");
  EXPECT_EQ(row["window"]["end"].text, "2026-03-04T00:00:00+02:00");
  EXPECT_EQ(row["start"].text, "2026-03-03T00:00:00Z");
  EXPECT_EQ(row["end"].text, "2026-03-03T22:00:00Z");
}

TEST(ApiTest, SetsOfDaysStepsAndTheFuture) {
  Simulator kubecost(Options());
  const std::string days = "/model/allocation?window=2026-03-04T00:00:00Z,2026-03-07T00:00:00Z&aggregate=cluster";
  const Json data = Data(kubecost, days);
  ASSERT_EQ(data.items.size(), 3u);
  EXPECT_FALSE(data.items[0].members.empty());
  EXPECT_EQ(data.items[1].members.front().value["end"].text, "2026-03-05T14:30:00Z");
  EXPECT_TRUE(data.items[2].members.empty());
  EXPECT_EQ(Data(kubecost, days + "&accumulate=true").items.size(), 1u);

  Simulator opencost(Options(Product::kOpenCost));
  const std::string target = Target("aggregate=cluster", "/allocation");
  EXPECT_EQ(Data(opencost, target).items.size(), 1u);
  EXPECT_EQ(Data(opencost, target + "&step=6h").items.size(), 4u);
  EXPECT_EQ(
      Body(opencost, "/allocation?window=2020-01-01T00:00:00Z,2020-01-02T00:00:00Z&accumulate=true&aggregate=pod"),
      "{\"code\":200,\"data\":[null]}\n");
}

// 20 days in one request, the last two ahead of the clock.
TEST(ApiTest, OneSetForEachOfManyDays) {
  const std::string query = "?window=2026-02-16T00:00:00Z,2026-03-08T00:00:00Z&accumulate=false&aggregate=cluster";
  const auto check = [](const Json& data, Simulator& server) {
    ASSERT_EQ(data.items.size(), 20u);
    for (size_t i = 0; i < 20; ++i) {
      const Json& set = data.items[i];
      const absl::Time start = absl::FromUnixSeconds(1771200000) + absl::Hours(24 * i);
      const auto entries = server.Oracle(start, start + absl::Hours(24), Level::kCluster);
      ASSERT_EQ(set.members.empty(), i >= 18) << i;
      ASSERT_EQ(entries.size(), i < 18 ? 1u : 0u);
      if (i >= 18) continue;
      EXPECT_NEAR(SumOf(set, "totalCost"), entries[0].total.value(), 1e-9);
      for (const auto& row : set.members) {
        EXPECT_EQ(row.value["window"]["start"].text,
                  absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", start, absl::UTCTimeZone()));
        EXPECT_EQ(row.value["start"].text, row.value["window"]["start"].text);
        EXPECT_EQ(row.value["end"].text, i < 17 ? row.value["window"]["end"].text : "2026-03-05T14:30:00Z");
      }
    }
  };
  Simulator kubecost(Options());
  check(Data(kubecost, "/model/allocation" + query), kubecost);
  Simulator opencost(Options(Product::kOpenCost));
  for (const char* step : {"1d", "24h", "1440m", "86400s", "24h0m0s"}) {
    check(Data(opencost, absl::StrCat("/allocation", query, "&includeIdle=true&step=", step)), opencost);
  }
  EXPECT_EQ(Fetch(opencost.port(), "/allocation" + query + "&step=daily").status, 400);
}

TEST(ApiTest, IdleFollowsEachProductsDefaults) {
  SimulatorOptions options = Options();
  options.clusters = 2;
  Simulator kubecost(options);
  const std::string cluster = "aggregate=cluster&accumulate=true";
  EXPECT_TRUE(Data(kubecost, Target(cluster)).items[0].has("__idle__"));
  EXPECT_FALSE(Data(kubecost, Target(cluster + "&idle=false")).items[0].has("__idle__"));
  const Json split = Data(kubecost, Target(cluster + "&splitIdle=true")).items[0];
  EXPECT_EQ(split["cluster-two/__idle__"]["properties"]["cluster"].text, "cluster-two");

  options.product = Product::kOpenCost;
  Simulator opencost(options);
  EXPECT_FALSE(Data(opencost, Target(cluster + "&idle=true", "/allocation")).items[0].has("__idle__"));
  const Json idle =
      Data(opencost, Target(cluster + "&includeIdle=true&splitIdle=true", "/allocation")).items[0]["__idle__"];
  EXPECT_EQ(idle["properties"].type, Json::kObject);
  EXPECT_FALSE(idle["properties"].has("cluster"));
}

TEST(ApiTest, PropertiesAggregatedOrAll) {
  const std::string target = "aggregate=cluster,namespace&accumulate=true";
  Simulator kubecost(Options());
  const Json rows = Data(kubecost, Target(target)).items[0];
  for (const auto& row : rows.members) {
    for (const auto& property : row.value["properties"].members) {
      EXPECT_TRUE(property.name == "cluster" || property.name == "namespace");
    }
  }
  Simulator opencost(Options(Product::kOpenCost));
  const Json set = Data(opencost, Target(target, "/allocation")).items[0];
  const Json& leaked = set["default-cluster/__unmounted__"]["properties"];
  EXPECT_EQ(leaked["pod"].text, "__unmounted__");
  EXPECT_EQ(leaked["container"].text, "__unmounted__");
}

TEST(ApiTest, UnknownDimensionsAreDroppedInSilence) {
  Simulator server(Options());
  EXPECT_EQ(Body(server, Target("aggregate=cluster,pods")), Body(server, Target("aggregate=Cluster")));
}

TEST(ApiTest, FiltersAndTheirErrors) {
  Simulator server(Options());
  const std::string query = "aggregate=namespace&accumulate=true&idle=false&filter=";
  const Json set = Data(server, Target(query + "namespace%3A%22default%22")).items[0];
  ASSERT_EQ(set.members.size(), 1u);
  EXPECT_EQ(set.members[0].name, "default");
  const Json two = Data(server, Target(query + "cluster:%22cluster-one%22%2B(namespace:%22default%22%7C"
                                               "namespace:%22monitoring%22)"))
                       .items[0];
  ASSERT_EQ(two.members.size(), 2u);
  EXPECT_EQ(two.members[1].name, "monitoring");
  EXPECT_EQ(Fetch(server.port(), Target(query + "pod:%22a%22%2Bpod:%22b%22%7Cpod:%22c%22")).status, 500);
  const Response bad = Fetch(server.port(), Target("filter=controller:%22web%22"));
  EXPECT_EQ(bad.status, 500);
  EXPECT_EQ(bad.body,
            "{\"code\":500,\"data\":null,\"message\":\"invalid filter: parsing "
            "filter: 1 error occurred:\\n\\t* at 'controller': expect filter field\\n\\n\"}\n");
}

TEST(ApiTest, IdleIsAnsweredWholeUnderEveryFilter) {
  SimulatorOptions options = Options();
  options.clusters = 2;
  Simulator server(options);
  const std::string query = "aggregate=cluster,namespace&accumulate=true&splitIdle=true";
  const Json all = Data(server, Target(query)).items[0];
  const Json part =
      Data(server, Target(query + "&filter=namespace:%22default%22%2Bcluster:%22cluster-one%22")).items[0];
  EXPECT_EQ(part.members.size(), 3u);
  for (const char* name : {"cluster-one/__idle__", "cluster-two/__idle__"}) {
    EXPECT_EQ(part[name]["totalCost"].number, all[name]["totalCost"].number);
  }
}

// What a client relies on that splits a query by the namespaces that it saw.
TEST(ApiTest, TheNamespacesOfAFilterAddUpToTheWhole) {
  SimulatorOptions options = Options();
  options.pods = 300;
  Simulator server(options);
  const std::string pods = absl::StrCat(kPods, "&accumulate=true&idle=false");
  const Json whole = Data(server, Target(pods)).items[0];
  size_t rows = 0;
  double total = 0;
  const Json namespaces = Data(server, Target("aggregate=namespace&accumulate=true&idle=false")).items[0];
  EXPECT_TRUE(namespaces.has(""));
  for (const auto& [name, row] : namespaces.members) {
    const std::string value = name.empty() ? "__unallocated__" : name;
    const Json part = Data(server, Target(absl::StrCat(pods, "&filter=namespace:%22", value, "%22"))).items[0];
    rows += part.members.size();
    total += SumOf(part, "totalCost");
  }
  EXPECT_EQ(rows, whole.members.size());
  EXPECT_NEAR(total, SumOf(whole, "totalCost"), 1e-9);
}

TEST(ApiTest, SharedNamespacesGoIntoTheOthers) {
  Simulator server(Options());
  const std::string query = "aggregate=namespace&accumulate=true";
  const Json plain = Data(server, Target(query)).items[0];
  const Json shared = Data(server, Target(query + "&shareNamespaces=kube-system")).items[0];
  EXPECT_FALSE(shared.has("kube-system"));
  EXPECT_NEAR(SumOf(plain, "totalCost"), SumOf(shared, "totalCost"), 1e-4);
}

TEST(ApiTest, CostMetricIsARate) {
  Simulator server(Options());
  const std::string query = "aggregate=cluster&accumulate=true&idle=false";
  const double day = SumOf(Data(server, Target(query)).items[0], "totalCost");
  const double hour = SumOf(Data(server, Target(query + "&costMetric=hourly")).items[0], "totalCost");
  EXPECT_NEAR(hour * 24, day, 1e-3);
}

TEST(ApiTest, LargeAnswersAreChunkedAndCompressedOnDemand) {
  SimulatorOptions options = Options();
  options.pods = 400;
  Simulator server(options);
  const Response plain = Fetch(server.port(), Target(kPods));
  const Response packed = Fetch(server.port(), Target(kPods), "Accept-Encoding: gzip\r\n");
  EXPECT_TRUE(absl::StrContains(plain.head, "chunked"));
  EXPECT_FALSE(absl::StrContains(plain.head, "gzip"));
  EXPECT_TRUE(absl::StrContains(packed.head, "gzip"));
  EXPECT_TRUE(plain.complete);
  EXPECT_TRUE(packed.complete);
  EXPECT_EQ(plain.body, packed.body);
  EXPECT_LT(packed.raw.size(), plain.raw.size() / 3);
}

TEST(ApiTest, EfficienciesAndCostsCanBeNull) {
  SimulatorOptions options = Options();
  options.pods = 300;
  options.null_efficiency_rate = 0.2;
  options.null_cost_rate = 0.2;
  Simulator server(options);
  const std::string body = Body(server, Target(kPods));
  for (const char* text : {"\"cpuEfficiency\":null", "\"ramEfficiency\":null", "\"cpuCost\":null", "\"totalCost\":null",
                           "\"pvCostAdjustment\":null"}) {
    EXPECT_TRUE(absl::StrContains(body, text)) << text;
  }
  EXPECT_FALSE(absl::StrContains(body, "nan"));
}

TEST(ApiTest, SettingsAreToldWhereTheyAre) {
  for (const Product product : {Product::kKubecost, Product::kOpenCost}) {
    const std::string prefix = product == Product::kKubecost ? "/model" : "";
    SimulatorOptions options = Options(product);
    const auto get = [&](const Simulator& server, const char* path) { return Fetch(server.port(), prefix + path); };
    {
      Simulator server(options);
      EXPECT_EQ(get(server, "/getConfigs").status, 404);
      EXPECT_EQ(get(server, "/productConfigs").status, 404);
    }
    options.currency = "EUR";
    {
      Simulator server(options);
      const Json data = GetData(server.port(), prefix + "/getConfigs");
      EXPECT_EQ(data["currencyCode"].text, "EUR");
      EXPECT_TRUE(data.has("discount"));
      EXPECT_EQ(get(server, "/productConfigs").status, 404);
    }
    options.settings_endpoint = SettingsEndpoint::kProductConfigs;
    Simulator server(options);
    EXPECT_EQ(get(server, "/getConfigs").status, 404);
    Json bare;
    ASSERT_TRUE(ParseJson(get(server, "/productConfigs").body, bare));
    EXPECT_EQ(bare["currencyCode"].text, "EUR");
    EXPECT_FALSE(bare.has("data"));
    EXPECT_EQ(server.max_in_flight(), 0);
    Fault fault = ParseFault("http_401");
    fault.path = "Configs";
    ASSERT_TRUE(server.SetFault(fault));
    EXPECT_EQ(get(server, "/productConfigs").status, 401);
    EXPECT_EQ(get(server, "/clusterInfo").status, 200);
  }
}

TEST(ApiTest, OracleAndRequestsOverHttp) {
  Simulator server(Options());
  Fetch(server.port(), "/model/clusterInfo");
  Json json;
  ASSERT_TRUE(ParseJson(Body(server,
                             "/__simulator/oracle?start=2026-03-03T00:00:00Z"
                             "&end=2026-03-04T00:00:00Z&level=namespace&idle=separate"),
                        json));
  const auto entries =
      server.Oracle(absl::FromUnixSeconds(1772496000), absl::FromUnixSeconds(1772582400), Level::kNamespace);
  ASSERT_EQ(json.items.size(), entries.size());
  for (size_t i = 0; i < entries.size(); ++i) {
    EXPECT_EQ(json.items[i]["namespace"].text, entries[i].namespace_name);
    EXPECT_EQ(json.items[i]["total"].number, entries[i].total.value());
  }
  EXPECT_EQ(server.requests(), std::vector<std::string>{"/model/clusterInfo"});
  EXPECT_EQ(Body(server, "/__simulator/requests"), "/model/clusterInfo\n");
  EXPECT_EQ(Body(server, "/__simulator/requests?times=true"), "2026-03-05T14:30:00Z /model/clusterInfo\n");
}

}  // namespace
}  // namespace simulator
