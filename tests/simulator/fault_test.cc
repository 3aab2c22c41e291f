// Every fault at the level of the socket.

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "tests/simulator/faults.h"
#include "tests/simulator/simulator.h"
#include "tests/simulator/test_client.h"

namespace simulator {
namespace {

constexpr char kTarget[] =
    "/model/allocation?window=2026-03-03T00:00:00Z,2026-03-04T00:00:00Z"
    "&aggregate=cluster,namespace,pod&accumulate=true&splitIdle=true";

SimulatorOptions Options() {
  SimulatorOptions options;
  options.pods = 12;
  options.now = [] { return absl::FromUnixSeconds(1772721000); };
  return options;
}

class FaultTest : public testing::Test {
 protected:
  Response Get(const std::string& fault, int patience_ms = 5000, const std::string& target = kTarget) {
    EXPECT_TRUE(server_.SetFault(ParseFault(fault))) << fault;
    return Fetch(server_.port(), target, "Accept-Encoding: gzip\r\n", patience_ms, 64 << 20);
  }

  // Complete, with status 200, and a JSON document.
  Json GetJson(const std::string& fault) {
    const Response response = Get(fault);
    EXPECT_EQ(response.status, 200) << fault;
    EXPECT_TRUE(response.complete) << fault;
    Json json;
    EXPECT_TRUE(ParseJson(response.body, json)) << fault;
    return json;
  }

  std::string Plain() { return Get("none").body; }

