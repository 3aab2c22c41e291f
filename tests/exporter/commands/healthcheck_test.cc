#include "exporter/commands/healthcheck.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_join.h"
#include "exporter/flags.h"
#include "kubecost/api_error.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_http_client.h"

namespace commands {
namespace {

exporter::ParsedFlags Parse(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), {"kubecost-allocation-exporter", "healthcheck"});
  return exporter::ParseFlags(static_cast<int>(arguments.size()), arguments.data());
}

TEST(HealthUrlTest, WhereTheListenAddressIsReached) {
  const struct {
    std::vector<std::string> listen_addresses;
    const char* url;
  } kCases[] = {
      {{":9103"}, "http://127.0.0.1:9103/healthz"},
      {{"0.0.0.0:9104"}, "http://127.0.0.1:9104/healthz"},
      {{"[::]:9105"}, "http://[::1]:9105/healthz"},
      {{"127.0.0.1:1"}, "http://127.0.0.1:1/healthz"},
      {{"10.1.2.3:9103"}, "http://10.1.2.3:9103/healthz"},
      {{"[fd00::7]:9103"}, "http://[fd00::7]:9103/healthz"},
      {{"localhost:9103"}, "http://localhost:9103/healthz"},
      {{"127.0.0.1:9106", ":9103"}, "http://127.0.0.1:9106/healthz"},
      {{"127.0.0.1:0", ":9107"}, "http://127.0.0.1:9107/healthz"},
  };
  for (const auto& test : kCases) {
    web::Options options;
    options.listen_addresses = test.listen_addresses;
    const absl::StatusOr<std::string> url = HealthUrl(options);
    ASSERT_TRUE(url.ok()) << url.status();
    EXPECT_EQ(*url, test.url);
  }
}

TEST(HealthcheckFlagsTest, TheFlagsAndTheEnvironmentOfTheExporter) {
  EXPECT_EQ(Parse({}).command, exporter::Command::kHealthcheck);
  EXPECT_EQ(Parse({}).healthcheck_url, "http://127.0.0.1:9103/healthz");
  EXPECT_EQ(Parse({}).healthcheck_timeout, absl::Seconds(3));
  EXPECT_EQ(Parse({"--timeout="}).healthcheck_timeout, absl::Seconds(3)) << "an empty value is as good as none";
  EXPECT_EQ(Parse({"--timeout", "500ms"}).healthcheck_timeout, absl::Milliseconds(500));
  EXPECT_EQ(Parse({"--web.listen-address=[::]:81", "--kubecost.url=http://kc"}).healthcheck_url,
            "http://[::1]:81/healthz");
  setenv("KUBECOST_EXPORTER_WEB_LISTEN_ADDRESS", "0.0.0.0:82", 1);
  EXPECT_EQ(Parse({}).healthcheck_url, "http://127.0.0.1:82/healthz");
  unsetenv("KUBECOST_EXPORTER_WEB_LISTEN_ADDRESS");
  EXPECT_EQ(Parse({"--config.check"}).command, exporter::Command::kCheckConfig);
}

TEST(HealthcheckFlagsTest, Problems) {
  const struct {
    const char* argument;
    const char* problem;
  } kCases[] = {
      {"--web.listen-address=:0", "healthcheck: --web.listen-address=:0 leaves the port to the system"},
      {"--web.listen-address=9103", "--web.listen-address: \"9103\" has no port"},
      {"--timeout", "--timeout: needs a value"},
      {"--timeout=soon", "--timeout: \"soon\" is not a duration such as"},
      {"--timeout=0s", "--timeout: \"0s\" is not a duration from 1ms to 1m"},
      {"--timeout=61s", "--timeout: \"61s\" is not a duration from 1ms to 1m"},
      {"--bogus", "--bogus: unknown flag"},
      {"--idle=foo", "--idle: \"foo\""},
  };
  for (const auto& test : kCases) {
    const std::vector<std::string> problems = Parse({test.argument}).problems;
    ASSERT_EQ(problems.size(), 1U) << test.argument << ": " << absl::StrJoin(problems, "\n");
    EXPECT_TRUE(absl::StartsWith(problems[0], test.problem)) << problems[0];
  }
  const char* serve[] = {"kubecost-allocation-exporter", "--timeout=3s"};
  EXPECT_EQ(exporter::ParseFlags(2, serve).problems.size(), 1U) << "a flag of the subcommand alone";
}

