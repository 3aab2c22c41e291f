#include "kubecost/api_error.h"

#include <gtest/gtest.h>

namespace kubecost {
namespace {

TEST(MayBeTooBigTest, WhatAServerThatIsOverwhelmedDoes) {
  for (const ErrorReason reason :
       {ErrorReason::kReadTimeout, ErrorReason::kDeadline, ErrorReason::kDisconnected, ErrorReason::kEmptyBody}) {
    EXPECT_TRUE(MayBeTooBig(ApiError(reason, ""))) << ErrorReasonName(reason);
  }
  for (const int status : {499, 502, 503, 504}) {
    EXPECT_TRUE(MayBeTooBig(WithHttpStatus(ApiError(ErrorReason::kHttp5xx, ""), status))) << status;
  }
}

TEST(MayBeTooBigTest, OtherFailuresHaveOtherCauses) {
  for (const int status : {400, 429, 500, 501}) {
    EXPECT_FALSE(MayBeTooBig(WithHttpStatus(ApiError(ErrorReason::kHttp5xx, ""), status))) << status;
  }
  for (const ErrorReason reason : {ErrorReason::kRefused, ErrorReason::kConnectTimeout, ErrorReason::kEmpty,
                                   ErrorReason::kParse, ErrorReason::kInconsistent, ErrorReason::kTooLarge}) {
    EXPECT_FALSE(MayBeTooBig(ApiError(reason, ""))) << ErrorReasonName(reason);
  }
  EXPECT_FALSE(MayBeTooBig(absl::OkStatus()));
}

TEST(WithRetryAfterTest, IsKeptWithAllElse) {
  const absl::Status status =
      WithMessage(WithRetryAfter(WithHttpStatus(ApiError(ErrorReason::kHttp5xx, ""), 503), absl::Seconds(90)), "busy");
  EXPECT_EQ(RetryAfterOf(status), absl::Seconds(90));
  EXPECT_EQ(ReasonOf(status), ErrorReason::kHttp5xx);
  EXPECT_TRUE(MayBeTooBig(status));
  EXPECT_EQ(RetryAfterOf(ApiError(ErrorReason::kHttp5xx, "")), absl::ZeroDuration());
  EXPECT_EQ(RetryAfterOf(absl::OkStatus()), absl::ZeroDuration());
}

TEST(WithHttpStatusTest, KeepsTheReason) {
  EXPECT_EQ(ReasonOf(WithHttpStatus(ApiError(ErrorReason::kHttp5xx, ""), 504)), ErrorReason::kHttp5xx);
}

}  // namespace
}  // namespace kubecost
