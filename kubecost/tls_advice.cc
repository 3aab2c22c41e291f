#include "kubecost/tls_advice.h"

#include "absl/strings/match.h"

namespace kubecost {
namespace {

constexpr absl::string_view kUntrusted =
    "no authority known here has signed the server's certificate: give its CA certificate, or a self-signed "
    "certificate itself, with --kubecost.ca-file";
constexpr absl::string_view kExpired =
    "the server's certificate, or that of its authority, has expired: it must be renewed at the server";
constexpr absl::string_view kNotYetValid = "the server's certificate is not valid yet: are both clocks right?";
constexpr absl::string_view kWrongName =
    "the certificate is for another name than the host in --kubecost.url: give a name that it holds with "
    "--kubecost.server-name, or in --kubecost.url";
constexpr absl::string_view kPlainPort =
    "that port does not speak TLS: write http:// in --kubecost.url, or its TLS port";
constexpr absl::string_view kWantsClient =
    "the server wants a client certificate that it trusts: see --kubecost.cert-file and --kubecost.key-file";
constexpr absl::string_view kClientRefused =
    "the server does not accept the client certificate of --kubecost.cert-file: has it expired, and does the server "
    "know its authority?";
constexpr absl::string_view kWeakKey =
    "a certificate's key is too small, or its signature too weak, for today's TLS: it must be issued anew";
constexpr absl::string_view kTooOld =
    "the server has no protocol in common with the exporter, which takes TLS 1.2 and later";
constexpr absl::string_view kOther = "is --kubecost.url right, and its TLS port well?";

struct Rule {
  absl::string_view words;
  absl::string_view advice;
};

// The first that is found.
constexpr Rule kRules[] = {
    {"certificate has expired", kExpired},
    {"certificate is not yet valid", kNotYetValid},
    {"self-signed certificate", kUntrusted},
    {"self signed certificate", kUntrusted},
    {"unable to get local issuer certificate", kUntrusted},
    {"unable to get issuer certificate", kUntrusted},
    {"unable to verify the first certificate", kUntrusted},
    {"alternative certificate subject name", kWrongName},
    {"does not match target host name", kWrongName},
    {"wrong version number", kPlainPort},
    {"packet length too long", kPlainPort},
    {"http request", kPlainPort},
    {"alert certificate required", kWantsClient},
    {"alert handshake failure", kWantsClient},
    {"key too small", kWeakKey},
    {"key too weak", kWeakKey},
    {"md too weak", kWeakKey},
    {"alert protocol version", kTooOld},
    {"unsupported protocol", kTooOld},
    {"unknown protocol", kTooOld},
    {"inappropriate fallback", kTooOld},
    {"no protocols available", kTooOld},
    {"alert unknown ca", kClientRefused},
    {"alert bad certificate", kClientRefused},
    {"alert certificate expired", kClientRefused},
    {"alert certificate revoked", kClientRefused},
    {"alert certificate unknown", kClientRefused},
    {"alert unsupported certificate", kClientRefused},
    {"alert decrypt error", kClientRefused},
    {"alert access denied", kClientRefused},
};

}  // namespace

absl::string_view TlsAdvice(absl::string_view detail) {
  for (const Rule& rule : kRules) {
    if (absl::StrContains(detail, rule.words)) return rule.advice;
  }
  return kOther;
}

bool IsTlsAlert(absl::string_view detail) {
  return absl::StrContains(detail, "error:") && absl::StrContains(detail, " alert ");
}

}  // namespace kubecost
