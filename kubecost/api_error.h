// Why a request to Kubecost did not give a usable answer: a reason to count by, carried inside an absl::Status.
#ifndef KUBECOST_API_ERROR_H_
#define KUBECOST_API_ERROR_H_

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

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
  kEmptyBody,
  kWindowMismatch,
  kTooLarge,
  kMultiCluster,
  kInconsistent,
  kShrunken,
};

struct ErrorReasonRow {
  ErrorReason reason;
  absl::string_view name;  // label `reason` of kubecost_exporter_api_errors_total
  absl::StatusCode code;
  // The server answered, be it badly: not when it could not be reached, or sent somebody to log in.
  bool is_an_answer;
  // The answer was too much for the server or the time: a smaller question may have one.
  bool may_be_too_big;
};

inline constexpr ErrorReasonRow kErrorReasons[] = {
    {ErrorReason::kConnectTimeout, "connect_timeout", absl::StatusCode::kDeadlineExceeded, false, false},
    {ErrorReason::kReadTimeout, "read_timeout", absl::StatusCode::kDeadlineExceeded, true, true},
    {ErrorReason::kDeadline, "deadline", absl::StatusCode::kDeadlineExceeded, true, true},
    {ErrorReason::kRefused, "refused", absl::StatusCode::kUnavailable, false, false},
    {ErrorReason::kDisconnected, "disconnected", absl::StatusCode::kUnavailable, true, true},
    {ErrorReason::kDns, "dns", absl::StatusCode::kUnavailable, false, false},
    {ErrorReason::kTls, "tls", absl::StatusCode::kUnavailable, false, false},
    {ErrorReason::kAuth, "auth", absl::StatusCode::kUnauthenticated, false, false},
    {ErrorReason::kRedirect, "redirect", absl::StatusCode::kFailedPrecondition, false, false},
    {ErrorReason::kNotFound, "not_found", absl::StatusCode::kNotFound, true, false},
    {ErrorReason::kHttp4xx, "http_4xx", absl::StatusCode::kFailedPrecondition, true, false},
    {ErrorReason::kHttp5xx, "http_5xx", absl::StatusCode::kUnavailable, true, false},
    {ErrorReason::kHtml, "html", absl::StatusCode::kInvalidArgument, false, false},
    {ErrorReason::kParse, "parse", absl::StatusCode::kInvalidArgument, true, false},
    {ErrorReason::kUpstreamCode, "upstream_code", absl::StatusCode::kInvalidArgument, true, false},
    {ErrorReason::kEmpty, "empty", absl::StatusCode::kNotFound, true, false},
    {ErrorReason::kEmptyBody, "empty_body", absl::StatusCode::kDataLoss, true, true},
    {ErrorReason::kWindowMismatch, "window_mismatch", absl::StatusCode::kFailedPrecondition, true, false},
    {ErrorReason::kTooLarge, "too_large", absl::StatusCode::kResourceExhausted, true, false},
    {ErrorReason::kMultiCluster, "multi_cluster", absl::StatusCode::kFailedPrecondition, false, false},
    {ErrorReason::kInconsistent, "inconsistent", absl::StatusCode::kAborted, false, false},
    {ErrorReason::kShrunken, "shrunken", absl::StatusCode::kAborted, false, false},
};
// In the enum's order, each once.
static_assert(std::size(kErrorReasons) == static_cast<size_t>(ErrorReason::kShrunken) + 1 &&
              std::adjacent_find(std::begin(kErrorReasons), std::end(kErrorReasons), [](const auto& a, const auto& b) {
                return a.reason >= b.reason;
              }) == std::end(kErrorReasons));

constexpr const ErrorReasonRow& RowOf(ErrorReason reason) { return kErrorReasons[static_cast<size_t>(reason)]; }
constexpr absl::string_view ErrorReasonName(ErrorReason reason) { return RowOf(reason).name; }
constexpr bool IsAnAnswer(ErrorReason reason) { return RowOf(reason).is_an_answer; }

// A status with the code that belongs to `reason` (timeout: DeadlineExceeded, 5xx and connection: Unavailable, ...).
absl::Status ApiError(ErrorReason reason, absl::string_view message);

// The reason inside a status made by ApiError; nothing for any other status (a cancelled request, for instance).
std::optional<ErrorReason> ReasonOf(const absl::Status& status);

// The same status, telling the code of the HTTP answer that it is about.
absl::Status WithHttpStatus(absl::Status status, int http_status);

// The same status, telling for how long the server wants not to be asked again.
absl::Status WithRetryAfter(absl::Status status, absl::Duration wait);

// What WithRetryAfter() was given, else 0.
absl::Duration RetryAfterOf(const absl::Status& status);

// The same status in other words; all else stays.
absl::Status WithMessage(const absl::Status& status, absl::string_view message);

// True when the server, or a proxy before it, could not make or deliver the answer as a whole (HTTP 499, 502, 503,
// 504, a timeout, a lost connection, no body): a smaller question may have an answer.
bool MayBeTooBig(const absl::Status& status);

}  // namespace kubecost

#endif  // KUBECOST_API_ERROR_H_
