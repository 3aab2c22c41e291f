// PEM texts with certificates and keys: read, and are they what they must be.
#ifndef BASE_PEM_H_
#define BASE_PEM_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

struct evp_pkey_st;
struct x509_st;

namespace base {

// OpenSSL's objects, owned.
struct FreeOpenssl {
  void operator()(evp_pkey_st* key) const;
  void operator()(x509_st* certificate) const;
};
using Certificate = std::unique_ptr<x509_st, FreeOpenssl>;
using PrivateKey = std::unique_ptr<evp_pkey_st, FreeOpenssl>;

// The certificates of the text, at least one. NotFound when it holds no certificate, DataLoss when one is damaged.
absl::StatusOr<std::vector<Certificate>> ReadCertificates(absl::string_view pem);

// The first private key of the text; null when it is missing, damaged or encrypted.
PrivateKey ReadPrivateKey(absl::string_view pem);

// Until when it is valid; the infinite past for a certificate that does not say so.
absl::Time NotAfter(const x509_st& certificate);

// The reason of OpenSSL's last failure in this thread, in its words, which hold nothing of the data.
std::string TakeOpensslError();

// When the first of the certificates in the text expires. An error when it holds no certificate or a damaged one.
absl::StatusOr<absl::Time> EarliestNotAfter(absl::string_view pem);

// OK when the first certificate of the one text belongs to the private key of the other; both may be the same text.
absl::Status CheckKeyPair(absl::string_view certificate_pem, absl::string_view key_pem);

}  // namespace base

#endif  // BASE_PEM_H_
