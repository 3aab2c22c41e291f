#include "exporter/commands/once.h"

#include <algorithm>
#include <functional>
#include <iterator>
#include <type_traits>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "exporter/commands/day_printer.h"
#include "exporter/polling/day_book.h"
#include "exporter/polling/day_reader.h"
#include "exporter/polling/judgement.h"
#include "exporter/polling/ledger_file.h"
#include "exporter/polling/pace.h"
#include "exporter/polling/upstream.h"
#include "kubecost/allocation_client.h"
#include "kubecost/api_error.h"
#include "metrics/daily_facts.h"
#include "metrics/json.h"

namespace commands {
namespace {

using kubecost::ErrorReason;

constexpr int kMaxDays = 366;
constexpr int kTries = 3;

base::Window WindowOf(absl::CivilDay date, absl::Duration utc_offset) {
  const absl::Time start = absl::FromCivil(date, absl::UTCTimeZone()) - utc_offset;
  return {start, start + base::kDayLength};
}

// No connection, or no answer in time; a proxy that says so for Kubecost included.
bool IsUnreachable(const absl::Status& status) {
  const std::optional<ErrorReason> reason = kubecost::ReasonOf(status);
  return (kubecost::MayBeTooBig(status) && reason != ErrorReason::kEmptyBody) ||
         reason == ErrorReason::kConnectTimeout || reason == ErrorReason::kRefused || reason == ErrorReason::kDns ||
         reason == ErrorReason::kTls;
}

bool IsWorthAnotherTry(const absl::Status& status) {
  const std::optional<ErrorReason> reason = kubecost::ReasonOf(status);
  return IsUnreachable(status) || reason == ErrorReason::kInconsistent || reason == ErrorReason::kHttp5xx ||
         reason == ErrorReason::kEmptyBody || kubecost::RetryAfterOf(status) > absl::ZeroDuration();
}

// Another day would fail as well.
bool ConcernsAllDays(const absl::Status& status) {
  constexpr ErrorReason kReasons[] = {ErrorReason::kAuth, ErrorReason::kRedirect,     ErrorReason::kNotFound,
                                      ErrorReason::kHtml, ErrorReason::kMultiCluster, ErrorReason::kWindowMismatch};
  const std::optional<ErrorReason> reason = kubecost::ReasonOf(status);
  return !reason.has_value() || IsUnreachable(status) ||
         std::find(std::begin(kReasons), std::end(kReasons), *reason) != std::end(kReasons);
}

class Run {
 public:
  Run(const OnceOptions& once, const polling::Options& options, base::Clock& clock, kubecost::HttpClient& http,
      const OnceStreams& streams, std::stop_token stop)
      : options_(options),
        clock_(clock),
        streams_(streams),
        stop_(std::move(stop)),
        client_(http, clock, options.endpoint, options.query, polling::LogRequest),
        reader_(options, client_, cluster_.id),
        book_(options),
        printer_(once, options, [this](absl::string_view block) { return Write(block); }) {
    absl::StatusOr<polling::Ledger> ledger = polling::ReadLedger(options);
    if (ledger.ok()) {
      book_.SetLedger(*std::move(ledger));
    } else {
      base::Log(base::LogLevel::kWarn, "the state file is not used",
                {{"path", options.state_path}, {"error", std::string(ledger.status().message())}});
    }
  }

  OnceResult ReadAndPrint(const std::vector<base::Window>& days) {
    asked_ = days.size();
    ReadClusterInfo();
    const std::vector<metrics::ServedDay> newest = Read(days.back(), true);
    for (size_t i = 0; i + 1 < days.size() && IsGoingOn(); ++i) Print(Read(days[i], false));
    if (IsGoingOn()) Print(newest);
    if (printed() > 0 && IsGoingOn()) {
      std::sort(missing_.begin(), missing_.end(), [](const auto& a, const auto& b) { return a.date < b.date; });
      metrics::ClusterFacts facts;
      for (const metrics::ServedDay& cluster : newest) facts.push_back(cluster.facts);
      printer_.End(missing_, std::move(facts), clock_.Now());
    }
    return Result();
  }

 private:
  bool Write(absl::string_view block) {
    if (IsGoingOn()) write_error_ = streams_.write(block);
    return IsGoingOn();
  }

