// Which closed days are served and read: policy alone, without a request or a clock of its own.
#ifndef EXPORTER_POLLING_DAY_BOOK_H_
#define EXPORTER_POLLING_DAY_BOOK_H_

#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "base/day.h"
#include "exporter/polling/day_reader.h"
#include "exporter/polling/delivery_file.h"
#include "exporter/polling/options.h"
#include "exporter/polling/schedule.h"
#include "metrics/daily_facts.h"

namespace polling {

// A closed day that is wanted. Durations are by Clock::Elapsed().
struct Day {
  base::Window window;
  // Older than --day.keep: served for --backfill.expose-for, then done with.
  bool is_backfill = false;
  Schedule schedule;

  // The generation that is served; null until one was read.
  std::shared_ptr<const metrics::DayFacts> facts;
  absl::Time last_read;
  bool settled = false;
  // Holds all that the plain families show.
  bool is_full = false;
  // Kubecost turned out to have nothing for it.
  bool is_gone = false;
  // Was kept, and its pods with it, but not for long enough after it had settled.
  bool is_late = false;

  // A later generation that knows less, and how often it came.
  std::shared_ptr<const metrics::DayFacts> doubted;
  int doubted_reads = 0;

  // Since when these costs are served as settled, and since when their pods are.
  std::optional<absl::Duration> served_since;
  std::optional<absl::Duration> pods_served_since;
};

// The book of days:
//  - the last --day.keep closed days are kept: read hourly until settled, then every 6 hours. They change over when a
//    newer day has been read, not before: facts stay through an outage;
//  - a kept day that was not served as settled for a day when its time is over goes on as a back-filled one, pods
//  included;
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
  const std::map<absl::Time, Day>& days() const { return days_; }
  const Day& newest() const { return days_.at(newest_.start); }
  // How much of the day's pod level is to be read.
  PodLevel PodsOf(const Day& day) const;

  // What became of a generation.
  enum class Verdict {
    kTaken,
    kBelieved,          // it knows less than the one before, and has come often enough
    kShrunken,          // not believed yet: it covers less time
    kCeasedToReconcile  // not believed yet: its levels do not add up any more
  };
  // Takes what was read of the day, from `read_at` on, and sets when the day is due again.
  Verdict Take(Day& day, std::shared_ptr<const metrics::DayFacts> facts, absl::Time read_at, absl::Duration elapsed);
  // Kubecost has nothing for the day: a kept one is asked for again after a while, another with the next back-fill.
  void TakeNothing(Day& day, absl::Duration elapsed);

  // The span in which back-fill looks for days; nothing when it is off or all of it is kept.
  std::optional<base::Window> BackfillSpan() const;
  // Lets in those of `found` that are neither kept nor delivered. Returns how many.
  size_t Backfill(const std::vector<base::Window>& found, absl::Duration elapsed);

  const Delivered& delivered() const { return delivered_; }

  // Every day that has been read, by date.
  std::vector<metrics::ServedDay> Served() const;
  // What the plain families show; null before the first.
  std::shared_ptr<const metrics::DayFacts> Plain() const;

 private:
  base::Window OldestKept(const base::Window& newest) const;
  bool IsPlain(const Day& day) const;
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
};

}  // namespace polling

#endif  // EXPORTER_POLLING_DAY_BOOK_H_
