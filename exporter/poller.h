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
// Run() and PollDue() are for one thread; TimeSinceProgress() for any.
class Poller {
 public:
  Poller(const Options& options, Clock& clock, kubecost::HttpClient& http, metrics::SnapshotStore& store,
         SelfMetrics& self_metrics);

  // Polls until `stop`.
  void Run(std::stop_token stop);

  // Polls every view that is due, the one that has waited longest first, and returns how long the next has to wait.
  absl::Duration PollDue(std::stop_token stop);

  // For how long the loop has neither slept nor sent a request. It is stuck when this exceeds a request's deadline.
  absl::Duration TimeSinceProgress() const;

 private:
  struct ViewState {
    absl::Duration due = absl::ZeroDuration();  // by Clock::Elapsed()
    int failures = 0;
    // False when the last answer was none or not valid.
    bool answered = true;
    // The failure that the log was last told, if it still lasts.
    std::optional<kubecost::ErrorReason> told_reason;
  };

  // The enabled view whose turn it is; null when none may be polled now.
  const ViewSpec* NextView() const;
  // When the view may be polled, by Clock::Elapsed().
  absl::Duration DueOf(const ViewSpec& view) const;
  ViewState& StateOf(const ViewSpec& view) { return views_[static_cast<size_t>(&view - kViews.data())]; }
  const ViewState& StateOf(const ViewSpec& view) const { return views_[static_cast<size_t>(&view - kViews.data())]; }
  absl::Status Poll(View view, std::stop_token stop);
  // What follows from a poll's end for the view, for the others and for kubecost_exporter_up.
  void Conclude(const ViewSpec& view, const absl::Status& status, absl::Duration now);
  absl::Status PollClusterInfo(std::stop_token stop);
  absl::Status PollDay(std::stop_token stop);

  // Reads one level of a day.
  absl::StatusOr<metrics::LevelTable> ReadLevel(kubecost::Level level, const kubecost::Window& day,
                                                std::stop_token stop);
  kubecost::Window NewestDay() const;
  absl::Duration Backoff(int failures);
  void Publish(metrics::Snapshot snapshot);
  void LogChange(const ViewSpec& view, const absl::Status& status);
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
  absl::Duration earliest_ = absl::ZeroDuration();  // of any poll, by the duty cycle and Clock::Elapsed()
  std::mt19937_64 random_;
  std::array<size_t, kubecost::kLevelCount> last_rows_ = {};
  std::array<size_t, kubecost::kLevelCount> merged_rows_ = {};  // of the level's newest answer
  bool told_missing_id_ = false;

  std::atomic<int64_t> progress_nanos_ = 0;  // Clock::Elapsed()
};

}  // namespace exporter

#endif  // EXPORTER_POLLER_H_
