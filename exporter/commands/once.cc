#include "exporter/commands/once.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/day.h"
#include "exporter/commands/day_printer.h"
#include "exporter/polling/day_reader.h"
#include "exporter/polling/metrics.h"
#include "kubecost/allocation_client.h"
#include "kubecost/api_error.h"
#include "kubecost/response_parser.h"
#include "metrics/daily_facts.h"
#include "metrics/day_text.h"
#include "metrics/snapshot.h"

namespace commands {
namespace {

using kubecost::ErrorReason;

constexpr int kMaxDays = 366;
constexpr int kTries = 3;
constexpr absl::Duration kFirstWait = absl::Seconds(15);
constexpr absl::Duration kLongestWait = absl::Minutes(10);
constexpr int kDutyFactor = 10;

base::Window WindowOf(absl::CivilDay date, absl::Duration utc_offset) {
  const absl::Time start = absl::FromCivil(date, absl::UTCTimeZone()) - utc_offset;
  return {start, start + base::kDayLength};
}

// No connection, or no answer in time; a proxy that says so for Kubecost included.
bool IsUnreachable(const absl::Status& status) {
  const std::optional<ErrorReason> reason = kubecost::ReasonOf(status);
  return kubecost::MayBeTooBig(status) || reason == ErrorReason::kConnectTimeout || reason == ErrorReason::kRefused ||
         reason == ErrorReason::kDns || reason == ErrorReason::kTls;
}

bool IsWorthAnotherTry(const absl::Status& status) {
  const std::optional<ErrorReason> reason = kubecost::ReasonOf(status);
  return IsUnreachable(status) || reason == ErrorReason::kInconsistent || reason == ErrorReason::kHttp5xx;
}

// Another day would fail as well.
bool ConcernsAllDays(const absl::Status& status) {
  if (IsUnreachable(status)) return true;
  const std::optional<ErrorReason> reason = kubecost::ReasonOf(status);
  if (!reason.has_value()) return true;
  switch (*reason) {
    case ErrorReason::kAuth:
    case ErrorReason::kRedirect:
    case ErrorReason::kNotFound:
    case ErrorReason::kHtml:
    case ErrorReason::kMultiCluster:
    case ErrorReason::kWindowMismatch:
      return true;
    default:
      return false;
  }
}

std::string ReasonText(const absl::Status& status) {
  const std::optional<ErrorReason> reason = kubecost::ReasonOf(status);
  return std::string(reason.has_value() ? kubecost::ErrorReasonName(*reason) : "internal");
}

std::string SecondsText(absl::Duration duration) {
  return absl::FormatDuration(absl::Trunc(duration, absl::Seconds(1)));
}

class Run {
 public:
  Run(const OnceOptions& once, const polling::Options& options, base::Clock& clock, kubecost::HttpClient& http,
      const OnceStreams& streams, std::stop_token stop)
      : options_(options),
        clock_(clock),
        streams_(streams),
        stop_(std::move(stop)),
        client_(http, options.endpoint, options.query,
                [](const kubecost::RequestRecord& request) { LogRequest(request); }),
        self_metrics_(registry_, options),
        reader_(options, client_, self_metrics_, [] {}),
        printer_(once, options, [this](absl::string_view block) { return Write(block); }) {}

  OnceResult ReadAndPrint(const std::vector<base::Window>& days) {
    asked_ = days.size();
    ReadClusterInfo();
    const std::optional<metrics::ServedDay> newest = Read(days.back(), true);
    for (size_t i = 0; i + 1 < days.size() && IsGoingOn(); ++i) Print(Read(days[i], false));
    if (IsGoingOn()) Print(newest);
    if (printed() > 0 && IsGoingOn()) {
      std::sort(missing_.begin(), missing_.end(), [](const auto& a, const auto& b) { return a.date < b.date; });
      printer_.End(missing_, newest.has_value() ? newest->facts : nullptr, clock_.Now());
    }
    return Result();
  }

