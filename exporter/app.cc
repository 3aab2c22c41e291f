#include "exporter/app.h"

#include <malloc.h>
#include <signal.h>

#include <iostream>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "exporter/flags.h"
#include "exporter/log.h"
#include "exporter/poller.h"
#include "exporter/render_command.h"
#include "exporter/self_metrics.h"
#include "exporter/server.h"
#include "exporter/status_page.h"
#include "exporter/version.h"
#include "kubecost/curl_http_client.h"
#include "metrics/snapshot.h"

namespace exporter {
namespace {

// A snapshot's columns are given back to the system when it is replaced, instead of staying in the heap: measured,
// resident memory is less than half.
void TuneAllocator() {
  constexpr int kThreshold = 256 * 1024;
  mallopt(M_MMAP_THRESHOLD, kThreshold);
  mallopt(M_TRIM_THRESHOLD, kThreshold);
  mallopt(M_ARENA_MAX, 2);
}

kubecost::CurlOptions HttpOptions(const Options& options) {
  kubecost::CurlOptions http = options.http;
  http.user_agent = absl::StrCat("kubecost-allocation-exporter/", Version());
  return http;
}

// Alive = the poll loop moves on. No request outlasts its deadline, so a longer silence is a loop that is stuck.
Server::HealthCheck HealthOf(const Poller& poller, const Options& options) {
  const absl::Duration limit = options.http.deadline + absl::Minutes(1);
  return [&poller, limit] {
    const absl::Duration silent = poller.TimeSinceProgress();
    if (silent <= limit) return absl::OkStatus();
    return absl::UnavailableError(
        absl::StrCat("the poll loop has not moved for ", absl::FormatDuration(absl::Trunc(silent, absl::Seconds(1)))));
  };
}

}  // namespace

int RunExporter(const Options& options, Clock& clock) {
  TuneAllocator();
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);  // NOLINT(cert-err33-c): cannot fail for this signal

  metrics::SnapshotStore store;
  SelfMetrics self_metrics(options);
  kubecost::CurlHttpClient http(HttpOptions(options));
  PollReportStore reports;
  Poller poller(options, clock, http, store, reports, self_metrics);
  const absl::StatusOr<std::unique_ptr<Server>> server =
      Server::Start(options, store, self_metrics, HealthOf(poller, options), [&](absl::string_view search) {
        return StatusPage(options, *store.Current(), *reports.Current(), clock.Now(), search);
      });
  if (!server.ok()) {
    Log(LogLevel::kError, "cannot start", {{"error", std::string(server.status().message())}});
    return kExitConfiguration;
  }
  Log(LogLevel::kInfo, "listening",
      {{"address", absl::StrJoin((*server)->addresses(), ",")},
       {"path", options.telemetry_path},
       {"kubecost_url", options.endpoint.url},
       {"version", std::string(Version())}});

  std::jthread polling([&poller](std::stop_token stop) { poller.Run(std::move(stop)); });
  int received = 0;
  sigwait(&signals, &received);
  Log(LogLevel::kInfo, "stopping", {{"signal", received == SIGTERM ? "SIGTERM" : "SIGINT"}});
  polling.request_stop();
  polling.join();
  return kExitOk;
}

int RunMain(int argc, const char* const* argv, Clock& clock) {
  const ParsedFlags flags = ParseFlags(argc, argv);
  if (!flags.problems.empty()) {
    std::cerr << "bad configuration, nothing was started:\n";
    for (const std::string& problem : flags.problems) std::cerr << "  " << problem << "\n";
    return kExitConfiguration;
  }
  InitLog(flags.options.log_level, flags.options.log_format);
  switch (flags.command) {
    case Command::kPrintAndExit:
      std::cout << flags.text;
      return kExitOk;
    case Command::kCheckConfig:
      std::cout << "configuration is good\n";
      return kExitOk;
    case Command::kRender: {
      const absl::Status status = RenderFile(flags.render_file, flags.render_level, flags.options.cluster_name,
                                             [](absl::string_view text) { std::cout << text; });
      if (status.ok()) return kExitOk;
      std::cerr << status.message() << "\n";
      return kExitRuntime;
    }
    case Command::kServe:
      return RunExporter(flags.options, clock);
  }
  return kExitRuntime;
}

}  // namespace exporter
