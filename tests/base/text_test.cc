#include "base/text.h"

#include <gtest/gtest.h>

namespace base {
namespace {

TEST(SanitizeMessageTest, HidesCredentialsOfUrlsAndShortens) {
  EXPECT_EQ(SanitizeMessage("error querying http://user:secret@prom:9090/x and https://b/@c"),
            "error querying http://***@prom:9090/x and https://b/@c");
  EXPECT_EQ(SanitizeMessage(std::string(5000, 'a')), std::string(297, 'a') + "...");
  EXPECT_EQ(SanitizeMessage(std::string(300, 'a')), std::string(300, 'a'));
  std::string umlauts = "x";
  for (int i = 0; i < 400; ++i) umlauts += "ä";
  EXPECT_EQ(SanitizeMessage(umlauts), umlauts.substr(0, 295) + "...") << "cut between two characters";
}

TEST(HasControlTest, BytesThatAreNoText) {
  for (const char* text : {"a\nb", "\t", "x\x7F", "\r"}) {
    EXPECT_TRUE(HasControl(text)) << text;
    EXPECT_TRUE(HasSpaceOrControl(text)) << text;
  }
  for (const char* text : {"", "a-b", "\xC3\xA4"}) {
    EXPECT_FALSE(HasControl(text)) << text;
    EXPECT_FALSE(HasSpaceOrControl(text)) << text;
  }
  EXPECT_FALSE(HasControl("a b"));
  EXPECT_TRUE(HasSpaceOrControl("a b"));
}

TEST(ReplaceInvalidUtf8Test, EachByteThatDoesNotBelong) {
  for (const char* text : {"", "a", "\xC3\xA4", "\xE2\x82\xAC", "\xF0\x9F\x98\x80"}) {
    EXPECT_TRUE(IsValidUtf8(text)) << text;
    EXPECT_EQ(ReplaceInvalidUtf8(text), text);
  }
  for (const char* text : {"\xFF", "\x80", "\xC3", "\xC0\xAF", "\xED\xA0\x80", "\xF4\x90\x80\x80"}) {
    EXPECT_FALSE(IsValidUtf8(text));
  }
  EXPECT_EQ(ReplaceInvalidUtf8("a\xFF\xC3z"), "a\xEF\xBF\xBD\xEF\xBF\xBDz");
}

}  // namespace
}  // namespace base
