// What the server answers: /metrics, health and the status page, without sockets.
#ifndef EXPORTER_WEB_HANDLER_H_
#define EXPORTER_WEB_HANDLER_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "base/clock.h"
#include "exporter/web/metrics.h"
#include "exporter/web/options.h"
#include "exporter/web/request.h"
#include "exporter/web/web_access.h"
#include "metrics/gzip.h"
#include "metrics/scrape_log.h"
#include "metrics/snapshot.h"

namespace web {

// Never touches Kubecost: a scrape shows the newest snapshot, health shows what `health` says of this process. Health
// is answered to everybody, all else to those whom `access` lets in. Safe from any thread.
class Handler {
 public:
  // OK when the process and its poll loop are alive, else the text of the 503.
  using HealthCheck = std::function<absl::Status()>;

  // The page at /, given what is searched for; empty for nothing.
  using PageMaker = std::function<Answer(absl::string_view search)>;

  // Sends a piece of an answer; false when the client has gone or stalled.
  using Send = absl::FunctionRef<bool(absl::string_view piece)>;

  struct Outcome {
    int status;
    bool keep_alive;
  };

  // The arguments must outlive it.
  Handler(const Options& options, const metrics::SnapshotStore& store, metrics::ScrapeLog& scrapes,
          const Metrics& self_metrics, WebAccess& access, const base::Clock& clock, HealthCheck health, PageMaker page);

  // Sends head and body.
  Outcome Handle(const Request& request, Send send);

 private:
  struct Exchange;

  // Nothing for a scrape.
  std::optional<Answer> AnswerTo(const Request& request, const WebState& state);
  bool MayKeepAlive(const Request& request, const WebState& state) const;
  int SendScrape(const Exchange& exchange);
  // Both send a scrape's body and return its size before compression; nothing when it could not be sent whole.
  using SharedSnapshot = std::shared_ptr<const metrics::Snapshot>;
  std::optional<uint64_t> SendPlain(const Exchange& exchange, const SharedSnapshot& snapshot,
                                    metrics::Selection selection);
  std::optional<uint64_t> SendCompressed(const Exchange& exchange, const SharedSnapshot& snapshot,
                                         metrics::Selection selection);
  std::string OwnMetrics(metrics::Selection selection) const;

  const Options& options_;
  const metrics::SnapshotStore& store_;
  metrics::ScrapeLog& scrapes_;
  const Metrics& self_metrics_;
  WebAccess& access_;
  const base::Clock& clock_;
  const HealthCheck health_;
  const PageMaker page_;

  metrics::CompressedSnapshots compressed_;
  std::atomic<int> scrapes_in_flight_ = 0;
};

}  // namespace web

#endif  // EXPORTER_WEB_HANDLER_H_
