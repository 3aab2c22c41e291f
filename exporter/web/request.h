// What a scraper asks for, besides the path.
#ifndef EXPORTER_WEB_REQUEST_H_
#define EXPORTER_WEB_REQUEST_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "metrics/selection.h"

namespace web {

// The collectors named by `collect[]` in a query string, all when there is none. InvalidArgument for an unknown one;
// other parameters are ignored.
absl::StatusOr<metrics::Selection> ParseCollect(absl::string_view query);

// The value of a parameter of a query string, decoded; the first of several, empty when there is none.
std::string QueryParameter(absl::string_view query, absl::string_view name);

// Whether an Accept-Encoding header takes gzip (RFC 9110, 12.5.3).
bool AcceptsGzip(absl::string_view accept_encoding);

}  // namespace web

#endif  // EXPORTER_WEB_REQUEST_H_
