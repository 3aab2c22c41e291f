#include "exporter/polling/poller.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/day.h"
#include "base/log.h"
#include "kubecost/api_error.h"

namespace polling {
namespace {

using kubecost::ErrorReason;
using kubecost::Level;

constexpr absl::Duration kClusterInfoRefresh = absl::Hours(1);
constexpr absl::Duration kCurrencyRefresh = absl::Hours(24);
constexpr absl::Duration kCurrencyRetry = absl::Hours(1);
constexpr absl::Duration kFirstBackoff = absl::Seconds(15);
constexpr absl::Duration kLongestBackoff = absl::Minutes(10);
constexpr int kDutyFactor = 10;
// A sleep is cut into slices, so that a stuck loop is told from a sleeping one and a new day is noticed.
constexpr absl::Duration kLongestSleep = absl::Seconds(15);

}  // namespace

Poller::Poller(const Options& options, base::Clock& clock, kubecost::HttpClient& http, metrics::SnapshotStore& store,
               PollReportStore& reports, Metrics& self_metrics)
    : options_(options),
      clock_(clock),
      store_(store),
      report_store_(reports),
      self_metrics_(self_metrics),
      client_(http, options.endpoint, options.query,
              [this](const kubecost::RequestRecord& request) { OnRequest(request); }),
      reader_(options, client_, self_metrics, [this] { MarkProgress(); }),
      book_(options),
      hour_(options, View::kHour, client_, self_metrics, [this] { MarkProgress(); }),
      today_(options, View::kToday, client_, self_metrics, [this] { MarkProgress(); }),
      random_(std::random_device{}()),
      delivery_file_(options),
      currency_(options.currency.empty() ? kDefaultCurrency : options.currency),
      journal_(options, self_metrics) {
  book_.SetDelivered(delivery_file_.Load());
  self_metrics_.SetCurrency(currency_);
  book_.Advance(clock_.Now(), clock_.Elapsed());
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
}

absl::Duration Poller::PollDue(std::stop_token stop) {
  Advance();
  for (std::optional<Task> task = NextTask(); task.has_value() && !stop.stop_requested(); task = NextTask()) {
    const absl::Duration started = clock_.Elapsed();
    const absl::Status status = Poll(*task, stop);
    if (absl::IsCancelled(status)) break;
    Conclude(*task, status, started);
    Advance();
    journal_.SetUps(Tasks());
    PublishReport();
  }
  absl::Duration next = absl::InfiniteDuration();
  for (const Task& task : Tasks()) next = std::min(next, DueOf(task));
  return std::max(next, earliest_) - clock_.Elapsed();
}

std::vector<Task> Poller::Tasks() {
  std::vector<Task> tasks;
  if (SpecOf(View::kClusterInfo).enabled(options_)) tasks.push_back({View::kClusterInfo, &cluster_info_});
  if (SpecOf(View::kCurrency).enabled(options_))
    tasks.push_back({View::kCurrency, &currency_schedule_});  // before any amount
  // The newest day is wanted most, those behind the kept ones from the oldest on.
  for (auto entry = book_.days().rbegin(); entry != book_.days().rend(); ++entry) {
    Day& day = entry->second;
    if (!day.is_backfill) tasks.push_back({View::kDay, &day.schedule, &day});
  }
  for (const auto& [view, live] : {std::pair(View::kHour, &hour_), std::pair(View::kToday, &today_)}) {
    if (SpecOf(view).enabled(options_)) tasks.push_back({view, &live->schedule(), nullptr, live});
  }
  if (SpecOf(View::kBackfill).enabled(options_)) tasks.push_back({View::kBackfill, &backfill_});
  for (auto& [start, day] : book_.days()) {
    if (day.is_backfill) tasks.push_back({View::kBackfill, &day.schedule, &day});
  }
  return tasks;
}

std::optional<Task> Poller::NextTask() {
  const absl::Duration now = clock_.Elapsed();
  if (now < earliest_) return std::nullopt;
  // The longest waiting first: what fails slowly would else take every turn that the duty cycle leaves.
  std::optional<Task> next;
  for (const Task& task : Tasks()) {
    if (DueOf(task) > now) continue;
    const auto waits = [this](const Task& each) { return each.view == View::kBackfill && last_was_backfill_; };
    const bool is_preferred = next.has_value() && waits(*next) != waits(task)
                                  ? waits(*next)
                                  : !next.has_value() || DueOf(task) < DueOf(*next);
    if (is_preferred) next = task;
  }
  return next;
}

absl::Duration Poller::DueOf(const Task& task) const {
  if (task.live != nullptr) return task.live->DueAt(clock_.Now(), clock_.Elapsed());
  const bool looks_for_days = task.view == View::kBackfill && task.day == nullptr;
  // Whether days are missing is asked again when a new day has closed.
  const bool is_new_day =
      looks_for_days && backfill_.failures == 0 && backfilled_to_ != book_.newest().window.start && !looks_again_;
  return is_new_day ? absl::ZeroDuration() : task.schedule->due;
}

absl::Status Poller::Poll(const Task& task, std::stop_token stop) {
  const absl::Status status = task.day != nullptr               ? PollDay(*task.day, std::move(stop))
                              : task.live != nullptr            ? PollLive(*task.live, std::move(stop))
                              : task.view == View::kClusterInfo ? PollClusterInfo(std::move(stop))
                              : task.view == View::kCurrency    ? PollCurrency(std::move(stop))
                                                                : PollBackfill(std::move(stop));
  self_metrics_.SetApi(client_.api());
  return status;
}

absl::Status Poller::PollClusterInfo(std::stop_token stop) {
  MarkProgress();
  const absl::StatusOr<kubecost::TextMap> info = client_.GetClusterInfo(std::move(stop));
  if (!info.ok()) return info.status();
  cluster_info_.due = clock_.Elapsed() + kClusterInfoRefresh;
  std::string labels = metrics::ClusterInfoLabels(*info, {options_.cluster_name, options_.cluster_info_labels});
  if (labels.empty()) {
    if (!told_missing_id_) {
      base::Log(
          base::LogLevel::kWarn,
          "Kubecost gives no cluster id: kubecost_cluster_info is not served, or stays as it was; set --cluster.name");
    }
    told_missing_id_ = true;
    return absl::OkStatus();
  }
  told_missing_id_ = false;
  const auto id = info->find("id");
  const std::string cluster = id == info->end() ? "" : id->second;
  reader_.SetClusterId(cluster);
  hour_.SetClusterId(cluster);
  today_.SetClusterId(cluster);
  metrics::Snapshot snapshot = *store_.Current();
  snapshot.cluster_info = std::make_shared<const std::string>(std::move(labels));
  Publish(std::move(snapshot));
  return absl::OkStatus();
}

absl::Status Poller::PollDay(Day& day, std::stop_token stop) {
  const absl::Time started = clock_.Now();
  const bool is_new = day.facts == nullptr;
  absl::StatusOr<std::shared_ptr<const metrics::DayFacts>> facts =
      reader_.Read(day.window, book_.PodsOf(day), std::move(stop));
  if (!facts.ok()) return facts.status();
  const DayBook::Verdict verdict = book_.Take(day, *facts, started, clock_.Elapsed());
  if (verdict == DayBook::Verdict::kShrunken || verdict == DayBook::Verdict::kCeasedToReconcile) {
    const bool is_shrunken = verdict == DayBook::Verdict::kShrunken;
    return kubecost::ApiError(
        is_shrunken ? ErrorReason::kShrunken : ErrorReason::kInconsistent,
        absl::StrCat((*facts)->date, " as read now ",
                     is_shrunken ? "covers less time than before" : "does not add up any more",
                     ": Kubecost may know a part of it only. What was read before stays, until Kubecost says the same ",
                     DayBook::kReadsToBelieve, " times"));
  }
  days_changed_ = true;
  if (verdict == DayBook::Verdict::kBelieved) {
    base::Log(base::LogLevel::kWarn,
              "a day that knows less than before has come unchanged so often that it is served now",
              {{"day", (*facts)->date}});
  }
  if (is_new) {
    base::LogFields fields = {{"day", (*facts)->date},
                              {"namespaces", absl::StrCat((*facts)->table(Level::kNamespace).rows())}};
    if ((*facts)->has_pods) fields.emplace_back("pods", absl::StrCat((*facts)->table(Level::kPod).rows()));
    base::Log(base::LogLevel::kInfo, day.is_backfill ? "back-fill: serving a day" : "serving a new day", fields);
  }
  return absl::OkStatus();
}

absl::Status Poller::PollBackfill(std::stop_token stop) {
  const std::optional<base::Window> span = book_.BackfillSpan();
  const absl::Time newest = book_.newest().window.start;
  absl::StatusOr<std::vector<base::Window>> found = std::vector<base::Window>();
  if (span.has_value()) found = reader_.FindDays(*span, std::move(stop));
  if (!found.ok()) {
    const std::optional<ErrorReason> reason = kubecost::ReasonOf(found.status());
    // Whether Kubecost works at all shows with the kept days.
    const bool works = !book_.Served().empty();
    if (!works || !reason.has_value() || !kubecost::IsAnAnswer(*reason)) return found.status();
    // One question for all days is too much for some servers. A day that turns out empty costs one small request.
    base::Log(base::LogLevel::kInfo, "back-fill: Kubecost cannot tell in one answer which days it has: each is tried",
              {{"error", std::string(found.status().message())}});
    self_metrics_.CountError(*reason);
    found = std::vector<base::Window>();
    for (absl::Time start = span->start; start < span->end; start += absl::Hours(24)) {
      found->push_back({start, start + absl::Hours(24)});
    }
  }
  // A Kubecost that has just started has nothing at all.
  looks_again_ = found->empty() && book_.Served().empty();
  backfill_.due = looks_again_ ? clock_.Elapsed() + options_.day_refresh : absl::InfiniteDuration();
  if (!looks_again_) backfilled_to_ = newest;
  const size_t missing = book_.Backfill(*found, clock_.Elapsed());
  if (missing > 0)
    base::Log(base::LogLevel::kInfo, "back-fill: reading days that were not served", {{"days", absl::StrCat(missing)}});
  return absl::OkStatus();
}

absl::Status Poller::PollLive(LiveView& live, std::stop_token stop) {
  const absl::Status status = live.Poll(clock_.Now(), clock_.Elapsed(), std::move(stop));
  if (status.ok()) PublishLive();
  return status;
}

absl::Status Poller::PollCurrency(std::stop_token stop) {
  MarkProgress();
  const absl::StatusOr<std::string> told = client_.GetCurrency(std::move(stop));
  const std::optional<ErrorReason> reason = kubecost::ReasonOf(told.status());
  // A server may keep its settings to itself, in whatever words.
  const bool is_refused = reason == ErrorReason::kAuth || reason == ErrorReason::kHtml ||
                          reason == ErrorReason::kRedirect || (reason.has_value() && kubecost::IsAnAnswer(*reason));
  if (!told.ok() && !is_refused) return told.status();
  // One that fails may do better soon. What it once told holds.
  const bool may_recover = !told.ok() && (kubecost::MayBeTooBig(told.status()) || reason == ErrorReason::kHttp5xx);
  currency_schedule_.due = clock_.Elapsed() + (may_recover ? kCurrencyRetry : kCurrencyRefresh);
  if (!told.ok()) return absl::OkStatus();
  const std::string currency = IsCurrencyCode(*told) ? *told : std::string(kDefaultCurrency);
  if (currency == currency_) return absl::OkStatus();
  currency_ = currency;
  self_metrics_.SetCurrency(currency_);
  base::Log(base::LogLevel::kInfo, "Kubecost tells its currency", {{"currency", currency_}});
  PublishDays();
  return absl::OkStatus();
}

bool Poller::IsNothingToRead(const Task& task, const absl::Status& status) const {
  return task.day != nullptr && task.day->window.start < book_.newest().window.start &&
         kubecost::ReasonOf(status) == ErrorReason::kEmpty;
}

void Poller::Conclude(const Task& task, const absl::Status& status, absl::Duration started) {
  const absl::Duration finished = clock_.Elapsed();
  earliest_ = finished + kDutyFactor * (finished - started);
  Schedule& schedule = *task.schedule;
  const std::optional<ErrorReason> reason = kubecost::ReasonOf(status);
  last_was_backfill_ = task.view == View::kBackfill;
  const bool is_nothing = IsNothingToRead(task, status);
  if (is_nothing) {
    book_.TakeNothing(*task.day, finished);
    // Kubecost may have been about to start; another look, once a day.
    const absl::Time newest = book_.newest().window.start;
    if (task.day->is_gone && std::exchange(looked_again_at_, newest) != newest) {
      backfill_.due = finished + options_.day_refresh;
    }
  }
  const bool is_good = status.ok() || is_nothing;
  // A generation that is not believed yet has been read well: it is asked for again as any other. And a live view that
  // the server does not have is no failure of the server.
  const bool is_not_had =
      task.live != nullptr && !status.ok() && task.live->TakeFailure(status, clock_.Now(), finished);
  const bool is_doubted = task.day != nullptr && task.day->doubted_reads > 0 &&
                          (reason == ErrorReason::kShrunken || reason == ErrorReason::kInconsistent) &&
                          schedule.due > finished;
  const bool is_failure = !is_good && !is_doubted && !is_not_had;
  const bool is_recovery = !is_failure && schedule.failures > 0;
  schedule.failures = is_failure ? schedule.failures + 1 : 0;
  if (is_failure) schedule.due = finished + Backoff(schedule.failures);
  schedule.was_polled = true;
  schedule.is_good = is_good;
  // Two answers that do not fit together were valid each; a server without clusterInfo is up.
  schedule.is_answered = !is_failure || reason == ErrorReason::kInconsistent ||
                         (reason == ErrorReason::kNotFound && task.view == View::kClusterInfo);
  // Kubecost answers again: what failed with it need not wait out its back-off.
  for (const Task& other : Tasks()) {
    if (is_recovery && other.schedule->failures > 0) other.schedule->due = std::min(other.schedule->due, finished);
  }
  const std::shared_ptr<const metrics::Snapshot> current = store_.Current();
  journal_.Record(Tasks(), task,
                  {status, is_nothing, clock_.Now(), finished - started, std::max(schedule.due, earliest_) - finished,
                   current->day == nullptr ? "" : current->day->date});
}

absl::Duration Poller::Backoff(int failures) {
  absl::Duration wait = kFirstBackoff;
  for (int i = 1; i < failures && wait < kLongestBackoff; ++i) wait *= 2;
  // Jitter keeps the exporters of many clusters from asking one Kubecost in step.
  return std::min(wait, kLongestBackoff) * std::uniform_real_distribution<double>(0.8, 1.2)(random_);
}

void Poller::OnRequest(const kubecost::RequestRecord& request) {
  self_metrics_.CountRequest(request);
  base::LogFields fields = {{"endpoint", std::string(request.path)},
                            {"code", absl::StrCat(request.code)},
                            {"bytes", absl::StrCat(request.bytes)}};
  if (!request.status.ok()) fields.emplace_back("error", std::string(request.status.message()));
  base::Log(base::LogLevel::kDebug, "request", fields);
}

void Poller::Advance() {
  const bool has_advanced = book_.Advance(clock_.Now(), clock_.Elapsed());
  if (std::exchange(days_changed_, false) || has_advanced) PublishDays();
  delivery_file_.Save(book_.delivered());
  const bool hour_expired = hour_.Expire(clock_.Now());
  const bool today_expired = today_.Expire(clock_.Now());
  if (hour_expired || today_expired) PublishLive();
}

void Poller::PublishDays() {
  metrics::Snapshot snapshot = *store_.Current();
  snapshot.day = book_.Plain();
  snapshot.daily = std::make_shared<const metrics::DailyFacts>(book_.Served(), options_.day_pod_resources);
  snapshot.compat_currency = options_.compat_cloudtuner ? currency_ : "";
  Publish(std::move(snapshot));
}

void Poller::PublishLive() {
  metrics::Snapshot snapshot = *store_.Current();
  snapshot.hour = hour_.facts();
  snapshot.today = today_.facts();
  Publish(std::move(snapshot));
}

void Poller::PublishReport() {
  auto report = std::make_shared<PollReport>();
  report->path = client_.path();
  report->currency = currency_;
  report->backfill_delivered = book_.delivered().size();
  for (const auto& [start, day] : book_.days()) {
    if (day.is_backfill) ++(day.facts == nullptr ? report->backfill_waiting : report->backfill_served);
  }
  std::array<absl::Duration, kViewCount> due;
  due.fill(absl::InfiniteDuration());
  for (const Task& task : Tasks()) {
    absl::Duration& earliest = due[static_cast<size_t>(task.view)];
    earliest = std::min(earliest, std::max(DueOf(task), earliest_));
  }
  report->views = journal_.Reports();
  for (ViewReport& view : report->views) {
    for (const ViewSpec& spec : kViews) {
      if (spec.name == view.name)
        view.next_poll = clock_.Now() + (due[static_cast<size_t>(spec.view)] - clock_.Elapsed());
    }
  }
  report_store_.Publish(std::move(report));
}

void Poller::Publish(metrics::Snapshot snapshot) {
  auto published = std::make_shared<const metrics::Snapshot>(std::move(snapshot));
  store_.Publish(published);
  self_metrics_.SetSnapshot(*published);
}

void Poller::MarkProgress() { progress_nanos_ = absl::ToInt64Nanoseconds(clock_.Elapsed()); }

absl::Duration Poller::TimeSinceProgress() const {
  return clock_.Elapsed() - absl::Nanoseconds(progress_nanos_.load());
}

}  // namespace polling
