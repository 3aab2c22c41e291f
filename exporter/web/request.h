// What a client asks for, and a short answer.
#ifndef EXPORTER_WEB_REQUEST_H_
#define EXPORTER_WEB_REQUEST_H_

#include <functional>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "metrics/selection.h"

namespace web {

struct Request {
  absl::string_view method;
  absl::string_view path;
  absl::string_view query;
  absl::string_view version;  // "1.1"
  std::string client;         // the address
  bool has_certificate = false;
  // Null for one that is not there.
  std::function<const char*(const char* name)> header;
};

inline constexpr absl::string_view kPlainText = "text/plain; charset=utf-8";
inline constexpr absl::string_view kHtml = "text/html; charset=utf-8";

// An answer that is made as a whole.
struct Answer {
  int status = 200;
  std::string body;
  // Lines, each with its end.
  absl::string_view headers = "";
  absl::string_view content_type = kPlainText;
};

struct Target {
  absl::string_view path;
  absl::string_view query;
};

// The parts of a request's target in absolute form (RFC 9112, 3.2.2), as clients send it to what they take for a proxy:
// "http://host:9103/metrics?a=b". Scheme and host are passed over. Nothing for a target of another form.
std::optional<Target> AbsoluteForm(absl::string_view target);

// The collectors named by `collect[]` in a query string, all when none is named. InvalidArgument for an unknown one;
// other parameters are ignored.
absl::StatusOr<metrics::Selection> ParseCollect(absl::string_view query);

// Whether the query string names who reads the scrape: consumer=billing.
bool NamesConsumer(absl::string_view query);

// Whether an Accept-Encoding header takes gzip (RFC 9110, 12.5.3).
bool AcceptsGzip(absl::string_view accept_encoding);

}  // namespace web

#endif  // EXPORTER_WEB_REQUEST_H_
