// Keeps the snapshot fresh: asks Kubecost for what is due and publishes what it says.
#ifndef EXPORTER_POLLING_POLLER_H_
#define EXPORTER_POLLING_POLLER_H_

#include <atomic>
#include <stop_token>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "exporter/polling/agenda.h"
#include "exporter/polling/clock_difference.h"
#include "exporter/polling/day_book.h"
#include "exporter/polling/day_reader.h"
#include "exporter/polling/journal.h"
#include "exporter/polling/ledger_file.h"
#include "exporter/polling/live_view.h"
#include "exporter/polling/metrics.h"
#include "exporter/polling/options.h"
#include "exporter/polling/report.h"
#include "exporter/polling/subjects.h"
#include "kubecost/allocation_client.h"
#include "metrics/scrape_log.h"
#include "metrics/snapshot.h"

namespace polling {

// Whose turn it is and when is Agenda's to say, which closed days are kept and believed DayBook's, what is told
// PollJournal's. Facts stay when a poll fails. Run() and PollDue() are for one thread; TimeSinceProgress() for any.
class Poller {
 public:
  Poller(const Options& options, base::Clock& clock, kubecost::HttpClient& http, metrics::SnapshotStore& store,
         PollReportStore& reports, metrics::ScrapeLog& scrapes, Metrics& self_metrics);

  // Polls until `stop`.
  void Run(std::stop_token stop);

  // Polls all that is due and returns how long the next has to wait.
  absl::Duration PollDue(std::stop_token stop);

  // For how long the loop has neither slept nor ended a request. It is stuck when this exceeds a request's deadline.
  absl::Duration TimeSinceProgress() const { return clock_.Elapsed() - absl::Nanoseconds(progress_nanos_.load()); }

 private:
  std::vector<Task> Tasks();

  Outcome Poll(ClusterInfo& info, std::stop_token stop);
  Outcome Poll(Currency& currency, std::stop_token stop);
  Outcome Poll(FindDays&, std::stop_token stop);
  Outcome Poll(Day& day, std::stop_token stop);
  Outcome Poll(LiveView& live, std::stop_token stop);
  void Conclude(const Task& task, Outcome outcome, absl::Duration started);

  // Takes what is sound of a reading of clusters, and returns why the others are not; OK for none.
  absl::Status TakeClusters(Day& day, const DayReading& reading, const Moment& moment);

  Moment Present() const;
  // Brings all subjects to the present time.
  void Advance();
  void Publish(absl::FunctionRef<void(metrics::Snapshot&)> change);
  void PublishDays();
  void PublishLive();
  void PublishReport();
  void MarkProgress() { progress_nanos_ = absl::ToInt64Nanoseconds(clock_.Elapsed()); }

  // Constant after construction.
  const Options& options_;
  base::Clock& clock_;
  metrics::SnapshotStore& store_;
  PollReportStore& report_store_;
  metrics::ScrapeLog& scrapes_;
  Metrics& self_metrics_;
  kubecost::AllocationClient client_;

  // For the polling thread alone.
  ClusterInfo cluster_info_;
  DayReader reader_;
  DayBook book_;
  Currency currency_;
  LiveView hour_;
  LiveView today_;
  Agenda agenda_;
  LedgerFile ledger_file_;
  ClockDifference clock_difference_;
  PollJournal journal_;
  bool days_changed_ = false;  // and are to be published

  std::atomic<int64_t> progress_nanos_ = 0;  // Clock::Elapsed()
};

}  // namespace polling

#endif  // EXPORTER_POLLING_POLLER_H_
