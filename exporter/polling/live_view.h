// Costs of what is not closed yet: the last complete hour, and today so far.
#ifndef EXPORTER_POLLING_LIVE_VIEW_H_
#define EXPORTER_POLLING_LIVE_VIEW_H_

#include <memory>
#include <stop_token>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/day.h"
#include "exporter/polling/level_reader.h"
#include "exporter/polling/options.h"
#include "exporter/polling/subjects.h"
#include "kubecost/allocation_client.h"
#include "metrics/snapshot.h"

namespace polling {

// One of the two, read with a single question of the pod level, from which the levels above are summed. Where that is
// too big, these come from the namespace level, and pods, if they are served, from some namespaces at a time. Facts
// older than twice the refresh interval are dropped, and so is yesterday's "today". A view that has never worked,
// although days were read after three of its failures, is taken for one that the server does not have: it is off, and
// tried again daily. For one thread.
class LiveView {
 public:
  // `view` is kHour or kToday. `cluster_id`: the cluster of rows for which Kubecost gives none, at the time of a poll.
  LiveView(const Options& options, View view, kubecost::AllocationClient& client, const std::string& cluster_id)
      : options_(options), view_(view), levels_(options, client, cluster_id) {}

  // Drops what is too old, and sets when to ask first; true when something was dropped.
  bool Advance(absl::Time now, absl::Duration elapsed);

  // Asks for the window that is due at `now`. Returns what was counted of the answer. Facts may be new, too, when the
  // pods alone failed.
  absl::StatusOr<kubecost::InvalidValues> Poll(absl::Time now, absl::Duration elapsed, std::stop_token stop);

  // What a failed poll means: sets when to ask again and returns true where that is not for the usual back-off to say.
  bool TakeFailure(const absl::Status& status, absl::Time now, absl::Duration elapsed);

  Schedule& schedule() { return schedule_; }
  const std::shared_ptr<const metrics::LiveFacts>& facts() const { return facts_; }

 private:
  base::Window WindowAt(absl::Time now) const;
  // The next moment from which there is something new to ask for.
  absl::Time NextAfter(absl::Time now) const;
  absl::Duration Refresh() const;

  // Constant after construction.
  const Options& options_;
  const View view_;

  LevelReader levels_;
  base::Window day_ = {};  // of the window that was asked for last
  Schedule schedule_;
  std::shared_ptr<const metrics::LiveFacts> facts_;
  bool has_worked_ = false;
};

}  // namespace polling

#endif  // EXPORTER_POLLING_LIVE_VIEW_H_
