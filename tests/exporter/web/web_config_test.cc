// The file of --web.config.file: what is taken from it, and what is told of everything else.
#include "exporter/web/web_config.h"

#include <gtest/gtest.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace web {
namespace {

constexpr char kHash[] = "$2y$10$X0h1gDsPszWURQaxFh.zoubFi6DXncSjhoQNJgRrnGs7EsimhC7zG";

std::string Tls(absl::string_view more) {
  return absl::StrCat("tls_server_config:\n  cert_file: tls.crt\n  key_file: tls.key\n", more);
}

WebConfigResult Parse(absl::string_view text) { return ParseWebConfig(text, "/etc/web/web.yml"); }

TEST(WebConfigTest, AllOfIt) {
  const WebConfigResult result = Parse(absl::StrCat(R"(
tls_server_config:
  cert_file: tls.crt
  key_file: /secrets/tls.key
  client_auth_type: RequireAndVerifyClientCert
  client_ca_file: ../ca.crt
  client_allowed_sans: [prometheus.monitoring, 10.0.0.1]
  min_version: TLS12
  max_version: TLS13
  cipher_suites:
    - TLS_AES_128_GCM_SHA256
    - TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256
  prefer_server_cipher_suites: false
  curve_preferences: [X25519, CurveP256]
http_server_config:
  http2: true
  headers:
    X-Frame-Options: deny
    Strict-Transport-Security: max-age=31536000
    X-XSS-Protection: ""
basic_auth_users:
  prometheus: )",
                                                    kHash, R"(
  "second user": $2b$05$abcdefghijklmnopqrstuuabcdefghijklmnopqrstuvwxyz01234
rate_limit:
  interval: 1s
  burst: 20
)"));
  EXPECT_EQ(absl::StrJoin(result.problems, "\n"), "");
  const WebConfig& config = result.config;
  ASSERT_TRUE(config.tls.has_value());
  EXPECT_EQ(config.tls->certificate.file, "/etc/web/tls.crt");
  EXPECT_EQ(config.tls->key.file, "/secrets/tls.key");
  EXPECT_EQ(config.tls->client_ca.file, "/etc/web/../ca.crt");
  EXPECT_EQ(config.tls->client_auth, ClientAuth::kRequireAndVerify);
  EXPECT_EQ(absl::StrJoin(config.tls->client_allowed_sans, " "), "prometheus.monitoring 10.0.0.1");
  EXPECT_EQ(config.tls->min_version, TlsVersion::k12);
  EXPECT_EQ(config.tls->max_version, TlsVersion::k13);
  EXPECT_EQ(absl::StrJoin(config.tls->cipher_suites.value(), " "), "ECDHE-RSA-AES128-GCM-SHA256");
  EXPECT_FALSE(config.tls->prefer_server_cipher_suites);
  EXPECT_EQ(absl::StrJoin(config.tls->groups, " "), "X25519 P-256");
  EXPECT_TRUE(config.wants_http2);
  EXPECT_EQ(absl::StrJoin(config.headers, " ", absl::PairFormatter("=")),
            "X-Frame-Options=deny Strict-Transport-Security=max-age=31536000");
  EXPECT_EQ(config.users.size(), 2u);
  EXPECT_EQ(config.users.at("prometheus"), kHash);
  ASSERT_TRUE(config.rate_limit.has_value());
  EXPECT_EQ(config.rate_limit->interval, absl::Seconds(1));
  EXPECT_EQ(config.rate_limit->burst, 20);
}

TEST(WebConfigTest, EmptyMeansNothingIsAskedFor) {
  for (const char* text :
       {"", "\n# nothing\n", "---\n", "{}", "tls_server_config:\n", "tls_server_config: {}\nbasic_auth_users:\n",
        "http_server_config:\n  headers:\n", "rate_limit:\n  interval: 0s\n  burst: 0\n"}) {
    const WebConfigResult result = Parse(text);
    EXPECT_EQ(absl::StrJoin(result.problems, "\n"), "") << text;
    EXPECT_FALSE(result.config.tls.has_value()) << text;
    EXPECT_TRUE(result.config.users.empty()) << text;
    EXPECT_FALSE(result.config.rate_limit.has_value()) << text;
  }
}

TEST(WebConfigTest, PemInTheFileItself) {
  const WebConfigResult result = Parse(
      "tls_server_config:\n  cert: |\n    -----BEGIN CERTIFICATE-----\n    AA\n    -----END CERTIFICATE-----\n"
      "  key: KEY\n  client_ca: CA\n  client_auth_type: VerifyClientCertIfGiven\n");
  EXPECT_EQ(absl::StrJoin(result.problems, "\n"), "");
  EXPECT_EQ(result.config.tls->certificate.text, "-----BEGIN CERTIFICATE-----\nAA\n-----END CERTIFICATE-----\n");
  EXPECT_EQ(result.config.tls->certificate.file, "");
  EXPECT_EQ(result.config.tls->key.text, "KEY");
  EXPECT_EQ(result.config.tls->client_ca.text, "CA");
}

TEST(WebConfigTest, EveryClientAuthType) {
  const struct {
    const char* text;
    ClientAuth auth;
    bool takes_ca;
    bool needs_ca;
    bool requires_one;
  } cases[] = {{"NoClientCert", ClientAuth::kNone, false, false, false},
               {"\"\"", ClientAuth::kNone, false, false, false},
               {"RequestClientCert", ClientAuth::kRequest, true, false, false},
               {"RequireAnyClientCert", ClientAuth::kRequireAny, true, false, true},
               {"RequireClientCert", ClientAuth::kRequireAny, true, false, true},
               {"VerifyClientCertIfGiven", ClientAuth::kVerifyIfGiven, true, true, false},
               {"RequireAndVerifyClientCert", ClientAuth::kRequireAndVerify, true, true, true}};
  for (const auto& c : cases) {
    const std::string text = Tls(absl::StrCat("  client_auth_type: ", c.text, "\n"));
    const WebConfigResult with_ca = Parse(absl::StrCat(text, "  client_ca_file: ca.crt\n"));
    const WebConfigResult without_ca = Parse(text);
    EXPECT_EQ(with_ca.problems.empty(), c.takes_ca) << c.text;
    EXPECT_EQ(without_ca.problems.empty(), !c.needs_ca) << c.text;
    EXPECT_EQ(without_ca.config.tls->client_auth, c.auth) << c.text;
    EXPECT_EQ(without_ca.config.tls->requires_certificate(), c.requires_one) << c.text;
  }
}

TEST(WebConfigTest, EveryCipherSuiteAndCurveOfGo) {
  const WebConfigResult result = Parse(Tls(R"(
  cipher_suites:
    - TLS_AES_128_GCM_SHA256
    - TLS_AES_256_GCM_SHA384
    - TLS_CHACHA20_POLY1305_SHA256
    - TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA
    - TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA
    - TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA
    - TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA
    - TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256
    - TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384
    - TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256
    - TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384
    - TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256
    - TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256
  curve_preferences: [CurveP256, CurveP384, CurveP521, X25519]
)"));
  EXPECT_EQ(absl::StrJoin(result.problems, "\n"), "");
  EXPECT_EQ(result.config.tls->cipher_suites->size(), 10u);
  EXPECT_EQ(result.config.tls->groups.size(), 4u);
}

struct BadFile {
  const char* text;
  const char* problem;  // what follows "/etc/web/web.yml:"
};

class BadFileTest : public testing::TestWithParam<BadFile> {};

TEST_P(BadFileTest, IsToldWithItsLine) {
  const WebConfigResult result = Parse(GetParam().text);
  ASSERT_EQ(result.problems.size(), 1u) << absl::StrJoin(result.problems, "\n");
  EXPECT_EQ(result.problems[0], absl::StrCat("/etc/web/web.yml:", GetParam().problem));
}

#define TLS "tls_server_config:\n  cert_file: c\n  key_file: k\n"

INSTANTIATE_TEST_SUITE_P(
    Form, BadFileTest,
    testing::Values(BadFile{"tls_server_config: [", "1: not valid YAML: end of sequence flow not found"},
                    BadFile{"a: b: c", "1: not valid YAML: illegal map value"},
                    BadFile{"\tx: y", "1: not valid YAML: illegal map value"},
                    BadFile{"basic_auth_users:\n  alice: *hunter2\n",
                            "2: not valid YAML: the referenced anchor is not defined"},
                    BadFile{"{}\n---\n{}\n", "3: must be one YAML document"},
                    BadFile{"- tls_server_config\n", "1: the file must be a mapping (key: value)"},
                    BadFile{"just text", "1: the file must be a mapping (key: value)"},
                    BadFile{"\nauth_excluded_paths: [/metrics]\n",
                            "2: unknown key \"auth_excluded_paths\"; there are tls_server_config, http_server_config, "
                            "basic_auth_users, rate_limit"},
                    BadFile{"[a]: b", "1: the file has a key that is no text"},
                    BadFile{"rate_limit:\nrate_limit:\n", "2: the file has the same key twice"},
                    BadFile{"tls_server_config: on\n", "1: tls_server_config must be a mapping (key: value)"}));

INSTANTIATE_TEST_SUITE_P(
    TlsSection, BadFileTest,
    testing::Values(
        BadFile{TLS "  cert_file: d\n", "4: tls_server_config has the same key twice"},
        BadFile{"tls_server_config:\n  cert_file: c\n", "2: tls_server_config: key_file is missing"},
        BadFile{"tls_server_config:\n  key_file: k\n", "2: tls_server_config: cert_file is missing"},
        BadFile{TLS "  cert: x\n", "2: tls_server_config: either cert or cert_file, not both"},
        BadFile{TLS "  key: x\n", "2: tls_server_config: either key or key_file, not both"},
        BadFile{TLS "  client_ca: x\n  client_ca_file: y\n  client_auth_type: RequireAndVerifyClientCert\n",
                "2: tls_server_config: either client_ca or client_ca_file, not both"},
        BadFile{"tls_server_config:\n  cert_file: [c]\n  key_file: k\n", "2: cert_file must be text"},
        BadFile{"tls_server_config:\n  cert_file: c\n  key_file: |\n    -----BEGIN PRIVATE KEY-----\n    hunter2\n",
                "3: key_file must name a file; PEM text belongs into key"},
        BadFile{TLS "  client_auth_type: Require\n",
                "4: client_auth_type: \"Require\" is not one of NoClientCert, RequestClientCert, RequireAnyClientCert, "
                "VerifyClientCertIfGiven, RequireAndVerifyClientCert, RequireClientCert"},
        BadFile{TLS "  client_auth_type: RequireAndVerifyClientCert\n",
                "2: tls_server_config: this client_auth_type needs client_ca_file: without it any public authority "
                "could let clients in"},
        BadFile{TLS "  client_ca_file: ca\n",
                "2: tls_server_config: client_ca_file is not looked at without a client_auth_type; "
                "RequireAndVerifyClientCert uses it"},
        BadFile{TLS "  client_allowed_sans: [a]\n",
                "2: tls_server_config: client_allowed_sans needs client_auth_type RequireAndVerifyClientCert or "
                "RequireAnyClientCert"},
        BadFile{TLS "  client_allowed_sans: a\n", "4: client_allowed_sans must be a list of at most 1000"},
        BadFile{TLS "  min_version: TLS10\n", "4: min_version: TLS10 is not secure: TLS12 is the least"},
        BadFile{TLS "  min_version: TLS11\n", "4: min_version: TLS11 is not secure: TLS12 is the least"},
        BadFile{TLS "  min_version: SSL3\n", "4: min_version: \"SSL3\" is not one of TLS12, TLS13"},
        BadFile{TLS "  max_version: TLS11\n", "4: max_version: TLS11 is not secure: TLS12 is the least"},
        BadFile{TLS "  min_version: TLS13\n  max_version: TLS12\n",
                "2: tls_server_config: min_version is above max_version"},
        BadFile{TLS "  cipher_suites:\n    - TLS_RSA_WITH_AES_128_CBC_SHA\n",
                "5: cipher_suites: \"TLS_RSA_WITH_AES_128_CBC_SHA\" is not known, or not secure; see "
                "docs/web-config.md for those that are"},
        BadFile{TLS "  cipher_suites: [TLS_AES_128_GCM_SHA256]\n  max_version: TLS12\n",
                "2: tls_server_config: max_version is TLS12, and cipher_suites has none for it"},
        BadFile{TLS "  curve_preferences: [P256]\n",
                "4: curve_preferences: \"P256\" is not one of CurveP256, CurveP384, CurveP521, X25519"},
        BadFile{TLS "  prefer_server_cipher_suites: maybe\n", "4: prefer_server_cipher_suites must be true or false"}));

INSTANTIATE_TEST_SUITE_P(
    OtherSections, BadFileTest,
    testing::Values(
        BadFile{"http_server_config:\n  http3: true\n",
                "2: http_server_config: unknown key \"http3\"; there are http2, headers"},
        BadFile{"http_server_config:\n  http2: [true]\n", "2: http2 must be true or false"},
        BadFile{"http_server_config:\n  headers:\n    Server: x\n",
                "3: headers: \"Server\" cannot be set, only Content-Security-Policy, Strict-Transport-Security, "
                "X-Content-Type-Options, X-Frame-Options, X-XSS-Protection"},
        BadFile{"http_server_config:\n  headers:\n    X-Frame-Options: maybe\n",
                "3: X-Frame-Options: \"maybe\" is not deny or sameorigin"},
        BadFile{"http_server_config:\n  headers:\n    X-Content-Type-Options: sniff\n",
                "3: X-Content-Type-Options: \"sniff\" is not nosniff"},
        BadFile{"http_server_config:\n  headers:\n    X-XSS-Protection: \"1\\r\\nSet-Cookie: a\"\n",
                "3: X-XSS-Protection must be one line of at most 4096 bytes"},
        BadFile{"basic_auth_users: [alice]\n", "1: basic_auth_users must be a mapping (key: value)"},
        BadFile{"basic_auth_users:\n  alice: hunter2\n",
                "2: basic_auth_users: not a bcrypt hash, such as htpasswd -nBC 10 \"\" makes: $2y$10$ and 53 more"},
        BadFile{"basic_auth_users:\n  alice: $2y$18$X0h1gDsPszWURQaxFh.zoubFi6DXncSjhoQNJgRrnGs7EsimhC7zG\n",
                "2: basic_auth_users: a bcrypt hash of cost 18, which must be 4 to 15; 10 is usual"},
        BadFile{"basic_auth_users:\n  a:b: $2y$10$X0h1gDsPszWURQaxFh.zoubFi6DXncSjhoQNJgRrnGs7EsimhC7zG\n",
                "2: basic_auth_users: a user's name must be 1 to 255 bytes without a colon or control character"},
        BadFile{"rate_limit:\n  interval: 1\n  burst: 2\n",
                "2: interval must be a duration such as 500ms or 1s, at most 1h; 0s is no limit"},
        BadFile{"rate_limit:\n  interval: 1s\n", "2: rate_limit: a burst of 0 lets no request through"},
        BadFile{"rate_limit:\n  interval: 1s\n  burst: many\n", "3: burst must be a whole number from 0 to 1000000"}));

TEST(WebConfigTest, AllProblemsAtOnce) {
  const WebConfigResult result = Parse(
      "tls_server_config:\n  cert_file: c\n  min_version: TLS11\n  nonsense: 1\nbasic_auth_users:\n  bob: secret\n");
  EXPECT_EQ(
      absl::StrJoin(result.problems, "\n"),
      "/etc/web/web.yml:3: min_version: TLS11 is not secure: TLS12 is the least\n"
      "/etc/web/web.yml:4: tls_server_config: unknown key \"nonsense\"; there are cert, cert_file, key, key_file, "
      "client_ca, client_ca_file, client_auth_type, client_allowed_sans, min_version, max_version, cipher_suites, "
      "prefer_server_cipher_suites, curve_preferences\n"
      "/etc/web/web.yml:6: basic_auth_users: not a bcrypt hash, such as htpasswd -nBC 10 \"\" makes: $2y$10$ and "
      "53 more");
}

TEST(WebConfigTest, NothingOfAnyLengthOrDepthDoesHarm) {
  EXPECT_FALSE(Parse(std::string(100'000, '[')).problems.empty());
  EXPECT_FALSE(Parse(std::string(100'000, '{')).problems.empty());
  EXPECT_FALSE(Parse(std::string("a: \0b", 5)).problems.empty());
  std::string users = "basic_auth_users:\n";
  for (int i = 0; i < 1001; ++i) absl::StrAppend(&users, "  user", i, ": ", kHash, "\n");
  const WebConfigResult result = Parse(users);
  ASSERT_EQ(result.problems.size(), 1u);
  EXPECT_TRUE(absl::StrContains(result.problems[0], "basic_auth_users has more than 1000 entries"));
}

TEST(WebConfigTest, AFileThatCannotBeRead) {
  EXPECT_EQ(absl::StrJoin(ReadWebConfig("/nowhere/web.yml").problems, "\n"),
            "/nowhere/web.yml: No such file or directory");
  EXPECT_EQ(absl::StrJoin(ReadWebConfig("/").problems, "\n"), "/: is not a regular file");
  EXPECT_EQ(absl::StrJoin(ReadWebConfig("/dev/zero").problems, "\n"), "/dev/zero: is not a regular file");
}

}  // namespace
}  // namespace web
