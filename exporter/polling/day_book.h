// Which closed days are served and read: policy alone, without a request or a clock of its own.
#ifndef EXPORTER_POLLING_DAY_BOOK_H_
#define EXPORTER_POLLING_DAY_BOOK_H_

#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/day.h"
#include "exporter/polling/day_reader.h"
#include "exporter/polling/delivery_file.h"
#include "exporter/polling/options.h"
#include "exporter/polling/subjects.h"
#include "metrics/daily_facts.h"

namespace polling {

// State        The day                              Next, at Advance() unless another call is named
// kWaiting     is to be kept, not read yet          kKept by Take(); leaves when other days are to be kept
// kKept        is one of the last --day.keep        kLate when a newer one was read, or leaves if it was served enough
// kFound       is older, not read yet               kBackfilled by Take(), kGone by TakeNothing(); leaves when too old
// kBackfilled  is older, read                       leaves when it was served for --backfill.expose-for as settled
// kLate        was kept, its pods included          as kBackfilled
// kGone        is older, Kubecost has nothing       leaves at once
enum class DayState { kWaiting, kKept, kFound, kBackfilled, kLate, kGone };

// A closed day that is polled or served. Durations are by Clock::Elapsed().
struct Day {
  base::Window window;
  DayState state = DayState::kWaiting;
  Schedule schedule;

  // The generation that is served, from the time on at which it was read; empty until one was.
  metrics::ClusterFacts facts;
  absl::Time last_read;
  bool settled = false;
  // Holds all that the plain families show.
  bool is_full = false;
  // Since when these costs are served as settled, and since when their pods are.
  std::optional<absl::Duration> served_since;
  std::optional<absl::Duration> pods_served_since;

  // A later generation that is not believed yet, and how often it came.
  struct Doubt {
    metrics::ClusterFacts facts;
    int reads = 0;
  } doubt;

  // Older than --day.keep.
  bool is_backfill() const { return state >= DayState::kFound; }
};

// Which days Kubecost has behind the kept ones: asked whenever a new day has closed.
struct FindDays {
  Schedule schedule;
  // The newest day when they were found.
  absl::Time found_at = absl::InfinitePast();
  // Kubecost had nothing at all, as one that has just started: asked again.
  bool looks_again = false;
  // The newest day when it was last asked again because a day turned out to be empty.
  absl::Time looked_again_at = absl::InfinitePast();
};

// The book of days:
//  - the last --day.keep closed days are kept: read hourly until settled, then every 6 hours. They change over when a
//    newer day has been read, not before: facts stay through an outage;
//  - a kept day that was not served as settled for a day when its time is over goes on as a late one;
//  - days behind them are back-filled: read once settled, served for --backfill.expose-for, their pods
//    --backfill.parallel-days at a time and oldest first. Then they are delivered, and not asked for again, unless they
//    never added up;
//  - a read replaces what was served, unless it knows less: it covers less of the day, or has ceased to reconcile. Such
//    a generation has to come three times unchanged, because a true correction looks the same.
// For one thread.
class DayBook {
 public:
  // How often a generation that knows less must come before it is believed.
  static constexpr int kReadsToBelieve = 3;

  explicit DayBook(const Options& options) : options_(options) {}

  // What an earlier run has delivered.
  void SetDelivered(Delivered delivered) { delivered_ = std::move(delivered); }

  // Lets in the days that have closed by `now` and lets go those whose time is over. True when what is served changed.
  bool Advance(absl::Time now, absl::Duration elapsed);

  // The wanted days by their start.
  std::map<absl::Time, Day>& days() { return days_; }
  const Day& newest() const { return days_.at(newest_.start); }
  // How much of the day's pod level is to be read; nothing when none of it is.
  std::optional<metrics::Columns> PodsOf(const Day& day) const;

  // What became of a generation.
  enum class Verdict {
    kTaken,
    kBelieved,          // it knows less than the one before, and has come often enough
    kShrunken,          // not believed yet: it covers less time
    kCeasedToReconcile  // not believed yet: its levels do not add up any more
  };
  static constexpr bool IsServed(Verdict verdict) { return verdict <= Verdict::kBelieved; }
  // Takes what was read of the day, from `read_at` on, and sets when the day is due again.
  Verdict Take(Day& day, metrics::ClusterFacts facts, absl::Time read_at, absl::Duration elapsed);
  // Kubecost has nothing for the day: a kept one is asked for again after a while, another with the next back-fill.
  void TakeNothing(Day& day, absl::Duration elapsed);

  // The span in which back-fill looks for days; nothing when it is off or all of it is kept.
  std::optional<base::Window> BackfillSpan() const;
  FindDays& find_days() { return find_days_; }
  // Lets in those of `found` that are neither kept nor delivered, and sets when to look again. Returns how many.
  size_t Backfill(const std::vector<base::Window>& found, absl::Duration elapsed);

  const Delivered& delivered() const { return delivered_; }

  // Every day that has been read.
  std::vector<metrics::ServedDay> Served() const;
  // What the plain families show; empty before the first.
  metrics::ClusterFacts Plain() const;

 private:
  base::Window OldestKept(const base::Window& newest) const;
  bool IsPlain(const Day& day) const;
  // Whether a generation is believed: it, or the doubt about it, is the only thing that this decides.
  static Verdict Believe(Day& day, const metrics::ClusterFacts& facts);
  // Serves a generation that is believed.
  void Serve(Day& day, metrics::ClusterFacts facts, absl::Time read_at, absl::Duration elapsed);
  bool IsOver(const Day& day, const base::Window& newest_read, absl::Duration elapsed) const;
  bool IsServedLongEnough(const Day& day, absl::Duration elapsed) const;
  // Whether a kept day whose time is over was not served for long enough.
  bool GoesOn(const Day& day, absl::Duration elapsed) const;
  bool LetPodsIn(absl::Duration elapsed);

  // Constant after construction.
  const Options& options_;

  std::map<absl::Time, Day> days_;
  base::Window newest_ = {absl::InfinitePast(), absl::InfinitePast()};
  Delivered delivered_;
  FindDays find_days_;
};

// What a generation that is not believed yet is as an error.
absl::Status DoubtOf(const metrics::ClusterFacts& facts, DayBook::Verdict verdict);

}  // namespace polling

#endif  // EXPORTER_POLLING_DAY_BOOK_H_
