// Why a request to Kubecost did not give a usable answer: a reason to count by, carried inside an absl::Status.
#ifndef KUBECOST_API_ERROR_H_
#define KUBECOST_API_ERROR_H_

#include <array>
#include <cstddef>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace kubecost {

enum class ErrorReason {
  kConnectTimeout,
  kReadTimeout,
  kDeadline,
  kRefused,
  kDisconnected,
  kDns,
  kTls,
  kAuth,
  kRedirect,
  kNotFound,
  kHttp4xx,
  kHttp5xx,
  kHtml,
  kParse,
  kUpstreamCode,
  kEmpty,
  kWindowMismatch,
  kTooLarge,
  kMultiCluster,
  kInconsistent,
  kShrunken,
};

// The values of label `reason` of kubecost_exporter_api_errors_total, in the order of ErrorReason.
inline constexpr std::array<absl::string_view, 21> kErrorReasonNames = {"connect_timeout",
                                                                        "read_timeout",
                                                                        "deadline",
                                                                        "refused",
                                                                        "disconnected",
                                                                        "dns",
                                                                        "tls",
                                                                        "auth",
                                                                        "redirect",
                                                                        "not_found",
                                                                        "http_4xx",
                                                                        "http_5xx",
                                                                        "html",
                                                                        "parse",
                                                                        "upstream_code",
                                                                        "empty",
                                                                        "window_mismatch",
                                                                        "too_large",
                                                                        "multi_cluster",
                                                                        "inconsistent",
                                                                        "shrunken"};

inline absl::string_view ErrorReasonName(ErrorReason reason) { return kErrorReasonNames[static_cast<size_t>(reason)]; }

// A status with the code that belongs to `reason` (timeout: DeadlineExceeded, 5xx and connection: Unavailable, ...).
absl::Status ApiError(ErrorReason reason, absl::string_view message);

// The reason inside a status made by ApiError; nothing for any other status (a cancelled request, for instance).
std::optional<ErrorReason> ReasonOf(const absl::Status& status);

// The same status, telling the code of the HTTP answer that it is about.
absl::Status WithHttpStatus(absl::Status status, int http_status);

// The same status in other words; reason and HTTP code stay.
absl::Status WithMessage(const absl::Status& status, absl::string_view message);

// True when the server, or a proxy before it, could not make or deliver the answer as a whole (HTTP 499, 502, 503,
// 504, a timeout, a lost connection): a smaller question may have an answer.
bool MayBeTooBig(const absl::Status& status);

// True when the server answered, be it badly: not when it could not be reached, or sent somebody to log in.
bool IsAnAnswer(ErrorReason reason);

}  // namespace kubecost

#endif  // KUBECOST_API_ERROR_H_
