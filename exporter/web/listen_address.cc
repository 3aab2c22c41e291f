#include "exporter/web/listen_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <optional>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/url.h"

namespace web {
absl::StatusOr<ListenAddress> ParseListenAddress(absl::string_view text) {
  const auto problem = [text](absl::string_view why) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", text, "\" ", why, "; it looks like :9103, 127.0.0.1:9103 or [::1]:9103"));
  };
  const size_t colon = text.rfind(':');
  if (colon == absl::string_view::npos) return problem("has no port");
  ListenAddress address;
  const std::optional<uint16_t> port = base::ParsePort(text.substr(colon + 1));
  if (!port.has_value()) return problem("has no port from 0 to 65535");
  address.port = *port;

  absl::string_view host = text.substr(0, colon);
  if (absl::StartsWith(host, "[") && absl::EndsWith(host, "]")) {
    address.host = std::string(host.substr(1, host.size() - 2));
    in6_addr parsed;
    if (inet_pton(AF_INET6, address.host.c_str(), &parsed) != 1) return problem("holds no IPv6 address");
    return address;
  }
  address.host = std::string(host);
  if (absl::StrContains(host, ":")) return problem("has an IPv6 address without brackets");
  if (!base::IsHostName(host) || absl::StrContains(host, "_")) return problem("holds no host name or address");
  return address;
}

}  // namespace web
