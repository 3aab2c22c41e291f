#include "base/url.h"

#include "absl/strings/match.h"

namespace base {

UrlParts SplitUrl(absl::string_view url) {
  UrlParts parts;
  const size_t authority_at = url.find("://") + 3;
  parts.scheme = std::string(url.substr(0, authority_at - 3));
  const absl::string_view tail = url.substr(authority_at);
  const absl::string_view authority = tail.substr(0, tail.find_first_of("/?"));
  parts.rest = std::string(tail.substr(authority.size()));
  const size_t colon = authority.rfind(':');
  const bool has_port = colon != authority.npos && authority.find(']', colon) == authority.npos;
  parts.host = std::string(authority.substr(0, has_port ? colon : authority.npos));
  if (has_port) parts.port = std::string(authority.substr(colon + 1));
  return parts;
}

bool IsLoopback(absl::string_view authority) {
  const absl::string_view host = absl::StartsWith(authority, "[") ? authority.substr(0, authority.find(']') + 1)
                                                                  : authority.substr(0, authority.find(':'));
  const bool is_name = host.find_first_not_of("0123456789.") != host.npos;
  return host == "localhost" || host == "[::1]" || (!is_name && absl::StartsWith(host, "127."));
}

}  // namespace base
