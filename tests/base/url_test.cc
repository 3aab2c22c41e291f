#include "base/url.h"

#include <gtest/gtest.h>

namespace base {
namespace {

using Parameters = std::vector<std::pair<std::string, std::string>>;

TEST(SplitUrlTest, HostAndPort) {
  const UrlParts plain = SplitUrl("http://kubecost:9090/a?b=1");
  EXPECT_EQ(plain.scheme, "http");
  EXPECT_EQ(plain.host, "kubecost");
  EXPECT_EQ(plain.port, "9090");
  EXPECT_EQ(plain.rest, "/a?b=1");
  const UrlParts ipv6 = SplitUrl("https://[::1]");
  EXPECT_EQ(ipv6.host, "[::1]");
  EXPECT_EQ(ipv6.port, "");
  EXPECT_EQ(SplitUrl("https://[::1]:80?x").host, "[::1]");
  EXPECT_EQ(SplitUrl("https://[::1]:80?x").port, "80");
}

TEST(IsLoopbackTest, NamesAndAddresses) {
  for (const char* host : {"localhost", "127.0.0.1", "127.1.2.3", "[::1]"}) {
    EXPECT_TRUE(IsLoopback(host)) << host;
  }
  for (const char* host : {"", "kubecost", "127.example.com", "10.0.0.1", "[::2]", "localhost.example.com"}) {
    EXPECT_FALSE(IsLoopback(host)) << host;
  }
}

TEST(WithoutQueryTest, SchemeHostAndPath) {
  EXPECT_EQ(WithoutQuery("http://kc/x?token=1"), "http://kc/x");
  EXPECT_EQ(WithoutQuery("http://kc/x#y?z"), "http://kc/x");
  EXPECT_EQ(WithoutQuery("http://kc/x"), "http://kc/x");
}

TEST(IsHostNameTest, NeitherSchemeNorPort) {
  for (const char* text : {"", "kubecost", "10.0.0.1", "a-b.c_d"}) EXPECT_TRUE(IsHostName(text)) << text;
  for (const char* text : {"http://a", "a:1", "a b", "[::1]", "\xC3\xA4"}) EXPECT_FALSE(IsHostName(text)) << text;
}

TEST(ParsePortTest, ANumberAndNothingElse) {
  EXPECT_EQ(ParsePort("0"), 0);
  EXPECT_EQ(ParsePort("65535"), 65535);
  for (const char* text : {"", "65536", "+1", "-1", " 1", "0x1", "99999999999"}) {
    EXPECT_EQ(ParsePort(text), std::nullopt) << text;
  }
}

TEST(PercentEncodeTest, AllButUnreservedCharacters) {
  EXPECT_EQ(PercentEncode("aZ09-._~"), "aZ09-._~");
  EXPECT_EQ(PercentEncode("a+b \"\xC3\xA4"), "a%2Bb%20%22%C3%A4");
}

TEST(QueryParametersTest, AreDecoded) {
  EXPECT_EQ(QueryParameters("a=1&search=caf%C3%A9+au%20lait&&a%5B%5d=2=3&flag"),
            Parameters({{"a", "1"}, {"search", "café au lait"}, {"a[]", "2=3"}, {"flag", ""}}));
  EXPECT_EQ(QueryParameters("a=100%&b=%zz&c=%4"), Parameters({{"a", "100%"}, {"b", "%zz"}, {"c", "%4"}}));
  EXPECT_EQ(QueryParameters(""), Parameters());
}

}  // namespace
}  // namespace base
