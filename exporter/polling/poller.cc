#include "exporter/polling/poller.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "base/day.h"
#include "base/log.h"
#include "exporter/polling/upstream.h"
#include "kubecost/api_error.h"

namespace polling {
namespace {

using kubecost::ErrorReason;

constexpr absl::Duration kClusterInfoRefresh = absl::Hours(1);
constexpr absl::Duration kCurrencyRefresh = absl::Hours(24);
constexpr absl::Duration kCurrencyRetry = absl::Hours(1);
// A sleep is cut into slices, so that a stuck loop is told from a sleeping one and a new day is noticed.
constexpr absl::Duration kLongestSleep = absl::Seconds(15);

}  // namespace

Poller::Poller(const Options& options, base::Clock& clock, kubecost::HttpClient& http, metrics::SnapshotStore& store,
               PollReportStore& reports, metrics::ScrapeLog& scrapes, Metrics& self_metrics)
    : options_(options),
      clock_(clock),
      store_(store),
      report_store_(reports),
      scrapes_(scrapes),
      self_metrics_(self_metrics),
      client_(http, clock, options.endpoint, options.query,
              [this](const kubecost::RequestRecord& request) {
                self_metrics_.CountRequest(request);
                LogRequest(request);
                if (request.code > 0) clock_difference_.See(request.date, request.arrived);
                agenda_.HoldBack(clock_.Elapsed() + kubecost::RetryAfterOf(request.status));
                MarkProgress();
              }),
      reader_(options, client_, cluster_info_.id),
      book_(options),
      currency_{{}, options.currency.empty() ? kDefaultCurrency : options.currency},
      hour_(options, View::kHour, client_, cluster_info_.id),
      today_(options, View::kToday, client_, cluster_info_.id),
      ledger_file_(options),
      journal_(options, self_metrics) {
  Ledger ledger = ledger_file_.Load();
  if (options.backfill_again.has_value()) DeliverAgain(ledger, *options.backfill_again, options.day_utc_offset);
  book_.SetLedger(std::move(ledger));
  if (!options.currency.empty()) book_.SetCurrency(options.currency);
  self_metrics_.SetCurrency(currency_.code);
  book_.Advance(Present());
  ledger_file_.Save(book_.ledger(), clock_.Elapsed());
  hour_.Advance(clock_.Now(), clock_.Elapsed());
  today_.Advance(clock_.Now(), clock_.Elapsed());
  agenda_.Set(Tasks());
  PublishReport();
  MarkProgress();
}

void Poller::Run(std::stop_token stop) {
  while (!stop.stop_requested()) {
    const absl::Duration wait = PollDue(stop);
    MarkProgress();
    clock_.Sleep(std::min(wait, kLongestSleep), stop);
    MarkProgress();
  }
  book_.TakeScrapes(scrapes_.Take());
  ledger_file_.Save(book_.ledger(), clock_.Elapsed(), true);
}

absl::Duration Poller::PollDue(std::stop_token stop) {
  Advance();
  while (const std::optional<Task> task = stop.stop_requested() ? std::nullopt : agenda_.Next(clock_.Elapsed())) {
    MarkProgress();
    const absl::Duration started = clock_.Elapsed();
    Outcome outcome = std::visit([&](auto* subject) { return Poll(*subject, stop); }, task->subject);
    self_metrics_.SetApi(client_.api());
    if (absl::IsCancelled(outcome.status)) break;
    Conclude(*task, std::move(outcome), started);
    Advance();
    journal_.SetUps(agenda_.tasks());
    PublishReport();
  }
  return agenda_.Due() - clock_.Elapsed();
}

// When two are due alike, the first is preferred.
std::vector<Task> Poller::Tasks() {
  std::vector<Task> tasks;
  const auto add = [&](View view, Schedule& schedule, auto& subject) {
    if (SpecOf(view).enabled(options_)) tasks.push_back({view, &schedule, &subject});
  };
  add(View::kClusterInfo, cluster_info_.schedule, cluster_info_);
  add(View::kCurrency, currency_.schedule, currency_);  // before any amount
  // The newest day comes first, those behind the kept ones from the oldest on.
  for (auto entry = book_.days().rbegin(); entry != book_.days().rend(); ++entry) {
    if (!entry->second.is_backfill()) add(View::kDay, entry->second.schedule, entry->second);
  }
  add(View::kHour, hour_.schedule(), hour_);
  add(View::kToday, today_.schedule(), today_);
  add(View::kBackfill, book_.find_days().schedule, book_.find_days());
  for (auto& [start, day] : book_.days()) {
    if (day.is_backfill()) tasks.push_back({View::kBackfill, &day.schedule, &day});
  }
  return tasks;
}

Outcome Poller::Poll(ClusterInfo& info, std::stop_token stop) {
  const absl::StatusOr<ClusterDescription> cluster = ReadClusterInfo(options_, client_, std::move(stop));
  if (!cluster.ok()) return {cluster.status(), Ending::kFailed};
  info.schedule.due = clock_.Elapsed() + kClusterInfoRefresh;
  const bool told_missing_id = std::exchange(info.told_missing_id, cluster->labels == nullptr);
  if (cluster->labels != nullptr) {
    info.id = cluster->id;
    Publish([&](metrics::Snapshot& snapshot) { snapshot.cluster_info = cluster->labels; });
  } else if (!told_missing_id) {
    base::Log(
        base::LogLevel::kWarn,
        "Kubecost gives no cluster id: kubecost_cluster_info is not served, or stays as it was; set --cluster.name");
  }
  return {};
}

Outcome Poller::Poll(Currency& currency, std::stop_token stop) {
  const absl::StatusOr<ToldCurrency> told = ReadCurrency(client_, std::move(stop));
  const std::optional<ErrorReason> reason = kubecost::ReasonOf(told.status());
  // A server may keep its settings to itself, in whatever words.
  const bool is_refused = reason == ErrorReason::kAuth || reason == ErrorReason::kHtml ||
                          reason == ErrorReason::kRedirect || (reason.has_value() && kubecost::IsAnAnswer(*reason));
  if (!told.ok()) {
    // One that fails may do better soon. What it once told holds.
    const bool may_recover = kubecost::MayBeTooBig(told.status()) || reason == ErrorReason::kHttp5xx;
    const bool is_off = is_refused && currency.schedule.support.TakeFailure(1);
    if (!is_refused || (may_recover && !is_off)) return {told.status(), Ending::kFailed};
    currency.schedule.due = clock_.Elapsed() + (may_recover || !is_off ? kCurrencyRetry : kCurrencyRefresh);
    return {told.status(), Ending::kAbsent};
  }
  currency.schedule.support.TakeSuccess();
  currency.schedule.due = clock_.Elapsed() + kCurrencyRefresh;
  if (!told->code.empty() && book_.SetCurrency(told->code)) days_changed_ = true;
  if (told->code == currency.code) return {};
  currency.code = told->code;
  self_metrics_.SetCurrency(currency.code);
  LogCurrency(*told);
  PublishDays();
  return {};
}

Outcome Poller::Poll(FindDays&, std::stop_token stop) {
  const std::optional<base::Window> span = book_.BackfillSpan();
  absl::StatusOr<std::vector<base::Window>> found = std::vector<base::Window>();
  if (span.has_value()) found = reader_.FindDays(*span, std::move(stop));
  if (!found.ok()) {
    const std::optional<ErrorReason> reason = kubecost::ReasonOf(found.status());
    // Whether Kubecost works at all shows with the kept days.
    const bool works = book_.serves_any();
    if (!works || !reason.has_value() || !kubecost::IsAnAnswer(*reason)) return {found.status(), Ending::kFailed};
    // One question for all days is too much for some servers. A day that turns out empty costs one small request.
    base::Log(base::LogLevel::kInfo, "back-fill: Kubecost cannot tell in one answer which days it has: each is tried",
              {{"error", std::string(found.status().message())}});
    self_metrics_.CountError(*reason);
    found = std::vector<base::Window>();
    for (absl::Time start = span->start; start < span->end; start += base::kDayLength) {
      found->push_back({start, start + base::kDayLength});
    }
  }
  const size_t missing = book_.Backfill(*found, clock_.Elapsed());
  if (missing > 0)
    base::Log(base::LogLevel::kInfo, "back-fill: reading days that were not served", {{"days", absl::StrCat(missing)}});
  return {};
}

Outcome Poller::Poll(Day& day, std::stop_token stop) {
  const Moment moment = Present();
  const DayReading reading = reader_.Read(day.window, book_.PodsOf(day), std::move(stop));
  const auto ended = [&](absl::Status status, Ending ending) {
    return Outcome{std::move(status), ending, reading.invalid, reading.merged_rows};
  };
  if (!reading.status.ok()) {
    // A day before the newest for which Kubecost has nothing did not fail.
    const bool is_older = day.window.start < book_.newest().window.start;
    if (!is_older || kubecost::ReasonOf(reading.status) != ErrorReason::kEmpty) {
      return ended(reading.status, Ending::kFailed);
    }
    book_.TakeNothing(day, clock_.Elapsed());
    return ended(reading.status, Ending::kNothing);
  }
  absl::Status unsound = TakeClusters(day, reading, moment);
  const bool is_failure = !unsound.ok() && day.told_unsound.size() == reading.clusters.size();
  book_.Conclude(day, unsound.ok(), clock_.Elapsed());
  days_changed_ = true;
  return is_failure ? ended(std::move(unsound), Ending::kFailed) : ended(absl::OkStatus(), Ending::kGood);
}

absl::Status Poller::TakeClusters(Day& day, const DayReading& reading, const Moment& moment) {
  absl::Status unsound;
  std::map<std::string, std::string> told = std::exchange(day.told_unsound, {});
  for (const ClusterReading& cluster : reading.clusters) {
    absl::Status status = cluster.status;
    if (status.ok()) {
      const DayChange change = book_.Take(day, cluster.facts, moment);
      if (change.judgement.verdict == Verdict::kNotTaken) {
        status = kubecost::ApiError(ErrorReason::kInconsistent,
                                    absl::StrCat("cluster \"", cluster.facts->cluster, "\" on ", cluster.facts->date,
                                                 ": its levels do not add up; it is read again"));
      }
      journal_.RecordChange(day, *cluster.facts, change);
    }
    if (status.ok()) continue;
    std::string& reason = day.told_unsound[cluster.facts->cluster];
    reason = ReasonText(status);
    journal_.RecordUnsound(cluster.facts->cluster, status, told[cluster.facts->cluster] != reason);
    if (unsound.ok()) unsound = std::move(status);
  }
  return unsound;
}

Outcome Poller::Poll(LiveView& live, std::stop_token stop) {
  const absl::StatusOr<kubecost::InvalidValues> invalid = live.Poll(clock_.Now(), clock_.Elapsed(), std::move(stop));
  PublishLive();
  if (invalid.ok()) return {absl::OkStatus(), Ending::kGood, *invalid};
  const bool is_absent = live.TakeFailure(invalid.status(), clock_.Now(), clock_.Elapsed());
  return {invalid.status(), is_absent ? Ending::kAbsent : Ending::kFailed};
}

void Poller::Conclude(const Task& task, Outcome outcome, absl::Duration started) {
  const absl::Duration finished = clock_.Elapsed();
  agenda_.Conclude(task, outcome, started, finished);
  outcome.finished = clock_.Now();
  outcome.took = finished - started;
  outcome.next_try_in = agenda_.DueOf(task) - finished;
  if (const auto current = store_.Current(); !current->day.empty()) outcome.served_day = current->day.front()->date;
  journal_.Record(agenda_.tasks(), task, outcome);
}

Moment Poller::Present() const {
  const absl::Time now = clock_.Now();
  const absl::Duration elapsed = clock_.Elapsed();
  return {now, elapsed, clock_difference_.Ahead(now, elapsed)};
}

void Poller::Advance() {
  const Moment moment = Present();
  journal_.RecordClock(moment.ahead);
  book_.TakeScrapes(scrapes_.Take());
  const bool has_advanced = book_.Advance(moment);
  if (std::exchange(days_changed_, false) || has_advanced) PublishDays();
  ledger_file_.Save(book_.ledger(), moment.elapsed);
  const bool hour_expired = hour_.Advance(clock_.Now(), clock_.Elapsed());
  const bool today_expired = today_.Advance(clock_.Now(), clock_.Elapsed());
  if (hour_expired || today_expired) PublishLive();
  agenda_.Set(Tasks());
}

void Poller::Publish(absl::FunctionRef<void(metrics::Snapshot&)> change) {
  auto snapshot = std::make_shared<metrics::Snapshot>(*store_.Current());
  change(*snapshot);
  store_.Publish(snapshot);
  self_metrics_.SetSnapshot(*snapshot);
}

void Poller::PublishDays() {
  Publish([this](metrics::Snapshot& snapshot) {
    snapshot.day = book_.Plain();
    snapshot.daily = std::make_shared<const metrics::DailyFacts>(book_.Served(), options_.day_pod_resources);
    if (options_.compat_cloudtuner) snapshot.compat_currency = currency_.code;
  });
}

void Poller::PublishLive() {
  Publish([this](metrics::Snapshot& snapshot) {
    snapshot.hour = hour_.facts();
    snapshot.today = today_.facts();
  });
}

void Poller::PublishReport() {
  auto report = std::make_shared<PollReport>();
  report->views = journal_.Reports(agenda_, clock_.Now(), clock_.Elapsed());
  report->currency = currency_.code;
  report->path = client_.path();
  report->backfill_delivered = book_.delivered_days();
  for (const auto& [start, day] : book_.days()) {
    if (day.is_backfill()) ++(book_.IsServed(day) ? report->backfill_served : report->backfill_waiting);
  }
  report_store_.Publish(std::move(report));
}

}  // namespace polling
