// The server in one process with a poller and a simulated Kubecost: what runs in threads, for ThreadSanitizer too.
#include "exporter/web/server.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "exporter/polling/poller.h"
#include "kubecost/curl_http_client.h"
#include "metrics/table_builder.h"
#include "tests/simulator/simulator.h"

namespace web {
namespace {

struct Answer {
  int status = 0;
  std::string content_type;
  std::string body;
};

class ServerTest : public testing::Test {
 protected:
  void Start() {
    std::vector<std::string> problems;
    access_ = std::make_unique<WebAccess>(options_, self_metrics_, problems);
    ASSERT_TRUE(problems.empty()) << problems.front();
    absl::StatusOr<std::unique_ptr<Server>> server = Server::Start(
        options_, store_, self_metrics_, *access_, [this] { return health_; },
        [this](absl::string_view search) {
          return Page{absl::StrCat("searched for ", search), "X-Page: 1\r\n"};
        });
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }

  Answer Get(absl::string_view path) const {
    kubecost::CurlHttpClient http({});
    Answer answer;
    const absl::StatusOr<kubecost::HttpHead> head =
        http.Get(absl::StrCat("http://", server_->addresses().front(), path), {});
    EXPECT_TRUE(head.ok()) << head.status();
    if (!head.ok()) return answer;
    answer.status = head->status;
    answer.content_type = head->content_type;
    while (true) {
      const absl::StatusOr<absl::string_view> piece = http.Read();
      EXPECT_TRUE(piece.ok()) << piece.status();
      if (!piece.ok() || piece->empty()) return answer;
      absl::StrAppend(&answer.body, *piece);
    }
  }

  std::shared_ptr<const metrics::Snapshot> SnapshotOf(int pods, double cost) const {
    metrics::TableBuilder builder(kubecost::Level::kPod, "", 0);
    for (int i = 0; i < pods; ++i) {
      kubecost::Allocation row;
      row.properties.cluster = "c";
      row.properties.namespace_name = "n";
      row.properties.pod = absl::StrCat("pod-", i);
      row.total_cost = cost;
      builder.Add(row);
    }
    auto day = std::make_shared<metrics::DayFacts>();
    day->table(kubecost::Level::kPod) = builder.Build();
    auto snapshot = std::make_shared<metrics::Snapshot>();
    snapshot->day = day;
    return snapshot;
  }

  Options options_ = [] {
    Options options;
    options.listen_addresses = {"127.0.0.1:0"};
    return options;
  }();
  metrics::SnapshotStore store_;
  metrics::Registry registry_;
  const Metrics self_metrics_{registry_};
  absl::Status health_;
  std::unique_ptr<WebAccess> access_;
  std::unique_ptr<Server> server_;
};

TEST_F(ServerTest, BeforeTheFirstSnapshotOnlyTheExporterItself) {
  Start();
  const Answer answer = Get("/metrics");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.content_type, "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_TRUE(absl::StartsWith(answer.body, "# HELP kubecost_exporter_")) << answer.body.substr(0, 80);
  EXPECT_TRUE(absl::StrContains(answer.body, "\nkubecost_exporter_scrapes_total 0\n"));
}

TEST_F(ServerTest, HealthIsWhatTheProcessSaysOfItself) {
  Start();
  for (const char* path : {"/healthz", "/readyz", "/-/healthy", "/-/ready"}) EXPECT_EQ(Get(path).status, 200) << path;
  health_ = absl::UnavailableError("the poll loop has not moved for 20m");
  for (const char* path : {"/healthz", "/readyz", "/-/healthy", "/-/ready"}) {
    EXPECT_EQ(Get(path).status, 503) << path;
    EXPECT_EQ(Get(path).body, "the poll loop has not moved for 20m\n");
  }
}

TEST_F(ServerTest, PageMetricsAndNothingElse) {
  options_.telemetry_path = "/costs";
  Start();
  const Answer page = Get("/");
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(page.content_type, "text/html; charset=utf-8");
  EXPECT_EQ(page.body, "searched for ");
  EXPECT_EQ(Get("/costs").status, 200);
  EXPECT_EQ(Get("/metrics").status, 404);
  EXPECT_TRUE(absl::StrContains(Get("/metrics").body, "/costs"));
}

TEST_F(ServerTest, APortThatIsTakenIsNamed) {
  Start();
  const std::string taken = server_->addresses().front();
  options_.listen_addresses = {taken};
  const auto second = Server::Start(
      options_, store_, self_metrics_, *access_, [] { return absl::OkStatus(); },
      [](absl::string_view) { return Page(); });
  ASSERT_FALSE(second.ok());
  EXPECT_TRUE(absl::StrContains(second.status().message(), taken)) << second.status();
  EXPECT_TRUE(absl::StrContains(second.status().message(), "Address already in use")) << second.status();
}

TEST_F(ServerTest, EveryScrapeIsOneSnapshotWhileSnapshotsAreReplaced) {
  Start();
  constexpr int kPods = 3000;
  store_.Publish(SnapshotOf(kPods, 1));
  std::atomic<bool> done = false;
  std::jthread publisher([&] {
    for (int i = 2; !done; ++i) store_.Publish(SnapshotOf(kPods, i));
  });
  std::vector<std::jthread> scrapers;
  for (int scraper = 0; scraper < 3; ++scraper) {
    scrapers.emplace_back([&] {
      for (int i = 0; i < 5; ++i) {
        std::string value;
        int samples = 0;
        const std::string body = Get("/metrics").body;
        for (const absl::string_view line : absl::StrSplit(body, '\n')) {
          if (!absl::StartsWith(line, "kubecost_pod_total_cost{")) continue;
          const std::string seen(line.substr(line.rfind(' ')));
          if (value.empty()) value = seen;
          EXPECT_EQ(seen, value) << "two snapshots in one scrape";
          ++samples;
        }
        EXPECT_EQ(samples, kPods);
      }
    });
  }
  scrapers.clear();
  done = true;
}

TEST_F(ServerTest, PollerAndScrapersTogether) {
  simulator::SimulatorOptions kubecost_options;
  kubecost_options.pods = 100;
  const simulator::Simulator kubecost(kubecost_options);
  polling::Options polling_options;
  polling_options.endpoint.url = kubecost.url();
  base::SystemClock clock;
  kubecost::CurlHttpClient http({});
  polling::PollReportStore reports;
  polling::Metrics polling_metrics(registry_, polling_options);
  polling::Poller poller(polling_options, clock, http, store_, reports, polling_metrics);
  Start();
  std::jthread polling([&poller](std::stop_token stop) { poller.Run(std::move(stop)); });
  std::string body;
  while (!absl::StrContains(body, "\nkubecost_pod_total_cost{")) body = Get("/metrics").body;
  EXPECT_TRUE(absl::StrContains(body, "\nkubecost_cluster_info{"));
  EXPECT_LE(poller.TimeSinceProgress(), absl::Minutes(1));
  EXPECT_EQ(kubecost.max_in_flight(), 1);
}

}  // namespace
}  // namespace web
