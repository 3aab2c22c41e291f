#include "exporter/web/tls.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/files.h"
#include "base/pem.h"

namespace web {
namespace {

struct FreeNames {
  void operator()(GENERAL_NAMES* names) const { GENERAL_NAMES_free(names); }
};

// Forward secrecy and authenticated encryption.
constexpr char kDefaultCipherSuites[] = "ECDHE+AESGCM:ECDHE+CHACHA20";

// An address in its usual form, any other text as it is.
std::string Normalized(const std::string& name) {
  std::array<unsigned char, 16> address;
  std::array<char, INET6_ADDRSTRLEN> text;
  const int family = absl::StrContains(name, ":") ? AF_INET6 : AF_INET;
  if (inet_pton(family, name.c_str(), address.data()) != 1) return name;
  return inet_ntop(family, address.data(), text.data(), text.size());
}

std::string TextOf(const GENERAL_NAME& name) {
  const bool is_text = name.type == GEN_DNS || name.type == GEN_EMAIL || name.type == GEN_URI;
  if (!is_text && name.type != GEN_IPADD) return "";
  const ASN1_STRING* value = name.type == GEN_IPADD ? name.d.iPAddress : name.d.ia5;
  const auto size = static_cast<size_t>(ASN1_STRING_length(value));
  const unsigned char* data = ASN1_STRING_get0_data(value);
  if (is_text) return std::string(reinterpret_cast<const char*>(data), size);
  if (size != 4 && size != 16) return "";
  std::array<char, INET6_ADDRSTRLEN> text;
  return inet_ntop(size == 4 ? AF_INET : AF_INET6, data, text.data(), text.size());
}

bool HasAllowedName(X509* certificate, const std::vector<std::string>& allowed) {
  const std::unique_ptr<GENERAL_NAMES, FreeNames> names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const std::string text = TextOf(*sk_GENERAL_NAME_value(names.get(), i));
    const bool is_allowed = std::any_of(allowed.begin(), allowed.end(),
                                        [&text](const std::string& name) { return Normalized(name) == text; });
    if (!text.empty() && is_allowed) return true;
  }
  return false;
}

// The client's address in its usual form; empty where it is not known.
std::string PeerAddress(const SSL& ssl) {
  sockaddr_storage address = {};
  socklen_t size = sizeof(address);
  std::array<char, NI_MAXHOST> text;
  if (getpeername(SSL_get_fd(&ssl), reinterpret_cast<sockaddr*>(&address), &size) != 0 ||
      getnameinfo(reinterpret_cast<sockaddr*>(&address), size, text.data(), text.size(), nullptr, 0, NI_NUMERICHOST) !=
          0) {
    return "";
  }
  return text.data();
}

// HTTP/1.1 alone is spoken.
int ChooseProtocol(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* in, unsigned in_size,
                   void*) {
  static constexpr unsigned char kHttp11[] = "\x08http/1.1";
  unsigned char* chosen = nullptr;
  if (SSL_select_next_proto(&chosen, out_size, kHttp11, sizeof(kHttp11) - 1, in, in_size) != OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  }
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

int VersionOf(TlsVersion version) { return version == TlsVersion::k12 ? TLS1_2_VERSION : TLS1_3_VERSION; }

std::string NameOf(const PemSource& source, absl::string_view key) {
  return source.file.empty() ? absl::StrCat("tls_server_config: ", key) : source.file;
}

absl::Status Unusable(const std::string& name) {
  return absl::InvalidArgumentError(absl::StrCat(name, ": cannot be used: ", base::TakeOpensslError()));
}

absl::StatusOr<std::string> PemOf(const PemSource& source) {
  if (source.file.empty()) return source.text;
  return base::ReadSmallFile(source.file);
}

absl::StatusOr<std::vector<base::Certificate>> CertificatesOf(const PemSource& source, const std::string& name) {
  const absl::StatusOr<std::string> pem = PemOf(source);
  if (!pem.ok()) return pem.status();
  absl::StatusOr<std::vector<base::Certificate>> certificates = base::ReadCertificates(*pem);
  if (certificates.ok()) return certificates;
  return absl::InvalidArgumentError(absl::StrCat(name, ": ", certificates.status().message()));
}

absl::Status AddCertificate(const PemSource& source, SSL_CTX* context, absl::Time& not_after) {
  const std::string name = NameOf(source, "cert");
  const absl::StatusOr<std::vector<base::Certificate>> chain = CertificatesOf(source, name);
  if (!chain.ok()) return chain.status();
  not_after = base::NotAfter(*chain->front());
  bool is_good = SSL_CTX_use_certificate(context, chain->front().get()) == 1;
  for (size_t i = 1; is_good && i < chain->size(); ++i) {
    is_good = SSL_CTX_add1_chain_cert(context, (*chain)[i].get()) == 1;
  }
  return is_good ? absl::OkStatus() : Unusable(name);
}

absl::Status AddKey(const TlsSettings& settings, SSL_CTX* context) {
  absl::StatusOr<std::string> pem = PemOf(settings.key);
  if (!pem.ok()) return pem.status();
  const std::string name = NameOf(settings.key, "key");
  const base::PrivateKey key = base::ReadPrivateKey(*pem);
  const bool is_encrypted = absl::StrContains(*pem, "ENCRYPTED");
  OPENSSL_cleanse(pem->data(), pem->size());
  if (key == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat(name, is_encrypted ? ": is encrypted, and there is nobody to ask for its password"
                                        : ": holds no private key in PEM form"));
  }
  X509* const certificate = SSL_CTX_get0_certificate(context);
  if (certificate == nullptr) return absl::OkStatus();
  // Asked for in so many words: a context takes a key of another kind, for another certificate to come.
  const bool is_pair = X509_check_private_key(certificate, key.get()) == 1;
  if (is_pair && SSL_CTX_use_PrivateKey(context, key.get()) == 1) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(name, ": does not belong to the certificate of ",
                                                 NameOf(settings.certificate, "cert"), ": ", base::TakeOpensslError()));
}

