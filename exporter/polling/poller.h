// Keeps the snapshot fresh: decides what is asked when, and what an answer or its failure means.
#ifndef EXPORTER_POLLING_POLLER_H_
#define EXPORTER_POLLING_POLLER_H_

#include <atomic>
#include <memory>
#include <optional>
#include <random>
#include <stop_token>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "exporter/polling/day_book.h"
#include "exporter/polling/day_reader.h"
#include "exporter/polling/delivery_file.h"
#include "exporter/polling/journal.h"
#include "exporter/polling/live_view.h"
#include "exporter/polling/metrics.h"
#include "exporter/polling/report.h"
#include "exporter/polling/schedule.h"
#include "exporter/polling/views.h"
#include "kubecost/allocation_client.h"
#include "metrics/snapshot.h"

namespace polling {

// All polling policy (which days are wanted when is DayBook's):
//  - one request at a time; what has waited longest is next, but back-fill has no two turns in a row while others wait;
//  - after a failure the wait doubles from 15 s to 10 min, with jitter;
//  - no poll starts sooner after the last one's end than ten times what that one took, because Kubecost goes on
//    computing after a client has given up, and a slow Kubecost is a busy one;
//  - facts stay when a poll fails; a change between working and each kind of failure is logged once.
// Run() and PollDue() are for one thread; TimeSinceProgress() for any.
class Poller {
 public:
  Poller(const Options& options, base::Clock& clock, kubecost::HttpClient& http, metrics::SnapshotStore& store,
         PollReportStore& reports, Metrics& self_metrics);

  // Polls until `stop`.
  void Run(std::stop_token stop);

  // Polls all that is due and returns how long the next has to wait.
  absl::Duration PollDue(std::stop_token stop);

  // For how long the loop has neither slept nor sent a request. It is stuck when this exceeds a request's deadline.
  absl::Duration TimeSinceProgress() const;

 private:
  // All of them; of two that are due alike the first is preferred.
  std::vector<Task> Tasks();
  // The task whose turn it is; nothing when none may be polled now.
  std::optional<Task> NextTask();
  absl::Duration DueOf(const Task& task) const;

  absl::Status Poll(const Task& task, std::stop_token stop);
  absl::Status PollClusterInfo(std::stop_token stop);
  absl::Status PollDay(Day& day, std::stop_token stop);
  absl::Status PollBackfill(std::stop_token stop);
  absl::Status PollLive(LiveView& live, std::stop_token stop);
  absl::Status PollCurrency(std::stop_token stop);
  // A day before the newest for which Kubecost has nothing is none that failed.
  bool IsNothingToRead(const Task& task, const absl::Status& status) const;
  // What follows from a poll's end for the task and the others.
  void Conclude(const Task& task, const absl::Status& status, absl::Duration started);
  // How long until the next try after so many failures in a row.
  absl::Duration Backoff(int failures);

  void OnRequest(const kubecost::RequestRecord& request);

  // Brings all views to the present time.
  void Advance();
  void PublishDays();
  void PublishLive();
  void PublishReport();
  void Publish(metrics::Snapshot snapshot);
  void MarkProgress();

  // Constant after construction.
  const Options& options_;
  base::Clock& clock_;
  metrics::SnapshotStore& store_;
  PollReportStore& report_store_;
  Metrics& self_metrics_;
  kubecost::AllocationClient client_;

  // Of the polling thread.
  DayReader reader_;
  DayBook book_;
  LiveView hour_;
  LiveView today_;
  Schedule cluster_info_;
  Schedule backfill_;
  Schedule currency_schedule_;
  absl::Time backfilled_to_ = absl::InfinitePast();    // the newest day when back-fill looked last
  bool looks_again_ = false;                           // back-fill, because there was nothing at all
  absl::Time looked_again_at_ = absl::InfinitePast();  // the newest day when it last did so for one that was empty
  bool last_was_backfill_ = false;
  absl::Duration earliest_ = absl::ZeroDuration();  // of any poll, by the duty cycle and Clock::Elapsed()
  std::mt19937_64 random_;
  bool told_missing_id_ = false;
  DeliveryFile delivery_file_;
  std::string currency_;
  PollJournal journal_;
  bool days_changed_ = false;  // and are to be published

  std::atomic<int64_t> progress_nanos_ = 0;  // Clock::Elapsed()
};

}  // namespace polling

#endif  // EXPORTER_POLLING_POLLER_H_
