#include "exporter/web/listen_address.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace web {
namespace {

TEST(ParseListenAddressTest, HostAndPort) {
  const std::pair<const char*, ListenAddress> cases[] = {{":9103", {"", 9103}},
                                                         {"127.0.0.1:0", {"127.0.0.1", 0}},
                                                         {"[::1]:65535", {"::1", 65535}},
                                                         {"my-host.local:80", {"my-host.local", 80}}};
  for (const auto& [text, expected] : cases) {
    const absl::StatusOr<ListenAddress> address = ParseListenAddress(text);
    ASSERT_TRUE(address.ok()) << address.status();
    EXPECT_EQ(address->host, expected.host) << text;
    EXPECT_EQ(address->port, expected.port) << text;
  }
}

TEST(ParseListenAddressTest, ProblemsAreNamed) {
  const std::pair<const char*, const char*> cases[] = {{"9103", "has no port"},
                                                       {":", "has no port from 0 to 65535"},
                                                       {":65536", "has no port from 0 to 65535"},
                                                       {":+1", "has no port from 0 to 65535"},
                                                       {"[::g]:1", "holds no IPv6 address"},
                                                       {"::1:1", "has an IPv6 address without brackets"},
                                                       {"a b:1", "holds no host name or address"}};
  for (const auto& [text, problem] : cases) {
    EXPECT_EQ(ParseListenAddress(text).status().message(),
              absl::StrCat("\"", text, "\" ", problem, "; it looks like :9103, 127.0.0.1:9103 or [::1]:9103"));
  }
}

}  // namespace
}  // namespace web
