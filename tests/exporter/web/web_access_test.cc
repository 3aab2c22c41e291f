// The server behind --web.config.file, with many clients while the files change: for ThreadSanitizer too.
// Also tests exporter/web/basic_auth.h
// Also tests exporter/web/tls.h
#include "exporter/web/web_access.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "exporter/web/server.h"
#include "tests/exporter/web/tls_client.h"

namespace web {
namespace {

constexpr char kHash[] = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";  // of "U*U"

std::string Login(absl::string_view user, absl::string_view password) {
  return absl::StrCat("Authorization: Basic ", absl::Base64Escape(absl::StrCat(user, ":", password)), "\r\n");
}

class WebAccessTest : public testing::Test {
 protected:
  WebAccessTest() {
    signal(SIGPIPE, SIG_IGN);
    std::string name = (std::filesystem::temp_directory_path() / "web-access-XXXXXX").string();
    folder_ = mkdtemp(name.data());
    options_.listen_addresses = {"127.0.0.1:0"};
    options_.web_config_file = Path("web.yml");
  }
  ~WebAccessTest() override {
    server_.reset();
    std::filesystem::remove_all(folder_);
  }

  std::string Path(absl::string_view name) const { return absl::StrCat(folder_, "/", name); }

  // In one step, so that nobody reads a half.
  void Write(absl::string_view name, absl::string_view text) const {
    std::ofstream(Path("new")) << text;
    std::filesystem::rename(Path("new"), Path(name));
  }

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
    const std::string address = server_->addresses().front();
    ASSERT_TRUE(absl::SimpleAtoi(address.substr(address.rfind(':') + 1), &port_));
  }

  int StatusAt(const std::string& path, const Identity* client = nullptr, const std::string& headers = "") const {
    const std::optional<TlsAnswer> answer = GetOverTls(port_, path, client, headers);
    return answer.has_value() ? answer->status : 0;
  }

  std::string folder_;
  Options options_;
  metrics::SnapshotStore store_;
  metrics::ScrapeLog scrapes_;
  metrics::Registry registry_;
  const Metrics self_metrics_{registry_};
  base::SystemClock clock_;
  std::unique_ptr<WebAccess> access_;
  std::unique_ptr<Handler> handler_;
  std::unique_ptr<Server> server_;
  int port_ = 0;
};

constexpr char kMutual[] =
    "tls_server_config:\n  cert_file: tls.crt\n  key_file: tls.key\n  client_ca_file: ca.crt\n"
    "  client_auth_type: RequireAndVerifyClientCert\n";

TEST_F(WebAccessTest, CertificateAndPasswordAreBothAskedFor) {
  const Identity server = NewIdentity("server");
  const Identity client = NewIdentity("client");
  const Identity stranger = NewIdentity("stranger");
  Write("tls.crt", server.certificate);
  Write("tls.key", server.key);
  Write("ca.crt", client.certificate);
  Write("web.yml", absl::StrCat(kMutual, "basic_auth_users:\n  user: ", kHash, "\n"));
  Start();
  EXPECT_EQ(StatusAt("/metrics", &client, Login("user", "U*U")), 200);
  EXPECT_EQ(StatusAt("/metrics", &client, Login("user", "U*V")), 401);
  EXPECT_EQ(StatusAt("/metrics", &client, Login("nobody", "U*U")), 401);
  EXPECT_EQ(StatusAt("/metrics", &client), 401);
  EXPECT_EQ(StatusAt("/metrics", nullptr, Login("user", "U*U")), 403);
  EXPECT_EQ(StatusAt("/metrics", &stranger, Login("user", "U*U")), 0);
  EXPECT_EQ(StatusAt("/healthz"), 200);
  EXPECT_EQ(StatusAt("/healthz", &stranger), 0);
  // A target in absolute form opens no other door.
  EXPECT_EQ(StatusAt("https://exporter.example/metrics", &client, Login("user", "U*U")), 200);
  EXPECT_EQ(StatusAt("https://exporter.example/metrics", &client), 401);
  EXPECT_EQ(StatusAt("https://exporter.example/healthz"), 200);
  const std::string text = self_metrics_.Serialize();
  for (const absl::string_view line : {"{reason=\"bad_certificate\"} 2", "{reason=\"no_certificate\"} 1",
                                       "{reason=\"no_password\"} 2", "{reason=\"wrong_password\"} 2"}) {
    EXPECT_TRUE(absl::StrContains(text, absl::StrCat("kubecost_exporter_web_auth_failures_total", line, "\n"))) << line;
  }
}

TEST_F(WebAccessTest, ClientsComeWhileCertificatesChange) {
  const Identity client = NewIdentity("client");
  Write("ca.crt", client.certificate);
  Write("web.yml", kMutual);
  const auto rotate = [this](const std::string& name) {
    const Identity server = NewIdentity(name);
    // Not in one step: a key of another certificate for a moment.
    Write("tls.crt", server.certificate);
    Write("tls.key", server.key);
  };
  rotate("server-0");
  Start();
  std::atomic<int> newest = 0;
  constexpr int kLast = 2;
  std::vector<std::jthread> clients;
  for (int i = 0; i < 4; ++i) {
    clients.emplace_back([&] {
      while (newest < kLast) {
        const std::optional<TlsAnswer> answer = GetOverTls(port_, "/metrics", &client);
        ASSERT_TRUE(answer.has_value());
        EXPECT_EQ(answer->status, 200);
        int number = 0;
        ASSERT_TRUE(absl::SimpleAtoi(answer->server_name.substr(answer->server_name.find('-') + 1), &number));
        int seen = newest;
        while (seen < number && !newest.compare_exchange_weak(seen, number)) {
        }
      }
    });
  }
  for (int number = 1; number <= kLast; ++number) {
    rotate(absl::StrCat("server-", number));
    while (newest < number) std::this_thread::yield();
  }
}

TEST_F(WebAccessTest, PasswordsAreCheckedFromManyThreads) {
  const Identity server = NewIdentity("server");
  Write("tls.crt", server.certificate);
  Write("tls.key", server.key);
  Write("web.yml", absl::StrCat("tls_server_config:\n  cert_file: tls.crt\n  key_file: tls.key\n",
                                "basic_auth_users:\n  user: ", kHash, "\n"));
  Start();
  std::vector<std::jthread> clients;
  for (int i = 0; i < 6; ++i) {
    clients.emplace_back([this, i] {
      for (int round = 0; round < 3; ++round) {
        const bool is_right = i % 2 == 0;
        const int status = StatusAt("/", nullptr, Login("user", is_right ? "U*U" : absl::StrCat(i, "-", round)));
        EXPECT_TRUE(status == 503 || status == (is_right ? 200 : 401)) << status;
      }
    });
  }
  clients.clear();
  EXPECT_EQ(StatusAt("/", nullptr, Login("user", "U*U")), 200);
}

TEST(RateLimiterTest, ABurstThenOneEachInterval) {
  RateLimiter limiter({absl::Seconds(2), 3});
  absl::Duration now = absl::Seconds(1'000);
  for (const bool allowed : {true, true, true, false, false}) EXPECT_EQ(limiter.Allows(now), allowed);
  now += absl::Seconds(1);
  EXPECT_FALSE(limiter.Allows(now));
  now += absl::Seconds(1);
  EXPECT_TRUE(limiter.Allows(now));
  EXPECT_FALSE(limiter.Allows(now));
  now += absl::Hours(24);
  for (const bool allowed : {true, true, true, false}) EXPECT_EQ(limiter.Allows(now), allowed);
}

}  // namespace
}  // namespace web