 private:
  static void LogRequest(const kubecost::RequestRecord& request) {
    base::LogFields fields = {{"endpoint", std::string(request.path)},
                              {"code", absl::StrCat(request.code)},
                              {"bytes", absl::StrCat(request.bytes)}};
    if (!request.status.ok()) fields.emplace_back("error", std::string(request.status.message()));
    base::Log(base::LogLevel::kDebug, "request", fields);
  }

  bool Write(absl::string_view block) {
    if (IsGoingOn()) write_error_ = streams_.write(block);
    return IsGoingOn();
  }

  void Print(const std::optional<metrics::ServedDay>& day) {
    if (!day.has_value()) return;
    if (!std::exchange(has_begun_, true)) printer_.Begin(Currency(), cluster_info_);
    printer_.Print(*day);
  }

  bool IsGoingOn() const { return write_error_.ok() && !stop_.stop_requested(); }
  size_t printed() const { return tried_ - missing_.size(); }

  // A day with all its tries; nothing when it is missing.
  std::optional<metrics::ServedDay> Read(const base::Window& window, bool is_newest) {
    const std::string date = base::DateText(window, options_.day_utc_offset);
    ++tried_;
    if (end_.ok()) {
      if (asked_ > 1) streams_.progress(absl::StrCat(date, "  ", tried_, " of ", asked_, " days"));
      absl::StatusOr<metrics::ServedDay> day = TryToRead(window, date, printer_.PodsOf(is_newest));
      if (day.ok()) {
        if (!day->facts->Reconciles()) {
          unreconciled_.push_back(date);
          base::Log(base::LogLevel::kWarn, "the levels of a day do not add up", {{"day", date}});
        }
        return *std::move(day);
      }
      Miss(date, day.status());
      if (ConcernsAllDays(day.status())) end_ = day.status();
    } else {
      Miss(date, end_);
    }
    return std::nullopt;
  }

  void Miss(const std::string& date, const absl::Status& status) {
    const std::string error(status.message());
    missing_.push_back({date, ReasonText(status), error});
    // That there is nothing says less than any other error.
    const bool is_empty = kubecost::ReasonOf(status) == ErrorReason::kEmpty;
    if (!is_empty || is_empty_) error_ = status;
    is_empty_ = is_empty_ && is_empty;
    if (end_.ok() && !absl::IsCancelled(status)) {
      base::Log(base::LogLevel::kWarn, "a day cannot be read",
                {{"day", date}, {"reason", ReasonText(status)}, {"error", error}});
    }
  }

  // Asks up to so many times, and never sooner than the last failure allows. `what` is for the log.
  absl::Status Try(const std::pair<absl::string_view, std::string>& what, int tries,
                   absl::FunctionRef<absl::Status()> ask) {
    for (int tried = 1;; ++tried) {
      const absl::Duration rest = earliest_ - clock_.Elapsed();
      if (rest > absl::ZeroDuration()) clock_.Sleep(rest, stop_);
      if (stop_.stop_requested()) return absl::CancelledError("stopped");
      const absl::Duration started = clock_.Elapsed();
      const absl::Status status = ask();
      if (!IsWorthAnotherTry(status)) return status;
      const absl::Duration took = clock_.Elapsed() - started;
      const absl::Duration wait = std::min(std::max(kFirstWait * tried, kDutyFactor * took), kLongestWait);
      earliest_ = clock_.Elapsed() + wait;
      if (tried == tries) return status;
      base::Log(base::LogLevel::kWarn, "reading from Kubecost failed, it is tried again",
                {what,
                 {"reason", ReasonText(status)},
                 {"error", std::string(status.message())},
                 {"next_try_in", SecondsText(wait)}});
    }
  }

  absl::StatusOr<metrics::ServedDay> TryToRead(const base::Window& window, const std::string& date,
                                               polling::PodLevel pods) {
    metrics::ServedDay day;
    const absl::Status status = Try({"day", date}, kTries, [&] {
      day.last_read = clock_.Now();
      absl::StatusOr<std::shared_ptr<const metrics::DayFacts>> facts = reader_.Read(window, pods, stop_);
      if (!facts.ok()) return facts.status();
      day.facts = *std::move(facts);
      return absl::OkStatus();
    });
    if (!status.ok()) return status;
    day.settled = day.last_read >= window.end + options_.day_settle_after;
    return day;
  }

