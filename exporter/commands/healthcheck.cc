#include "exporter/commands/healthcheck.h"

#include <stop_token>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "base/text.h"
#include "exporter/web/listen_address.h"
#include "kubecost/api_error.h"

namespace commands {
namespace {

constexpr absl::string_view kHttp = "http://";
constexpr absl::string_view kHttps = "https://";

// Another program's answer may be endless.
constexpr size_t kMaxBodyBytes = 4096;

// What a client has to say where a server said `host`.
std::string HostToAsk(const web::ListenAddress& address) {
  if (address.host.empty() || address.host == "0.0.0.0") return "127.0.0.1";
  if (address.host == "::") return "[::1]";
  return address.is_ipv6() ? absl::StrCat("[", address.host, "]") : address.host;
}

std::string WhyNoAnswer(const absl::Status& status, absl::Duration timeout) {
  using kubecost::ErrorReason;
  switch (kubecost::ReasonOf(status).value_or(ErrorReason::kDisconnected)) {
    case ErrorReason::kConnectTimeout:
    case ErrorReason::kReadTimeout:
    case ErrorReason::kDeadline:
      return absl::StrCat("no answer within ", absl::FormatDuration(timeout));
    case ErrorReason::kRefused:
      return "nobody listens; is the exporter running, and was it started with this --web.listen-address?";
    case ErrorReason::kDns:
      return "the host's name is not known";
    case ErrorReason::kTls:
      return "no TLS connection";
    default:
      return "the connection ended without an HTTP answer";
  }
}

// The start of the open answer, on one line.
std::string BodyText(kubecost::HttpClient& http) {
  std::string body;
  while (body.size() < kMaxBodyBytes) {
    const absl::StatusOr<absl::string_view> piece = http.Read();
    if (!piece.ok() || piece->empty()) break;
    body.append(piece->data(), piece->size());
  }
  return base::SanitizeMessage(absl::StripAsciiWhitespace(body));
}

}  // namespace

absl::StatusOr<std::string> HealthUrl(const web::Options& options) {
  for (const std::string& text : options.listen_addresses) {
    const absl::StatusOr<web::ListenAddress> address = web::ParseListenAddress(text);
    if (address.ok() && address->port != 0) {
      return absl::StrCat(options.web_config_file.empty() ? kHttp : kHttps, HostToAsk(*address), ":", address->port,
                          "/healthz");
    }
  }
  return absl::InvalidArgumentError(
      absl::StrCat("healthcheck: --web.listen-address=", absl::StrJoin(options.listen_addresses, ","),
                   " leaves the port to the system; give the one that the exporter listens on"));
}

kubecost::CurlOptions HealthHttpOptions(absl::Duration timeout) {
  kubecost::CurlOptions http;
  http.connect_timeout = timeout;
  http.read_timeout = timeout;
  http.deadline = timeout;
  http.max_response_bytes = kMaxBodyBytes;
  http.allow_proxy = false;
  // The certificate names the service, not the loopback, and nothing secret is sent.
  http.access.tls_verify = false;
  return http;
}

absl::Status CheckHealth(const std::string& url, absl::Duration timeout, kubecost::HttpClient& http,
                         const base::Clock& clock) {
  const absl::Duration started = clock.Elapsed();
  absl::StatusOr<kubecost::HttpHead> head = http.Get(url, std::stop_token());
  if (!head.ok() && absl::StartsWith(url, kHttps) && clock.Elapsed() - started < timeout / 2) {
    // The file says only what the next start will speak, and may be broken by now. Who says nothing at all is not asked
    // a second time.
    absl::StatusOr<kubecost::HttpHead> plain =
        http.Get(absl::StrCat(kHttp, absl::StripPrefix(url, kHttps)), std::stop_token());
    if (plain.ok()) head = std::move(plain);
  }
  if (!head.ok()) return absl::UnavailableError(absl::StrCat(url, ": ", WhyNoAnswer(head.status(), timeout)));
  if (head->status == 200) return absl::OkStatus();
  const std::string body = BodyText(http);
  return absl::UnavailableError(absl::StrCat(url, ": HTTP ", head->status, body.empty() ? "" : ": ", body));
}

}  // namespace commands
