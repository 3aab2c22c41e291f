// The words for being kept out: HTTP 401 and 403, a redirect to a login, a login page, TLS misunderstood.
#ifndef KUBECOST_LOGIN_ERROR_H_
#define KUBECOST_LOGIN_ERROR_H_

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "kubecost/http_client.h"

namespace kubecost {

// An error for an answer that keeps the exporter out, else nothing. `url` is what was asked, without its query.
std::optional<absl::Status> RefusalOf(absl::string_view url, const HttpHead& head);

// The same of an HTTP 400, where only the body tells.
std::optional<absl::Status> RefusalInBody(absl::string_view url, const HttpHead& head, absl::string_view body);

// What to do about an HTML page that came with HTTP 200.
std::string HtmlAdvice(const HttpHead& head);

}  // namespace kubecost

#endif  // KUBECOST_LOGIN_ERROR_H_
