#include "kubecost/api_error.h"

#include <string>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"

namespace kubecost {
namespace {

constexpr absl::string_view kPayloadUrl = "kubecost-allocation-exporter/reason";
constexpr absl::string_view kHttpStatusUrl = "kubecost-allocation-exporter/http-status";
constexpr absl::string_view kRetryAfterUrl = "kubecost-allocation-exporter/retry-after";

}  // namespace

absl::Status ApiError(ErrorReason reason, absl::string_view message) {
  absl::Status status(RowOf(reason).code, message);
  status.SetPayload(kPayloadUrl, absl::Cord(ErrorReasonName(reason)));
  return status;
}

std::optional<ErrorReason> ReasonOf(const absl::Status& status) {
  const auto payload = status.GetPayload(kPayloadUrl);
  if (!payload.has_value()) return std::nullopt;
  for (const ErrorReasonRow& row : kErrorReasons) {
    if (*payload == row.name) return row.reason;
  }
  return std::nullopt;
}

absl::Status WithHttpStatus(absl::Status status, int http_status) {
  status.SetPayload(kHttpStatusUrl, absl::Cord(absl::StrCat(http_status)));
  return status;
}

absl::Status WithRetryAfter(absl::Status status, absl::Duration wait) {
  status.SetPayload(kRetryAfterUrl, absl::Cord(absl::FormatDuration(wait)));
  return status;
}

absl::Duration RetryAfterOf(const absl::Status& status) {
  absl::Duration wait;
  const auto payload = status.GetPayload(kRetryAfterUrl);
  if (payload.has_value()) absl::ParseDuration(std::string(*payload), &wait);
  return wait;
}

absl::Status WithMessage(const absl::Status& status, absl::string_view message) {
  absl::Status result(status.code(), message);
  status.ForEachPayload(
      [&result](absl::string_view url, const absl::Cord& payload) { result.SetPayload(url, payload); });
  return result;
}

bool MayBeTooBig(const absl::Status& status) {
  const std::optional<ErrorReason> reason = ReasonOf(status);
  if (reason.has_value() && RowOf(*reason).may_be_too_big) return true;
  const auto http_status = status.GetPayload(kHttpStatusUrl);
  return http_status.has_value() &&
         (*http_status == "499" || *http_status == "502" || *http_status == "503" || *http_status == "504");
}

}  // namespace kubecost
