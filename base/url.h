// Parts of URLs: split, escaped, and read from a query string.
#ifndef BASE_URL_H_
#define BASE_URL_H_

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

// Of a URL with "://" in it.
UrlParts SplitUrl(absl::string_view url);

// Whether "localhost:9003", "127.0.0.1" or "[::1]:9003", a host and perhaps a port, is this machine or pod itself.
bool IsLoopback(absl::string_view authority);

// The names and values of a query string, decoded (application/x-www-form-urlencoded). Bytes of a broken escape stay.
std::vector<std::pair<std::string, std::string>> QueryParameters(absl::string_view query);

}  // namespace base

#endif  // BASE_URL_H_
