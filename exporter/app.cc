#include "exporter/app.h"

#include <malloc.h>
#include <signal.h>
#include <unistd.h>

#include <initializer_list>
#include <iostream>
#include <stop_token>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/day.h"
#include "base/files.h"
#include "base/log.h"
#include "base/version.h"
#include "exporter/commands/healthcheck.h"
#include "exporter/commands/once.h"
#include "exporter/commands/render.h"
#include "exporter/flags.h"
#include "exporter/polling/metrics.h"
#include "exporter/polling/poller.h"
#include "exporter/program_metrics.h"
#include "exporter/status/page.h"
#include "exporter/web/handler.h"
#include "exporter/web/metrics.h"
#include "exporter/web/server.h"
#include "exporter/web/web_access.h"
#include "kubecost/curl_http_client.h"
#include "metrics/snapshot.h"

namespace exporter {
namespace {

// `once` has more: commands::OnceOutcome.
constexpr int kExitOk = 0;
constexpr int kExitRuntime = 1;
constexpr int kExitConfiguration = 2;

// A snapshot's columns are given back to the system when it is replaced, instead of staying in the heap: measured,
// resident memory is less than half.
void TuneAllocator() {
  constexpr int kThreshold = 256 * 1024;
  mallopt(M_MMAP_THRESHOLD, kThreshold);
  mallopt(M_TRIM_THRESHOLD, kThreshold);
  mallopt(M_ARENA_MAX, 2);
}

void LogFileEvent(const kubecost::FileEvent& event) {
  if (event.is_first && event.status.ok()) return;
  base::LogFields fields = {{"flag", absl::StrCat("--", absl::StrJoin(event.flags, ", --"))},
                            {"file", absl::StrJoin(event.paths, ", ")}};
  if (event.status.ok()) {
    base::Log(base::LogLevel::kInfo,
              event.is_changed ? "a changed file is used from now on" : "a file can be used again", fields);
    return;
  }
  fields.emplace_back("error", std::string(event.status.message()));
  base::Log(base::LogLevel::kWarn, "a file cannot be used; what it held before stays in force", fields);
}

// `metrics` may be null, and outlives the client otherwise.
kubecost::CurlOptions HttpOptions(kubecost::CurlOptions http, const ProgramMetrics* metrics) {
  http.user_agent = absl::StrCat("kubecost-allocation-exporter/", base::Version());
  http.on_file = [metrics](const kubecost::FileEvent& event, const kubecost::Access& access) {
    LogFileEvent(event);
    if (metrics != nullptr) metrics->SetFile(event, access);
  };
  return http;
}

// Alive = the poll loop moves on. No request outlasts its deadline, so a longer silence is a loop that is stuck.
web::Handler::HealthCheck HealthOf(const polling::Poller& poller, absl::Duration deadline) {
  const absl::Duration limit = deadline + absl::Minutes(1);
  return [&poller, limit] {
    const absl::Duration silent = poller.TimeSinceProgress();
    if (silent <= limit) return absl::OkStatus();
    return absl::UnavailableError(
        absl::StrCat("the poll loop has not moved for ", absl::FormatDuration(absl::Trunc(silent, absl::Seconds(1)))));
  };
}

status::Options PageOptions(const Options& options) {
  const kubecost::AccessSettings& access = options.http.access;
  const polling::Options& polling = options.polling;
  const kubecost::QuerySettings& query = polling.query;
  return {.url = polling.endpoint.url,
          .tls_verify = access.tls_verify,
          .credential_flags = access.CredentialFlags(),
          .idle = kubecost::IdleModeName(query.idle),
          .share_tenancy_costs = query.share_tenancy_costs,
          .share_namespaces = query.share_namespaces,
          .share_labels = query.share_labels,
          .filter = query.filter,
          .cluster_name = polling.cluster_name,
          .currency = polling.currency,
          .day_utc_offset = polling.day_utc_offset,
          .day_close_delay = polling.day_close_delay,
          .day_keep = polling.day_keep,
          .has_backfill = polling.backfill_days > polling.day_keep,
          .telemetry_path = options.web.telemetry_path};
}

// Those that are to be waited for, in this thread and in those that it starts.
sigset_t BlockSignals(std::initializer_list<int> numbers) {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int number : numbers) sigaddset(&signals, number);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);  // NOLINT(cert-err33-c): cannot fail for this signal
  return signals;
}

// Requests a stop at SIGTERM or SIGINT, as long as it lives.
class StopAtSignal {
 public:
  StopAtSignal() : signals_(BlockSignals({SIGTERM, SIGINT, kEnough})), waiting_([this] { Wait(); }) {}
  ~StopAtSignal() { pthread_kill(waiting_.native_handle(), kEnough); }
  StopAtSignal(const StopAtSignal&) = delete;
  StopAtSignal& operator=(const StopAtSignal&) = delete;

  std::stop_token token() const { return stop_.get_token(); }

 private:
  static constexpr int kEnough = SIGUSR1;

  void Wait() {
    int received = 0;
    sigwait(&signals_, &received);
    if (received != kEnough) stop_.request_stop();
  }

  const sigset_t signals_;
  std::stop_source stop_;
  std::jthread waiting_;  // the last: it uses the others
};

commands::OnceResult NotWritten(const absl::Status& status) {
  return {commands::OnceOutcome::kFailed, "the output cannot be written", {{"error", std::string(status.message())}}};
}