  Simulator server_{Options()};
};

TEST_F(FaultTest, EveryNameIsKnownAndOthersAreNot) {
  for (const std::string& name : FaultNames()) {
    EXPECT_TRUE(IsKnownFault(name) || name == "http_STATUS") << name;
  }
  EXPECT_FALSE(IsKnownFault("http_STATUS"));
  EXPECT_FALSE(server_.SetFault(ParseFault("nonsense")));
}

TEST_F(FaultTest, SlowAnswers) {
  absl::Time start = absl::Now();
  EXPECT_TRUE(Get("slow_headers:0.2").complete);
  EXPECT_GE(absl::Now() - start, absl::Milliseconds(200));
  start = absl::Now();
  const double length = static_cast<double>(Plain().size());
  EXPECT_TRUE(Get(absl::StrCat("slow_body:", length * 4)).complete);
  EXPECT_GE(absl::Now() - start, absl::Milliseconds(200));
}

TEST_F(FaultTest, AnswersThatNeverEnd) {
  const Response hang = Get("hang", 100);
  EXPECT_TRUE(hang.timed_out);
  EXPECT_EQ(hang.raw, "");
  const Response stalled = Get("stall_body", 100);
  EXPECT_TRUE(stalled.timed_out);
  EXPECT_EQ(stalled.status, 200);
  EXPECT_FALSE(stalled.complete);
  EXPECT_GT(stalled.body.size(), 1000u);
}

TEST_F(FaultTest, AnswersThatBreakOff) {
  const Response reset = Get("reset");
  EXPECT_TRUE(reset.reset);
  EXPECT_EQ(reset.status, 200);
  const Response early = Get("reset_before_headers");
  EXPECT_TRUE(early.reset);
  EXPECT_EQ(early.raw, "");
  for (const char* name : {"truncated", "truncated_chunked", "close_after_headers"}) {
    const Response response = Get(name);
    EXPECT_TRUE(response.closed) << name;
    EXPECT_FALSE(response.reset) << name;
    EXPECT_EQ(response.status, 200) << name;
    EXPECT_FALSE(response.complete) << name;
  }
  const Response half = Get("truncated_json");
  Json json;
  EXPECT_TRUE(half.complete);
  EXPECT_FALSE(ParseJson(half.body, json));
  EXPECT_TRUE(Get("connection_close").complete);
}

TEST_F(FaultTest, OtherAnswersThanKubecosts) {
  struct Case {
    const char* fault;
    int status;
    const char* type;
    const char* in_body;
  };
  for (const Case& c : {
           Case{"html", 200, "text/html", "<form"},
           Case{"redirect", 302, "Location: /login?next=secret-token", ""},
           Case{"http_401", 401, "application/json", "\"code\":401"},
           Case{"http_403", 403, "application/json", "\"code\":403"},
           Case{"http_404", 404, "text/plain", "404 page not found"},
           Case{"http_429", 429, "Retry-After", "\"code\":429"},
           Case{"http_499", 499, "application/json", "\"code\":499"},
           Case{"http_500", 500, "application/json", "\"message\""},
           Case{"http_502", 502, "text/html", "<h1>502"},
           Case{"http_503", 503, "text/html", "<h1>503"},
           Case{"http_504", 504, "text/html", "<h1>504"},
           Case{"bad_window_text", 400, "text/plain", "illegal window"},
           Case{"bad_window_text_then_json", 400, "text/plain", "\n{\"code\""},
           Case{"empty_body", 200, "Content-Length: 0", ""},
           Case{"not_json", 200, "application/json", "not JSON"},
           Case{"error_in_200", 200, "application/json", "\"code\":500"},
       }) {
    const Response response = Get(c.fault);
    EXPECT_EQ(response.status, c.status) << c.fault;
    EXPECT_TRUE(absl::StrContains(response.head, c.type)) << response.head;
    EXPECT_TRUE(absl::StrContains(response.body, c.in_body)) << response.body;
    EXPECT_TRUE(response.complete) << c.fault;
  }
}

TEST_F(FaultTest, OtherShapesOfData) {
  EXPECT_EQ(GetJson("data_null")["data"].type, Json::kNull);
  EXPECT_TRUE(GetJson("data_null").has("data"));
  EXPECT_FALSE(GetJson("data_missing").has("data"));
  EXPECT_TRUE(GetJson("data_empty_array")["data"].items.empty());
  EXPECT_EQ(GetJson("data_array_null")["data"].items.at(0).type, Json::kNull);
  EXPECT_EQ(GetJson("data_array_empty_set")["data"].items.at(0).type, Json::kObject);
  EXPECT_EQ(GetJson("data_object")["data"].type, Json::kObject);
  const Json leading = GetJson("data_leading_empty_sets")["data"];
  ASSERT_EQ(leading.items.size(), 6u);
  EXPECT_FALSE(leading.items[5].members.empty());
  EXPECT_EQ(GetJson("null_row")["data"].items[0].members[0].value.type, Json::kNull);
  EXPECT_FALSE(GetJson("no_code").has("code"));
  const Json reversed = GetJson("code_last");
  EXPECT_EQ(reversed.members.front().name, "message");
  EXPECT_EQ(reversed.members.back().name, "code");
  const Response twice = Get("two_documents");
  EXPECT_EQ(twice.body, Plain() + Plain());
}

TEST_F(FaultTest, OtherWindows) {
  const auto first = [&](const std::string& fault) { return GetJson(fault)["data"].items[0].members[0].value; };
  EXPECT_EQ(first("wrong_window")["window"]["start"].text, "2026-03-02T00:00:00Z");
  EXPECT_EQ(first("wider_window")["window"]["start"].text, "2026-03-02T22:00:00Z");
  EXPECT_EQ(first("open_window")["window"]["end"].text, "null");
  EXPECT_FALSE(first("no_window").has("window"));
  EXPECT_EQ(first("partial_day")["end"].text, "2026-03-03T12:00:00Z");
  EXPECT_LT(first("negative_minutes")["minutes"].number, 0);
}

TEST_F(FaultTest, OtherNumbers) {
  for (const auto& [fault, text] :
       std::vector<std::pair<std::string, std::string>>{{"null_costs", "\"cpuCost\":null"},
                                                        {"null_efficiency", "\"totalEfficiency\":null"},
                                                        {"string_numbers", "\"totalCost\":\""},
                                                        {"overflow_number", "\"cpuCost\":1e999"},
                                                        {"negative_costs", "\"cpuCost\":-"},
                                                        {"extra_fields", "\"meta\":{"},
                                                        {"leaked_properties", "\"container\":\"leaked-container\""},
                                                        {"extra_cluster", "\"cluster\":\"foreign-cluster\""},
                                                        {"hostile_names", "\\u003cscript\\u003e"},
                                                        {"invalid_utf8", "pod-\xff\xfe-bytes"},
                                                        {"lone_surrogate", "pod-\\ud800-surrogate"}}) {
    EXPECT_FALSE(absl::StrContains(Plain(), text)) << text;
    EXPECT_TRUE(absl::StrContains(Get(fault).body, text)) << fault;
    GetJson(fault);
  }
  EXPECT_FALSE(absl::StrContains(Get("no_cluster").body, "\"cluster\":\"c"));
}

TEST_F(FaultTest, DuplicatesRecomputationAndSizes) {
  const Json plain = GetJson("none")["data"].items[0];
  const Json doubled = GetJson("duplicate_rows")["data"].items[0];
  EXPECT_EQ(doubled.members[0].name, doubled.members[1].name);
  EXPECT_EQ(doubled.members.size(), (plain.members.size() - 1) * 5 + 1);

  ASSERT_TRUE(server_.SetFault(ParseFault("recompute")));
  const std::string first = Fetch(server_.port(), kTarget).body;
  EXPECT_NE(first, Fetch(server_.port(), kTarget).body);

  EXPECT_GT(Get("huge_labels:1").body.size(), 1u << 20);
  GetJson("huge_labels:1");
  EXPECT_TRUE(absl::StrContains(Get("huge_name:3").body, std::string(3072, 'n')));
  EXPECT_TRUE(absl::StrContains(Get("deep_nesting:1000").body, std::string(1000, '[')));
  EXPECT_GT(Get("deep_nesting").body.size(), 4'000'000u);
  GetJson("huge_body:1");
  EXPECT_GT(Get("huge_body:1").body.size(), 1u << 20);
}

TEST_F(FaultTest, Compression) {
  const Response bomb = Get("gzip_bomb:16");
  EXPECT_TRUE(bomb.complete);
  EXPECT_GT(bomb.body.size(), 16u << 20);
  EXPECT_LT(bomb.raw.size(), 1u << 20);
  EXPECT_FALSE(Get("bad_gzip").complete);
}

TEST_F(FaultTest, CountAndPathLimitAFault) {
  Fault fault;
  fault.name = "http_500";
  fault.count = 2;
  fault.path = "aggregate=cluster";
  server_.SetFault(fault);
  EXPECT_EQ(Fetch(server_.port(), "/model/clusterInfo").status, 200);
  EXPECT_EQ(Fetch(server_.port(), kTarget).status, 500);
  EXPECT_EQ(Fetch(server_.port(), kTarget).status, 500);
  EXPECT_EQ(Fetch(server_.port(), kTarget).status, 200);
}

TEST_F(FaultTest, CommandsOverHttp) {
  const auto post = [&](const std::string& query) {
    return Fetch(server_.port(), "/__simulator/fault?" + query, "", 5000, 1 << 20, "POST").status;
  };
  EXPECT_EQ(post("name=http_503&count=1&path=allocation"), 200);
  EXPECT_EQ(Fetch(server_.port(), kTarget).status, 503);
  EXPECT_EQ(Fetch(server_.port(), kTarget).status, 200);
  EXPECT_EQ(post("name=html"), 200);
  EXPECT_EQ(post("name=none"), 200);
  EXPECT_EQ(Fetch(server_.port(), kTarget).body, Plain());
  EXPECT_EQ(post("name=nonsense"), 400);
}

TEST(StopTest, DestructionDoesNotWaitForMisbehaviour) {
  for (const char* fault :
       {"hang", "stall_body", "slow_headers:60", "slow_body:10", "huge_body:100000", "gzip_bomb:1000000"}) {
    SimulatorOptions options = Options();
    options.pods = 20000;
    auto server = std::make_unique<Simulator>(options);
    server->SetFault(ParseFault(fault));
    const int port = server->port();
    std::thread client([port] { Fetch(port, kTarget, "", 20000); });
    absl::SleepFor(absl::Milliseconds(50));
    const absl::Time start = absl::Now();
    server.reset();
    EXPECT_LT(absl::Now() - start, absl::Seconds(1)) << fault;
    client.join();
  }
}

TEST(StopTest, StartsAgainOnTheSamePort) {
  Simulator server(Options());
  const int port = server.port();
  EXPECT_EQ(Fetch(port, "/healthz").status, 200);
  server.Stop();
  EXPECT_EQ(Fetch(port, "/healthz").status, 0);
  server.Start();
  EXPECT_EQ(server.port(), port);
  EXPECT_EQ(Fetch(port, "/healthz").status, 200);
}

TEST(StopTest, CountsRequestsInFlight) {
  Simulator server(Options());
  EXPECT_EQ(server.max_in_flight(), 0);
  server.SetFault(ParseFault("slow_headers:0.3"));
  std::thread other([&] { Fetch(server.port(), kTarget); });
  Fetch(server.port(), kTarget);
  other.join();
  EXPECT_EQ(server.max_in_flight(), 2);
}

}  // namespace
}  // namespace simulator
