#include "kubecost/transport_error.h"

#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "base/url.h"

namespace kubecost {
namespace {

std::string SecondsText(absl::Duration duration) { return absl::StrFormat("%g", absl::ToDoubleSeconds(duration)); }

// Words of libcurl and OpenSSL, and what to do about them.
struct TlsRule {
  absl::string_view words;  // any of these, between bars
  absl::string_view advice;
};

// The first that fits.
constexpr TlsRule kTlsRules[] = {
    {"certificate has expired",
     "the server's certificate, or that of its authority, has expired: it must be renewed at the server"},
    {"certificate is not yet valid", "the server's certificate is not valid yet: are both clocks right?"},
    {"self-signed certificate|self signed certificate|unable to get local issuer certificate|"
     "unable to get issuer certificate|unable to verify the first certificate",
     "no authority known here has signed the server's certificate: give its CA certificate, or a self-signed "
     "certificate itself, with --kubecost.ca-file"},
    {"alternative certificate subject name|does not match target host name",
     "the certificate is for another name than the host in --kubecost.url: give a name that it holds with "
     "--kubecost.server-name, or in --kubecost.url"},
    {"wrong version number|packet length too long|http request",
     "that port does not speak TLS: write http:// in --kubecost.url, or its TLS port"},
    {"alert certificate required|alert handshake failure",
     "the server wants a client certificate that it trusts: see --kubecost.cert-file and --kubecost.key-file"},
    {"key too small|key too weak|md too weak",
     "a certificate's key is too small, or its signature too weak, for today's TLS: it must be issued anew"},
    {"alert protocol version|unsupported protocol|unknown protocol|inappropriate fallback|no protocols available",
     "the server has no protocol in common with the exporter, which takes TLS 1.2 and later"},
    {"alert unknown ca|alert bad certificate|alert certificate expired|alert certificate revoked|"
     "alert certificate unknown|alert unsupported certificate|alert decrypt error|alert access denied",
     "the server does not accept the client certificate of --kubecost.cert-file: has it expired, and does the server "
     "know its authority?"},
};

absl::string_view TlsAdvice(absl::string_view detail) {
  for (const TlsRule& rule : kTlsRules) {
    for (const absl::string_view words : absl::StrSplit(rule.words, '|')) {
      if (absl::StrContains(detail, words)) return rule.advice;
    }
  }
  return "is --kubecost.url right, and its TLS port well?";
}

absl::string_view Advice(ErrorReason reason, absl::string_view detail) {
  switch (reason) {
    case ErrorReason::kDns:
      return "is the service name in --kubecost.url right, and does the pod reach cluster DNS?";
    case ErrorReason::kRefused:
      return "is Kubecost running, and are host and port in --kubecost.url right?";
    case ErrorReason::kTls:
      return TlsAdvice(detail);
    case ErrorReason::kParse:
      return absl::StrContains(detail, "HTTP/0.9")
                 ? "is --kubecost.url an HTTP port of Kubecost or OpenCost, and not a TLS port that wants https://?"
                 : "is --kubecost.url an HTTP port of Kubecost or OpenCost?";
    default:
      if (absl::StrContains(detail, "Empty reply")) {
        return "Kubecost or a proxy before it closed the connection; a TLS port does so too, does it want https://?";
      }
      return "Kubecost or a proxy before it closed the connection (restarted, out of memory, or its own timeout?)";
  }
}

}  // namespace

bool IsTlsAlert(absl::string_view detail) {
  return absl::StrContains(detail, "error:") && absl::StrContains(detail, " alert ");
}

absl::Status ConnectTimeoutError(absl::string_view url, absl::Duration limit) {
  return ApiError(ErrorReason::kConnectTimeout,
                  absl::StrCat("Timed out waiting for TCP connection establishment in the given time (",
                               SecondsText(limit), "s). Consider increasing the connection timeout value. (GET ",
                               base::WithoutQuery(url), ", --kubecost.connect-timeout)"));
}

absl::Status HandshakeTimeoutError(absl::string_view url, absl::Duration limit) {
  return ApiError(ErrorReason::kTls, absl::StrCat("GET ", base::WithoutQuery(url),
                                                  ": connected, but no TLS handshake within ", SecondsText(limit),
                                                  "s; does that port speak TLS, as https:// in --kubecost.url says? If "
                                                  "so, consider --kubecost.connect-timeout"));
}

absl::Status ReadTimeoutError(absl::string_view url, absl::Duration limit) {
  return ApiError(
      ErrorReason::kReadTimeout,
      absl::StrCat("Timed out waiting for Kubecost Allocation API to send an HTTP response in the given time (",
                   SecondsText(limit), "s). Consider increasing the read timeout value. (GET ", base::WithoutQuery(url),
                   ", --kubecost.read-timeout)"));
}

absl::Status DeadlineError(absl::string_view url, absl::Duration limit, uint64_t received_bytes) {
  return ApiError(ErrorReason::kDeadline,
                  absl::StrCat("GET ", base::WithoutQuery(url), ": not finished within ", SecondsText(limit), "s, ",
                               received_bytes, " bytes had arrived; raise --kubecost.deadline"));
}

absl::Status TooLargeError(absl::string_view url, uint64_t max_bytes) {
  return ApiError(ErrorReason::kTooLarge,
                  absl::StrCat("GET ", base::WithoutQuery(url), ": the answer is larger than ", max_bytes,
                               " bytes; raise --kubecost.max-response-bytes or narrow --filter"));
}

absl::Status TransportError(ErrorReason reason, absl::string_view url, absl::string_view detail) {
  return ApiError(reason, absl::StrCat("GET ", base::WithoutQuery(url), ": ", detail, "; ", Advice(reason, detail)));
}

}  // namespace kubecost
