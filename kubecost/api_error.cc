#include "kubecost/api_error.h"

#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/cord.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace kubecost {
namespace {

constexpr absl::string_view kPayloadUrl = "kubecost-allocation-exporter/reason";
constexpr absl::string_view kHttpStatusUrl = "kubecost-allocation-exporter/http-status";

absl::StatusCode CodeOf(ErrorReason reason) {
  switch (reason) {
    case ErrorReason::kConnectTimeout:
    case ErrorReason::kReadTimeout:
    case ErrorReason::kDeadline:
      return absl::StatusCode::kDeadlineExceeded;
    case ErrorReason::kRefused:
    case ErrorReason::kDisconnected:
    case ErrorReason::kDns:
    case ErrorReason::kTls:
    case ErrorReason::kHttp5xx:
      return absl::StatusCode::kUnavailable;
    case ErrorReason::kAuth:
      return absl::StatusCode::kUnauthenticated;
    case ErrorReason::kNotFound:
    case ErrorReason::kEmpty:
      return absl::StatusCode::kNotFound;
    case ErrorReason::kTooLarge:
      return absl::StatusCode::kResourceExhausted;
    case ErrorReason::kInconsistent:
    case ErrorReason::kShrunken:
      return absl::StatusCode::kAborted;
    case ErrorReason::kRedirect:
    case ErrorReason::kHttp4xx:
    case ErrorReason::kWindowMismatch:
    case ErrorReason::kMultiCluster:
      return absl::StatusCode::kFailedPrecondition;
    case ErrorReason::kHtml:
    case ErrorReason::kParse:
    case ErrorReason::kUpstreamCode:
      return absl::StatusCode::kInvalidArgument;
  }
  return absl::StatusCode::kUnknown;
}

}  // namespace

absl::Status ApiError(ErrorReason reason, absl::string_view message) {
  absl::Status status(CodeOf(reason), message);
  status.SetPayload(kPayloadUrl, absl::Cord(ErrorReasonName(reason)));
  return status;
}

std::optional<ErrorReason> ReasonOf(const absl::Status& status) {
  const auto payload = status.GetPayload(kPayloadUrl);
  if (!payload.has_value()) return std::nullopt;
  const std::string name(*payload);
  for (size_t i = 0; i < kErrorReasonNames.size(); ++i) {
    if (kErrorReasonNames[i] == name) return static_cast<ErrorReason>(i);
  }
  return std::nullopt;
}

absl::Status WithHttpStatus(absl::Status status, int http_status) {
  status.SetPayload(kHttpStatusUrl, absl::Cord(absl::StrCat(http_status)));
  return status;
}

absl::Status WithMessage(const absl::Status& status, absl::string_view message) {
  absl::Status result(status.code(), message);
  status.ForEachPayload(
      [&result](absl::string_view url, const absl::Cord& payload) { result.SetPayload(url, payload); });
  return result;
}

bool MayBeTooBig(const absl::Status& status) {
  const std::optional<ErrorReason> reason = ReasonOf(status);
  if (reason == ErrorReason::kReadTimeout || reason == ErrorReason::kDeadline || reason == ErrorReason::kDisconnected) {
    return true;
  }
  const auto http_status = status.GetPayload(kHttpStatusUrl);
  return http_status.has_value() &&
         (*http_status == "499" || *http_status == "502" || *http_status == "503" || *http_status == "504");
}

bool IsAnAnswer(ErrorReason reason) {
  switch (reason) {
    case ErrorReason::kReadTimeout:
    case ErrorReason::kDeadline:
    case ErrorReason::kDisconnected:
    case ErrorReason::kNotFound:
    case ErrorReason::kHttp4xx:
    case ErrorReason::kHttp5xx:
    case ErrorReason::kParse:
    case ErrorReason::kUpstreamCode:
    case ErrorReason::kEmpty:
    case ErrorReason::kWindowMismatch:
    case ErrorReason::kTooLarge:
      return true;
    default:
      return false;
  }
}

}  // namespace kubecost
