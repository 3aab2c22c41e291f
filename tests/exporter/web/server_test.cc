// The server in one process with a poller and a simulated Kubecost: what runs in threads, for ThreadSanitizer too.
// Also tests base/cell.h
// Also tests base/clock.h
// Also tests base/mutex.h
#include "exporter/web/server.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "exporter/polling/options.h"
#include "exporter/polling/poller.h"
#include "kubecost/curl_http_client.h"
#include "metrics/table_builder.h"
#include "tests/simulator/simulator.h"

namespace web {
namespace {

class ServerTest : public testing::Test {
 protected:
  void Start() {
    std::vector<std::string> problems;
    access_ = std::make_unique<WebAccess>(options_, self_metrics_, clock_, problems);
    ASSERT_TRUE(problems.empty()) << problems.front();
    handler_ = std::make_unique<Handler>(
        options_, store_, scrapes_, self_metrics_, *access_, clock_, [] { return absl::OkStatus(); },
        [](absl::string_view) { return Answer(); });
    absl::StatusOr<std::unique_ptr<Server>> server = Server::Start(options_, *access_, *handler_);
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }

  // The body of an answer that must be good.
  std::string Get(absl::string_view path) const {
    kubecost::CurlHttpClient http({});
    const absl::StatusOr<kubecost::HttpHead> head =
        http.Get(absl::StrCat("http://", server_->addresses().front(), path), {});
    EXPECT_TRUE(head.ok()) << head.status();
    if (!head.ok()) return "";
    EXPECT_EQ(head->status, 200);
    std::string body;
    while (true) {
      const absl::StatusOr<absl::string_view> piece = http.Read();
      EXPECT_TRUE(piece.ok()) << piece.status();
      if (!piece.ok() || piece->empty()) return body;
      absl::StrAppend(&body, *piece);
    }
  }

  // All that comes back until the server closes the connection.
  std::string Exchange(absl::string_view request) const {
    const std::string address = server_->addresses().front();
    uint32_t port = 0;
    EXPECT_TRUE(absl::SimpleAtoi(address.substr(address.rfind(':') + 1), &port));
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    const absl::Cleanup close_it = [fd] { close(fd); };
    sockaddr_in to = {};
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<uint16_t>(port));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof(to)), 0);
    EXPECT_EQ(write(fd, request.data(), request.size()), static_cast<ssize_t>(request.size()));
    std::string answer(size_t{1} << 16, '\0');
    size_t size = 0;
    for (ssize_t got = 1; got > 0; size += static_cast<size_t>(std::max(got, ssize_t{0}))) {
      got = read(fd, answer.data() + size, answer.size() - size);
    }
    answer.resize(size);
    return answer;
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
    metrics::LevelTables read;
    read.table(kubecost::Level::kPod) = builder.Build();
    auto snapshot = std::make_shared<metrics::Snapshot>();
    snapshot->day = metrics::SplitByCluster({}, "2026-11-19", true, std::move(read));
    return snapshot;
  }

  Options options_ = [] {
    Options options;
    options.listen_addresses = {"127.0.0.1:0"};
    return options;
  }();
  metrics::SnapshotStore store_;
  metrics::ScrapeLog scrapes_;
  metrics::Registry registry_;
  const Metrics self_metrics_{registry_};
  base::SystemClock clock_;
  std::unique_ptr<WebAccess> access_;
  std::unique_ptr<Handler> handler_;
  std::unique_ptr<Server> server_;
};

TEST_F(ServerTest, APortThatIsTakenIsNamed) {
  Start();
  const std::string taken = server_->addresses().front();
  options_.listen_addresses = {taken};
  const auto second = Server::Start(options_, *access_, *handler_);
  ASSERT_FALSE(second.ok());
  EXPECT_TRUE(absl::StrContains(second.status().message(), taken)) << second.status();
  EXPECT_TRUE(absl::StrContains(second.status().message(), "Address already in use")) << second.status();
}

TEST_F(ServerTest, ATargetInAbsoluteFormIsAnsweredWhateverItsHost) {
  options_.web_keep_alive_timeout = absl::Milliseconds(500);
  Start();
  store_.Publish(SnapshotOf(1, 1));
  const std::string address = server_->addresses().front();
  const std::string port = address.substr(address.rfind(':'));
  for (const std::string& target :
       {absl::StrCat("http://127.0.0.1", port, "/metrics"), absl::StrCat("http://exporter.example", port, "/metrics"),
        std::string("http://exporter.example/metrics?collect[]=pod"), std::string("http://mydomain.com:1/metrics"),
        std::string("HTTPS://exporter:9/metr%69cs"), std::string("http://[::1]:9103/metrics")}) {
    const std::string answer = Exchange(absl::StrCat("GET ", target, " HTTP/1.1\r\nHost: x\r\n\r\n"));
    EXPECT_TRUE(absl::StartsWith(answer, "HTTP/1.1 200 OK\r\n")) << target << "\n" << answer;
    EXPECT_TRUE(absl::StrContains(answer, "Connection: close")) << target << "\n" << answer;
    EXPECT_TRUE(absl::StrContains(answer, "kubecost_pod_total_cost{")) << target << "\n" << answer;
    EXPECT_EQ(absl::StrContains(answer, "kubecost_exporter_"), !absl::StrContains(target, "collect")) << target;
    EXPECT_EQ(answer.find("HTTP/1.1 ", 1), std::string::npos) << "one answer: " << target << "\n" << answer;
  }
  const auto first_line = [this](absl::string_view request) {
    const std::string answer = Exchange(absl::StrCat(request, "\r\nHost: x\r\n\r\n"));
    EXPECT_EQ(answer.find("HTTP/1.1 ", 1), std::string::npos) << answer;
    return answer.substr(0, answer.find('\r'));
  };
  EXPECT_EQ(first_line("HEAD http://exporter.example/metrics HTTP/1.1"), "HTTP/1.1 200 OK");
  EXPECT_EQ(first_line("GET http://exporter.example HTTP/1.1"), "HTTP/1.1 200 OK");
  EXPECT_EQ(first_line("GET http://exporter.example/nothing HTTP/1.1"), "HTTP/1.1 404 Not Found");
  EXPECT_EQ(first_line("POST http://exporter.example/metrics HTTP/1.1"), "HTTP/1.1 405 Method Not Allowed");
  EXPECT_EQ(first_line("GET ftp://exporter.example/metrics HTTP/1.1"), "HTTP/1.1 400 Bad Request");
  EXPECT_EQ(first_line("GET http://exporter.example/metrics HTTP/3.0"), "HTTP/3.0 505 HTTP Version not supported");
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
        const std::string body = Get("/metrics");
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
  kubecost::CurlHttpClient http({});
  polling::PollReportStore reports;
  polling::Metrics polling_metrics(registry_, polling_options);
  polling::Poller poller(polling_options, clock_, http, store_, reports, scrapes_, polling_metrics);
  Start();
  std::jthread polling([&poller](std::stop_token stop) { poller.Run(std::move(stop)); });
  std::string body;
  while (!absl::StrContains(body, "\nkubecost_pod_total_cost{")) body = Get("/metrics");
  EXPECT_TRUE(absl::StrContains(body, "\nkubecost_cluster_info{"));
  EXPECT_LE(poller.TimeSinceProgress(), absl::Minutes(1));
  EXPECT_EQ(kubecost.max_in_flight(), 1);
}

}  // namespace
}  // namespace web
