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
  for (const char* host : {"localhost", "localhost:9003", "127.0.0.1", "127.1.2.3:80", "[::1]", "[::1]:9003"}) {
    EXPECT_TRUE(IsLoopback(host)) << host;
  }
  for (const char* host : {"", "kubecost", "127.example.com", "10.0.0.1", "[::2]", "localhost.example.com"}) {
    EXPECT_FALSE(IsLoopback(host)) << host;
  }
}

TEST(QueryParametersTest, AreDecoded) {
  EXPECT_EQ(QueryParameters("a=1&search=caf%C3%A9+au%20lait&&a%5B%5d=2=3&flag"),
            Parameters({{"a", "1"}, {"search", "café au lait"}, {"a[]", "2=3"}, {"flag", ""}}));
  EXPECT_EQ(QueryParameters("a=100%&b=%zz&c=%4"), Parameters({{"a", "100%"}, {"b", "%zz"}, {"c", "%4"}}));
  EXPECT_EQ(QueryParameters(""), Parameters());
}

}  // namespace
}  // namespace base
