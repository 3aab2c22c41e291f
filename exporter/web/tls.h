// TLS for the server.
#ifndef EXPORTER_WEB_TLS_H_
#define EXPORTER_WEB_TLS_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "exporter/web/web_config.h"

struct ssl_ctx_st;

namespace web {

// Certificate, key and rules of new connections. Immutable.
class TlsContext {
 public:
  // Reads the files now. Without a context, `problems` has every reason.
  static std::shared_ptr<const TlsContext> Create(const TlsSettings& settings, std::vector<std::string>& problems);
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

  // Until when the server's own certificate is valid.
  absl::Time not_after() const { return not_after_; }

 private:
  friend class TlsAcceptor;
  explicit TlsContext(const TlsSettings& settings) : settings_(settings) {}

  TlsSettings settings_;
  ssl_ctx_st* context_ = nullptr;
  absl::Time not_after_;
};

// What a server's sockets are opened with once: each new connection gets the context that is current then, and keeps
// it. A client certificate is asked for where the settings want one. A bad one ends the handshake; none does not, also
// where one is required: the server must refuse requests without.
class TlsAcceptor {
 public:
  // Both are called from any server thread. `current` must not give null.
  using Current = std::function<std::shared_ptr<const TlsContext>()>;
  using OnBadCertificate = std::function<void(const std::string& client)>;  // the client's address

  TlsAcceptor(Current current, OnBadCertificate on_bad_certificate);
  ~TlsAcceptor();
  TlsAcceptor(const TlsAcceptor&) = delete;
  TlsAcceptor& operator=(const TlsAcceptor&) = delete;

  // Lives as long as this.
  ssl_ctx_st* native() const { return context_; }

 private:
  friend class TlsContext;
  struct Callbacks;

  const Current current_;
  const OnBadCertificate on_bad_certificate_;
  ssl_ctx_st* context_;
};

}  // namespace web

#endif  // EXPORTER_WEB_TLS_H_
