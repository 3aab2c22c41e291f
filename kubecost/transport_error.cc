#include "kubecost/transport_error.h"

#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/url.h"
#include "kubecost/tls_advice.h"

namespace kubecost {
namespace {

std::string SecondsText(absl::Duration duration) { return absl::StrFormat("%g", absl::ToDoubleSeconds(duration)); }

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