commands::OnceResult ReadOnce(const Options& options, const commands::OnceOptions& once,
                              const std::vector<base::Window>& days, base::Clock& clock) {
  const StopAtSignal signals;
  // Before Kubecost is asked: a folder that cannot be written is no reason to let it compute.
  absl::StatusOr<base::OutputFile> output = base::OutputFile::Create(once.output_file);
  if (!output.ok()) return NotWritten(output.status());
  kubecost::CurlHttpClient http(HttpOptions(options.http, nullptr));
  const bool tells_progress = isatty(STDERR_FILENO) == 1;
  const commands::OnceStreams streams = {[&output](absl::string_view block) { return output->Write(block); },
                                         [tells_progress](absl::string_view line) {
                                           if (tells_progress) std::cerr << line << "\n";
                                         }};
  commands::OnceResult result = commands::RunOnce(once, options.polling, days, clock, http, streams, signals.token());
  if (result.outcome != commands::OnceOutcome::kComplete && result.outcome != commands::OnceOutcome::kPartial)
    return result;
  const absl::Status committed = output->Commit();
  return committed.ok() ? result : NotWritten(committed);
}

int RunOnceCommand(const Options& options, const commands::OnceOptions& once, const std::vector<base::Window>& days,
                   base::Clock& clock) {
  TuneAllocator();
  commands::OnceResult result = ReadOnce(options, once, days, clock);
  const int code = static_cast<int>(result.outcome);
  result.fields.emplace_back("exit_code", absl::StrCat(code));
  base::Log(code == kExitOk ? base::LogLevel::kInfo : base::LogLevel::kError, result.message, result.fields);
  return code;
}

int CannotStart(absl::string_view error) {
  base::Log(base::LogLevel::kError, "cannot start", {{"error", std::string(error)}});
  return kExitConfiguration;
}

// Serves until SIGTERM or SIGINT.
int RunExporter(const Options& options, base::Clock& clock) {
  TuneAllocator();
  const sigset_t signals = BlockSignals({SIGTERM, SIGINT});

  metrics::SnapshotStore store;
  metrics::ScrapeLog scrapes;
  metrics::Registry registry;
  const ProgramMetrics program_metrics(registry, options.http.access.tls_verify);
  polling::Metrics polling_metrics(registry, options.polling);
  const web::Metrics web_metrics(registry);
  kubecost::CurlHttpClient http(HttpOptions(options.http, &program_metrics));
  polling::PollReportStore reports;
  polling::Poller poller(options.polling, clock, http, store, reports, scrapes, polling_metrics);
  std::vector<std::string> problems;
  web::WebAccess access(options.web, web_metrics, clock, problems);
  if (!problems.empty()) return CannotStart(absl::StrJoin(problems, "; "));
  const status::Options page_options = PageOptions(options);
  const auto page = [&](absl::string_view search) {
    return web::Answer{200,
                       status::StatusPage(page_options, *store.Current(), *reports.Current(),
                                          web::WebSecurityText(*access.Current()), clock.Now(), search),
                       status::StatusPageHeaders(), web::kHtml};
  };
  web::Handler handler(options.web, store, scrapes, web_metrics, access, clock, HealthOf(poller, options.http.deadline),
                       page);
  const absl::StatusOr<std::unique_ptr<web::Server>> server = web::Server::Start(options.web, access, handler);
  if (!server.ok()) return CannotStart(server.status().message());
  base::Log(base::LogLevel::kInfo, "listening",
            {{"address", absl::StrJoin((*server)->addresses(), ",")},
             {"path", options.web.telemetry_path},
             {"kubecost_url", options.polling.endpoint.url},
             {"version", std::string(base::Version())}});

  std::jthread polling([&poller](std::stop_token stop) { poller.Run(std::move(stop)); });
  int received = 0;
  sigwait(&signals, &received);
  base::Log(base::LogLevel::kInfo, "stopping", {{"signal", received == SIGTERM ? "SIGTERM" : "SIGINT"}});
  polling.request_stop();
  polling.join();
  return kExitOk;
}

}  // namespace

int RunMain(int argc, const char* const* argv, base::Clock& clock) {
  ParsedFlags flags = ParseFlags(argc, argv);
  const Options& options = flags.options;
  std::vector<base::Window> days;
  if (flags.once.has_value()) days = commands::DaysOf(*flags.once, options.polling, clock.Now(), flags.problems);
  if (flags.command == Command::kServe || flags.command == Command::kCheckConfig) {
    for (std::string& problem : web::WebConfigProblems(options.web)) flags.problems.push_back(std::move(problem));
  }
  if (!flags.problems.empty()) {
    std::cerr << "bad configuration, nothing was started:\n";
    for (const std::string& problem : flags.problems) std::cerr << "  " << problem << "\n";
    return kExitConfiguration;
  }
  base::InitLog(options.log);
  for (const std::string& warning : flags.warnings) base::Log(base::LogLevel::kWarn, warning);
  switch (flags.command) {
    case Command::kPrintAndExit:
    case Command::kCheckConfig:
      std::cout << flags.text;
      return kExitOk;
    case Command::kRender: {
      const absl::Status status =
          commands::RenderFile(flags.render_file, flags.render_level, options.polling.cluster_name,
                               [](absl::string_view text) { std::cout << text; });
      if (status.ok()) return kExitOk;
      std::cerr << status.message() << "\n";
      return kExitRuntime;
    }
    case Command::kOnce:
      return RunOnceCommand(options, *flags.once, days, clock);
    case Command::kHealthcheck: {
      kubecost::CurlHttpClient http(commands::HealthHttpOptions(flags.healthcheck_timeout));
      const absl::Status status = commands::CheckHealth(flags.healthcheck_url, flags.healthcheck_timeout, http, clock);
      (status.ok() ? std::cout : std::cerr) << (status.ok() ? "ok" : status.message()) << "\n";
      return status.ok() ? kExitOk : kExitRuntime;
    }
    case Command::kServe:
      return RunExporter(options, clock);
  }
  return kExitRuntime;
}

}  // namespace exporter
