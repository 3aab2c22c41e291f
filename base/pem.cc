#include "base/pem.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <algorithm>
#include <ctime>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace base {
namespace {

struct FreeBio {
  void operator()(BIO* bio) const { BIO_free(bio); }
};

struct FreeInfos {
  void operator()(STACK_OF(X509_INFO) * infos) const { sk_X509_INFO_pop_free(infos, X509_INFO_free); }
};
using Infos = std::unique_ptr<STACK_OF(X509_INFO), FreeInfos>;

std::unique_ptr<BIO, FreeBio> Reader(absl::string_view text) {
  return std::unique_ptr<BIO, FreeBio>(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

// Given to OpenSSL, which would otherwise ask for a passphrase on the terminal.
int NoPassphrase(char*, int, int, void*) { return -1; }

bool IsWhole(absl::string_view text) {
  const std::vector<absl::string_view> begins = absl::StrSplit(text, "-----BEGIN");
  const std::vector<absl::string_view> ends = absl::StrSplit(text, "-----END");
  return begins.size() == ends.size();
}

// Whether TLS would take them: OpenSSL refuses small keys and weak signatures, which only a context tells.
absl::Status CheckUsable(X509* certificate, EVP_PKEY* key) {
  SSL_CTX* const context = SSL_CTX_new(TLS_client_method());
  const bool is_usable = context != nullptr && SSL_CTX_use_certificate(context, certificate) == 1 &&
                         SSL_CTX_use_PrivateKey(context, key) == 1;
  SSL_CTX_free(context);
  const std::string error = TakeOpensslError();
  return is_usable ? absl::OkStatus()
                   : absl::InvalidArgumentError(absl::StrCat("the certificate cannot be used: ", error));
}

}  // namespace

void FreeOpenssl::operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
void FreeOpenssl::operator()(X509* certificate) const { X509_free(certificate); }

absl::StatusOr<std::vector<Certificate>> ReadCertificates(absl::string_view pem) {
  ERR_clear_error();
  std::vector<Certificate> certificates;
  const auto reader = Reader(pem);
  while (X509* certificate = PEM_read_bio_X509(reader.get(), nullptr, NoPassphrase, nullptr)) {
    certificates.emplace_back(certificate);
  }
  const bool is_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  const std::string error = TakeOpensslError();
  if (!is_end) {
    return absl::DataLossError(absl::StrCat("certificate ", certificates.size() + 1, " is damaged: ", error));
  }
  if (certificates.empty()) return absl::NotFoundError("holds no certificate in PEM form");
  return certificates;
}

PrivateKey ReadPrivateKey(absl::string_view pem) {
  PrivateKey key(PEM_read_bio_PrivateKey(Reader(pem).get(), nullptr, NoPassphrase, nullptr));
  ERR_clear_error();
  return key;
}

absl::Time NotAfter(const X509& certificate) {
  std::tm time = {};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(&certificate), &time) != 1) return absl::InfinitePast();
  return absl::FromTM(time, absl::UTCTimeZone());
}

std::string TakeOpensslError() {
  const char* reason = ERR_reason_error_string(ERR_peek_last_error());
  ERR_clear_error();
  return reason != nullptr ? reason : "unknown error";
}

absl::StatusOr<absl::Time> EarliestNotAfter(absl::string_view pem) {
  ERR_clear_error();
  // The whole text as libcurl reads it: keys and revocation lists between the certificates must be readable as well.
  const Infos infos(PEM_X509_INFO_read_bio(Reader(pem).get(), nullptr, NoPassphrase, nullptr));
  ERR_clear_error();
  if (infos == nullptr || !IsWhole(pem)) {
    return absl::InvalidArgumentError("is damaged or cut short: a block of the PEM text cannot be read");
  }
  absl::Time earliest = absl::InfiniteFuture();
  for (int i = 0; i < sk_X509_INFO_num(infos.get()); ++i) {
    const X509* certificate = sk_X509_INFO_value(infos.get(), i)->x509;
    if (certificate != nullptr) earliest = std::min(earliest, NotAfter(*certificate));
  }
  if (earliest == absl::InfinitePast()) return absl::InvalidArgumentError("holds a certificate without a valid end");
  if (earliest != absl::InfiniteFuture()) return earliest;
  const bool is_other_pem = absl::StrContains(pem, "-----BEGIN ");
  return absl::InvalidArgumentError(is_other_pem ? "holds no certificate, but something else in PEM form"
                                                 : "holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)");
}

absl::Status CheckKeyPair(absl::string_view certificate_pem, absl::string_view key_pem) {
  const absl::Status is_good = EarliestNotAfter(certificate_pem).status();
  if (!is_good.ok()) return absl::InvalidArgumentError(absl::StrCat("the certificate file ", is_good.message()));
  const absl::StatusOr<std::vector<Certificate>> certificates = ReadCertificates(certificate_pem);
  if (!certificates.ok()) return absl::InvalidArgumentError("the certificate cannot be read");
  X509* const certificate = certificates->front().get();
  const PrivateKey key = ReadPrivateKey(key_pem);
  if (key == nullptr) {
    const bool is_encrypted = absl::StrContains(key_pem, "ENCRYPTED");
    return absl::InvalidArgumentError(is_encrypted ? "the key is locked by a passphrase; store it without one"
                                                   : "the key file holds no private key in PEM form, or a damaged one");
  }
  if (X509_check_private_key(certificate, key.get()) == 1) return CheckUsable(certificate, key.get());
  ERR_clear_error();
  return absl::InvalidArgumentError("the key does not belong to the certificate");
}

}  // namespace base
