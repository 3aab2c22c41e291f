// The seam to the network: one GET at a time, its body pulled piece by piece.
#ifndef KUBECOST_HTTP_CLIENT_H_
#define KUBECOST_HTTP_CLIENT_H_

#include <stop_token>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace kubecost {

struct HttpHead {
  int status = 0;
  std::string content_type;
  // Where a redirect leads, which is reported and never followed: scheme, host and path only, so that no token of a
  // query string ends up in a log.
  std::string location;
  // The scheme that a 401 asks for: "Basic".
  std::string wanted_scheme;
  // As they came, empty when they did not: when the answer was made, and when the server wants to be asked again.
  std::string date;
  std::string retry_after;
  // The answer comes out of a cache, with a date of the past.
  bool has_age = false;
  // The flags that gave the credentials which were sent along, for the words of a refusal.
  std::string credential_flags;
};

// Used by one thread. At most one answer is open: Get() and Close() abandon what came before, which also closes the
// connection of an unfinished transfer. Errors carry an ErrorReason (api_error.h), except Cancelled.
class HttpClient {
 public:
  virtual ~HttpClient() = default;

  // Sends a GET and waits for status line and headers. `stop` aborts this call and the Read() calls after it.
  virtual absl::StatusOr<HttpHead> Get(const std::string& url, std::stop_token stop) = 0;

  // The next piece of the body, decompressed, valid until the next call; empty at its end.
  virtual absl::StatusOr<absl::string_view> Read() = 0;

  virtual void Close() = 0;

  // The text with *** in place of the credentials that requests carry: a server may repeat them in an error.
  virtual std::string WithoutSecrets(absl::string_view text) const { return std::string(text); }
};

}  // namespace kubecost

#endif  // KUBECOST_HTTP_CLIENT_H_
