#include "kubecost/login_error.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/text.h"
#include "base/url.h"
#include "kubecost/api_error.h"

namespace kubecost {
namespace {

// The flags for the scheme that a server asks for.
absl::string_view FlagsFor(absl::string_view scheme) {
  if (absl::EqualsIgnoreCase(scheme, "Basic")) return "--kubecost.username and --kubecost.password-file";
  if (absl::EqualsIgnoreCase(scheme, "Bearer")) return "--kubecost.token-file";
  return "--kubecost.header-file (an API key), --kubecost.token-file (Bearer), or --kubecost.username and "
         "--kubecost.password-file (Basic)";
}

std::string LoginAdvice(const HttpHead& head) {
  if (head.credential_flags.empty()) {
    return "give an API key with --kubecost.header-file or a token with --kubecost.token-file, or set --kubecost.url "
           "to a service behind the login";
  }
  return absl::StrCat("the login does not take what ", head.credential_flags,
                      " gives, or not in that form; else set --kubecost.url to a service behind the login");
}

absl::Status RedirectError(absl::string_view what, absl::string_view url, const HttpHead& head) {
  const std::string to =
      absl::StrCat(what, " redirects to ", base::SanitizeMessage(head.location), ", which is not followed");
  const bool wants_tls = absl::StartsWith(url, "http://") && absl::StartsWith(head.location, "https://") &&
                         base::SplitUrl(url).host == base::SplitUrl(head.location).host;
  return ApiError(ErrorReason::kRedirect, wants_tls
                                              ? absl::StrCat(to, ": write https:// in --kubecost.url")
                                              : absl::StrCat(to, ": is it a login (SSO)? Then ", LoginAdvice(head)));
}

}  // namespace

std::optional<absl::Status> RefusalOf(absl::string_view url, const HttpHead& head) {
  const std::string what = absl::StrCat("GET ", url, ": HTTP ", head.status);
  if (head.status >= 300 && head.status < 400) return RedirectError(what, url, head);
  if (head.status != 401 && head.status != 403) return std::nullopt;
  const std::string scheme = head.wanted_scheme.empty() ? "" : absl::StrCat(" (", head.wanted_scheme, ")");
  if (head.credential_flags.empty()) {
    return ApiError(ErrorReason::kAuth, absl::StrCat(what, "; Kubecost or a proxy before it wants credentials", scheme,
                                                     ": give ", FlagsFor(head.wanted_scheme)));
  }
  if (head.status == 403) {
    return ApiError(ErrorReason::kAuth,
                    absl::StrCat(what, "; whoever ", head.credential_flags,
                                 " stands for may not read the Allocation API, or is not known: give that user, token "
                                 "or key the right to, or another one"));
  }
  return ApiError(ErrorReason::kAuth, absl::StrCat(what, "; the credentials of ", head.credential_flags,
                                                   " are not accepted: are they wrong, expired or replaced?",
                                                   scheme.empty() ? "" : absl::StrCat(" The server wants", scheme)));
}

std::optional<absl::Status> RefusalInBody(absl::string_view url, const HttpHead& head, absl::string_view body) {
  if (head.status != 400) return std::nullopt;
  const std::string what = absl::StrCat("GET ", url, ": HTTP 400; ");
  for (const absl::string_view words : {"HTTP request was sent to HTTPS port", "HTTP request to an HTTPS server",
                                        "plain HTTP to an SSL-enabled server port"}) {
    if (absl::StrContains(body, words)) {
      return ApiError(ErrorReason::kTls, absl::StrCat(what, "that port speaks TLS: write https:// in --kubecost.url"));
    }
  }
  if (absl::StrContains(body, "No required SSL certificate was sent") ||
      absl::StrContains(body, "The SSL certificate error")) {
    return ApiError(ErrorReason::kTls, absl::StrCat(what,
                                                    "the server wants a client certificate that it trusts: see "
                                                    "--kubecost.cert-file and --kubecost.key-file"));
  }
  return std::nullopt;
}

std::string HtmlAdvice(const HttpHead& head) {
  return absl::StrCat("when it is a login, ", LoginAdvice(head),
                      "; when it is Kubecost's own page, see --kubecost.api and --kubecost.path-prefix");
}

}  // namespace kubecost
