#include "tests/exporter/web/tls_client.h"

#include <arpa/inet.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace web {
namespace {

template <typename Write>
std::string Pem(Write write) {
  BIO* bio = BIO_new(BIO_s_mem());
  write(bio);
  char* data = nullptr;
  const auto size = static_cast<size_t>(BIO_get_mem_data(bio, &data));
  std::string text(data, size);
  BIO_free(bio);
  return text;
}

void UseIdentity(SSL* ssl, const Identity& identity) {
  BIO* certificate_bio = BIO_new_mem_buf(identity.certificate.data(), -1);
  BIO* key_bio = BIO_new_mem_buf(identity.key.data(), -1);
  X509* certificate = PEM_read_bio_X509(certificate_bio, nullptr, nullptr, nullptr);
  EVP_PKEY* key = PEM_read_bio_PrivateKey(key_bio, nullptr, nullptr, nullptr);
  SSL_use_certificate(ssl, certificate);
  SSL_use_PrivateKey(ssl, key);
  X509_free(certificate);
  EVP_PKEY_free(key);
  BIO_free(certificate_bio);
  BIO_free(key_bio);
}

std::string NameOfServer(SSL* ssl) {
  X509* certificate = SSL_get1_peer_certificate(ssl);
  if (certificate == nullptr) return "";
  char name[100] = "";
  X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name, sizeof(name));
  X509_free(certificate);
  return name;
}

}  // namespace

Identity NewIdentity(const std::string& name) {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* certificate = X509_new();
  const absl::Cleanup freeing = [&] {
    X509_free(certificate);
    EVP_PKEY_free(key);
  };
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 3600L * 24 * 365);
  X509_set_pubkey(certificate, key);
  X509_NAME* subject = X509_get_subject_name(certificate);
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1,
                             0);
  X509_set_issuer_name(certificate, subject);
  X509_sign(certificate, key, EVP_sha256());
  return {Pem([&](BIO* bio) { PEM_write_bio_X509(bio, certificate); }),
          Pem([&](BIO* bio) { PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr); })};
}

std::optional<TlsAnswer> GetOverTls(int port, const std::string& path, const Identity* client,
                                    const std::string& headers) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  SSL* ssl = SSL_new(context);
  const absl::Cleanup freeing = [&] {
    SSL_free(ssl);
    SSL_CTX_free(context);
    close(fd);
  };
  if (client != nullptr) UseIdentity(ssl, *client);
  SSL_set_fd(ssl, fd);
  if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0 || SSL_connect(ssl) != 1) {
    return std::nullopt;
  }
  TlsAnswer answer;
  answer.server_name = NameOfServer(ssl);
  const std::string request = absl::StrCat("GET ", path, " HTTP/1.1\r\nHost: test\r\n", headers, "\r\n");
  SSL_write(ssl, request.data(), static_cast<int>(request.size()));
  char piece[4096];
  for (int size = 0; (size = SSL_read(ssl, piece, sizeof(piece))) > 0;) {
    answer.text.append(piece, static_cast<size_t>(size));
  }
  const bool has_status = answer.text.size() > 12 && absl::SimpleAtoi(answer.text.substr(9, 3), &answer.status);
  return has_status ? std::optional(answer) : std::nullopt;
}

}  // namespace web
