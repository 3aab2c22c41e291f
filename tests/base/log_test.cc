#include "base/log.h"

#include <gtest/gtest.h>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"

namespace base {
namespace {

constexpr absl::string_view kTime = "2026-11-20T12:00:00.000Z";

TEST(FormatLogLineTest, Logfmt) {
  EXPECT_EQ(FormatLogLine(LogFormat::kLogfmt, kTime, LogLevel::kInfo, "listening", {{"address", ":9103"}}),
            "ts=2026-11-20T12:00:00.000Z level=info msg=listening address=:9103");
  EXPECT_EQ(FormatLogLine(LogFormat::kLogfmt, kTime, LogLevel::kWarn, "two words",
                          {{"a", ""}, {"b", "x=y"}, {"c", "q\"uo\\te"}, {"d", "line\nbreak\x01"}}),
            "ts=2026-11-20T12:00:00.000Z level=warn msg=\"two words\" a=\"\" b=\"x=y\" c=\"q\\\"uo\\\\te\" "
            "d=\"line\\nbreak\\u0001\"");
}

TEST(FormatLogLineTest, Json) {
  EXPECT_EQ(FormatLogLine(LogFormat::kJson, kTime, LogLevel::kError, "it \"broke\"", {{"error", "a\nb\\c\x02"}}),
            "{\"ts\":\"2026-11-20T12:00:00.000Z\",\"level\":\"error\",\"msg\":\"it \\\"broke\\\"\","
            "\"error\":\"a\\nb\\\\c\\u0002\"}");
}

TEST(FormatLogLineTest, InvalidUtf8FromUpstreamIsReplaced) {
  EXPECT_EQ(FormatLogLine(LogFormat::kLogfmt, kTime, LogLevel::kWarn, "m", {{"error", "x\xff"}}),
            "ts=2026-11-20T12:00:00.000Z level=warn msg=m error=\"x\xEF\xBF\xBD\"");
  EXPECT_EQ(FormatLogLine(LogFormat::kJson, kTime, LogLevel::kWarn, "m", {{"error", "\xc3"}}),
            "{\"ts\":\"2026-11-20T12:00:00.000Z\",\"level\":\"warn\",\"msg\":\"m\",\"error\":\"\xEF\xBF\xBD\"}");
}

TEST(LogTest, WritesALineForEachEventFromTheLevelOn) {
  testing::internal::CaptureStderr();
  Log(LogLevel::kDebug, "unseen");
  Log(LogLevel::kInfo, "seen", {{"bytes", std::string(100'000, 'x')}});
  Log(LogLevel::kError, "last");
  const std::vector<std::string> lines = absl::StrSplit(testing::internal::GetCapturedStderr(), '\n');
  ASSERT_EQ(lines.size(), 3);
  EXPECT_TRUE(absl::StrContains(lines[0], "Z level=info msg=seen bytes=xx")) << lines[0];
  EXPECT_TRUE(absl::EndsWith(lines[1], "Z level=error msg=last")) << lines[1];
  EXPECT_EQ(lines[2], "");
}

}  // namespace
}  // namespace base
