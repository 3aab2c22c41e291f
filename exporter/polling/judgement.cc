#include "exporter/polling/judgement.h"

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "kubecost/allocation.h"
#include "metrics/level_table.h"

namespace polling {
namespace {

using kubecost::IsKnown;
using kubecost::Level;
using metrics::Column;
using metrics::LevelTable;

// A pod's row may be several of Kubecost's, in each of two readings.
constexpr double kRowRounding = metrics::RoundingOf(8);

bool IsWithin(double a, double b, double tolerance) {
  return IsKnown(a) == IsKnown(b) && (!IsKnown(a) || std::abs(a - b) <= tolerance);
}

uint64_t IdentitiesOf(const LevelTable& table) {
  uint64_t fingerprint = base::kNoFingerprint;
  for (size_t row = 0; row < table.rows(); ++row) {
    fingerprint = base::Fingerprint(table.namespace_name(row), fingerprint);
    if (table.level() == Level::kPod) fingerprint = base::Fingerprint(table.pod(row), fingerprint);
  }
  return fingerprint;
}

bool SameLevel(const std::optional<LevelSum>& a, const std::optional<LevelSum>& b) {
  if (!a.has_value() || !b.has_value()) return true;
  return a->rows == b->rows && a->identities == b->identities && a->known == b->known &&
         IsWithin(a->total, b->total, metrics::RoundingOf(a->terms + b->terms));
}

// Of tables with the same rows.
bool SameTotals(const LevelTable& a, const LevelTable& b) {
  for (size_t row = 0; row < std::min(a.rows(), b.rows()); ++row) {
    if (!IsWithin(a.value(Column::kTotal, row), b.value(Column::kTotal, row), kRowRounding)) return false;
  }
  return true;
}

absl::Duration CoveredBy(const Summary& summary) {
  return summary.extent.has_value() ? summary.extent->covered : absl::ZeroDuration();
}

bool HasLost(absl::Duration before, absl::Duration after) {
  return before - after > std::max(kLeastLostTime, kLostTimeShare * before);
}

size_t UnknownRows(const std::optional<LevelSum>& level) { return level.has_value() ? level->rows - level->known : 0; }

bool IsTotalPlausible(double before, double after, const double (&times)[2]) {
  if (IsWithin(before, after, kRowRounding)) return true;
  return IsKnown(before) && IsKnown(after) && before > 0 && after >= times[0] * before && after <= times[1] * before;
}

// What the rows of `before` cost that are not in `after`.
double CostGone(const LevelTable& before, const LevelTable& after) {
  double gone = 0;
  size_t other = 0;
  for (size_t row = 0; row < before.rows(); ++row) {
    while (other < after.rows() && metrics::CompareIdentity(after, other, before, row) < 0) ++other;
    const bool is_gone = other == after.rows() || metrics::CompareIdentity(after, other, before, row) != 0;
    const double cost = before.value(Column::kTotal, row);
    if (is_gone && IsKnown(cost)) gone += cost;
  }
  return gone;
}

bool HasLostRows(const Reading& before, const Reading& after) {
  const double total = before.summary.total();
  if (before.facts == nullptr || after.facts == nullptr || !IsKnown(total)) return false;
  if (std::abs(after.summary.total() - total) <= kSteadyTotal * std::abs(total)) return false;
  const bool both_have_pods = before.summary.has_pods() && after.summary.has_pods();
  const Level level = both_have_pods ? Level::kPod : Level::kNamespace;
  return CostGone(before.facts->table(level), after.facts->table(level)) > kGoneShare * std::abs(total);
}

double Median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

// Whether the day is like the others of its cluster.
bool IsLikeOthers(const Summary& day, const std::vector<const Summary*>& others) {
  std::vector<double> covered;
  std::vector<double> ran;
  std::vector<double> totals;
  for (const Summary* other : others) {
    if (!IsKnown(other->total())) continue;
    totals.push_back(other->total());
    if (other->has_pods() != day.has_pods()) continue;  // another measure of time
    covered.push_back(absl::ToDoubleSeconds(CoveredBy(*other)));
    ran.push_back(absl::ToDoubleSeconds(other->ran));
  }
  if (totals.size() < kNeighbours) return false;
  const double total = Median(totals);
  if (!(day.total() >= total / kNeighbourTotal && day.total() <= total * kNeighbourTotal)) return false;
  return covered.size() >= kNeighbours &&
         absl::ToDoubleSeconds(CoveredBy(day)) >= kNeighbourTime * Median(std::move(covered)) &&
         absl::ToDoubleSeconds(day.ran) >= kNeighbourTime * Median(std::move(ran));
}

bool IsFull(const Summary& summary) {
  return summary.is_whole && summary.reconciles && HasCost(summary) && !HasLost(base::kDayLength, CoveredBy(summary));
}

Judgement JudgeKnown(const Evidence& evidence, const Candidate& candidate) {
  const Reading& believed = *evidence.believed;
  const Reading& reading = candidate.reading;
  if (Same(believed, reading)) return {Verdict::kSame};
  const std::optional<Doubt> doubt = DoubtAbout(believed, reading, evidence.is_settled);
  if (!doubt.has_value()) {
    return {!evidence.is_settled || candidate.readings > 1 ? Verdict::kBelieved : Verdict::kUnproven};
  }
  const bool knows_less = doubt == Doubt::kShrunken || doubt == Doubt::kZeroCost || doubt == Doubt::kInconsistent;
  if (doubt == Doubt::kShrunken && evidence.is_after_nothing && reading.summary.extent.has_value() &&
      believed.summary.extent.has_value() && reading.summary.extent->span.start > believed.summary.extent->span.start) {
    return {Verdict::kForgotten};
  }
  const bool may_be_believed = !knows_less || (believed.facts == nullptr && IsFull(reading.summary));
  const bool is_proven = candidate.spaced >= kProofReadings && candidate.latest - candidate.first >= kProofTime;
  if (may_be_believed && is_proven) return {Verdict::kRevised};
  return {Verdict::kDoubted, doubt};
}

// Where one is unknown, nothing can be said of what they add up to.
bool HasKnownTotals(const Summary& summary) {
  return std::all_of(summary.levels.begin(), summary.levels.end(),
                     [](const std::optional<LevelSum>& level) { return !level.has_value() || IsKnown(level->total); });
}

Judgement JudgeNew(const Evidence& evidence, const Candidate& candidate) {
  const Summary& summary = candidate.reading.summary;
  if (!summary.reconciles && HasKnownTotals(summary)) {
    return {candidate.readings >= kProofReadings ? Verdict::kUnproven : Verdict::kNotTaken};
  }
  if (!HasCost(summary) && evidence.had_cost) return {Verdict::kDoubted, Doubt::kZeroCost};
  if (summary.is_whole && HasCost(summary) && IsLikeOthers(summary, evidence.neighbours)) return {Verdict::kBelieved};
  const bool may_be_believed = summary.is_whole || (evidence.is_settled && evidence.is_earliest);
  const bool is_proven = may_be_believed && candidate.latest - candidate.first >= kFirstProofGap;
  return {is_proven ? Verdict::kBelieved : Verdict::kUnproven};
}

}  // namespace

bool HasCost(const Summary& summary) { return summary.total() != 0 || summary.idle != 0; }

Summary SummaryOf(const metrics::DayFacts& facts) {
  Summary summary;
  for (const Level level : {Level::kCluster, Level::kNamespace, Level::kPod}) {
    if (level == Level::kPod && !facts.has_pods) continue;
    const LevelTable& table = facts.table(level);
    LevelSum& sum = summary.levels[static_cast<size_t>(level)].emplace();
    sum.rows = table.rows();
    sum.identities = IdentitiesOf(table);
    for (const LevelTable::ClusterSum& part : table.sums()) {
      sum.known = part.samples;
      sum.terms = part.terms;
      sum.total = part.total;
    }
  }
  const LevelTable& cluster = facts.table(Level::kCluster);
  const double idle = cluster.rows() == 0 ? 0 : cluster.value(Column::kIdle, 0);
  summary.idle = IsKnown(idle) ? idle : 0;
  summary.extent = facts.extent;
  summary.ran = facts.ran;
  summary.is_whole = facts.is_whole;
  summary.reconciles = facts.reconciles;
  return summary;
}

bool Same(const Reading& a, const Reading& b) {
  for (size_t level = 0; level < kubecost::kLevelCount; ++level) {
    if (!SameLevel(a.summary.levels[level], b.summary.levels[level])) return false;
  }
  if (a.summary.is_whole != b.summary.is_whole) return false;
  const bool measure_alike = a.summary.has_pods() == b.summary.has_pods();
  const absl::Duration difference = CoveredBy(a.summary) - CoveredBy(b.summary);
  if (measure_alike && absl::AbsDuration(difference) > kSameTime) return false;
  return a.facts == nullptr || b.facts == nullptr ||
         std::equal(a.facts->tables.begin(), a.facts->tables.end(), b.facts->tables.begin(), SameTotals);
}

bool KnowsLessTime(const Summary& before, const Summary& after) {
  if (before.has_pods() != after.has_pods()) return false;
  return HasLost(CoveredBy(before), CoveredBy(after)) || HasLost(before.ran, after.ran);
}

std::optional<Doubt> DoubtAbout(const Reading& before, const Reading& after, bool is_settled) {
  const Summary& old = before.summary;
  const Summary& now = after.summary;
  if (KnowsLessTime(old, now) || (old.is_whole && !now.is_whole)) return Doubt::kShrunken;
  if (HasCost(old) && !HasCost(now)) return Doubt::kZeroCost;
  if (old.reconciles && !now.reconciles) return Doubt::kInconsistent;
  for (size_t level = 0; level < kubecost::kLevelCount; ++level) {
    if (UnknownRows(now.levels[level]) > UnknownRows(old.levels[level])) return Doubt::kUnknownCost;
  }
  if (!IsTotalPlausible(old.total(), now.total(), is_settled ? kSettledTotal : kOpenTotal)) return Doubt::kTotalChanged;
  if (old.idle > kRowRounding && now.idle == 0) return Doubt::kIdleGone;
  if (HasLostRows(before, after)) return Doubt::kRowsGone;
  return std::nullopt;
}

Candidate Count(const std::optional<Candidate>& before, const Reading& reading, absl::Time read_at,
                absl::Duration elapsed) {
  Candidate next = {reading, read_at, read_at, 1, read_at, 1};
  if (!before.has_value() || !Same(before->reading, reading)) return next;
  next.first = before->first;
  next.readings = before->readings + 1;
  next.spaced_at = before->spaced_at;
  next.spaced = before->spaced;
  // The time that both clocks agree on.
  const absl::Duration jump = std::max((read_at - before->latest) - elapsed, absl::ZeroDuration());
  next.first += jump;
  next.spaced_at += jump;
  if (read_at - next.spaced_at >= kProofGap) {
    next.spaced_at = read_at;
    ++next.spaced;
  }
  return next;
}

Judgement JudgeReading(const Evidence& evidence, const Candidate& candidate) {
  return evidence.believed != nullptr ? JudgeKnown(evidence, candidate) : JudgeNew(evidence, candidate);
}

}  // namespace polling
