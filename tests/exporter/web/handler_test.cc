#include "exporter/web/handler.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "metrics/table_builder.h"
#include "tests/fakes/fake_clock.h"

namespace web {
namespace {

// What stands in every head.
constexpr char kAlways[] =
    "Date: Fri, 20 Nov 2026 12:00:00 GMT\r\nX-Content-Type-Options: nosniff\r\nCache-Control: no-store\r\n";

class HandlerTest : public testing::Test {
 protected:
  // An answer, byte for byte. The client goes after `max_pieces`.
  std::string Ask(absl::string_view method, absl::string_view path, absl::string_view query = "",
                  const std::map<std::string, std::string>& headers = {}, int max_pieces = 1000) {
    WebAccess access(options_, self_metrics_, clock_, problems_);
    Handler handler(
        options_, store_, scrapes_, self_metrics_, access, clock_, [this] { return health_; },
        [](absl::string_view search) {
          return Answer{200, absl::StrCat("found: ", search), "X-Page: 1\r\n", kHtml};
        });
    const Request request = {method, path, query, version_, "127.0.0.1", false, [&headers](const char* name) {
                               const auto header = headers.find(name);
                               return header == headers.end() ? nullptr : header->second.c_str();
                             }};
    std::string text;
    const auto send = [&](absl::string_view piece) {
      absl::StrAppend(&text, piece);
      return --max_pieces >= 0;
    };
    const Handler::Outcome outcome = handler.Handle(request, send);
    keep_alive_ = outcome.keep_alive;
    EXPECT_TRUE(absl::StartsWith(text, absl::StrCat("HTTP/1.1 ", outcome.status, " "))) << text;
    return text;
  }

  void Publish(int pods) {
    metrics::TableBuilder builder(kubecost::Level::kPod, "", 0);
    kubecost::Allocation row;
    row.properties.cluster = "c";
    row.properties.namespace_name = "n";
    row.total_cost = 1;
    for (int i = 0; i < pods; ++i) {
      row.properties.pod = absl::StrCat("pod-", i);
      builder.Add(row);
    }
    metrics::LevelTables read;
    read.table(kubecost::Level::kPod) = builder.Build();
    auto snapshot = std::make_shared<metrics::Snapshot>();
    snapshot->day = metrics::SplitByCluster({}, "2026-11-19", true, std::move(read));
    store_.Publish(snapshot);
  }

  bool IsCounted(int scrapes, size_t bytes) const {
    const std::string text = self_metrics_.Serialize();
    return absl::StrContains(text, absl::StrCat("\nkubecost_exporter_scrapes_total ", scrapes, "\n")) &&
           absl::StrContains(text, absl::StrCat("\nkubecost_exporter_scrape_bytes ", bytes, "\n"));
  }

