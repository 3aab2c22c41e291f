#include "exporter/polling/day_book.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "exporter/polling/delivery.h"
#include "exporter/polling/turns.h"

namespace polling {
namespace {

// A day's own series are only worth something to a daily job that has run in between.
constexpr absl::Duration kDailyJob = absl::Hours(24);
constexpr absl::Duration kSeenFor = absl::Hours(24);
// How late the plain families may be because a cluster's day is missing.
constexpr absl::Duration kLongestLag = absl::Hours(12);
// When a reading that could not be taken is made again, at the latest.
constexpr absl::Duration kUnsoundRetry = absl::Minutes(15);
// A day leaves with what Kubecost says of it at the end.
constexpr absl::Duration kLastLook = absl::Hours(1);
// Readings in doubt after which Kubecost is asked less often.
constexpr int kManyDoubts = 12;
// How long a day that is not delivered stays, past the time in which Kubecost is asked for it.
constexpr int kExtraDays = 7;

base::Window Shifted(const base::Window& window, int days) {
  return {window.start + days * base::kDayLength, window.end + days * base::kDayLength};
}

}  // namespace

base::Window DayBook::OldestKept(const base::Window& newest) const { return Shifted(newest, 1 - options_.day_keep); }

bool DayBook::serves_any() const {
  return std::any_of(days_.begin(), days_.end(), [this](const auto& each) { return IsServed(each.second); });
}

bool DayBook::Advance(const Moment& moment) {
  elapsed_ = moment.elapsed;
  bool changed = Withdraw(moment);
  // A clock that was set back does not bring back an older day.
  base::Window newest = base::NewestCompleteDay(moment.closing(), options_.day_utc_offset, options_.day_close_delay);
  base::Window newest_read = newest;
  bool has_read = false;
  for (const auto& [start, day] : days_) {
    if (day.state != DayState::kKept) continue;
    has_read = true;
    newest_read = day.window;
  }
  if (has_read && newest_read.start > newest.start) newest = newest_read;
  newest_ = newest;
  for (int back = 0; back < options_.day_keep; ++back) {
    const base::Window window = Shifted(newest, -back);
    Day& day = days_[window.start];
    day.window = window;
    if (day.is_backfill()) day.state = IsServed(day) ? DayState::kKept : DayState::kWaiting;
  }

  for (auto entry = days_.begin(); entry != days_.end();) {
    Day& day = entry->second;
    if (!IsOver(day, newest_read)) {
      ++entry;
      continue;
    }
    const std::optional<base::Window> span = BackfillSpan();
    if (day.state == DayState::kKept && span.has_value() && span->Contains(day.window) &&
        !IsDelivered(ClustersOf(day))) {
      day.state = DayState::kLate;
      changed = true;
      continue;  // to see whether it is over as such
    }
    changed = changed || IsServed(day);
    for (auto& [cluster, record] : ledger_.days[day.window.start]) record.Forget();
    entry = days_.erase(entry);
  }
  LookBeforeLeaving();
  changed = EndRevisions(ledger_, moment.now) || changed;
  // Before anything was read the date may be wrong by years.
  if (has_read) ForgetOldRecords();
  const bool is_new_day = find_days_.found_at != newest_.start;
  if (is_new_day && !find_days_.looks_again && find_days_.schedule.failures == 0) find_days_.schedule.due = {};
  return GivePodsTheirTurn(ledger_, options_.backfill_parallel_days, days_) || changed;
}

// What was read of a day before it was over stands for nothing. What an earlier run has left goes by Kubecost's clock
// alone: this machine's may not be set yet.
bool DayBook::Withdraw(const Moment& moment) {
  bool changed = false;
  for (auto entry = ledger_.days.begin(); entry != ledger_.days.end();) {
    const auto day = days_.find(entry->first);
    const bool may_go = moment.ahead.has_value() || (day != days_.end() && IsServed(day->second));
    if (!may_go || entry->first + base::kDayLength <= moment.kubecost()) {
      ++entry;
      continue;
    }
    if (day != days_.end() && IsServed(day->second)) {
      changed = true;
      base::Log(base::LogLevel::kWarn,
                "a day is withdrawn: it was read before it was over, because the clock was ahead",
                {{"day", base::DateText(day->second.window, options_.day_utc_offset)}});
    }
    if (day != days_.end()) days_.erase(day);
    entry = ledger_.days.erase(entry);
  }
  return changed;
}

void DayBook::LookBeforeLeaving() {
  for (auto& [start, day] : days_) {
    if (!day.is_backfill() || day.is_forgotten || day.schedule.failures > 0 || !IsDelivered(ClustersOf(day))) continue;
    day.schedule.due = std::min(day.schedule.due, elapsed_);
  }
}

void DayBook::ForgetOldRecords() {
  const absl::Time oldest = Shifted(newest_, 1 - std::max(options_.backfill_days, options_.day_keep)).start;
  std::erase_if(ledger_.days, [&](const auto& each) { return each.first < oldest && !days_.contains(each.first); });
  std::erase_if(nothing_, [&](absl::Time start) { return start < oldest - base::kDayLength; });
}

bool DayBook::IsOver(const Day& day, const base::Window& newest_read) const {
  switch (day.state) {
    case DayState::kWaiting:
      return day.window.start < OldestKept(newest_).start || day.window.start > newest_.start;
    case DayState::kKept:
      // What has been read stays until something newer has been, and the plain families until there are others.
      return day.window.start < OldestKept(newest_read).start && PlainDay() != &day;
    case DayState::kGone:
      return true;
    case DayState::kFound:
    case DayState::kBackfilled:
    case DayState::kLate:
      break;
  }
  const int days = 1 - options_.backfill_days;
  if (day.window.start < Shifted(newest_, days - kExtraDays).start) return true;
  bool is_settled = false;
  bool was_looked_at = day.is_forgotten;
  for (const auto& [cluster, record] : ClustersOf(day)) {
    is_settled = is_settled || record.is_settled;
    was_looked_at = was_looked_at || (record.last_reading.has_value() && elapsed_ - *record.last_reading < kLastLook);
  }
  if (IsDelivered(ClustersOf(day))) return was_looked_at;
  // One that is served has another day to be proven and settle.
  return !is_settled && day.window.start < Shifted(newest_, days - (IsServed(day) ? 1 : 0)).start;
}

bool DayBook::IsPlain(const Day& day) const { return day.window == newest_ || PlainDay() == &day; }

std::optional<metrics::Columns> DayBook::PodsOf(const Day& day) const {
  if (IsPlain(day)) return metrics::Columns::kAll;
  if (day.is_backfill() && day.state != DayState::kLate && !options_.backfill_pods) return std::nullopt;
  return options_.day_pod_resources ? metrics::Columns::kCosts : metrics::Columns::kTotal;
}

Judgement DayBook::Assess(const base::Window& window, const std::string& cluster, const Candidate& candidate) const {
  Evidence evidence = EvidenceOf(ledger_, window.start, cluster);
  evidence.is_settled = candidate.latest >= window.end + options_.day_settle_after;
  evidence.is_after_nothing = nothing_.contains(window.start - base::kDayLength);
  return JudgeReading(evidence, candidate);
}

Judgement DayBook::Assess(const base::Window& window, const std::shared_ptr<const metrics::DayFacts>& facts,
                          absl::Time read_at) const {
  const Clusters& clusters = ledger_.ClustersOf(window.start);
  const auto known = clusters.find(facts->cluster);
  const std::optional<Candidate> before = known != clusters.end() ? known->second.candidate : std::nullopt;
  return Assess(window, facts->cluster, Count(before, {SummaryOf(*facts), facts}, read_at));
}

DayChange DayBook::Take(Day& day, std::shared_ptr<const metrics::DayFacts> facts, const Moment& moment) {
  const absl::Time read_at = moment.closing();
  const std::string cluster = facts->cluster;
  Record& record = ledger_.days[day.window.start][cluster];
  const Reading reading = {SummaryOf(*facts), std::move(facts)};
  const absl::Duration since_last =
      record.last_reading.has_value() ? moment.elapsed - *record.last_reading : absl::InfiniteDuration();
  Candidate candidate = Count(record.candidate, reading, read_at, since_last);
  const Judgement judgement = Assess(day.window, cluster, candidate);
  DayChange change = {judgement, std::nullopt, reading.summary, record.doubt, record.served == nullptr};
  if (record.believed.has_value()) change.before = record.believed->summary;

  seen_[cluster] = moment.elapsed;
  if (!record.first_reading.has_value()) record.first_reading = moment.elapsed;
  record.last_reading = moment.elapsed;
  ++record.readings;
  record.doubted_readings = judgement.doubt.has_value() ? record.doubted_readings + 1 : 0;
  if (judgement.doubt.has_value() && !record.doubt.has_value()) record.doubted_at = read_at;
  record.doubt = judgement.doubt;
  const bool is_again = judgement.verdict == Verdict::kSame || candidate.readings > 1;
  record.wait = is_again ? std::min(2 * record.wait, longest_wait()) : options_.day_refresh;
  record.candidate.reset();
  switch (judgement.verdict) {
    case Verdict::kSame:
      record.believed_at = read_at;
      if (!record.serves_believed || (IsPlain(day) && !record.is_full)) {
        record.believed->facts = reading.facts;
        Serve(day, record, reading, moment);
      }
      record.served_read_at = read_at;
      break;
    case Verdict::kBelieved:
    case Verdict::kRevised:
      if (judgement.verdict == Verdict::kRevised) record.revised_at = read_at;
      record.believed = reading;
      record.believed_at = read_at;
      record.ResetDelivery();
      Serve(day, record, reading, moment);
      break;
    case Verdict::kUnproven:
      record.candidate = std::move(candidate);
      if (!record.serves_believed) Serve(day, record, reading, moment);
      break;
    case Verdict::kDoubted:
      record.candidate = std::move(candidate);
      record.wait = record.doubted_readings < kManyDoubts ? options_.day_refresh : longest_wait();
      break;
    case Verdict::kNotTaken:
      record.candidate = std::move(candidate);
      record.wait = kUnsoundRetry;
      break;
    case Verdict::kForgotten:
      day.is_forgotten = true;
      break;
  }
  record.is_settled = record.serves_believed && !record.doubt.has_value() &&
                      record.believed_at >= day.window.end + options_.day_settle_after;
  if (IsServed(day)) {
    if (day.state == DayState::kWaiting) day.state = DayState::kKept;
    if (day.state == DayState::kFound) day.state = DayState::kBackfilled;
  }
  record.due = DueOf(day, record, read_at, moment.elapsed);
  change.is_new = change.is_new && record.served != nullptr;
  return change;
}

void DayBook::Serve(const Day& day, Record& record, const Reading& reading, const Moment& moment) {
  if (record.served == nullptr) record.first_served = moment.elapsed;
  record.serves_believed = record.believed.has_value() && record.believed->facts == reading.facts;
  record.is_full = IsPlain(day);
  record.served = reading.facts;
  record.served_read_at = moment.closing();
}

absl::Duration DayBook::DueOf(const Day& day, const Record& record, absl::Time read_at, absl::Duration elapsed) const {
  const auto at = [&](absl::Time time) { return elapsed + std::max(time - read_at, absl::Minutes(1)); };
  if (day.is_forgotten) return absl::InfiniteDuration();
  if (day.is_backfill() && record.is_settled && !record.candidate.has_value()) {
    // Once more, to be sure, and before it leaves.
    const absl::Duration again = record.first_reading.value_or(elapsed) + kFirstProofGap;
    return again > elapsed ? again : absl::InfiniteDuration();
  }
  const bool waits_for_proof = record.candidate.has_value() && !record.doubt.has_value();
  const bool is_first = record.served != nullptr && !record.serves_believed;
  if (day.is_backfill() && waits_for_proof && is_first) return at(record.candidate->first + kFirstProofGap);
  absl::Duration due = elapsed + record.wait;
  const absl::Time settles = day.window.end + options_.day_settle_after;
  // Read at the very moment it settles, so that the settled day is served for as long as can be.
  if (read_at < settles) due = std::min(due, at(settles));
  if (waits_for_proof) due = std::min(due, at(record.candidate->first + kFirstProofGap));
  return due;
}

void DayBook::Conclude(Day& day, bool is_sound, absl::Duration elapsed) {
  day.schedule.due = is_sound ? absl::InfiniteDuration() : elapsed + kUnsoundRetry;
  for (auto& [cluster, record] : ledger_.days[day.window.start]) {
    // A cluster that the answer lacks.
    if (record.due <= elapsed) record.due = elapsed + options_.day_refresh;
    day.schedule.due = std::min(day.schedule.due, record.due);
  }
  RankDoubts(ledger_, longest_wait(), days_);
  GivePodsTheirTurn(ledger_, options_.backfill_parallel_days, days_);
}

void DayBook::TakeNothing(Day& day, absl::Duration elapsed) {
  nothing_.insert(day.window.start);
  day.schedule.due = elapsed + options_.day_refresh;
  if (day.state == DayState::kBackfilled || day.state == DayState::kLate) {
    day.is_forgotten = true;
    day.schedule.due = absl::InfiniteDuration();
  }
  if (day.state != DayState::kFound) return;
  day.state = DayState::kGone;
  // Kubecost may have been about to start; another look, once a day.
  if (std::exchange(find_days_.looked_again_at, newest_.start) != newest_.start) {
    find_days_.schedule.due = elapsed + options_.day_refresh;
  }
}

void DayBook::TakeScrapes(const std::vector<metrics::Scrapes>& scrapes) {
  for (const metrics::Scrapes& each : scrapes) ledger_.has_consumer = ledger_.has_consumer || each.has_consumer;
  for (const metrics::Scrapes& each : scrapes) {
    if (ledger_.has_consumer && !each.has_consumer) continue;
    for (const metrics::ServedDay& served : each.daily->days()) {
      if (served.facts == nullptr || !served.settled) continue;
      const auto day = days_.find(served.facts->window.start);
      if (day == days_.end()) continue;
      Record& record = ledger_.days[day->first][served.cluster];
      const absl::Duration needed =
          day->second.is_backfill() ? options_.backfill_expose_for : std::min(options_.backfill_expose_for, kDailyJob);
      if (record.served == served.facts) CreditScrapes(each, served.with_pods, needed, record);
    }
  }
}

bool DayBook::SetCurrency(const std::string& currency) {
  if (!polling::SetCurrency(ledger_, currency)) return false;
  for (auto& [start, day] : days_) day.schedule.due = std::min(day.schedule.due, elapsed_);
  return true;
}

std::optional<base::Window> DayBook::BackfillSpan() const {
  if (options_.backfill_days <= options_.day_keep) return std::nullopt;
  return base::Window{Shifted(newest_, 1 - options_.backfill_days).start, OldestKept(newest_).start};
}

size_t DayBook::Backfill(const std::vector<base::Window>& found, absl::Duration elapsed) {
  const std::optional<base::Window> span = BackfillSpan();
  find_days_.looks_again = found.empty() && !serves_any();
  find_days_.schedule.due = find_days_.looks_again ? elapsed + options_.day_refresh : absl::InfiniteDuration();
  if (!find_days_.looks_again) find_days_.found_at = newest_.start;
  size_t missing = 0;
  for (const base::Window& window : found) {
    // Days that wait for their turn can outlive the span.
    if (days_.size() + 2 * static_cast<size_t>(options_.day_keep) >= metrics::DailyFacts::kMaxDays) break;
    if (!span.has_value() || !span->Contains(window) ||
        WasDelivered(ledger_.ClustersOf(window.start), options_.backfill_pods) || days_.contains(window.start)) {
      continue;
    }
    Day& day = days_[window.start];
    day.window = window;
    day.state = DayState::kFound;
    day.schedule.due = elapsed;
    ++missing;
  }
  return missing;
}

size_t DayBook::delivered_days() const {
  return static_cast<size_t>(std::count_if(ledger_.days.begin(), ledger_.days.end(), [&](const auto& each) {
    return !days_.contains(each.first) && WasDelivered(each.second, options_.backfill_pods);
  }));
}

std::vector<metrics::ServedDay> DayBook::Served() const {
  std::vector<metrics::ServedDay> served;
  for (const auto& [start, day] : days_) {
    for (const auto& [cluster, record] : ledger_.ClustersOf(start)) {
      if (record.served == nullptr && !record.doubt.has_value()) continue;
      const bool with_pods = !day.is_backfill() || day.has_turn;
      served.push_back({record.served, cluster, base::DateText(day.window, options_.day_utc_offset),
                        record.served_read_at, record.is_settled,
                        record.serves_believed && with_pods && record.served->has_pods && record.served->reconciles,
                        with_pods, record.doubt.has_value() ? std::string(NameOf(*record.doubt)) : "",
                        record.revised_at != absl::InfinitePast()});
    }
  }
  std::stable_sort(served.begin(), served.end(), [](const auto& a, const auto& b) { return a.cluster < b.cluster; });
  return served;
}

const Day* DayBook::PlainDay() const {
  const Day* newest = nullptr;
  for (auto entry = days_.rbegin(); entry != days_.rend(); ++entry) {
    const Clusters& clusters = ledger_.ClustersOf(entry->first);
    const auto serves = [&](const std::string& cluster) {
      const auto record = clusters.find(cluster);
      return record != clusters.end() && record->second.served != nullptr && record->second.is_full;
    };
    absl::Duration first_served = absl::InfiniteDuration();
    for (const auto& [cluster, record] : clusters) {
      if (serves(cluster)) first_served = std::min(first_served, record.first_served);
    }
    if (first_served == absl::InfiniteDuration()) continue;
    if (newest == nullptr) newest = &entry->second;
    const bool has_all = std::all_of(seen_.begin(), seen_.end(), [&](const auto& seen) {
      return elapsed_ - seen.second > kSeenFor || serves(seen.first);
    });
    if (has_all || elapsed_ - first_served >= kLongestLag) return &entry->second;
  }
  return newest;
}

metrics::ClusterFacts DayBook::Plain() const {
  metrics::ClusterFacts facts;
  const Day* const day = PlainDay();
  if (day == nullptr) return facts;
  for (const auto& [cluster, record] : ClustersOf(*day)) {
    if (record.served != nullptr && record.is_full) facts.push_back(record.served);
  }
  return facts;
}

}  // namespace polling