  // The label block of kubecost_cluster_info; and Kubecost's id of the cluster is that of rows that have none. Asked
  // for once: without it, hardly anything is missing.
  void ReadClusterInfo() {
    if (options_.cluster_info == polling::ClusterInfoMode::kOff) return;
    kubecost::TextMap info;
    const absl::Status status = Try({"view", "cluster_info"}, 1, [&] {
      absl::StatusOr<kubecost::TextMap> read = client_.GetClusterInfo(stop_);
      if (!read.ok()) return read.status();
      info = *std::move(read);
      return absl::OkStatus();
    });
    const auto id = info.find("id");
    if (id != info.end()) reader_.SetClusterId(id->second);
    std::string labels;
    if (status.ok()) labels = metrics::ClusterInfoLabels(info, {options_.cluster_name, options_.cluster_info_labels});
    if (!labels.empty()) {
      cluster_info_ = std::make_shared<const std::string>(std::move(labels));
    } else if (printer_.WantsClusterInfo() && !absl::IsCancelled(status)) {
      base::Log(base::LogLevel::kWarn, "kubecost_cluster_info is left out",
                {{"error",
                  status.ok() ? "Kubecost gives no cluster id; set --cluster.name" : std::string(status.message())}});
    }
  }

  // As told, else as Kubecost tells, else the default.
  std::string Currency() {
    if (!options_.currency.empty()) return options_.currency;
    if (!printer_.WantsCurrency()) return polling::kDefaultCurrency;
    std::string currency;
    const absl::Status status = Try({"view", "currency"}, kTries, [&] {
      absl::StatusOr<std::string> told = client_.GetCurrency(stop_);
      if (!told.ok()) return told.status();
      currency = *std::move(told);
      return absl::OkStatus();
    });
    if (polling::IsCurrencyCode(currency)) return currency;
    if (kubecost::ReasonOf(status).value_or(ErrorReason::kNotFound) != ErrorReason::kNotFound) {
      base::Log(base::LogLevel::kWarn, "Kubecost does not tell its currency; set --currency",
                {{"currency", polling::kDefaultCurrency}, {"error", std::string(status.message())}});
    }
    return polling::kDefaultCurrency;
  }

  OnceResult Result() const {
    if (stop_.stop_requested()) return {OnceOutcome::kFailed, "stopped by a signal", {}};
    if (!write_error_.ok()) {
      return {OnceOutcome::kFailed, "the output cannot be written", {{"error", std::string(write_error_.message())}}};
    }
    if (printed() == 0) return NothingRead();
    base::LogFields fields = {{"days", absl::StrCat(printed())}};
    if (missing_.empty() && unreconciled_.empty()) return {OnceOutcome::kComplete, "every day is printed", fields};
    fields.emplace_back("days_asked_for", absl::StrCat(asked_));
    if (!missing_.empty()) {
      const auto append_date = [](std::string* out, const metrics::MissingDay& day) { out->append(day.date); };
      fields.emplace_back("missing", absl::StrJoin(missing_, ",", append_date));
      fields.emplace_back("error", std::string(error_.message()));
    }
    if (!unreconciled_.empty()) fields.emplace_back("not_adding_up", absl::StrJoin(unreconciled_, ","));
    return {OnceOutcome::kPartial, missing_.empty() ? "days do not add up" : "days are missing", fields};
  }

  OnceResult NothingRead() const {
    const base::LogFields fields = {{"error", std::string(error_.message())}};
    if (is_empty_) return {OnceOutcome::kNoData, "Kubecost has nothing for what was asked", fields};
    if (IsUnreachable(error_)) {
      return {OnceOutcome::kUnreachable, "Kubecost cannot be reached, or does not answer in time", fields};
    }
    return {OnceOutcome::kFailed, "nothing could be read", fields};
  }

  // Constant after construction.
  const polling::Options& options_;
  base::Clock& clock_;
  const OnceStreams& streams_;
  const std::stop_token stop_;
  kubecost::AllocationClient client_;
  metrics::Registry registry_;
  polling::Metrics self_metrics_;  // what the reader tells nobody asks for here
  polling::DayReader reader_;
  DayPrinter printer_;

