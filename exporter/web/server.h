// The HTTP server: listens, speaks TLS, and hands requests to the handler. The only civetweb code.
#ifndef EXPORTER_WEB_SERVER_H_
#define EXPORTER_WEB_SERVER_H_

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/mutex.h"
#include "exporter/web/handler.h"
#include "exporter/web/options.h"
#include "exporter/web/request.h"
#include "exporter/web/tls.h"
#include "exporter/web/web_access.h"

struct mg_connection;
struct mg_context;

namespace web {

// Serves from threads of its own until destroyed.
class Server {
 public:
  // Binds every listen address and starts to serve, over TLS where `access` has it. An error names the addresses
  // and the cause. The arguments must outlive the server.
  static absl::StatusOr<std::unique_ptr<Server>> Start(const Options& options, WebAccess& access, Handler& handler);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Where it listens, one entry per socket: "0.0.0.0:9103". Port 0 has been replaced by the one that was given.
  const std::vector<std::string>& addresses() const { return addresses_; }

 private:
  Server(WebAccess& access, Handler& handler) : access_(access), handler_(handler) {}
  absl::Status Listen(const Options& options);
  static Handler::Outcome Answer(mg_connection* connection, const Target& target, bool closes);
  static int OnRequest(mg_connection* connection) noexcept;
  static int OnError(mg_connection* connection, int status, const char* message) noexcept;
  static void OnClose(const mg_connection* connection) noexcept;
  static int OnMessage(const mg_connection* connection, const char* message) noexcept;
  static int GiveSslContext(void** context, void* self) noexcept;

  // Constant after Start().
  WebAccess& access_;
  Handler& handler_;
  std::optional<TlsAcceptor> acceptor_;
  mg_context* context_ = nullptr;
  std::vector<std::string> addresses_;

  base::Mutex message_mutex_;
  std::string first_message_ ABSL_GUARDED_BY(message_mutex_);  // why the server did not start
  std::atomic<bool> started_ = false;
};

}  // namespace web

#endif  // EXPORTER_WEB_SERVER_H_
