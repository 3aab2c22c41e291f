#include "exporter/web/web_access.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/log.h"

namespace web {
namespace {

constexpr absl::Duration kLookInterval = absl::Seconds(1);
constexpr absl::Duration kLogInterval = absl::Minutes(1);
// A file that has changed within this time may still be written.
constexpr absl::Duration kSettleTime = absl::Seconds(1);

// What `former` remembers of the same users and the same limit is kept.
std::shared_ptr<const WebState> Load(const Options& options, const WebState& former,
                                     std::vector<std::string>& problems) {
  auto state = std::make_shared<WebState>();
  const auto stamp = [&state](const std::string& path) {
    if (!path.empty()) state->files.emplace_back(path, base::StampOf(path));
  };
  stamp(options.web_config_file);
  WebConfigResult read = ReadWebConfig(options.web_config_file);
  problems = std::move(read.problems);
  state->config = std::move(read.config);
  const WebConfig& config = state->config;
  if (config.tls.has_value()) {
    for (const PemSource* source : {&config.tls->certificate, &config.tls->key, &config.tls->client_ca}) {
      stamp(source->file);
    }
    // What is not understood need not be what was meant to be read.
    if (problems.empty()) state->tls = TlsContext::Create(*config.tls, problems);
  }
  if (!problems.empty()) return nullptr;
  if (!config.users.empty()) {
    const bool is_same = former.passwords != nullptr && former.passwords->users() == config.users;
    state->passwords = is_same
                           ? former.passwords
                           : std::make_shared<BasicAuth>(config.users, options.web_threads / 2, former.passwords.get());
  }
  if (config.rate_limit.has_value()) {
    const bool is_same = former.rate_limiter != nullptr && former.rate_limiter->limit() == *config.rate_limit;
    state->rate_limiter = is_same ? former.rate_limiter : std::make_shared<RateLimiter>(*config.rate_limit);
  }
  return state;
}

// What a change of the files must not do by itself. A file that somebody is writing, has emptied or commented out must
// not open the port, so what keeps people out is taken away by a restart alone.
std::vector<std::string> ChangeProblems(const Options& options, const WebState& former, const WebState& state) {
  std::vector<std::string> problems;
  const auto refuse = [&](bool is_refused, absl::string_view what) {
    if (is_refused) problems.push_back(absl::StrCat(options.web_config_file, ": ", what, ", which needs a restart"));
  };
  refuse(former.tls != nullptr && state.tls == nullptr, "turns TLS off");
  refuse(former.tls == nullptr && state.tls != nullptr, "turns TLS on");
  refuse(former.passwords != nullptr && state.passwords == nullptr, "asks for no password any more");
  refuse(former.requires_certificate() && state.tls != nullptr && !state.requires_certificate(),
         "requires no client certificate any more");
  return problems;
}

base::LogFields Summary(const Options& options, const WebState& state) {
  base::LogFields fields = {{"file", options.web_config_file},
                            {"tls", state.tls != nullptr ? "on" : "off"},
                            {"client_certificates",
                             state.tls == nullptr || state.config.tls->client_auth == ClientAuth::kNone ? "off" : "on"},
                            {"passwords", state.passwords != nullptr ? "on" : "off"}};
  if (state.tls != nullptr) {
    fields.emplace_back("certificate_not_after", absl::FormatTime(state.tls->not_after(), absl::UTCTimeZone()));
  }
  return fields;
}

void WarnOf(const WebState& state, absl::Time now) {
  if (state.tls == nullptr && state.passwords != nullptr) {
    base::Log(base::LogLevel::kWarn, "passwords without TLS can be read by anybody on the way; see docs/web-config.md");
  }
  if (state.tls != nullptr && state.tls->not_after() < now) {
    base::Log(base::LogLevel::kWarn, "the server's certificate has expired",
              {{"not_after", absl::FormatTime(state.tls->not_after(), absl::UTCTimeZone())}});
  }
  if (state.config.wants_http2) base::Log(base::LogLevel::kInfo, "http2: true has no effect, HTTP/1.1 alone is spoken");
}

}  // namespace

bool RateLimiter::Allows(absl::Duration now) {
  const base::MutexLock lock(mutex_);
  const double filled = absl::FDivDuration(std::max(now - filled_, absl::ZeroDuration()), limit_.interval);
  tokens_ = std::min<double>(limit_.burst, tokens_ + filled);
  filled_ = now;
  if (tokens_ < 1) return false;
  tokens_ -= 1;
  return true;
}

std::string WebSecurityText(const WebState& state) {
  const bool has_tls = state.tls != nullptr;
  std::vector<absl::string_view> needs;
  if (state.requires_certificate()) needs.push_back("a client certificate");
  if (state.passwords != nullptr) needs.push_back("a password");
  return absl::StrCat(needs.empty() ? "everybody" : "", has_tls ? (needs.empty() ? ", over TLS" : "over TLS, ") : "",
                      needs.empty() ? "" : "with ", absl::StrJoin(needs, " and "));
}

std::vector<std::string> WebConfigProblems(const Options& options) {
  std::vector<std::string> problems;
  if (!options.web_config_file.empty()) Load(options, {}, problems);
  for (std::string& problem : problems) problem = absl::StrCat("--web.config.file: ", problem);
  return problems;
}

WebAccess::WebAccess(const Options& options, const Metrics& self_metrics, const base::Clock& clock,
                     std::vector<std::string>& problems)
    : options_(options), self_metrics_(self_metrics), clock_(clock) {
  if (options_.web_config_file.empty()) return;
  const std::shared_ptr<const WebState> state = Load(options_, {}, problems);
  if (state != nullptr) TakeOver(state, "web configuration read");
}

std::shared_ptr<const WebState> WebAccess::Current() {
  if (!options_.web_config_file.empty()) ReloadIfChanged();
  return state_.Current();
}

void WebAccess::ReloadIfChanged() {
  // Others go on with the former state meanwhile.
  if (!reload_mutex_.TryLock()) return;
  const absl::Duration now = clock_.Elapsed();
  if (now >= next_look_) {
    next_look_ = now + kLookInterval;
    Look();
  }
  reload_mutex_.unlock();
}

void WebAccess::Look() {
  const std::shared_ptr<const WebState> former = state_.Current();
  const int64_t now_ns = absl::ToUnixNanos(clock_.Now());
  bool is_changed = false;
  for (const auto& [path, known] : former->files) {
    const base::FileStamp stamp = base::StampOf(path);
    if (stamp == known) continue;
    if (stamp.changed_ns <= now_ns && now_ns - stamp.changed_ns < absl::ToInt64Nanoseconds(kSettleTime)) return;
    is_changed = true;
  }
  if (is_changed || !problem_.empty()) Reload(*former);
}

void WebAccess::Reload(const WebState& former) {
  std::vector<std::string> problems;
  std::shared_ptr<const WebState> state = Load(options_, former, problems);
  if (state != nullptr) problems = ChangeProblems(options_, former, *state);
  const std::string problem = absl::StrJoin(problems, "; ");
  if (problem.empty()) {
    TakeOver(std::move(state), "web configuration read again");
  } else if (problem != problem_) {
    base::Log(base::LogLevel::kError, "web configuration has changed and cannot be used; the former one stays in force",
              {{"error", problem}});
    self_metrics_.SetWebConfigBroken();
  }
  problem_ = problem;
}

void WebAccess::TakeOver(std::shared_ptr<const WebState> state, absl::string_view message) {
  const absl::Time now = clock_.Now();
  base::Log(base::LogLevel::kInfo, message, Summary(options_, *state));
  WarnOf(*state, now);
  self_metrics_.SetWebConfig(now, state->tls != nullptr ? std::optional(state->tls->not_after()) : std::nullopt);
  state_.Publish(std::move(state));
}

std::optional<Answer> WebAccess::Refuse(const WebState& state, absl::string_view authorization,
                                        const std::string& client, bool has_certificate) {
  if (state.rate_limiter != nullptr && !state.rate_limiter->Allows(clock_.Elapsed())) {
    return Answer{429, "more requests than rate_limit allows\n", "Retry-After: 1\r\n"};
  }
  if (state.requires_certificate() && !has_certificate) {
    return Refused(AuthFailure::kNoCertificate, {403, "a client certificate is required\n"}, client);
  }
  if (state.passwords == nullptr) return std::nullopt;
  constexpr absl::string_view kChallenge =
      "WWW-Authenticate: Basic realm=\"kubecost-allocation-exporter\", charset=\"UTF-8\"\r\n";
  switch (state.passwords->Check(authorization, client)) {
    case Login::kGood:
      return std::nullopt;
    case Login::kMissing:
      return Refused(AuthFailure::kNoPassword, {401, "a user name and password are required\n", kChallenge}, client);
    case Login::kWrong:
      return Refused(AuthFailure::kWrongPassword, {401, "wrong user name or password\n", kChallenge}, client);
    case Login::kBusy:
      break;
  }
  return Refused(AuthFailure::kBusy, {503, "too many passwords to check at once\n", "Retry-After: 1\r\n"}, client);
}

void WebAccess::CountBadCertificate(const std::string& client) { Refused(AuthFailure::kBadCertificate, {}, client); }

// Somebody who guesses must not fill the log.
Answer WebAccess::Refused(AuthFailure reason, Answer answer, const std::string& client) {
  const absl::string_view name = kAuthFailureNames[static_cast<size_t>(reason)];
  self_metrics_.CountAuthFailure(name);
  int others_before = 0;
  {
    const base::MutexLock lock(log_mutex_);
    const absl::Duration now = clock_.Elapsed();
    if (now < next_log_) {
      ++unlogged_;
      return answer;
    }
    others_before = std::exchange(unlogged_, 0);
    next_log_ = now + kLogInterval;
  }
  base::Log(base::LogLevel::kWarn, "somebody was not let in",
            {{"reason", std::string(name)}, {"client", client}, {"others_before", absl::StrCat(others_before)}});
  return answer;
}

}  // namespace web
