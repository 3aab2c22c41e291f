#include "exporter/poller.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "exporter/log.h"
#include "kubecost/api_error.h"

namespace exporter {
namespace {

using kubecost::ErrorReason;
using kubecost::Level;

constexpr absl::Duration kClusterInfoRefresh = absl::Hours(1);
constexpr absl::Duration kFirstBackoff = absl::Seconds(15);
constexpr absl::Duration kLongestBackoff = absl::Minutes(10);
constexpr int kDutyFactor = 10;
// A sleep is cut into slices, so that a stuck loop is told from a sleeping one and a new day is noticed.
constexpr absl::Duration kLongestSleep = absl::Seconds(15);

std::string DurationText(absl::Duration duration) {
  return absl::FormatDuration(absl::Trunc(duration, absl::Seconds(1)));
}

// The server answered, but not this question: asking day by day may do better.
bool IsAnswered(ErrorReason reason) {
  switch (reason) {
    case ErrorReason::kReadTimeout:
    case ErrorReason::kDeadline:
    case ErrorReason::kDisconnected:
    case ErrorReason::kHttp4xx:
    case ErrorReason::kHttp5xx:
    case ErrorReason::kUpstreamCode:
    case ErrorReason::kWindowMismatch:
    case ErrorReason::kParse:
      return true;
    default:
      return false;
  }
}

}  // namespace

Poller::Poller(const Options& options, Clock& clock, kubecost::HttpClient& http, metrics::SnapshotStore& store,
               SelfMetrics& self_metrics)
    : options_(options),
      clock_(clock),
      store_(store),
      self_metrics_(self_metrics),
      client_(http, options.endpoint, options.query,
              [this](const kubecost::RequestRecord& request) { OnRequest(request); }),
      reader_(options, client_, self_metrics, [this] { MarkProgress(); }),
      book_(options),
      random_(std::random_device{}()) {
  LoadState();
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
  AdvanceBook();
  for (std::optional<Task> task = NextTask(); task.has_value() && !stop.stop_requested(); task = NextTask()) {
    const absl::Duration started = clock_.Elapsed();
    const absl::Status status = Poll(*task, stop);
    if (absl::IsCancelled(status)) break;
    Conclude(*task, status, started);
    LogChange(*task, status);
    AdvanceBook();
  }
  absl::Duration next = absl::InfiniteDuration();
  for (const Task& task : Tasks()) next = std::min(next, DueOf(task));
  return std::max(next, earliest_) - clock_.Elapsed();
}

std::vector<Poller::Task> Poller::Tasks() {
  std::vector<Task> tasks;
  if (SpecOf(View::kClusterInfo).enabled(options_)) tasks.push_back({View::kClusterInfo, &cluster_info_});
  // The newest day is wanted most, those behind the kept ones from the oldest on.
  for (auto entry = book_.days().rbegin(); entry != book_.days().rend(); ++entry) {
    Day& day = entry->second;
    if (!day.is_backfill) tasks.push_back({View::kDay, &day.schedule, &day});
  }
  if (SpecOf(View::kBackfill).enabled(options_)) tasks.push_back({View::kBackfill, &backfill_});
  for (auto& [start, day] : book_.days()) {
    if (day.is_backfill) tasks.push_back({View::kBackfill, &day.schedule, &day});
  }
  return tasks;
}

std::optional<Poller::Task> Poller::NextTask() {
  const absl::Duration now = clock_.Elapsed();
  if (now < earliest_) return std::nullopt;
  // The longest waiting first: what fails slowly would else take every turn that the duty cycle leaves.
  std::optional<Task> next;
  for (const Task& task : Tasks()) {
    if (DueOf(task) <= now && (!next.has_value() || DueOf(task) < DueOf(*next))) next = task;
  }
  return next;
}

absl::Duration Poller::DueOf(const Task& task) const {
  const bool looks_for_days = task.view == View::kBackfill && task.day == nullptr;
  // Whether days are missing is asked again when a new day has closed.
  const bool is_new_day = looks_for_days && backfill_.failures == 0 && backfilled_to_ < book_.newest().window.start;
  return is_new_day ? absl::ZeroDuration() : task.schedule->due;
}

absl::Status Poller::Poll(const Task& task, std::stop_token stop) {
  const absl::Status status = task.day != nullptr               ? PollDay(*task.day, std::move(stop))
                              : task.view == View::kClusterInfo ? PollClusterInfo(std::move(stop))
                                                                : PollBackfill(std::move(stop));
  self_metrics_.SetApi(client_.api());
  const std::optional<ErrorReason> reason = kubecost::ReasonOf(status);
  if (reason.has_value()) self_metrics_.CountError(*reason);
  return status;
}

absl::Status Poller::PollClusterInfo(std::stop_token stop) {
  MarkProgress();
  const absl::StatusOr<kubecost::ClusterInfo> info = client_.GetClusterInfo(std::move(stop));
  if (!info.ok()) return info.status();
  cluster_info_.due = clock_.Elapsed() + kClusterInfoRefresh;
  std::string labels = metrics::ClusterInfoLabels(*info, {options_.cluster_name, options_.cluster_info_labels});
  if (labels.empty()) {
    if (!told_missing_id_) {
      Log(LogLevel::kWarn,
          "Kubecost gives no cluster id: kubecost_cluster_info is not served, or stays as it was; set --cluster.name");
    }
    told_missing_id_ = true;
    return absl::OkStatus();
  }
  told_missing_id_ = false;
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
  if (!book_.Take(day, *facts, started, clock_.Elapsed())) {
    return kubecost::ApiError(
        ErrorReason::kShrunken,
        absl::StrCat((*facts)->date, " as read now ",
                     metrics::HasShrunk(*day.facts, **facts) ? "covers less time than before" : "does not add up",
                     ": Kubecost may know a part of it only. What was read before stays, until Kubecost says the same ",
                     DayBook::kReadsToBelieve, " times"));
  }
  PublishDays();
  if (is_new) {
    Log(LogLevel::kInfo, "serving a new day",
        {{"day", (*facts)->date},
         {"namespaces", absl::StrCat((*facts)->table(Level::kNamespace).rows())},
         {"pods", absl::StrCat((*facts)->table(Level::kPod).rows())}});
  }
  return absl::OkStatus();
}

absl::Status Poller::PollBackfill(std::stop_token stop) {
  const std::optional<kubecost::Window> span = book_.BackfillSpan();
  const absl::Time newest = book_.newest().window.start;
  absl::StatusOr<std::vector<kubecost::Window>> found = std::vector<kubecost::Window>();
  if (span.has_value()) found = reader_.FindDays(*span, std::move(stop));
  if (!found.ok()) {
    const std::optional<ErrorReason> reason = kubecost::ReasonOf(found.status());
    if (!reason.has_value() || !IsAnswered(*reason)) return found.status();
    // One question for all days is too much for some servers. A day that turns out empty costs one small request.
    Log(LogLevel::kInfo, "back-fill: Kubecost cannot tell in one answer which days it has: each is tried",
        {{"error", std::string(found.status().message())}});
    self_metrics_.CountError(*reason);
    found = std::vector<kubecost::Window>();
    for (absl::Time start = span->start; start < span->end; start += absl::Hours(24)) {
      found->push_back({start, start + absl::Hours(24)});
    }
  }
  backfilled_to_ = newest;
  backfill_.due = absl::InfiniteDuration();
  const size_t missing = book_.Backfill(*found, clock_.Elapsed());
  if (missing > 0)
    Log(LogLevel::kInfo, "back-fill: reading days that were not served", {{"days", absl::StrCat(missing)}});
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
  const bool is_nothing = IsNothingToRead(task, status);
  if (is_nothing) book_.TakeNothing(*task.day, finished);
  const bool is_good = status.ok() || is_nothing;
  // A generation that is not believed yet has been read well: it is asked for again as any other.
  const bool is_failure = !is_good && reason != ErrorReason::kShrunken;
  const bool is_recovery = !is_failure && schedule.failures > 0;
  schedule.failures = is_failure ? schedule.failures + 1 : 0;
  if (is_failure) schedule.due = finished + Backoff(schedule.failures);
  schedule.was_polled = true;
  schedule.is_good = is_good;
  // Two answers that do not fit together were valid each; a server without clusterInfo is up.
  schedule.is_answered = !is_failure || reason == ErrorReason::kInconsistent ||
                         (reason == ErrorReason::kNotFound && task.view == View::kClusterInfo);
  bool is_up = true;
  bool is_view_up = true;
  for (const Task& other : Tasks()) {
    // Kubecost answers again: what failed with it need not wait out its back-off.
    if (is_recovery && other.schedule->failures > 0) other.schedule->due = std::min(other.schedule->due, finished);
    is_up = is_up && other.schedule->is_answered;
    is_view_up = is_view_up && (other.view != task.view || other.schedule->is_good);
  }
  self_metrics_.SetUp(is_up);
  self_metrics_.SetViewUp(SpecOf(task.view).name, is_view_up);
  self_metrics_.CountPoll(SpecOf(task.view).name, is_good, finished - started, clock_.Now());
}

absl::Duration Poller::Backoff(int failures) {
  absl::Duration wait = kFirstBackoff;
  for (int i = 1; i < failures && wait < kLongestBackoff; ++i) wait *= 2;
  // Jitter keeps the exporters of many clusters from asking one Kubecost in step.
  return std::min(wait, kLongestBackoff) * std::uniform_real_distribution<double>(0.8, 1.2)(random_);
}

bool Poller::IsTold(const Task& task, std::optional<ErrorReason> reason) {
  const std::vector<Task> tasks = Tasks();
  return std::any_of(tasks.begin(), tasks.end(), [&](const Task& other) {
    const std::optional<ErrorReason>& told = other.schedule->told_reason;
    return other.view == task.view && other.schedule != task.schedule &&
           (reason.has_value() ? told == reason : told.has_value());
  });
}

void Poller::LogChange(const Task& task, const absl::Status& status) {
  Schedule& schedule = *task.schedule;
  LogFields fields = {{"view", std::string(SpecOf(task.view).name)}};
  const bool was_told = schedule.told_reason.has_value();
  if (status.ok()) {
    schedule.told_reason.reset();
    if (was_told && !IsTold(task, std::nullopt)) Log(LogLevel::kInfo, "reading from Kubecost works again", fields);
    return;
  }
  const std::optional<ErrorReason> reason = kubecost::ReasonOf(status);
  const bool is_news = schedule.told_reason != reason && !IsTold(task, reason);
  schedule.told_reason = reason;
  if (!is_news) return;
  if (task.day != nullptr) fields.emplace_back("day", DateText(task.day->window, options_.day_utc_offset));
  fields.emplace_back("reason", std::string(reason.has_value() ? kubecost::ErrorReasonName(*reason) : "internal"));
  fields.emplace_back("error", std::string(status.message()));
  if (IsNothingToRead(task, status)) {
    Log(LogLevel::kInfo, "Kubecost has nothing for a day", fields);
    return;
  }
  fields.emplace_back("next_try_in", DurationText(std::max(schedule.due, earliest_) - clock_.Elapsed()));
  const std::shared_ptr<const metrics::Snapshot> current = store_.Current();
  if (current->day != nullptr) fields.emplace_back("still_serving_day", current->day->date);
  Log(LogLevel::kWarn, "reading from Kubecost failed", fields);
}

void Poller::OnRequest(const kubecost::RequestRecord& request) {
  self_metrics_.CountRequest(request);
  LogFields fields = {{"endpoint", std::string(request.path)},
                      {"code", absl::StrCat(request.code)},
                      {"bytes", absl::StrCat(request.bytes)}};
  if (!request.status.ok()) fields.emplace_back("error", std::string(request.status.message()));
  Log(LogLevel::kDebug, "request", fields);
}

void Poller::AdvanceBook() {
  if (book_.Advance(clock_.Now(), clock_.Elapsed())) PublishDays();
  SaveState();
}

void Poller::PublishDays() {
  metrics::Snapshot snapshot = *store_.Current();
  snapshot.day = book_.Plain();
  snapshot.daily = std::make_shared<const metrics::DailyFacts>(book_.Served(), options_.day_pod_resources);
  Publish(std::move(snapshot));
}

void Poller::Publish(metrics::Snapshot snapshot) {
  auto published = std::make_shared<const metrics::Snapshot>(std::move(snapshot));
  store_.Publish(published);
  self_metrics_.SetSnapshot(*published);
}

void Poller::LoadState() {
  if (options_.state_path.empty()) return;
  absl::StatusOr<Delivered> delivered = LoadDelivered(options_.state_path, DeliverySettings(options_));
  keeps_state_ = !absl::IsInvalidArgument(delivered.status());
  if (delivered.ok()) {
    book_.SetDelivered(*delivered);
    return;
  }
  Log(LogLevel::kWarn,
      keeps_state_ ? "the state file is not used, back-fill starts anew; it will be replaced"
                   : "the state file is not used and left as it is, back-fill starts anew at each start",
      {{"path", options_.state_path}, {"error", std::string(delivered.status().message())}});
}

void Poller::SaveState() {
  if (!keeps_state_ || saved_ == book_.delivered()) return;
  const absl::Status status = SaveDelivered(options_.state_path, book_.delivered(), DeliverySettings(options_));
  if (status.ok()) {
    saved_ = book_.delivered();
  } else if (!told_state_error_) {
    Log(LogLevel::kWarn, "the state cannot be kept: a restart will repeat the back-fill",
        {{"error", std::string(status.message())}});
  }
  told_state_error_ = !status.ok();
}

void Poller::MarkProgress() { progress_nanos_ = absl::ToInt64Nanoseconds(clock_.Elapsed()); }

absl::Duration Poller::TimeSinceProgress() const {
  return clock_.Elapsed() - absl::Nanoseconds(progress_nanos_.load());
}

}  // namespace exporter
