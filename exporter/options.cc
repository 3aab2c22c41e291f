#include "exporter/options.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "base/url.h"
#include "exporter/web/listen_address.h"

namespace exporter {
namespace {

using Problems = std::vector<std::string>;

bool IsLabelName(absl::string_view name) {
  if (name.empty() || absl::ascii_isdigit(static_cast<unsigned char>(name[0])) || absl::StartsWith(name, "__")) {
    return false;
  }
  return std::all_of(name.begin(), name.end(),
                     [](char c) { return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_'; });
}

bool HasSpaceOrControl(absl::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == 0x7F; });
}

// Host and perhaps a port: "kubecost:9090", "[::1]:9090".
bool HasGoodPort(absl::string_view authority) {
  const absl::string_view behind_host = authority.substr(std::min(authority.size(), authority.rfind(']') + 1));
  const size_t colon = behind_host.rfind(':');
  if (colon == absl::string_view::npos) return true;
  uint32_t port = 0;
  return absl::SimpleAtoi(behind_host.substr(colon + 1), &port) && port > 0 && port <= 65535;
}

void CheckUrl(absl::string_view url, Problems& problems) {
  // Wherever they stand, a mistyped one must not put a password or a token into the log.
  const bool has_user = absl::StrContains(url, "@");
  const bool has_query = absl::StrContains(url, "?") || absl::StrContains(url, "#");
  if (has_user) problems.push_back("--kubecost.url: must not hold a user name or password, nor any other @");
  if (has_query) problems.push_back("--kubecost.url: must not hold a query or a fragment; see --filter");
  if (has_user || has_query) return;
  const bool http = absl::StartsWith(url, "http://");
  const bool https = absl::StartsWith(url, "https://");
  const absl::string_view rest = url.substr(http ? 7 : https ? 8 : 0);
  const absl::string_view authority = rest.substr(0, rest.find('/'));
  if (!(http || https) || authority.empty() || HasSpaceOrControl(url) || !HasGoodPort(authority)) {
    problems.push_back(absl::StrCat("--kubecost.url: \"", url, "\" is not a URL such as http://host:9090"));
  }
  if (!rest.empty() && absl::EndsWith(rest, "/")) {
    problems.push_back("--kubecost.url: must not end in a slash, which reaches another backend of Kubecost");
  }
}

// libcurl counts in milliseconds and takes 0 for its own default.
void CheckTimeout(absl::string_view flag, absl::Duration value, Problems& problems) {
  if (value < absl::Milliseconds(1)) problems.push_back(absl::StrCat(flag, ": must be at least 1ms"));
}

void CheckKubecost(const Options& options, Problems& problems) {
  CheckUrl(options.endpoint.url, problems);
  if (options.endpoint.path_prefix.has_value()) {
    const absl::string_view prefix = *options.endpoint.path_prefix;
    const bool good = prefix.empty() || (absl::StartsWith(prefix, "/") && !absl::EndsWith(prefix, "/") &&
                                         !HasSpaceOrControl(prefix) && prefix.find_first_of("?#") == prefix.npos);
    if (!good) problems.push_back("--kubecost.path-prefix: must be empty or begin, and not end, with a slash");
  }
  CheckTimeout("--kubecost.connect-timeout", options.http.connect_timeout, problems);
  CheckTimeout("--kubecost.read-timeout", options.http.read_timeout, problems);
  CheckTimeout("--kubecost.deadline", options.http.deadline, problems);
  if (options.http.deadline < options.http.read_timeout || options.http.deadline < options.http.connect_timeout) {
    problems.push_back("--kubecost.deadline: must not be shorter than the connect and read timeouts");
  }
  if (options.http.max_response_bytes < 1024)
    problems.push_back("--kubecost.max-response-bytes: must be at least 1KiB");
}

bool IsHostName(absl::string_view name) {
  return std::all_of(name.begin(), name.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '-' || c == '_';
  });
}

void CheckTls(const Options& options, Problems& problems) {
  const kubecost::AccessSettings& access = options.http.access;
  if (access.cert_file.empty() != access.key_file.empty()) {
    problems.push_back(access.cert_file.empty() ? "--kubecost.key-file: needs --kubecost.cert-file"
                                                : "--kubecost.cert-file: needs --kubecost.key-file");
  }
  if (!IsHostName(access.server_name)) {
    problems.push_back(absl::StrCat("--kubecost.server-name: \"", access.server_name,
                                    "\" is not a host name, without scheme and port"));
  }
  if (!absl::StartsWith(options.endpoint.url, "http://")) return;
  const std::pair<absl::string_view, bool> given[] = {{"--kubecost.ca-file", !access.ca_file.empty()},
                                                      {"--kubecost.cert-file", !access.cert_file.empty()},
                                                      {"--kubecost.key-file", !access.key_file.empty()},
                                                      {"--kubecost.server-name", !access.server_name.empty()},
                                                      {"--kubecost.tls-verify=false", !access.tls_verify}};
  for (const auto& [flag, is_given] : given) {
    if (is_given) problems.push_back(absl::StrCat(flag, ": is for TLS, but --kubecost.url begins with http://"));
  }
}

void CheckCredentials(const kubecost::AccessSettings& access, Problems& problems) {
  if (access.username.empty() != access.password_file.empty()) {
    problems.push_back(access.username.empty() ? "--kubecost.password-file: needs --kubecost.username"
                                               : "--kubecost.username: needs --kubecost.password-file");
  }
  const bool is_basic = !access.username.empty() || !access.password_file.empty();
  if (is_basic && !access.token_file.empty()) {
    problems.push_back(
        "--kubecost.token-file: is for Bearer, --kubecost.username for Basic authentication; give either");
  }
  const bool is_good = std::none_of(access.username.begin(), access.username.end(), [](char c) {
    return c == ':' || absl::ascii_iscntrl(static_cast<unsigned char>(c));
  });
  if (!is_good) problems.push_back("--kubecost.username: must hold neither a colon nor control characters");
}

void CheckFacts(const Options& options, Problems& problems) {
  for (const auto& [name, value] : options.cluster_info_labels) {
    if (!IsLabelName(name)) {
      problems.push_back(absl::StrCat("--cluster-info.label: \"", name, "\" is not a label name"));
    }
  }
  const std::string& currency = options.currency;
  if (!currency.empty() && !IsCurrencyCode(currency)) {
    problems.push_back(absl::StrCat("--currency: \"", currency, "\" is not an ISO 4217 code such as USD or EUR"));
  }
}

void CheckDays(const Options& options, Problems& problems) {
  if (options.day_close_delay < absl::ZeroDuration() || options.day_close_delay >= absl::Hours(24)) {
    problems.push_back("--day.close-delay: must be at least 0s and less than 24h");
  }
  if (options.day_refresh < absl::Minutes(1) || options.day_refresh > absl::Hours(24)) {
    problems.push_back("--day.refresh: must be 1m to 24h");
  }
  if (options.day_keep < 1 || options.day_keep > 31) problems.push_back("--day.keep: must be 1 to 31");
  if (options.day_settle_after < absl::ZeroDuration() || options.day_settle_after > absl::Hours(24 * 31)) {
    problems.push_back("--day.settle-after: must be 0s to 744h");
  }
  if (options.hour_close_delay < absl::ZeroDuration() || options.hour_close_delay > absl::Hours(1)) {
    problems.push_back("--hour.close-delay: must be 0s to 1h");
  }
  if (options.today_refresh < absl::Minutes(1) || options.today_refresh > absl::Hours(6)) {
    problems.push_back("--today.refresh: must be 1m to 6h");
  }
  if (options.backfill_days < 0 || options.backfill_days > 90) problems.push_back("--backfill.days: must be 0 to 90");
  if (options.backfill_expose_for < absl::Hours(1) || options.backfill_expose_for > absl::Hours(24 * 31)) {
    problems.push_back("--backfill.expose-for: must be 1h to 744h");
  }
  if (options.backfill_parallel_days < 1 || options.backfill_parallel_days > 90) {
    problems.push_back("--backfill.parallel-days: must be 1 to 90");
  }
}

void CheckWeb(const Options& options, Problems& problems) {
  for (const std::string& address : options.listen_addresses) {
    const absl::StatusOr<web::ListenAddress> parsed = web::ParseListenAddress(address);
    if (!parsed.ok()) problems.push_back(absl::StrCat("--web.listen-address: ", parsed.status().message()));
    const auto same = std::count(options.listen_addresses.begin(), options.listen_addresses.end(), address);
    if (same > 1 && parsed.ok() && parsed->port != 0) {
      problems.push_back(absl::StrCat("--web.listen-address: \"", address, "\" is given twice"));
      break;
    }
  }
  if (options.listen_addresses.empty()) problems.push_back("--web.listen-address: must be given at least once");
  const std::string& path = options.telemetry_path;
  if (path.size() < 2 || path[0] != '/' || HasSpaceOrControl(path) || path.find_first_of("?#%\"<>&") != path.npos) {
    problems.push_back("--web.telemetry-path: must begin with a slash and name a path other than /");
  }
  for (const absl::string_view taken : {"/healthz", "/readyz", "/-/healthy", "/-/ready"}) {
    if (path == taken) problems.push_back(absl::StrCat("--web.telemetry-path: ", path, " is the health endpoint"));
  }
  if (options.web_threads < 2 || options.web_threads > 64) problems.push_back("--web.threads: must be 2 to 64");
  if (options.web_max_requests < 1 || options.web_max_requests >= options.web_threads) {
    problems.push_back("--web.max-requests: must be at least 1 and less than --web.threads");
  }
  if (options.web_request_timeout < absl::Seconds(1)) problems.push_back("--web.request-timeout: must be at least 1s");
  if (options.web_keep_alive_timeout < absl::ZeroDuration() ||
      options.web_keep_alive_timeout > absl::Milliseconds(500)) {
    problems.push_back("--web.keep-alive-timeout: must be 0s to 500ms: an idle connection occupies a thread");
  }
}

}  // namespace