  void Print(const std::vector<metrics::ServedDay>& day) {
    if (day.empty()) return;
    if (!std::exchange(has_begun_, true)) printer_.Begin(Currency(), cluster_.labels);
    printer_.Print(day);
  }

  bool IsGoingOn() const { return write_error_.ok() && !stop_.stop_requested(); }
  size_t printed() const { return tried_ - missing_.size(); }

  // The clusters of a day, with all its tries; empty when it is missing.
  std::vector<metrics::ServedDay> Read(const base::Window& window, bool is_newest) {
    const std::string date = base::DateText(window, options_.day_utc_offset);
    ++tried_;
    if (end_.ok()) {
      if (asked_ > 1) streams_.progress(absl::StrCat(date, "  ", tried_, " of ", asked_, " days"));
      absl::StatusOr<std::vector<metrics::ServedDay>> day = TryToRead(window, date, printer_.PodsOf(is_newest));
      if (day.ok()) {
        if (!std::all_of(day->begin(), day->end(), [](const auto& each) { return each.facts->reconciles; })) {
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
    return {};
  }

  void Miss(const std::string& date, const absl::Status& status) {
    const std::string error(status.message());
    missing_.push_back({date, polling::ReasonText(status), error});
    // That there is nothing says less than any other error.
    const bool is_empty = kubecost::ReasonOf(status) == ErrorReason::kEmpty;
    if (!is_empty || is_empty_) error_ = status;
    is_empty_ = is_empty_ && is_empty;
    if (end_.ok() && !absl::IsCancelled(status)) {
      base::Log(base::LogLevel::kWarn, "a day cannot be read",
                {{"day", date}, {"reason", polling::ReasonText(status)}, {"error", error}});
    }
  }

  // When its kind of question may be asked again, and why not sooner.
  struct Rest {
    absl::Duration end = absl::ZeroDuration();  // by Clock::Elapsed()
    std::string after;
  };

  // Asks up to so many times, and never sooner than the last failure of the kind that `rest` is for allows. `what` is
  // for the log.
  template <typename Ask>
  std::invoke_result_t<Ask> Try(const std::pair<absl::string_view, std::string>& what, int tries, Rest& rest, Ask ask) {
    for (int tried = 1;; ++tried) {
      const absl::Duration left = rest.end - clock_.Elapsed();
      if (left > absl::ZeroDuration()) {
        if (tried == 1) {
          base::Log(base::LogLevel::kInfo, "waiting before Kubecost is asked again",
                    {what, {"wait", polling::SecondsText(left)}, {"after", rest.after}});
        }
        clock_.Sleep(left, stop_);
      }
      if (stop_.stop_requested()) return absl::CancelledError("stopped");
      const absl::Duration started = clock_.Elapsed();
      std::invoke_result_t<Ask> answer = ask();
      if (!IsWorthAnotherTry(answer.status())) return answer;
      // A side question leaves nothing to compute behind.
      const absl::Duration took = &rest == &side_rest_ ? absl::ZeroDuration() : clock_.Elapsed() - started;
      const absl::Duration told = kubecost::RetryAfterOf(answer.status());
      const absl::Duration wait = std::max(polling::RetryWait(tried, took), told);
      rest = {clock_.Elapsed() + wait,
              absl::StrCat(what.first, " ", what.second, " failed with reason ", polling::ReasonText(answer.status()))};
      // The server asks for silence, whatever the question.
      for (Rest* each : {&cost_rest_, &side_rest_}) {
        if (told > absl::ZeroDuration() && each->end < rest.end) *each = rest;
      }
      if (tried == tries) return answer;
      base::Log(base::LogLevel::kWarn, "reading from Kubecost failed, it is tried again",
                {what,
                 {"reason", polling::ReasonText(answer.status())},
                 {"error", std::string(answer.status().message())},
                 {"next_try_in", polling::SecondsText(wait)}});
    }
  }

  absl::StatusOr<std::vector<metrics::ServedDay>> TryToRead(const base::Window& window, const std::string& date,
                                                            metrics::Columns pods) {
    absl::Time read_at;
    absl::StatusOr<metrics::ClusterFacts> facts = Try({"day", date}, kTries, cost_rest_, [&] {
      read_at = clock_.Now();
      polling::DayReading reading = reader_.Read(window, pods, stop_);
      polling::LogOddities(reading.invalid, oddities_, {{"day", date}});
      const polling::Oddities odd = polling::OdditiesOf(reading.invalid);
      std::transform(odd.begin(), odd.end(), oddities_.begin(), oddities_.begin(), std::logical_or<>());
      return SoundOnes(std::move(reading));
    });
    if (!facts.ok()) return facts.status();
    std::vector<metrics::ServedDay> day;
    for (auto& cluster : *facts) day.push_back(Judged(window, std::move(cluster), read_at));
    return day;
  }

  static absl::StatusOr<metrics::ClusterFacts> SoundOnes(polling::DayReading reading) {
    if (!reading.status.ok()) return reading.status;
    metrics::ClusterFacts facts;
    for (polling::ClusterReading& cluster : reading.clusters) {
      if (!cluster.status.ok()) return cluster.status;
      facts.push_back(std::move(cluster.facts));
    }
    return facts;
  }

  // As the ledger of an exporter has it, where there is one.
  metrics::ServedDay Judged(const base::Window& window, std::shared_ptr<const metrics::DayFacts> facts,
                            absl::Time read_at) const {
    metrics::ServedDay day = metrics::ServedDayOf(facts, read_at, read_at >= window.end + options_.day_settle_after);
    day.complete = day.complete && facts->is_whole;
    if (options_.state_path.empty()) return day;
    const polling::Judgement judgement = book_.Assess(window, facts, read_at);
    if (polling::IsBelieved(judgement.verdict)) return day;
    day.complete = day.settled = false;
    day.doubt = judgement.doubt.has_value() ? std::string(polling::NameOf(*judgement.doubt)) : "unproven";
    return day;
  }

  // The label block of kubecost_cluster_info; and Kubecost's id of the cluster is that of rows that have none. Asked
  // for once: without it, hardly anything is missing.
  void ReadClusterInfo() {
    if (options_.cluster_info == polling::ClusterInfoMode::kOff) return;
    const absl::StatusOr<polling::ClusterDescription> cluster = Try(
        {"view", "cluster_info"}, 1, side_rest_, [&] { return polling::ReadClusterInfo(options_, client_, stop_); });
    if (cluster.ok()) cluster_ = *cluster;
    if (cluster_.labels != nullptr || !printer_.WantsClusterInfo() || absl::IsCancelled(cluster.status())) return;
    base::Log(base::LogLevel::kWarn, "kubecost_cluster_info is left out",
              {{"error", cluster.ok() ? "Kubecost gives no cluster id; set --cluster.name"
                                      : std::string(cluster.status().message())}});
  }

  // As told, else as Kubecost tells, else the default.
  std::string Currency() {
    if (!options_.currency.empty()) return options_.currency;
    if (!printer_.WantsCurrency()) return polling::kDefaultCurrency;
    const absl::StatusOr<polling::ToldCurrency> told =
        Try({"view", "currency"}, kTries, side_rest_, [&] { return polling::ReadCurrency(client_, stop_); });
    if (told.ok() && told->code.empty()) polling::LogCurrency(*told);
    if (told.ok()) return told->code;
    if (kubecost::ReasonOf(told.status()).value_or(ErrorReason::kNotFound) != ErrorReason::kNotFound) {
      base::Log(base::LogLevel::kWarn, "Kubecost does not tell its currency; set --currency",
                {{"currency", polling::kDefaultCurrency}, {"error", std::string(told.status().message())}});
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
  polling::ClusterDescription cluster_;  // before its reader
  polling::DayReader reader_;
  polling::DayBook book_;
  DayPrinter printer_;

  // A slow side question holds back no day.
  Rest cost_rest_;
  Rest side_rest_;
  polling::Oddities oddities_ = {};  // that the log was told
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
  for (const auto& [flag, date] :
       {std::pair("--date", once.date), std::pair("--from", once.from), std::pair("--to", once.to)}) {
    if (!date.has_value()) continue;
    const base::Window day = WindowOf(*date, options.day_utc_offset);
    if (day.start <= newest.start) continue;
    problems.push_back(absl::StrCat(flag, ": ", absl::FormatCivilTime(*date), " is complete from ",
                                    base::Rfc3339Text(day.end + options.day_close_delay),
                                    " on; the newest complete day is ",
                                    base::DateText(newest, options.day_utc_offset)));
  }
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
