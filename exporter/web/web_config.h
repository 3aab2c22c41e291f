// The file of --web.config.file, in the format that Prometheus' own exporters share. The only yaml-cpp code.
#ifndef EXPORTER_WEB_WEB_CONFIG_H_
#define EXPORTER_WEB_WEB_CONFIG_H_

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace web {

// PEM text: in a file, or in the configuration itself. Neither when it is not configured.
struct PemSource {
  std::string file;
  std::string text;

  bool empty() const { return file.empty() && text.empty(); }
  bool operator==(const PemSource&) const = default;
};

enum class ClientAuth { kNone, kRequest, kRequireAny, kVerifyIfGiven, kRequireAndVerify };
enum class TlsVersion { k12, k13 };

struct TlsSettings {
  PemSource certificate;
  PemSource key;
  PemSource client_ca;
  ClientAuth client_auth = ClientAuth::kNone;
  // A client certificate must have one of them, when there are any.
  std::vector<std::string> client_allowed_sans;
  TlsVersion min_version = TlsVersion::k12;
  TlsVersion max_version = TlsVersion::k13;
  // In OpenSSL's names. Suites of TLS 1.2 alone, those of 1.3 cannot be chosen; absent: the default.
  std::optional<std::vector<std::string>> cipher_suites;
  std::vector<std::string> groups;
  bool prefer_server_cipher_suites = true;

  bool verifies_clients() const {
    return client_auth == ClientAuth::kVerifyIfGiven || client_auth == ClientAuth::kRequireAndVerify;
  }
  bool requires_certificate() const {
    return client_auth == ClientAuth::kRequireAny || client_auth == ClientAuth::kRequireAndVerify;
  }
};

// A bucket of `burst` requests, filled by one each `interval`.
struct RateLimit {
  absl::Duration interval;
  int burst = 0;
  bool operator==(const RateLimit&) const = default;
};

struct WebConfig {
  std::optional<TlsSettings> tls;
  // User name -> bcrypt hash; without any, no password is asked for.
  std::map<std::string, std::string> users;
  // Names as configured, values not empty.
  std::vector<std::pair<std::string, std::string>> headers;
  std::optional<RateLimit> rate_limit;
  // Asked for in so many words, which this server cannot do.
  bool wants_http2 = false;
};

struct WebConfigResult {
  WebConfig config;
  // Every problem there is, each with "path:line: " before it, and none with a key, hash or user; then `config` must
  // not be used.
  std::vector<std::string> problems;
};

inline constexpr size_t kMaxWebConfigEntries = 1000;

// `path` stands before the problems, and files named by a relative path are looked for beside it. No file is opened.
WebConfigResult ParseWebConfig(absl::string_view text, const std::string& path);

// The same of the file at `path`.
WebConfigResult ReadWebConfig(const std::string& path);

}  // namespace web

#endif  // EXPORTER_WEB_WEB_CONFIG_H_