absl::Status AddClientCa(const PemSource& source, SSL_CTX* context) {
  if (source.empty()) return absl::OkStatus();
  const std::string name = NameOf(source, "client_ca");
  const absl::StatusOr<std::vector<base::Certificate>> authorities = CertificatesOf(source, name);
  if (!authorities.ok()) return authorities.status();
  X509_STORE* store = SSL_CTX_get_cert_store(context);
  // An authority need not be a root one to be trusted here.
  X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
  for (const base::Certificate& authority : *authorities) {
    // Told to clients as well, so that one with several certificates picks the right one.
    if (X509_STORE_add_cert(store, authority.get()) != 1 || SSL_CTX_add_client_CA(context, authority.get()) != 1) {
      return Unusable(name);
    }
  }
  return absl::OkStatus();
}

}  // namespace

struct TlsAcceptor::Callbacks {
  // What belongs to one connection: its context must outlive its handshake.
  struct Connection {
    const TlsAcceptor* acceptor;
    std::shared_ptr<const TlsContext> context;
  };

  static void FreeConnection(void*, void* connection, CRYPTO_EX_DATA*, int, long, void*) {
    delete static_cast<Connection*>(connection);
  }

  static int ConnectionIndex() {
    static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, FreeConnection);
    return index;
  }

  // Before anything is chosen. Not all that a context says reaches a connection by itself.
  static int OnClientHello(SSL* ssl, int* alert, void* self) noexcept {
    const auto* acceptor = static_cast<const TlsAcceptor*>(self);
    auto connection = std::make_unique<Connection>(Connection{acceptor, acceptor->current_()});
    const TlsContext& context = *connection->context;
    const TlsSettings& settings = context.settings_;
    // May be empty, then TLS 1.3 alone is spoken.
    const std::string suites =
        settings.cipher_suites.has_value() ? absl::StrJoin(*settings.cipher_suites, ":") : kDefaultCipherSuites;
    const TlsVersion min_version = suites.empty() ? TlsVersion::k13 : settings.min_version;
    const bool is_set =
        SSL_set_SSL_CTX(ssl, context.context_) != nullptr &&
        SSL_set_min_proto_version(ssl, VersionOf(min_version)) == 1 &&
        SSL_set_max_proto_version(ssl, VersionOf(settings.max_version)) == 1 &&
        (suites.empty() || SSL_set_cipher_list(ssl, suites.c_str()) == 1) &&
        (settings.groups.empty() || SSL_set1_groups_list(ssl, absl::StrJoin(settings.groups, ":").c_str()) == 1) &&
        SSL_set_ex_data(ssl, ConnectionIndex(), connection.get()) == 1;
    if (!is_set) {
      *alert = SSL_AD_INTERNAL_ERROR;
      return SSL_CLIENT_HELLO_ERROR;
    }
    static_cast<void>(connection.release());  // FreeConnection's
    if (settings.prefer_server_cipher_suites) SSL_set_options(ssl, SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_set_verify(ssl, settings.client_auth == ClientAuth::kNone ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, nullptr);
    return SSL_CLIENT_HELLO_SUCCESS;
  }

  static int Verify(X509_STORE_CTX* store, void*) noexcept {
    const auto* ssl = static_cast<SSL*>(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
    const auto* connection = static_cast<const Connection*>(SSL_get_ex_data(ssl, ConnectionIndex()));
    const TlsSettings& settings = connection->context->settings_;
    bool is_good = !settings.verifies_clients() || X509_verify_cert(store) == 1;
    if (is_good && !settings.client_allowed_sans.empty() &&
        !HasAllowedName(X509_STORE_CTX_get0_cert(store), settings.client_allowed_sans)) {
      X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION);
      is_good = false;
    }
    if (!is_good) connection->acceptor->on_bad_certificate_(PeerAddress(*ssl));
    return is_good ? 1 : 0;
  }
};

