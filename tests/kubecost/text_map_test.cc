// The small answers: descriptions, settings, error messages.
#include <gtest/gtest.h>

#include "kubecost/api_error.h"
#include "kubecost/response_parser.h"

namespace kubecost {
namespace {

absl::StatusOr<TextMap> ParseInfo(absl::string_view body, Envelope envelope = Envelope::kRequired) {
  size_t position = 0;
  return ParseTextMap(
      [&]() -> absl::StatusOr<absl::string_view> {
        const absl::string_view piece = body.substr(position, 9);
        position += piece.size();
        return piece;
      },
      envelope);
}

TEST(ParseTextMapTest, ReadsTexts) {
  const absl::StatusOr<TextMap> info = ParseInfo(
      R"({"code":200,"data":{"id":"cluster-one","clusterProfile":"production","version":1.29,"logCollection":true,)"
      R"("nested":{"a":1},"none":null}})");
  ASSERT_TRUE(info.ok()) << info.status();
  EXPECT_EQ(
      *info,
      (TextMap{
          {"id", "cluster-one"}, {"clusterProfile", "production"}, {"version", "1.29"}, {"logCollection", "true"}}));
}

TEST(ParseTextMapTest, AByteOrderMarkIsPassedOver) {
  EXPECT_EQ(*ParseInfo("\xEF\xBB\xBF{\"data\":{\"a\":\"b\"}}"), (TextMap{{"a", "b"}}));
}

TEST(ParseTextMapTest, ABareObjectOnlyWhereItMayBe) {
  constexpr absl::string_view kBare = R"({"currencyCode":"EUR","nested":{"a":"b"}})";
  EXPECT_EQ(*ParseInfo(kBare, Envelope::kOptional), (TextMap{{"currencyCode", "EUR"}}));
  EXPECT_EQ(*ParseInfo(R"({"code":200,"data":{"a":"b"}})", Envelope::kOptional), (TextMap{{"a", "b"}}));
  EXPECT_EQ(ReasonOf(ParseInfo(kBare).status()), ErrorReason::kParse);
  EXPECT_EQ(ReasonOf(ParseInfo("[]", Envelope::kOptional).status()), ErrorReason::kParse);
}

TEST(ParseTextMapTest, ErrorsAreNamed) {
  EXPECT_EQ(ReasonOf(ParseInfo("").status()), ErrorReason::kEmptyBody);
  EXPECT_EQ(ReasonOf(ParseInfo(" \n").status()), ErrorReason::kEmptyBody);
  EXPECT_EQ(ReasonOf(ParseInfo("<html>").status()), ErrorReason::kHtml);
  EXPECT_EQ(ReasonOf(ParseInfo("{").status()), ErrorReason::kParse);
  EXPECT_EQ(ReasonOf(ParseInfo("[]").status()), ErrorReason::kParse);
  EXPECT_EQ(ReasonOf(ParseInfo(R"({"code":200,"data":null})").status()), ErrorReason::kParse);
  EXPECT_EQ(ReasonOf(ParseInfo(R"({"code":500,"message":"x"})").status()), ErrorReason::kUpstreamCode);
  EXPECT_EQ(ReasonOf(ParseInfo(std::string(2 << 20, ' ')).status()), ErrorReason::kTooLarge);
  EXPECT_EQ(ReasonOf(ParseInfo(std::string(1 << 19, '[')).status()), ErrorReason::kParse);
}

TEST(ParseErrorMessageTest, TakesTheMessageOnly) {
  EXPECT_EQ(ParseErrorMessage(R"({"code":500,"data":null,"message":"bad filter\n\tx"})"), "bad filter  x");
  EXPECT_EQ(ParseErrorMessage("<html>"), "");
  EXPECT_EQ(ParseErrorMessage(""), "");
  EXPECT_EQ(ParseErrorMessage(R"({"message":7})"), "7");
}

}  // namespace
}  // namespace kubecost