  Options options_;
  metrics::SnapshotStore store_;
  metrics::ScrapeLog scrapes_;
  metrics::Registry registry_;
  const Metrics self_metrics_{registry_};
  fakes::FakeClock clock_{absl::FromUnixSeconds(1795176000)};
  absl::Status health_;
  absl::string_view version_ = "1.1";
  bool keep_alive_ = false;
  std::vector<std::string> problems_;
};

TEST_F(HandlerTest, HealthIsWhatTheProcessSaysOfItself) {
  for (const char* path : {"/healthz", "/readyz", "/-/healthy", "/-/ready"}) {
    health_ = absl::OkStatus();
    EXPECT_EQ(Ask("GET", path), absl::StrCat("HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\n", kAlways,
                                             "Connection: close\r\nContent-Length: 3\r\n\r\nok\n"));
    health_ = absl::UnavailableError("stuck");
    EXPECT_EQ(Ask("GET", path),
              absl::StrCat("HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain; charset=utf-8\r\n", kAlways,
                           "Connection: close\r\nContent-Length: 6\r\n\r\nstuck\n"));
  }
}

TEST_F(HandlerTest, ThePageGetsWhatIsSearchedFor) {
  const std::string head =
      absl::StrCat("HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n", kAlways, "Connection: close\r\n");
  EXPECT_EQ(Ask("GET", "/", "x=1&search=a+b%2Fc&search=d"),
            absl::StrCat(head, "Content-Length: 12\r\nX-Page: 1\r\n\r\nfound: a b/c"));
  EXPECT_EQ(Ask("GET", "/"), absl::StrCat(head, "Content-Length: 7\r\nX-Page: 1\r\n\r\nfound: "));
  EXPECT_EQ(Ask("HEAD", "/"), absl::StrCat(head, "Content-Length: 7\r\nX-Page: 1\r\n\r\n"));
  EXPECT_TRUE(absl::EndsWith(Ask("GET", "/", absl::StrCat("search=", std::string(511, 'x'))), "xx"));
  EXPECT_TRUE(absl::EndsWith(Ask("GET", "/", absl::StrCat("search=", std::string(512, 'x'))), "found: "));
}

TEST_F(HandlerTest, WhatIsNotServedSaysWhy) {
  options_.telemetry_path = "/costs";
  EXPECT_TRUE(absl::EndsWith(Ask("GET", "/metrics"), "\r\n\r\nno such page; the metrics are at /costs\n"));
  EXPECT_TRUE(absl::StartsWith(Ask("GET", "/metrics"), "HTTP/1.1 404 Not Found\r\n"));
  for (const char* path : {"/", "/costs", "/healthz"}) {
    const std::string answer = Ask("POST", path);
    EXPECT_TRUE(absl::StartsWith(answer, "HTTP/1.1 405 Method Not Allowed\r\n")) << answer;
    EXPECT_TRUE(absl::EndsWith(answer, "\r\nAllow: GET, HEAD\r\n\r\nonly GET and HEAD\n")) << answer;
  }
  const std::string unknown = Ask("GET", "/costs", "collect[]=x");
  EXPECT_TRUE(absl::StartsWith(unknown, "HTTP/1.1 400 Bad Request\r\n")) << unknown;
  EXPECT_TRUE(absl::EndsWith(unknown, "\r\n\r\ncollect[]: \"x\" is not one of pod, namespace, cluster, exporter\n"));
}

TEST_F(HandlerTest, AScrapeComesInChunks) {
  Publish(1);
  const std::string head = absl::StrCat("HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n",
                                        kAlways, "Connection: close\r\nVary: Accept-Encoding\r\n");
  const std::string answer = Ask("GET", "/metrics", "collect[]=pod");
  EXPECT_TRUE(absl::StartsWith(answer, absl::StrCat(head, "Transfer-Encoding: chunked\r\n\r\n"))) << answer;
  const size_t end_of_head = answer.find("\r\n\r\n") + 4;
  const std::string size = answer.substr(end_of_head, answer.find("\r\n", end_of_head) - end_of_head);
  const std::string body = answer.substr(end_of_head + size.size() + 2, std::stoul(size, nullptr, 16));
  EXPECT_TRUE(absl::StartsWith(body, "# HELP kubecost_")) << body;
  EXPECT_EQ(answer.substr(end_of_head), absl::StrCat(size, "\r\n", body, "\r\n0\r\n\r\n"));
  EXPECT_TRUE(IsCounted(1, body.size()));

  version_ = "1.0";
  EXPECT_EQ(Ask("GET", "/metrics", "collect[]=pod"), absl::StrCat(head, "\r\n", body));
  EXPECT_EQ(Ask("HEAD", "/metrics"), absl::StrCat(head, "\r\n"));
  EXPECT_TRUE(IsCounted(2, body.size()));
}

TEST_F(HandlerTest, AScrapeIsCompressedOnRequest) {
  Publish(1);
  const std::string answer = Ask("GET", "/metrics", "", {{"Accept-Encoding", "gzip"}});
  EXPECT_TRUE(absl::StrContains(answer, "\r\nVary: Accept-Encoding\r\nContent-Encoding: gzip\r\n")) << answer;
  EXPECT_TRUE(absl::StrContains(answer, "\r\n\x1F\x8B")) << answer;
}

TEST_F(HandlerTest, BeforeTheFirstSnapshotOnlyTheExporterItself) {
  const std::string answer = Ask("GET", "/metrics");
  EXPECT_TRUE(absl::StrContains(answer, "\r\n# HELP kubecost_exporter_")) << answer;
  EXPECT_TRUE(absl::StrContains(answer, "\nkubecost_exporter_scrapes_total 0\n")) << answer;
}

TEST_F(HandlerTest, AScrapeThatIsCutShortIsNotCounted) {
  Publish(3000);
  for (const char* encoding : {"gzip", "identity"}) {
    for (const int pieces : {0, 1, 2}) {
      Ask("GET", "/metrics", "", {{"Accept-Encoding", encoding}}, pieces);
      EXPECT_TRUE(absl::StrContains(self_metrics_.Serialize(), "\nkubecost_exporter_scrapes_total 0\n"))
          << encoding << " " << pieces;
    }
  }
}

TEST_F(HandlerTest, AConnectionIsKeptWhereNothingSpeaksAgainstIt) {
  Ask("GET", "/");
  EXPECT_FALSE(keep_alive_);
  options_.web_keep_alive_timeout = absl::Milliseconds(100);
  EXPECT_TRUE(absl::StrContains(Ask("GET", "/"), "\r\nConnection: keep-alive\r\n"));
  EXPECT_TRUE(keep_alive_);
  const std::pair<std::string, std::string> speaks_against[] = {
      {"Connection", "Close"}, {"Content-Length", "1"}, {"Transfer-Encoding", "chunked"}};
  for (const auto& header : speaks_against) {
    EXPECT_TRUE(absl::StrContains(Ask("GET", "/", "", {header}), "\r\nConnection: close\r\n"));
    EXPECT_FALSE(keep_alive_) << header.first;
  }
  version_ = "1.0";
  Ask("GET", "/");
  EXPECT_FALSE(keep_alive_);
}

}  // namespace
}  // namespace web
