#include "kubecost/connection_check.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "base/text.h"
#include "base/url.h"

namespace kubecost {
namespace {

using Problems = std::vector<std::string>;

// Host and perhaps a port: "kubecost:9090", "[::1]:9090".
bool HasGoodPort(absl::string_view authority) {
  const absl::string_view behind_host = authority.substr(std::min(authority.size(), authority.rfind(']') + 1));
  const size_t colon = behind_host.rfind(':');
  return colon == absl::string_view::npos || base::ParsePort(behind_host.substr(colon + 1)).value_or(0) > 0;
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
  if (!(http || https) || authority.empty() || base::HasSpaceOrControl(url) || !HasGoodPort(authority)) {
    problems.push_back(absl::StrCat("--kubecost.url: \"", url, "\" is not a URL such as http://host:9090"));
  }
  if (!rest.empty() && absl::EndsWith(rest, "/")) {
    problems.push_back("--kubecost.url: must not end in a slash, which reaches another backend of Kubecost");
  }
}

bool IsPathPrefix(absl::string_view text) {
  return text.empty() || (absl::StartsWith(text, "/") && !absl::EndsWith(text, "/") && !base::HasSpaceOrControl(text) &&
                          text.find_first_of("?#") == text.npos);
}

// One of two settings that belong together was given alone.
void CheckPair(absl::string_view a, bool has_a, absl::string_view b, bool has_b, Problems& problems) {
  if (has_a != has_b) problems.push_back(absl::StrCat(has_a ? a : b, ": needs ", has_a ? b : a));
}

void CheckTls(absl::string_view url, const AccessSettings& access, Problems& problems) {
  CheckPair("--kubecost.cert-file", !access.cert_file.empty(), "--kubecost.key-file", !access.key_file.empty(),
            problems);
  if (!base::IsHostName(access.server_name)) {
    problems.push_back(absl::StrCat("--kubecost.server-name: \"", access.server_name,
                                    "\" is not a host name, without scheme and port"));
  }
  if (!absl::StartsWith(url, "http://")) return;
  const std::pair<absl::string_view, bool> given[] = {{"--kubecost.ca-file", !access.ca_file.empty()},
                                                      {"--kubecost.cert-file", !access.cert_file.empty()},
                                                      {"--kubecost.key-file", !access.key_file.empty()},
                                                      {"--kubecost.server-name", !access.server_name.empty()},
                                                      {"--kubecost.tls-verify=false", !access.tls_verify}};
  for (const auto& [flag, is_given] : given) {
    if (is_given) problems.push_back(absl::StrCat(flag, ": is for TLS, but --kubecost.url begins with http://"));
  }
}

void CheckCredentials(const AccessSettings& access, Problems& problems) {
  const bool has_name = !access.username.empty();
  const bool has_password = !access.password_file.empty();
  CheckPair("--kubecost.username", has_name, "--kubecost.password-file", has_password, problems);
  if ((has_name || has_password) && !access.token_file.empty()) {
    problems.push_back(
        "--kubecost.token-file: is for Bearer, --kubecost.username for Basic authentication; give either");
  }
  if (base::HasControl(access.username) || absl::StrContains(access.username, ":")) {
    problems.push_back("--kubecost.username: must hold neither a colon nor control characters");
  }
}

}  // namespace

std::vector<std::string> ConnectionProblems(const EndpointSettings& endpoint, const CurlOptions& http) {
  Problems problems;
  CheckUrl(endpoint.url, problems);
  if (!IsPathPrefix(endpoint.path_prefix.value_or(""))) {
    problems.push_back("--kubecost.path-prefix: must be empty or begin, and not end, with a slash");
  }
  if (http.deadline < http.read_timeout || http.deadline < http.connect_timeout) {
    problems.push_back("--kubecost.deadline: must not be shorter than the connect and read timeouts");
  }
  CheckTls(endpoint.url, http.access, problems);
  CheckCredentials(http.access, problems);
  return problems;
}

std::vector<std::string> ConnectionWarnings(const EndpointSettings& endpoint, const CurlOptions& http) {
  std::vector<std::string> warnings;
  if (!http.access.tls_verify) {
    warnings.emplace_back(
        "Kubecost's certificate is not verified (--kubecost.tls-verify=false): whoever is in between can read and "
        "change all, credentials included; --kubecost.ca-file trusts one authority or certificate instead");
  }
  if (absl::StartsWith(endpoint.url, "http://") && http.access.HasCredentials() &&
      !base::IsLoopback(base::SplitUrl(endpoint.url).host)) {
    warnings.push_back(absl::StrCat("credentials (", http.access.CredentialFlags(),
                                    ") go to Kubecost unencrypted: --kubecost.url begins with http://"));
  }
  return warnings;
}

}  // namespace kubecost
