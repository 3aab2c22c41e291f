// Also tests exporter/flag_table.h
// Also tests exporter/polling/options.h
// Also tests exporter/web/options.h
// Also tests kubecost/connection_check.h
#include "exporter/flags.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/day.h"
#include "kubecost/connection_check.h"

namespace exporter {
namespace {

ParsedFlags Parse(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "kubecost-allocation-exporter");
  return ParseFlags(static_cast<int>(arguments.size()), arguments.data());
}

Options Good(std::vector<const char*> arguments) {
  const ParsedFlags parsed = Parse(std::move(arguments));
  EXPECT_TRUE(parsed.problems.empty()) << absl::StrJoin(parsed.problems, "\n");
  return parsed.options;
}

void ExpectProblem(std::vector<const char*> arguments, absl::string_view fragment) {
  const ParsedFlags parsed = Parse(std::move(arguments));
  EXPECT_EQ(parsed.problems.size(), 1U) << absl::StrJoin(parsed.problems, "\n");
  EXPECT_TRUE(absl::StrContains(absl::StrJoin(parsed.problems, "\n"), fragment))
      << absl::StrJoin(parsed.problems, "\n");
}

TEST(FlagsTest, DefaultsAreGood) {
  const ParsedFlags parsed = Parse({});
  EXPECT_TRUE(parsed.problems.empty());
  EXPECT_EQ(parsed.command, Command::kServe);
  EXPECT_EQ(parsed.options.polling.endpoint.url, "http://kubecost-cost-analyzer.kubecost:9090");
  EXPECT_EQ(parsed.options.web.listen_addresses, std::vector<std::string>{":9103"});
}

TEST(FlagsTest, EveryFlagReachesItsOption) {
  const Options options = Good({"--kubecost.url=https://kc:1/base",
                                "--kubecost.api=opencost",
                                "--kubecost.path-prefix=/m",
                                "--kubecost.connect-timeout=3s",
                                "--kubecost.read-timeout=4s",
                                "--kubecost.deadline=5m",
                                "--kubecost.max-response-bytes=2MiB",
                                "--kubecost.gzip=false",
                                "--idle=share",
                                "--share-tenancy-costs=false",
                                "--share-namespaces=a,b",
                                "--share-labels=app:x",
                                "--filter=namespace:\"x\"",
                                "--cluster.name=c",
                                "--cluster-info=off",
                                "--cluster-info.label=region=eu",
                                "--cluster-info.label",
                                "owner=me=you",
                                "--currency=EUR",
                                "--day.utc-offset=-08:30",
                                "--day.close-delay=90m",
                                "--day.refresh=30m",
                                "--web.listen-address=127.0.0.1:0",
                                "--web.listen-address=[::1]:1",
                                "--web.telemetry-path=/m",
                                "--web.threads=8",
                                "--web.max-requests=3",
                                "--web.request-timeout=2s",
                                "--web.keep-alive-timeout=100ms",
                                "--log.level=debug",
                                "--log.format=json"});
  EXPECT_EQ(options.polling.endpoint.url, "https://kc:1/base");
  EXPECT_EQ(options.polling.endpoint.api, kubecost::Api::kOpenCost);
  EXPECT_EQ(options.polling.endpoint.path_prefix, "/m");
  EXPECT_EQ(options.http.connect_timeout, absl::Seconds(3));
  EXPECT_EQ(options.http.read_timeout, absl::Seconds(4));
  EXPECT_EQ(options.http.deadline, absl::Minutes(5));
  EXPECT_EQ(options.http.max_response_bytes, 2U << 20);
  EXPECT_FALSE(options.http.accept_gzip);
  EXPECT_EQ(options.polling.query.idle, kubecost::IdleMode::kShare);
  EXPECT_FALSE(options.polling.query.share_tenancy_costs);
  EXPECT_EQ(options.polling.query.share_namespaces, "a,b");
  EXPECT_EQ(options.polling.query.share_labels, "app:x");
  EXPECT_EQ(options.polling.query.filter, "namespace:\"x\"");
  EXPECT_EQ(options.polling.cluster_name, "c");
  EXPECT_EQ(options.polling.cluster_info, polling::ClusterInfoMode::kOff);
  EXPECT_EQ(options.polling.cluster_info_labels,
            (std::map<std::string, std::string>{{"region", "eu"}, {"owner", "me=you"}}));
  EXPECT_EQ(options.polling.currency, "EUR");
  EXPECT_EQ(base::UtcOffsetText(options.polling.day_utc_offset), "-08:30");
  EXPECT_EQ(options.polling.day_close_delay, absl::Minutes(90));
  EXPECT_EQ(options.polling.day_refresh, absl::Minutes(30));
  EXPECT_EQ(options.web.listen_addresses, (std::vector<std::string>{"127.0.0.1:0", "[::1]:1"}));
  EXPECT_EQ(options.web.telemetry_path, "/m");
  EXPECT_EQ(options.web.web_threads, 8);
  EXPECT_EQ(options.web.web_max_requests, 3);
  EXPECT_EQ(options.web.web_request_timeout, absl::Seconds(2));
  EXPECT_EQ(options.web.web_keep_alive_timeout, absl::Milliseconds(100));
  EXPECT_EQ(options.log.level, base::LogLevel::kDebug);
  EXPECT_EQ(options.log.format, base::LogFormat::kJson);
}

TEST(FlagsTest, EnvironmentVariablesAndFlagsOverThem) {
  setenv("KUBECOST_EXPORTER_KUBECOST_URL", "http://from-environment", 1);
  setenv("KUBECOST_EXPORTER_WEB_LISTEN_ADDRESS", ":1,:2", 1);
  setenv("KUBECOST_EXPORTER_SHARE_TENANCY_COSTS", "false", 1);
  Options options = Good({});
  EXPECT_EQ(options.polling.endpoint.url, "http://from-environment");
  EXPECT_EQ(options.web.listen_addresses, (std::vector<std::string>{":1", ":2"}));
  EXPECT_FALSE(options.polling.query.share_tenancy_costs);
  EXPECT_EQ(Good({"--kubecost.url=http://from-flag"}).polling.endpoint.url, "http://from-flag");
  setenv("KUBECOST_EXPORTER_KUBECOST_URL", "", 1);
  EXPECT_EQ(Good({}).polling.endpoint.url, Options().polling.endpoint.url) << "empty is as good as unset";
  for (const char* name : {"KUBECOST_EXPORTER_KUBECOST_URL", "KUBECOST_EXPORTER_WEB_LISTEN_ADDRESS",
                           "KUBECOST_EXPORTER_SHARE_TENANCY_COSTS"}) {
    unsetenv(name);
  }
}

TEST(FlagsTest, ListsInOneFlagAndTheBareBoolean) {
  EXPECT_EQ(Good({"--web.listen-address=:1,:2"}).web.listen_addresses, (std::vector<std::string>{":1", ":2"}));
  EXPECT_TRUE(Good({"--kubecost.gzip"}).http.accept_gzip);
  EXPECT_EQ(Good({"--kubecost.path-prefix=/"}).polling.endpoint.path_prefix, "");
}

TEST(FlagsTest, AnEmptyValueIsAsGoodAsNone) {
  const Options options = Good({"--filter=", "--idle=off", "--cluster.name=", "--kubecost.path-prefix="});
  EXPECT_EQ(options.polling.query.filter, "");
  EXPECT_EQ(options.polling.query.idle, kubecost::IdleMode::kOff) << "the next argument must not be eaten";
  EXPECT_EQ(options.polling.cluster_name, "");
  EXPECT_FALSE(options.polling.endpoint.path_prefix.has_value());
}

TEST(FlagsTest, AMissingValueHidesNoOtherProblem) {
  setenv("KUBECOST_EXPORTER_IDLE", "nope", 1);
  const std::string problems = absl::StrJoin(Parse({"--bogus", "--kubecost.url"}).problems, "\n");
  unsetenv("KUBECOST_EXPORTER_IDLE");
  for (const char* fragment : {"--bogus: unknown flag", "--kubecost.url: needs a value", "--idle: \"nope\""}) {
    EXPECT_TRUE(absl::StrContains(problems, fragment)) << fragment << " in\n" << problems;
  }
}

TEST(FlagsTest, EveryProblemInOneGo) {
  const ParsedFlags parsed = Parse({"--idle=foo", "--kubecost.deadline=soon", "--web.threads=1", "stray", "--nonsense",
                                    "--kubecost.url=ftp://x", "--day.utc-offset=2"});
  const std::string problems = absl::StrJoin(parsed.problems, "\n");
  for (const char* fragment :
       {"--idle: \"foo\" is not one of separate, share, off", "--kubecost.deadline: \"soon\" is not a duration",
        "--web.threads: must be 2 to 64", "--nonsense: unknown flag", "\"stray\": unexpected argument",
        "--kubecost.url: \"ftp://x\"", "--day.utc-offset: \"2\" is not an offset"}) {
    EXPECT_TRUE(absl::StrContains(problems, fragment)) << fragment << " in\n" << problems;
  }
}

TEST(FlagsTest, EachRuleByItself) {
  ExpectProblem({"--kubecost.url=http://kc:9090/"}, "must not end in a slash");
  ExpectProblem({"--kubecost.url=http://kc?x=1"}, "must not hold a query");
  ExpectProblem({"--kubecost.url"}, "--kubecost.url: needs a value");
  ExpectProblem({"--kubecost.url=http://kc:99999"}, "is not a URL");
  ExpectProblem({"--kubecost.url=kubecost:9090"}, "is not a URL");
  ExpectProblem({"--kubecost.path-prefix=model"}, "--kubecost.path-prefix");
  ExpectProblem({"--kubecost.path-prefix=/model/"}, "--kubecost.path-prefix");
  ExpectProblem({"--kubecost.connect-timeout=500us"}, "--kubecost.connect-timeout: must be at least 1ms");
  ExpectProblem({"--kubecost.read-timeout=inf"}, "is not a duration");
  ExpectProblem({"--kubecost.deadline=5s"}, "must not be shorter");
  ExpectProblem({"--kubecost.max-response-bytes=1"}, "at least 1KiB");
  ExpectProblem({"--kubecost.max-response-bytes=many"}, "is not a size");
  ExpectProblem({"--kubecost.max-response-bytes=-5"}, "is not a size");
  ExpectProblem({"--kubecost.gzip=perhaps"}, "is not true or false");
  ExpectProblem({"--cluster-info.label=novalue"}, "key=value");
  ExpectProblem({"--cluster-info.label=9x=1"}, "is not a label name");
  ExpectProblem({"--currency=euro"}, "ISO 4217");
  ExpectProblem({"--day.close-delay=24h"}, "--day.close-delay");
  ExpectProblem({"--day.refresh=1s"}, "--day.refresh");
  ExpectProblem({"--day.refresh=25h"}, "--day.refresh");
  ExpectProblem({"--web.listen-address=:1", "--web.listen-address=:1"}, "given twice");
  ExpectProblem({"--day.utc-offset=+15:00"}, "is not an offset");
  ExpectProblem({"--web.listen-address=9103"}, "has no port");
  ExpectProblem({"--web.listen-address=:99999"}, "no port from 0 to 65535");
  ExpectProblem({"--web.listen-address=::1:9103"}, "without brackets");
  ExpectProblem({"--web.listen-address=a_host:1"}, "no host name or address");
  ExpectProblem({"--web.listen-address=[::zz]:1"}, "no IPv6 address");
  ExpectProblem({"--web.telemetry-path=metrics"}, "must begin with a slash");
  ExpectProblem({"--web.telemetry-path=/healthz"}, "is the health endpoint");
  ExpectProblem({"--web.max-requests=16"}, "less than --web.threads");
  ExpectProblem({"--web.request-timeout=10ms"}, "at least 1s");
  ExpectProblem({"--web.keep-alive-timeout=2s"}, "0s to 500ms");
  ExpectProblem({"--log.level=loud"}, "one of debug, info, warn, error");
  ExpectProblem({"--log.format"}, "log.format");
}

TEST(FlagsTest, CredentialsInTheUrlAreRefusedAndNotRepeated) {
  const ParsedFlags parsed = Parse({"--kubecost.url=http://user:marked-secret@kc:9090"});
  ASSERT_EQ(parsed.problems.size(), 1U);
  EXPECT_FALSE(absl::StrContains(parsed.problems[0], "marked-secret"));
}

TEST(FlagsTest, ValuesOfUnknownFlagsAreNotRepeated) {
  const std::string problems = absl::StrJoin(
      Parse({"--kubecost.password=marked-1", "--kubecost.token", "marked-2", "stray", "-pmarked-3=x"}).problems, "\n");
  EXPECT_FALSE(absl::StrContains(problems, "marked-1")) << problems;
  EXPECT_FALSE(absl::StrContains(problems, "marked-2")) << problems;
  for (const char* fragment : {"--kubecost.password: unknown flag", "--kubecost.token: unknown flag", "\"stray\""}) {
    EXPECT_TRUE(absl::StrContains(problems, fragment)) << problems;
  }
}

TEST(FlagsTest, AccessToKubecost) {
  const Options options =
      Parse({"--kubecost.url=https://kc", "--kubecost.ca-file=/ca", "--kubecost.cert-file=/cert",
             "--kubecost.key-file=/key", "--kubecost.server-name=kc.example", "--kubecost.tls-verify=false",
             "--kubecost.username=me", "--kubecost.password-file=/password", "--kubecost.header-file=/headers"})
          .options;
  const kubecost::AccessSettings& access = options.http.access;
  EXPECT_EQ(access.ca_file, "/ca");
  EXPECT_EQ(access.cert_file, "/cert");
  EXPECT_EQ(access.key_file, "/key");
  EXPECT_EQ(access.server_name, "kc.example");
  EXPECT_FALSE(access.tls_verify);
  EXPECT_EQ(access.username, "me");
  EXPECT_EQ(access.password_file, "/password");
  EXPECT_EQ(access.header_file, "/headers");
  EXPECT_EQ(access.CredentialFlags(), "--kubecost.password-file and --kubecost.header-file");
  EXPECT_EQ(kubecost::ConnectionProblems(options.polling.endpoint, options.http), std::vector<std::string>());
  EXPECT_EQ(Parse({"--kubecost.token-file=/token"}).options.http.access.token_file, "/token");
}

TEST(FlagsTest, AccessThatMakesNoSense) {
  const std::string problems = absl::StrJoin(Parse({"--kubecost.ca-file=/x"}).problems, "\n");
  EXPECT_EQ(problems,
            "--kubecost.ca-file: is for TLS, but --kubecost.url begins with http://\n"
            "--kubecost.ca-file: /x: No such file or directory");
  ExpectProblem({"--kubecost.tls-verify=false"}, "--kubecost.tls-verify=false: is for TLS");
  ExpectProblem({"--kubecost.server-name=kc"}, "--kubecost.server-name: is for TLS");
  ExpectProblem({"--kubecost.url=https://kc", "--kubecost.server-name=kc:9090"}, "is not a host name");
  ExpectProblem({"--kubecost.url=https://kc", "--kubecost.cert-file=/x"}, "needs --kubecost.key-file");
  ExpectProblem({"--kubecost.url=https://kc", "--kubecost.key-file=/x"}, "needs --kubecost.cert-file");
  ExpectProblem({"--kubecost.username=x"}, "needs --kubecost.password-file");
  const std::string secret = absl::StrCat(testing::TempDir(), "/flags_test_secret");
  std::ofstream(secret) << "secret";
  const std::string password = absl::StrCat("--kubecost.password-file=", secret);
  const std::string token = absl::StrCat("--kubecost.token-file=", secret);
  ExpectProblem({password.c_str()}, "needs --kubecost.username");
  ExpectProblem({"--kubecost.username=x", password.c_str(), token.c_str()}, "give either");
  std::remove(secret.c_str());
  ExpectProblem({"--kubecost.token-file=/no/such"}, "--kubecost.token-file: /no/such: No such file");
}

TEST(FlagsTest, ASecretInPlaceOfAFilesNameIsNotRepeated) {
  const std::string problems =
      absl::StrJoin(Parse({"--kubecost.token-file=marked", "--kubecost.username=me", "--kubecost.password-file=marked",
                           "--kubecost.header-file=X-API-KEY: marked"})
                        .problems,
                    "\n");
  EXPECT_TRUE(absl::StrContains(problems, "--kubecost.header-file: there is no file of the name given")) << problems;
  EXPECT_FALSE(absl::StrContains(problems, "marked")) << problems;
}

TEST(FlagsTest, FilesAreOfNoConcernToCommandsWithoutKubecost) {
  const ParsedFlags render = Parse({"render", "answer.json", "--kubecost.token-file=/no/such"});
  EXPECT_TRUE(render.problems.empty()) << absl::StrJoin(render.problems, "\n");
}

TEST(FlagsTest, Commands) {
  EXPECT_EQ(Parse({"--config.check"}).command, Command::kCheckConfig);
  setenv("KUBECOST_EXPORTER_CONFIG_CHECK", "true", 1);
  EXPECT_EQ(Parse({}).command, Command::kCheckConfig);
  unsetenv("KUBECOST_EXPORTER_CONFIG_CHECK");
  const ParsedFlags render = Parse({"render", "answer.json", "--level=namespace", "--cluster.name=c"});
  EXPECT_TRUE(render.problems.empty()) << absl::StrJoin(render.problems, "\n");
  EXPECT_EQ(render.command, Command::kRender);
  EXPECT_EQ(render.render_file, "answer.json");
  EXPECT_EQ(render.render_level, kubecost::Level::kNamespace);
  EXPECT_EQ(render.options.polling.cluster_name, "c");
  ExpectProblem({"render"}, "FILE is missing");
  ExpectProblem({"render", "f", "--level=node"}, "one of pod, namespace, cluster");
  ExpectProblem({"render", "f", "--bogus"}, "--bogus: unknown flag");
}

TEST(FlagsTest, HelpAndVersion) {
  const ParsedFlags help = Parse({"--help"});
  EXPECT_EQ(help.command, Command::kPrintAndExit);
  EXPECT_TRUE(absl::StrContains(help.text, "KUBECOST_EXPORTER_KUBECOST_URL"));
  EXPECT_TRUE(absl::StrContains(help.text, "render"));
  EXPECT_TRUE(absl::StrContains(Parse({"--version"}).text, "kubecost-allocation-exporter, version "));
}

}  // namespace
}  // namespace exporter
