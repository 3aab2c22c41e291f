// Which closed days are served and read: policy alone, without a request or a clock of its own.
#ifndef EXPORTER_POLLING_DAY_BOOK_H_
#define EXPORTER_POLLING_DAY_BOOK_H_

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "base/day.h"
#include "exporter/polling/closed_day.h"
#include "exporter/polling/day_reader.h"
#include "exporter/polling/judgement.h"
#include "exporter/polling/ledger.h"
#include "exporter/polling/options.h"
#include "exporter/polling/subjects.h"
#include "metrics/daily_facts.h"
#include "metrics/scrape_log.h"

namespace polling {

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

// Clocks that differ by less are alike.
inline constexpr absl::Duration kClockTolerance = absl::Minutes(1);

// The time of a turn. Durations are by Clock::Elapsed().
struct Moment {
  absl::Time now;
  absl::Duration elapsed;
  // How far `now` is ahead of Kubecost's clock; nothing when Kubecost does not tell.
  std::optional<absl::Duration> ahead = {};

  // A day is over when both clocks say so.
  absl::Time closing() const { return std::min(now, kubecost()); }
  absl::Time kubecost() const {
    const absl::Duration difference = ahead.value_or(absl::ZeroDuration());
    return absl::AbsDuration(difference) > kClockTolerance ? now - difference : now;
  }
};

// What a reading changed, for the log.
struct DayChange {
  Judgement judgement;
  // What the reading was compared with, where there was something.
  std::optional<Summary> before;
  Summary now;
  std::optional<Doubt> former_doubt;
  // Nothing of the cluster's day was served before.
  bool is_new = false;
};

// The book of days:
//  - the last --day.keep closed days are kept: read hourly at first, less often while nothing changes. They change over
//    when a newer day has been read, not before: facts stay through an outage;
//  - a kept day that is not delivered when its time is over goes on as a late one;
//  - days behind them are back-filled: read once settled, and once more before they leave;
//  - of late and back-filled days, --backfill.parallel-days at a time show their pods;
//  - whether a reading is believed, JudgeReading() decides, for each cluster alone;
//  - a day is delivered when a scraper was served it as settled for long enough: --backfill.expose-for, or a day for a
//    kept one.
// For one thread.
class DayBook {
 public:
  explicit DayBook(const Options& options) : options_(options) {}

  // What an earlier run has left.
  void SetLedger(Ledger ledger) { ledger_ = std::move(ledger); }
  const Ledger& ledger() const { return ledger_; }

  // Lets in the days that have closed and lets go those whose time is over; withdraws those that were read while the
  // clock was ahead. True when what is served changed.
  bool Advance(const Moment& moment);

  // The wanted days by their start.
  Days& days() { return days_; }
  const Day& newest() const { return days_.at(newest_.start); }
  // What is known of the clusters of a day.
  const Clusters& ClustersOf(const Day& day) const { return ledger_.ClustersOf(day.window.start); }
  bool IsServed(const Day& day) const { return polling::IsServed(ClustersOf(day)); }
  bool serves_any() const;
  // How much of the day's pod level is to be read; nothing when none of it is.
  std::optional<metrics::Columns> PodsOf(const Day& day) const;

  // What would become of a reading of a cluster's day, without taking it.
  Judgement Assess(const base::Window& window, const std::shared_ptr<const metrics::DayFacts>& facts,
                   absl::Time read_at) const;
  // Takes what was read of a cluster's day, begun at `moment`.
  DayChange Take(Day& day, std::shared_ptr<const metrics::DayFacts> facts, const Moment& moment);
  // Sets when the day is due again, after a reading that ended at `elapsed`; soon when a cluster could not be taken.
  void Conclude(Day& day, bool is_sound, absl::Duration elapsed);
  // Kubecost has nothing for the day: a kept one is asked for again after a while, another with the next back-fill.
  void TakeNothing(Day& day, absl::Duration elapsed);
  // Counts scrapes that were answered whole.
  void TakeScrapes(const std::vector<metrics::Scrapes>& scrapes);
  // Amounts in another currency stand for nothing any more. True when there were any.
  bool SetCurrency(const std::string& currency);

  // The span in which back-fill looks for days; nothing when it is off or all of it is kept.
  std::optional<base::Window> BackfillSpan() const;
  FindDays& find_days() { return find_days_; }
  // Lets in those of `found` that are neither kept nor delivered, and sets when to look again. Returns how many.
  size_t Backfill(const std::vector<base::Window>& found, absl::Duration elapsed);
  // Days behind the kept ones that are delivered.
  size_t delivered_days() const;

  // Every cluster and day of which anything is known that a scrape shows.
  std::vector<metrics::ServedDay> Served() const;
  // What the plain families show: the newest day that every cluster has which was seen in the last 24 hours, or that
  // any has for 12 hours.
  metrics::ClusterFacts Plain() const;

 private:
  base::Window OldestKept(const base::Window& newest) const;
  absl::Duration longest_wait() const { return std::max(options_.day_refresh, options_.day_refresh_max); }
  const Day* PlainDay() const;
  bool IsPlain(const Day& day) const;
  // Whether what is served changed.
  bool Withdraw(const Moment& moment);
  void LookBeforeLeaving();
  void ForgetOldRecords();
  bool IsOver(const Day& day, const base::Window& newest_read) const;
  Judgement Assess(const base::Window& window, const std::string& cluster, const Candidate& candidate) const;
  void Serve(const Day& day, Record& record, const Reading& reading, const Moment& moment);
  absl::Duration DueOf(const Day& day, const Record& record, absl::Time read_at, absl::Duration elapsed) const;

  // Constant after construction.
  const Options& options_;

  Days days_;
  Ledger ledger_;
  base::Window newest_ = {absl::InfinitePast(), absl::InfinitePast()};
  absl::Duration elapsed_ = absl::ZeroDuration();
  FindDays find_days_;
  // Clusters by when a sound reading of any day last held them.
  std::map<std::string, absl::Duration> seen_;
  // Starts of days for which Kubecost had nothing.
  std::set<absl::Time> nothing_;
};

}  // namespace polling

#endif  // EXPORTER_POLLING_DAY_BOOK_H_
