#include "base/pem.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <algorithm>
#include <ctime>
#include <memory>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace base {
namespace {

template <auto Free>
struct Deleter {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};
void FreeInfos(STACK_OF(X509_INFO) * infos) { sk_X509_INFO_pop_free(infos, X509_INFO_free); }

using Bio = std::unique_ptr<BIO, Deleter<BIO_free>>;
using Certificate = std::unique_ptr<X509, Deleter<X509_free>>;
using Context = std::unique_ptr<SSL_CTX, Deleter<SSL_CTX_free>>;
using Key = std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY_free>>;
using Infos = std::unique_ptr<STACK_OF(X509_INFO), Deleter<FreeInfos>>;

// Given to OpenSSL, which would otherwise ask for a passphrase on the terminal.
int NoPassphrase(char*, int, int, void*) { return -1; }

Bio Reader(absl::string_view text) { return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))); }

size_t Count(absl::string_view text, absl::string_view part) {
  size_t count = 0;
  for (size_t at = text.find(part); at != text.npos; at = text.find(part, at + part.size())) ++count;
  return count;
}

absl::Status NotWhole() {
  return absl::InvalidArgumentError("is damaged or cut short: a block of the PEM text cannot be read");
}

absl::Status NoCertificate(absl::string_view text) {
  const bool is_other_pem = absl::StrContains(text, "-----BEGIN ");
  return absl::InvalidArgumentError(is_other_pem ? "holds no certificate, but something else in PEM form"
                                                 : "holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)");
}

bool IsWhole(absl::string_view text) { return Count(text, "-----BEGIN") == Count(text, "-----END"); }

absl::StatusOr<absl::Time> NotAfter(const X509& certificate) {
  std::tm time = {};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(&certificate), &time) != 1) {
    return absl::InvalidArgumentError("holds a certificate without a valid end");
  }
  return absl::FromTM(time, absl::UTCTimeZone());
}

// Whether TLS would take them: OpenSSL refuses small keys and weak signatures, which only a context tells.
absl::Status CheckUsable(X509* certificate, EVP_PKEY* key) {
  const Context context(SSL_CTX_new(TLS_client_method()));
  const bool is_usable = context != nullptr && SSL_CTX_use_certificate(context.get(), certificate) == 1 &&
                         SSL_CTX_use_PrivateKey(context.get(), key) == 1;
  const char* reason = ERR_reason_error_string(ERR_peek_last_error());
  ERR_clear_error();
  if (is_usable) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("the certificate cannot be used: ", reason != nullptr ? reason : "unknown error"));
}

}  // namespace

absl::StatusOr<absl::Time> EarliestNotAfter(absl::string_view pem) {
  ERR_clear_error();
  const Bio reader = Reader(pem);
  const Infos infos(PEM_X509_INFO_read_bio(reader.get(), nullptr, NoPassphrase, nullptr));
  ERR_clear_error();
  if (infos == nullptr || !IsWhole(pem)) return NotWhole();
  absl::Time earliest = absl::InfiniteFuture();
  for (int i = 0; i < sk_X509_INFO_num(infos.get()); ++i) {
    const X509* certificate = sk_X509_INFO_value(infos.get(), i)->x509;
    if (certificate == nullptr) continue;
    const absl::StatusOr<absl::Time> not_after = NotAfter(*certificate);
    if (!not_after.ok()) return not_after.status();
    earliest = std::min(earliest, *not_after);
  }
  if (earliest == absl::InfiniteFuture()) return NoCertificate(pem);
  return earliest;
}

absl::Status CheckKeyPair(absl::string_view certificate_pem, absl::string_view key_pem) {
  const absl::Status certificates = EarliestNotAfter(certificate_pem).status();
  if (!certificates.ok()) {
    return absl::InvalidArgumentError(absl::StrCat("the certificate file ", certificates.message()));
  }
  const Bio certificate_reader = Reader(certificate_pem);
  const Certificate certificate(PEM_read_bio_X509(certificate_reader.get(), nullptr, NoPassphrase, nullptr));
  const Bio key_reader = Reader(key_pem);
  const Key key(PEM_read_bio_PrivateKey(key_reader.get(), nullptr, NoPassphrase, nullptr));
  const bool is_pair =
      certificate != nullptr && key != nullptr && X509_check_private_key(certificate.get(), key.get()) == 1;
  ERR_clear_error();
  if (is_pair) return CheckUsable(certificate.get(), key.get());
  if (certificate == nullptr) return absl::InvalidArgumentError("the certificate cannot be read");
  if (key != nullptr) return absl::InvalidArgumentError("the key does not belong to the certificate");
  const bool is_encrypted = absl::StrContains(key_pem, "ENCRYPTED");
  return absl::InvalidArgumentError(is_encrypted ? "the key is locked by a passphrase; store it without one"
                                                 : "the key file holds no private key in PEM form, or a damaged one");
}

}  // namespace base
