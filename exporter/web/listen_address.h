// HOST:PORT of --web.listen-address, as Go programs write it.
#ifndef EXPORTER_WEB_LISTEN_ADDRESS_H_
#define EXPORTER_WEB_LISTEN_ADDRESS_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace web {

struct ListenAddress {
  // Empty = all interfaces, IPv4 and IPv6; an IPv6 address stands without brackets.
  std::string host;
  uint16_t port = 0;

  bool is_ipv6() const { return host.find(':') != std::string::npos; }
};

// ":9103", "127.0.0.1:9103", "[::1]:9103", "localhost:9103"; port 0 = any free one.
absl::StatusOr<ListenAddress> ParseListenAddress(absl::string_view text);

}  // namespace web

#endif  // EXPORTER_WEB_LISTEN_ADDRESS_H_
