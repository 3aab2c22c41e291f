// What is said to somebody whose exporter is kept out.
// Also tests kubecost/transport_error.h
#include "kubecost/login_error.h"

#include <gtest/gtest.h>

#include "absl/strings/match.h"
#include "kubecost/api_error.h"
#include "kubecost/transport_error.h"

namespace kubecost {
namespace {

constexpr absl::string_view kUrl = "http://kc:9090/model/allocation";

HttpHead Head(int status, std::string location = "", std::string scheme = "", std::string flags = "") {
  return {status, "text/html", std::move(location), std::move(scheme), "", "", false, std::move(flags)};
}

struct RefusalCase {
  HttpHead head;
  ErrorReason reason;
  const char* fragment;
};

TEST(RefusalTest, EachHasItsWords) {
  const RefusalCase kCases[] = {
      {Head(401), ErrorReason::kAuth,
       "HTTP 401; Kubecost or a proxy before it wants credentials: give --kubecost.head"},
      {Head(401, "", "basic"), ErrorReason::kAuth, "credentials (basic): give --kubecost.username"},
      {Head(401, "", "Bearer"), ErrorReason::kAuth, "credentials (Bearer): give --kubecost.token-file"},
      {Head(401, "", "", "--f"), ErrorReason::kAuth, "the credentials of --f are not accepted"},
      {Head(401, "", "Basic", "--f"), ErrorReason::kAuth, "The server wants (Basic)"},
      {Head(403), ErrorReason::kAuth, "HTTP 403; Kubecost or a proxy before it wants credentials"},
      {Head(403, "", "", "--f"), ErrorReason::kAuth, "whoever --f stands for may not read the Allocation API"},
      {Head(302, "https://sso/x"), ErrorReason::kRedirect,
       "redirects to https://sso/x, which is not followed: is it a"},
      {Head(302, "https://sso/x", "", "--f"), ErrorReason::kRedirect, "the login does not take what --f gives"},
      {Head(301, "https://kc/x"), ErrorReason::kRedirect, "not followed: write https:// in --kubecost.url"},
      {Head(302, ""), ErrorReason::kRedirect, "is it a login (SSO)?"},
  };
  for (const RefusalCase& test : kCases) {
    const std::optional<absl::Status> refusal = RefusalOf(kUrl, test.head);
    ASSERT_TRUE(refusal.has_value()) << test.fragment;
    EXPECT_EQ(ReasonOf(*refusal), test.reason) << test.fragment;
    EXPECT_TRUE(absl::StrContains(refusal->message(), test.fragment)) << refusal->message();
  }
  for (const int status : {200, 400, 404, 500, 503}) EXPECT_FALSE(RefusalOf(kUrl, Head(status)).has_value()) << status;
}

TEST(RefusalTest, AnHttp400MayBeAboutTls) {
  const auto told = [](int status, absl::string_view body) { return RefusalInBody(kUrl, Head(status), body); };
  EXPECT_TRUE(absl::StrContains(told(400, "The plain HTTP request was sent to HTTPS port")->message(), "https://"));
  EXPECT_TRUE(absl::StrContains(told(400, "No required SSL certificate was sent")->message(), "--kubecost.cert-file"));
  EXPECT_EQ(ReasonOf(*told(400, "400 The SSL certificate error")), ErrorReason::kTls);
  EXPECT_FALSE(told(400, "Invalid 'window' parameter").has_value());
  EXPECT_FALSE(told(500, "The plain HTTP request was sent to HTTPS port").has_value());
}

struct AdviceCase {
  const char* detail;
  const char* fragment;
};

// As libcurl 7.88 with OpenSSL 3.0 says it.
constexpr AdviceCase kAdvice[] = {
    {"SSL certificate problem: self-signed certificate", "--kubecost.ca-file"},
    {"SSL certificate problem: self-signed certificate in certificate chain", "--kubecost.ca-file"},
    {"SSL certificate problem: unable to get local issuer certificate", "--kubecost.ca-file"},
    {"SSL certificate problem: certificate has expired", "must be renewed at the server"},
    {"SSL certificate problem: certificate is not yet valid", "clocks"},
    {"SSL: no alternative certificate subject name matches target host name 'x'", "--kubecost.server-name"},
    {"SSL: certificate subject name 'x' does not match target host name 'y'", "--kubecost.server-name"},
    {"error:0A00010B:SSL routines::wrong version number", "write http://"},
    {"error:0A00045C:SSL routines::tlsv13 alert certificate required, errno 0", "--kubecost.key-file"},
    {"error:0A000410:SSL routines::sslv3 alert handshake failure", "--kubecost.key-file"},
    {"error:0A000418:SSL routines::tlsv1 alert unknown ca", "does not accept the client certificate"},
    {"error:0A000415:SSL routines::sslv3 alert certificate expired", "does not accept the client certificate"},
    {"error:0A00042E:SSL routines::tlsv1 alert protocol version", "TLS 1.2 and later"},
    {"error:0A000102:SSL routines::unsupported protocol", "TLS 1.2 and later"},
    {"something new", "is --kubecost.url right"},
};

TEST(TlsAdviceTest, FromTheWordsOfTheLibraries) {
  for (const AdviceCase& test : kAdvice) {
    const absl::Status status = TransportError(ErrorReason::kTls, kUrl, test.detail);
    EXPECT_TRUE(absl::StrContains(status.message(), test.fragment)) << status;
  }
  EXPECT_TRUE(IsTlsAlert("OpenSSL SSL_read: error:0A00045C:SSL routines::tlsv13 alert certificate required, errno 0"));
  EXPECT_FALSE(IsTlsAlert("OpenSSL SSL_read: Connection reset by peer, errno 104"));
}

TEST(TransportErrorTest, TheQueryOfAUrlIsLeftOut) {
  const absl::Status status =
      TransportError(ErrorReason::kDisconnected, "http://kc/x?filter=y", "Empty reply from server");
  EXPECT_EQ(status.message(),
            "GET http://kc/x: Empty reply from server; Kubecost or a proxy before it closed the connection; a TLS port "
            "does so too, does it want https://?");
}

}  // namespace
}  // namespace kubecost