std::vector<std::string> Options::Validate() const {
  Problems problems;
  CheckKubecost(*this, problems);
  CheckTls(*this, problems);
  CheckCredentials(http.access, problems);
  CheckFacts(*this, problems);
  CheckDays(*this, problems);
  CheckWeb(*this, problems);
  return problems;
}

std::vector<std::string> Options::ValidateFiles() const {
  return kubecost::AccessFiles(http.access, nullptr).Problems();
}

std::vector<std::string> Options::Warnings() const {
  std::vector<std::string> warnings;
  absl::string_view authority = endpoint.url;
  const bool is_plain = absl::ConsumePrefix(&authority, "http://");
  authority = authority.substr(0, authority.find('/'));
  if (!http.access.tls_verify) {
    warnings.emplace_back(
        "Kubecost's certificate is not verified (--kubecost.tls-verify=false): whoever is in between can read and "
        "change all, credentials included; --kubecost.ca-file trusts one authority or certificate instead");
  }
  if (is_plain && http.access.HasCredentials() && !base::IsLoopback(authority)) {
    warnings.push_back(absl::StrCat("credentials (", http.access.CredentialFlags(),
                                    ") go to Kubecost unencrypted: --kubecost.url begins with http://"));
  }
  return warnings;
}

bool IsCurrencyCode(absl::string_view text) {
  return text.size() == 3 && std::all_of(text.begin(), text.end(),
                                         [](char c) { return absl::ascii_isupper(static_cast<unsigned char>(c)); });
}

}  // namespace exporter
