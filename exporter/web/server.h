// HTTP: /metrics, health and the status page. The only civetweb code.
#ifndef EXPORTER_WEB_SERVER_H_
#define EXPORTER_WEB_SERVER_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "exporter/web/metrics.h"
#include "exporter/web/options.h"
#include "exporter/web/web_access.h"
#include "metrics/snapshot.h"

namespace web {

// Header lines go with it, each with its end of line.
struct Page {
  std::string html;
  absl::string_view headers;
};

// Serves from threads of its own until destroyed. Never touches Kubecost: a scrape shows the newest snapshot, health
// shows what `health` says of this process.
class Server {
 public:
  // OK when the process and its poll loop are alive, else the text of the 503. Called from any server thread.
  using HealthCheck = std::function<absl::Status()>;

  // The page at /, given what is searched for; empty for nothing. Called from any server thread.
  using PageMaker = std::function<Page(absl::string_view search)>;

  // Binds every listen address and starts to serve, over TLS where `access` has it. Health is answered to everybody,
  // all else to those whom `access` lets in. An error names the address that could not be had. The arguments
  // must outlive the server.
  static absl::StatusOr<std::unique_ptr<Server>> Start(const Options& options, const metrics::SnapshotStore& store,
                                                       const Metrics& self_metrics, WebAccess& access,
                                                       HealthCheck health, PageMaker page);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Where it listens, one entry per socket: "0.0.0.0:9103". Port 0 has been replaced by the one that was given.
  std::vector<std::string> addresses() const;

 private:
  class Impl;
  explicit Server(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace web

#endif  // EXPORTER_WEB_SERVER_H_