std::shared_ptr<const TlsContext> TlsContext::Create(const TlsSettings& settings, std::vector<std::string>& problems) {
  ERR_clear_error();
  std::shared_ptr<TlsContext> context(new TlsContext(settings));
  context->context_ = SSL_CTX_new(TLS_server_method());
  if (context->context_ == nullptr) {
    problems.push_back(absl::StrCat("TLS cannot be had: ", base::TakeOpensslError()));
    return nullptr;
  }
  const size_t problems_before = problems.size();
  for (const absl::Status& status :
       {AddCertificate(settings.certificate, context->context_, context->not_after_),
        AddKey(settings, context->context_), AddClientCa(settings.client_ca, context->context_)}) {
    if (!status.ok()) problems.emplace_back(status.message());
  }
  SSL_CTX_set_cert_verify_callback(context->context_, &TlsAcceptor::Callbacks::Verify, nullptr);
  SSL_CTX_set_alpn_select_cb(context->context_, ChooseProtocol, nullptr);
  return problems.size() == problems_before ? context : nullptr;
}

TlsContext::~TlsContext() { SSL_CTX_free(context_); }

TlsAcceptor::TlsAcceptor(Current current, OnBadCertificate on_bad_certificate)
    : current_(std::move(current)),
      on_bad_certificate_(std::move(on_bad_certificate)),
      context_(SSL_CTX_new(TLS_server_method())) {
  if (context_ == nullptr) std::abort();  // out of memory: a context could be made a moment ago
  SSL_CTX_set_min_proto_version(context_, TLS1_2_VERSION);
  SSL_CTX_set_client_hello_cb(context_, &Callbacks::OnClientHello, this);
  // No resumption: each connection shows its certificate to the rules of now.
  SSL_CTX_set_session_cache_mode(context_, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context_, 0);
  // A renegotiation in the middle of a write would let civetweb spin.
  SSL_CTX_set_options(context_, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  // A client that takes a part of what is written has not stalled, and one that sends records without data must not
  // hold on to a thread.
  SSL_CTX_set_mode(context_,
                   SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_clear_mode(context_, SSL_MODE_AUTO_RETRY);
}

TlsAcceptor::~TlsAcceptor() { SSL_CTX_free(context_); }

}  // namespace web