absl::Status Check(const fakes::FakeAnswer& answer) {
  fakes::FakeHttpClient http([&answer](const std::string&) { return answer; });
  return CheckHealth("http://h/healthz", absl::Seconds(2), http, fakes::FakeClock(absl::UnixEpoch()));
}

TEST(CheckHealthTest, WhatTheAnswerSays) {
  fakes::FakeAnswer answer;
  answer.body = "ok\n";
  EXPECT_TRUE(Check(answer).ok());
  const struct {
    int status;
    const char* body;
    const char* error;
  } kCases[] = {
      {503, "the poll loop has not moved for 9m\n", "http://h/healthz: HTTP 503: the poll loop has not moved for 9m"},
      {404, "", "http://h/healthz: HTTP 404"},
      {500, "two\nlines", "http://h/healthz: HTTP 500: two lines"},
  };
  for (const auto& test : kCases) {
    answer.status = test.status;
    answer.body = test.body;
    EXPECT_EQ(Check(answer).message(), test.error);
  }
  answer.body = "";
  answer.read_error = absl::UnavailableError("lost");
  EXPECT_EQ(Check(answer).message(), "http://h/healthz: HTTP 500");
  answer.body = std::string(size_t{1} << 20, 'x');
  EXPECT_LT(Check(answer).message().size(), 400U) << "an answer without end is cut short";
}

TEST(CheckHealthTest, WhyThereIsNoAnswer) {
  using kubecost::ErrorReason;
  const struct {
    ErrorReason reason;
    const char* error;
  } kCases[] = {
      {ErrorReason::kReadTimeout, "no answer within 2s"},
      {ErrorReason::kConnectTimeout, "no answer within 2s"},
      {ErrorReason::kDeadline, "no answer within 2s"},
      {ErrorReason::kRefused,
       "nobody listens; is the exporter running, and was it started with this --web.listen-address?"},
      {ErrorReason::kDns, "the host's name is not known"},
      {ErrorReason::kTls, "no TLS connection"},
      {ErrorReason::kDisconnected, "the connection ended without an HTTP answer"},
  };
  fakes::FakeAnswer answer;
  for (const auto& test : kCases) {
    answer.get_error = kubecost::ApiError(test.reason, "details");
    EXPECT_EQ(Check(answer).message(), absl::StrCat("http://h/healthz: ", test.error));
  }
  answer.get_error = absl::InternalError("details");
  EXPECT_EQ(Check(answer).message(), "http://h/healthz: the connection ended without an HTTP answer");
}

TEST(CheckHealthTest, AsksOverHttpAsLongAsThereIsTime) {
  for (const auto& [silence, is_asked_again] : {std::pair(absl::Milliseconds(999), true), {absl::Seconds(1), false}}) {
    fakes::FakeClock clock(absl::UnixEpoch());
    fakes::FakeHttpClient http([&, silence = silence](const std::string& url) {
      clock.Advance(silence);
      fakes::FakeAnswer answer;
      if (absl::StartsWith(url, "https:"))
        answer.get_error = kubecost::ApiError(kubecost::ErrorReason::kTls, "details");
      return answer;
    });
    EXPECT_EQ(CheckHealth("https://h/healthz", absl::Seconds(2), http, clock).ok(), is_asked_again);
    EXPECT_EQ(http.urls.size(), is_asked_again ? 2 : 1);
  }
}

TEST(CheckHealthTest, AskedWithinTheTimeoutAndPastAnyProxy) {
  const kubecost::CurlOptions http = HealthHttpOptions(absl::Seconds(2));
  EXPECT_EQ(http.connect_timeout, absl::Seconds(2));
  EXPECT_EQ(http.read_timeout, absl::Seconds(2));
  EXPECT_EQ(http.deadline, absl::Seconds(2));
  EXPECT_FALSE(http.allow_proxy);
}

}  // namespace
}  // namespace commands
