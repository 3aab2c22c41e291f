// Both ends of a scrape over the loopback interface.
#ifndef BENCHMARKS_LOOPBACK_H_
#define BENCHMARKS_LOOPBACK_H_

#include <cstddef>
#include <memory>
#include <string>
#include <thread>

#include "base/clock.h"
#include "exporter/web/handler.h"
#include "exporter/web/metrics.h"
#include "exporter/web/options.h"
#include "exporter/web/server.h"
#include "metrics/snapshot.h"

namespace benchmarks {

// GET /metrics without compression, read to the end of the connection and dropped; returns the bytes with all framing.
size_t Scrape(int port);

// Answers every connection with one and the same text by plain send(): the least a scrape can cost.
class RawSender {
 public:
  explicit RawSender(std::string body);
  ~RawSender();
  RawSender(const RawSender&) = delete;
  RawSender& operator=(const RawSender&) = delete;
  int port() const { return port_; }

 private:
  void Serve() const;

  const std::string answer_;
  int listener_ = -1;
  int port_ = 0;
  std::thread thread_;
};

// The product's server with its defaults, on a port of its own.
class ProductServer {
 public:
  // `store` must outlive the server.
  explicit ProductServer(const metrics::SnapshotStore& store);
  int port() const;

 private:
  const web::Options options_;
  metrics::Registry registry_;
  const web::Metrics self_metrics_{registry_};
  metrics::ScrapeLog scrapes_;
  base::SystemClock clock_;
  std::unique_ptr<web::WebAccess> access_;
  std::unique_ptr<web::Handler> handler_;
  std::unique_ptr<web::Server> server_;
};

}  // namespace benchmarks

#endif  // BENCHMARKS_LOOPBACK_H_
