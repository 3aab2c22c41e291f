#include "exporter/poller.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "absl/strings/str_cat.h"
#include "exporter/log.h"
#include "exporter/row_error.h"
#include "kubecost/allocation_query.h"

namespace exporter {
namespace {

using kubecost::ErrorReason;
using kubecost::Level;

constexpr absl::Duration kFirstBackoff = absl::Seconds(15);
constexpr absl::Duration kLongestBackoff = absl::Minutes(10);
constexpr int kDutyFactor = 10;
// A sleep is cut into slices, so that a stuck loop is told from a sleeping one and a new day is noticed.
constexpr absl::Duration kLongestSleep = absl::Seconds(15);

std::string DayText(const kubecost::Window& day, absl::Duration utc_offset) {
  return absl::FormatTime("%Y-%m-%d", day.start + utc_offset, absl::UTCTimeZone());
}

std::string DurationText(absl::Duration duration) {
  return absl::FormatDuration(absl::Trunc(duration, absl::Seconds(1)));
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
      random_(std::random_device{}()) {
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
  for (const ViewSpec* view = NextView(); view != nullptr && !stop.stop_requested(); view = NextView()) {
    const absl::Duration started = clock_.Elapsed();
    const absl::Status status = Poll(view->view, stop);
    if (absl::IsCancelled(status)) break;
    const absl::Duration finished = clock_.Elapsed();
    Conclude(*view, status, finished);
    earliest_ = finished + kDutyFactor * (finished - started);
    self_metrics_.CountPoll(view->name, status.ok(), finished - started, clock_.Now());
    LogChange(*view, status);
  }
  absl::Duration next = absl::InfiniteDuration();
  for (const ViewSpec& view : kViews) {
    if (view.enabled(options_)) next = std::min(next, DueOf(view));
  }
  return std::max(next, earliest_) - clock_.Elapsed();
}

const ViewSpec* Poller::NextView() const {
  const absl::Duration now = clock_.Elapsed();
  if (now < earliest_) return nullptr;
  // The longest waiting first: a view that fails slowly would else take every turn that the duty cycle leaves.
  const ViewSpec* next = nullptr;
  for (const ViewSpec& view : kViews) {
    if (!view.enabled(options_) || DueOf(view) > now) continue;
    if (next == nullptr || DueOf(view) < DueOf(*next)) next = &view;
  }
  return next;
}

absl::Duration Poller::DueOf(const ViewSpec& view) const {
  const ViewState& state = StateOf(view);
  if (view.view != View::kDay || state.failures > 0) return state.due;
  // A newer day is read as soon as it is complete, whenever the last one was read.
  const std::shared_ptr<const metrics::Snapshot> current = store_.Current();
  const bool is_newer = current->day != nullptr && NewestDay().end > current->day->window.end;
  return is_newer ? absl::ZeroDuration() : state.due;
}

absl::Status Poller::Poll(View view, std::stop_token stop) {
  const absl::Status status = view == View::kDay ? PollDay(stop) : PollClusterInfo(stop);
  self_metrics_.SetApi(client_.api());
  const std::optional<ErrorReason> reason = kubecost::ReasonOf(status);
  if (reason.has_value()) self_metrics_.CountError(*reason);
  return status;
}

void Poller::Conclude(const ViewSpec& view, const absl::Status& status, absl::Duration now) {
  ViewState& state = StateOf(view);
  const bool is_recovery = status.ok() && state.failures > 0;
  state.failures = status.ok() ? 0 : state.failures + 1;
  state.due = now + (status.ok() ? view.refresh(options_) : Backoff(state.failures));
  // Two answers that do not fit together were valid each; a server without clusterInfo is up.
  const std::optional<ErrorReason> reason = kubecost::ReasonOf(status);
  state.answered = status.ok() || reason == ErrorReason::kInconsistent ||
                   (reason == ErrorReason::kNotFound && view.view == View::kClusterInfo);
  if (is_recovery) {
    // Kubecost answers again: what failed with it need not wait out its back-off.
    for (ViewState& other : views_) {
      if (other.failures > 0) other.due = std::min(other.due, now);
    }
  }
  self_metrics_.SetUp(std::all_of(views_.begin(), views_.end(), [](const ViewState& each) { return each.answered; }));
}

absl::Status Poller::PollClusterInfo(std::stop_token stop) {
  const absl::StatusOr<kubecost::ClusterInfo> info = client_.GetClusterInfo(std::move(stop));
  if (!info.ok()) return info.status();
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

absl::Status Poller::PollDay(std::stop_token stop) {
  auto day = std::make_shared<metrics::DayFacts>();
  day->window = NewestDay();
  // Cluster level first and last: when its totals differ, Kubecost was recomputing and the levels may not fit.
  metrics::LevelTable cluster_again;
  for (const auto& [level, table] :
       {std::pair(Level::kCluster, &day->table(Level::kCluster)), std::pair(Level::kPod, &day->table(Level::kPod)),
        std::pair(Level::kNamespace, &day->table(Level::kNamespace)), std::pair(Level::kCluster, &cluster_again)}) {
    absl::StatusOr<metrics::LevelTable> read = ReadLevel(level, day->window, stop);
    if (!read.ok()) return read.status();
    *table = *std::move(read);
  }
  if (!metrics::SameTotals(day->table(Level::kCluster), cluster_again)) {
    return kubecost::ApiError(ErrorReason::kInconsistent,
                              absl::StrCat("the cluster's cost of ", DayText(day->window, options_.day_utc_offset),
                                           " changed while it was being read: Kubecost was recomputing; the day is "
                                           "read again"));
  }
  metrics::TableBuilder::AddSpecialCosts(day->table(Level::kNamespace), day->table(Level::kCluster));

  metrics::Snapshot snapshot = *store_.Current();
  const bool is_new = snapshot.day == nullptr || !(snapshot.day->window == day->window);
  const size_t pod_rows = day->table(Level::kPod).rows();
  const size_t namespace_rows = day->table(Level::kNamespace).rows();
  const std::string day_text = DayText(day->window, options_.day_utc_offset);
  snapshot.day = std::move(day);
  Publish(std::move(snapshot));
  self_metrics_.SetMergedRows(std::accumulate(merged_rows_.begin(), merged_rows_.end(), size_t{0}));
  if (is_new) {
    Log(LogLevel::kInfo, "serving a new day",
        {{"day", day_text}, {"namespaces", absl::StrCat(namespace_rows)}, {"pods", absl::StrCat(pod_rows)}});
  }
  return absl::OkStatus();
}

absl::StatusOr<metrics::LevelTable> Poller::ReadLevel(Level level, const kubecost::Window& day, std::stop_token stop) {
  MarkProgress();
  size_t& last_rows = last_rows_[static_cast<size_t>(level)];
  metrics::TableBuilder builder(level, options_.cluster_name, last_rows);
  const absl::StatusOr<kubecost::ParsedAnswer> answer = client_.GetAllocations(
      {day, level}, [&builder](const kubecost::Allocation& row) { return ErrorOfRow(builder.Add(row), row); },
      std::move(stop));
  if (!answer.ok()) return answer.status();
  last_rows = builder.rows();
  metrics::LevelTable table = builder.Build();
  kubecost::InvalidValues invalid = answer->invalid;
  invalid.invalid_utf8 = builder.invalid_utf8();
  self_metrics_.CountInvalidValues(invalid);
  merged_rows_[static_cast<size_t>(level)] = builder.merged_rows();
  return table;
}

kubecost::Window Poller::NewestDay() const {
  return kubecost::NewestCompleteDay(clock_.Now(), options_.day_utc_offset, options_.day_close_delay);
}

absl::Duration Poller::Backoff(int failures) {
  absl::Duration wait = kFirstBackoff;
  for (int i = 1; i < failures && wait < kLongestBackoff; ++i) wait *= 2;
  // Jitter keeps the exporters of many clusters from asking one Kubecost in step.
  return std::min(wait, kLongestBackoff) * std::uniform_real_distribution<double>(0.8, 1.2)(random_);
}

void Poller::Publish(metrics::Snapshot snapshot) {
  auto published = std::make_shared<const metrics::Snapshot>(std::move(snapshot));
  store_.Publish(published);
  self_metrics_.SetSnapshot(*published);
}

void Poller::LogChange(const ViewSpec& view, const absl::Status& status) {
  const std::string name(view.name);
  ViewState& state = StateOf(view);
  if (status.ok()) {
    if (state.told_reason.has_value()) Log(LogLevel::kInfo, "reading from Kubecost works again", {{"view", name}});
    state.told_reason.reset();
    return;
  }
  const std::optional<ErrorReason> reason = kubecost::ReasonOf(status);
  if (state.told_reason == reason) return;
  state.told_reason = reason;
  const std::shared_ptr<const metrics::Snapshot> current = store_.Current();
  LogFields fields = {{"view", name},
                      {"reason", std::string(reason.has_value() ? kubecost::ErrorReasonName(*reason) : "internal")},
                      {"error", std::string(status.message())},
                      {"next_try_in", DurationText(std::max(state.due, earliest_) - clock_.Elapsed())}};
  if (current->day != nullptr) {
    fields.emplace_back("still_serving_day", DayText(current->day->window, options_.day_utc_offset));
  }
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

void Poller::MarkProgress() { progress_nanos_ = absl::ToInt64Nanoseconds(clock_.Elapsed()); }

absl::Duration Poller::TimeSinceProgress() const {
  return clock_.Elapsed() - absl::Nanoseconds(progress_nanos_.load());
}

}  // namespace exporter
