// Keeps the snapshot fresh: decides what is asked when, and what an answer or its failure means.
#ifndef EXPORTER_POLLER_H_
#define EXPORTER_POLLER_H_

#include <array>
#include <atomic>
#include <memory>
#include <optional>
#include <random>
#include <stop_token>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "exporter/clock.h"
#include "exporter/options.h"
#include "exporter/self_metrics.h"
#include "exporter/views.h"
#include "kubecost/allocation_client.h"
#include "kubecost/api_error.h"
#include "metrics/snapshot.h"
#include "metrics/table_builder.h"

namespace exporter {

// All polling policy:
//  - one request at a time; a view is read again after its refresh interval, or as soon as a newer day is complete;
//  - after a failure the wait doubles from 15 s to 10 min, with jitter;
//  - no poll starts sooner after the last one's end than ten times what that one took, because Kubecost goes on
//    computing after a client has given up, and a slow Kubecost is a busy one;
//  - facts stay when a poll fails; a change between working and each kind of failure is logged once.
// Run() and PollDue() are for one thread; seconds_since_progress() for any.
class Poller {
 public:
  Poller(const Options& options, Clock& clock, kubecost::HttpClient& http, metrics::SnapshotStore& store,
         SelfMetrics& self_metrics);

  // Polls until `stop`.
  void Run(std::stop_token stop);

  // Polls every view that is due and returns when the next one will be.
  absl::Time PollDue(std::stop_token stop);

  // For how long the loop has neither slept nor sent a request. It is stuck when this exceeds a request's deadline.
  absl::Duration TimeSinceProgress() const;

 private:
  struct ViewState {
    absl::Time due = absl::InfinitePast();
    int failures = 0;
    // The failure that the log was last told, if it still lasts.
    std::optional<kubecost::ErrorReason> told_reason;
  };

  absl::Status Poll(View view, std::stop_token stop);
  absl::Status PollClusterInfo(std::stop_token stop);
  absl::Status PollDay(std::stop_token stop);

  // Reads one level of a day.
  absl::StatusOr<metrics::LevelTable> ReadLevel(kubecost::Level level, const kubecost::Window& day,
                                                std::stop_token stop);
  kubecost::Window NewestDay() const;
  absl::Time NextDue(const ViewSpec& view, ViewState& state, const absl::Status& status, absl::Time now);
  absl::Duration Backoff(int failures);
  void Publish(metrics::Snapshot snapshot);
  void LogChange(const ViewSpec& view, ViewState& state, const absl::Status& status, absl::Time retry);
  void OnRequest(const kubecost::RequestRecord& request);
  void MarkProgress();

  // Constant after construction.
  const Options& options_;
  Clock& clock_;
  metrics::SnapshotStore& store_;
  SelfMetrics& self_metrics_;
  kubecost::AllocationClient client_;

  // Of the polling thread.
  std::array<ViewState, kViewCount> views_;
  absl::Time earliest_ = absl::InfinitePast();  // by the duty cycle
  std::mt19937_64 random_;
  std::array<size_t, kubecost::kLevelCount> last_rows_ = {};
  size_t merged_rows_ = 0;
  bool told_missing_id_ = false;

  std::atomic<int64_t> progress_unix_nanos_ = 0;
};

}  // namespace exporter

#endif  // EXPORTER_POLLER_H_
