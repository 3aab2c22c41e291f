// Who is let in: --web.config.file and the files it names, read again when they change.
#ifndef EXPORTER_WEB_WEB_ACCESS_H_
#define EXPORTER_WEB_WEB_ACCESS_H_

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/cell.h"
#include "base/clock.h"
#include "base/files.h"
#include "base/mutex.h"
#include "exporter/web/basic_auth.h"
#include "exporter/web/metrics.h"
#include "exporter/web/options.h"
#include "exporter/web/request.h"
#include "exporter/web/tls.h"
#include "exporter/web/web_config.h"

namespace web {

// Lets a burst through, then one request each interval. Safe from any thread.
class RateLimiter {
 public:
  explicit RateLimiter(const RateLimit& limit) : limit_(limit), tokens_(limit.burst) {}

  // `now` is by Clock::Elapsed().
  bool Allows(absl::Duration now);
  const RateLimit& limit() const { return limit_; }

 private:
  const RateLimit limit_;
  base::Mutex mutex_;
  double tokens_ ABSL_GUARDED_BY(mutex_);
  absl::Duration filled_ ABSL_GUARDED_BY(mutex_) = absl::InfiniteDuration();  // before the first request
};

// What one reading of the files has given. Immutable but for what is remembered of logins.
struct WebState {
  WebConfig config;
  std::shared_ptr<const TlsContext> tls;                       // null: plain HTTP
  std::shared_ptr<BasicAuth> passwords;                        // null: none asked for
  std::shared_ptr<RateLimiter> rate_limiter;                   // null: no limit
  std::vector<std::pair<std::string, base::FileStamp>> files;  // as they were before they were read

  bool requires_certificate() const { return tls != nullptr && config.tls->requires_certificate(); }
};

// Who is let in, for people: "over TLS, with a client certificate and a password".
std::string WebSecurityText(const WebState& state);

// Everything wrong with --web.config.file and what it names; empty when all is well, or without the flag.
std::vector<std::string> WebConfigProblems(const Options& options);

// All methods are safe from any thread.
class WebAccess {
 public:
  // Reads the files; with problems, the result must not be used. The arguments must outlive it.
  WebAccess(const Options& options, const Metrics& self_metrics, const base::Clock& clock,
            std::vector<std::string>& problems);

  // The newest good state. Looks at most once a second whether a file has changed; what is broken then, or would let in
  // who was kept out, is logged once, and the former state stays.
  std::shared_ptr<const WebState> Current();

  // Nothing for a request that may be answered.
  std::optional<Answer> Refuse(const WebState& state, absl::string_view authorization, const std::string& client,
                               bool has_certificate);

  void CountBadCertificate(const std::string& client);

 private:
  void ReloadIfChanged() ABSL_LOCKS_EXCLUDED(reload_mutex_);
  void Look() ABSL_EXCLUSIVE_LOCKS_REQUIRED(reload_mutex_);
  void TakeOver(std::shared_ptr<const WebState> state, absl::string_view message);
  void Reload(const WebState& former) ABSL_EXCLUSIVE_LOCKS_REQUIRED(reload_mutex_);
  Answer Refused(AuthFailure reason, Answer answer, const std::string& client);

  const Options& options_;
  const Metrics& self_metrics_;
  const base::Clock& clock_;
  base::Cell<WebState> state_;

  base::Mutex reload_mutex_;
  absl::Duration next_look_ ABSL_GUARDED_BY(reload_mutex_) = absl::ZeroDuration();  // by Clock::Elapsed()
  // Why the files of now are not in force; empty when they are.
  std::string problem_ ABSL_GUARDED_BY(reload_mutex_);

  base::Mutex log_mutex_;
  absl::Duration next_log_ ABSL_GUARDED_BY(log_mutex_) = absl::ZeroDuration();
  int unlogged_ ABSL_GUARDED_BY(log_mutex_) = 0;
};

}  // namespace web

#endif  // EXPORTER_WEB_WEB_ACCESS_H_
