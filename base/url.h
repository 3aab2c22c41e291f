// Parts of URLs: split, escaped, and read from a query string.
#ifndef BASE_URL_H_
#define BASE_URL_H_

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

namespace base {

// "http://[::1]:80/x" in parts: "http", "[::1]", "80", "/x".
struct UrlParts {
  std::string scheme;
  std::string host;
  std::string port;
  std::string rest;
};

// The parts of a URL with "://" in it.
UrlParts SplitUrl(absl::string_view url);

// Scheme, host and path: what may be logged.
inline absl::string_view WithoutQuery(absl::string_view url) { return url.substr(0, url.find_first_of("?#")); }

// Whether every character may stand in a host's name or IPv4 address.
bool IsHostName(absl::string_view text);

// "9103"; nothing for what is not a number from 0 to 65535.
std::optional<uint16_t> ParsePort(absl::string_view text);

// Whether "localhost", "127.0.0.1" or "[::1]" is this machine or pod itself.
bool IsLoopback(absl::string_view host);

// RFC 3986: everything but unreserved characters is escaped.
std::string PercentEncode(absl::string_view text);

// The names and values of a query string, decoded (application/x-www-form-urlencoded). Bytes of a broken escape stay.
std::vector<std::pair<std::string, std::string>> QueryParameters(absl::string_view query);

}  // namespace base

#endif  // BASE_URL_H_
