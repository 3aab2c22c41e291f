#include "base/pem.h"

#include <gtest/gtest.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "tests/exporter/web/tls_client.h"

namespace base {
namespace {

constexpr char kDamaged[] = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";

TEST(ReadCertificatesTest, AllOfThemOrWhyNot) {
  const web::Identity one = web::NewIdentity("one");
  const web::Identity two = web::NewIdentity("two");
  EXPECT_EQ(ReadCertificates(one.certificate)->size(), 1);
  EXPECT_EQ(ReadCertificates(absl::StrCat("a remark\n", one.certificate, one.key, two.certificate))->size(), 2);
  EXPECT_EQ(ReadCertificates("").status(), absl::NotFoundError("holds no certificate in PEM form"));
  EXPECT_TRUE(absl::IsNotFound(ReadCertificates(one.key).status()));
  const std::string trusted = absl::StrReplaceAll(one.certificate, {{" CERTIFICATE", " TRUSTED CERTIFICATE"}});
  EXPECT_TRUE(absl::IsNotFound(ReadCertificates(trusted).status())) << "that form has rules of its own";
  const absl::Status damaged = ReadCertificates(absl::StrCat(one.certificate, kDamaged)).status();
  EXPECT_TRUE(absl::IsDataLoss(damaged)) << damaged;
  EXPECT_TRUE(absl::StartsWith(damaged.message(), "certificate 2 is damaged: ")) << damaged;
}

TEST(EarliestNotAfterTest, WhatCannotBeUsed) {
  const web::Identity identity = web::NewIdentity("one");
  EXPECT_TRUE(EarliestNotAfter(identity.certificate).ok());
  const auto error = [](absl::string_view pem) { return std::string(EarliestNotAfter(pem).status().message()); };
  EXPECT_EQ(error(""), "holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)");
  EXPECT_EQ(error(identity.key), "holds no certificate, but something else in PEM form");
  constexpr char kCut[] = "is damaged or cut short: a block of the PEM text cannot be read";
  EXPECT_EQ(error(kDamaged), kCut);
  EXPECT_EQ(error("-----BEGIN CERTIFICATE-----\n"), kCut);
  EXPECT_EQ(error(absl::StrCat(identity.certificate, "-----BEGIN CERTIFICATE-----\n")), kCut);
  for (const absl::string_view kind : {"PRIVATE KEY", "X509 CRL"}) {
    const std::string block = absl::StrCat("-----BEGIN ", kind, "-----\nAAAA\n-----END ", kind, "-----\n");
    EXPECT_EQ(error(absl::StrCat(identity.certificate, block)), kCut) << kind;
  }
}

TEST(CheckKeyPairTest, WhatBelongsTogether) {
  const web::Identity one = web::NewIdentity("one");
  const web::Identity two = web::NewIdentity("two");
  EXPECT_TRUE(CheckKeyPair(one.certificate, one.key).ok());
  const std::string both = absl::StrCat(one.key, one.certificate);
  EXPECT_TRUE(CheckKeyPair(both, both).ok());
  EXPECT_EQ(CheckKeyPair(one.certificate, two.key).message(), "the key does not belong to the certificate");
  EXPECT_EQ(CheckKeyPair(one.certificate, "").message(),
            "the key file holds no private key in PEM form, or a damaged one");
  EXPECT_EQ(CheckKeyPair(one.certificate, "-----BEGIN ENCRYPTED PRIVATE KEY-----\n").message(),
            "the key is locked by a passphrase; store it without one");
  EXPECT_EQ(CheckKeyPair("", one.key).message(),
            "the certificate file holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)");
}

}  // namespace
}  // namespace base