  // By Clock::Elapsed(): no request before.
  absl::Duration earliest_ = absl::ZeroDuration();
  std::shared_ptr<const std::string> cluster_info_;
  bool has_begun_ = false;
  size_t asked_ = 0;
  size_t tried_ = 0;
  std::vector<metrics::MissingDay> missing_;
  std::vector<std::string> unreconciled_;
  // What is told of them at the end.
  absl::Status error_;
  // Why no further day is tried.
  absl::Status end_;
  // Every missing day so far is one that Kubecost has nothing for.
  bool is_empty_ = true;
  absl::Status write_error_;
};

}  // namespace

std::vector<base::Window> DaysOf(const OnceOptions& once, const polling::Options& options, absl::Time now,
                                 std::vector<std::string>& problems) {
  const base::Window newest = base::NewestCompleteDay(now, options.day_utc_offset, options.day_close_delay);
  const size_t problems_before = problems.size();
  if (once.date.has_value() && (once.from.has_value() || once.to.has_value())) {
    problems.push_back("--date: is one day, --from and --to are a range; give either");
  }
  if (once.days.has_value() && (once.date.has_value() || once.from.has_value() || once.to.has_value())) {
    problems.push_back("--days: counts back from the newest complete day; give it without --date, --from and --to");
  }
  if (once.to.has_value() && !once.from.has_value() && !once.date.has_value()) {
    problems.push_back("--to: needs --from");
  }
  const auto check_closed = [&](absl::string_view flag, const std::optional<absl::CivilDay>& date) {
    if (!date.has_value()) return;
    const base::Window day = WindowOf(*date, options.day_utc_offset);
    if (day.start <= newest.start) return;
    problems.push_back(absl::StrCat(flag, ": ", absl::FormatCivilTime(*date), " is complete from ",
                                    base::Rfc3339Text(day.end + options.day_close_delay),
                                    " on; the newest complete day is ",
                                    base::DateText(newest, options.day_utc_offset)));
  };
  check_closed("--date", once.date);
  check_closed("--from", once.from);
  check_closed("--to", once.to);
  if (once.sample_interval.has_value() && once.output != OutputFormat::kOpenMetrics) {
    problems.push_back("--sample-interval: belongs to --output=openmetrics");
  }
  if (!once.from.has_value() && !once.days.has_value()) {
    if (problems.size() > problems_before) return {};
    return {once.date.has_value() ? WindowOf(*once.date, options.day_utc_offset) : newest};
  }

  const absl::Time first = once.from.has_value() ? WindowOf(*once.from, options.day_utc_offset).start
                                                 : newest.start - (*once.days - 1) * base::kDayLength;
  const base::Window last = once.to.has_value() ? WindowOf(*once.to, options.day_utc_offset) : newest;
  const int64_t count = (last.start - first) / base::kDayLength + 1;
  const bool is_prometheus = once.output == OutputFormat::kPrometheus;
  const int64_t most = is_prometheus ? int64_t{metrics::DailyFacts::kMaxDays} : kMaxDays;
  if (once.to.has_value() && count < 1) problems.push_back("--from: is after --to");
  if (count > most) {
    problems.push_back(absl::StrCat(once.from.has_value() ? "--from" : "--days", ": the range has ", count,
                                    " days; at most ", most, is_prometheus ? " with --output=prometheus" : ""));
  }
  std::vector<base::Window> days;
  if (problems.size() > problems_before) return days;
  for (absl::Time start = first; start <= last.start; start += base::kDayLength) {
    days.push_back({start, start + base::kDayLength});
  }
  return days;
}

OnceResult RunOnce(const OnceOptions& once, const polling::Options& options, const std::vector<base::Window>& days,
                   base::Clock& clock, kubecost::HttpClient& http, const OnceStreams& streams, std::stop_token stop) {
  return Run(once, options, clock, http, streams, std::move(stop)).ReadAndPrint(days);
}

}  // namespace commands
