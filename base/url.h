// What a URL of Kubecost's is made of.
#ifndef BASE_URL_H_
#define BASE_URL_H_

#include <string>

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

}  // namespace base

#endif  // BASE_URL_H_
