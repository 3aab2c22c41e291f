// When a reading of a closed day is believed: pure functions over what is remembered, without a clock or a request.
#ifndef EXPORTER_POLLING_JUDGEMENT_H_
#define EXPORTER_POLLING_JUDGEMENT_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/day.h"
#include "metrics/day_facts.h"

namespace polling {

// What a level of a reading came to.
struct LevelSum {
  size_t rows = 0;
  uint64_t identities = 0;  // a fingerprint of the rows' names
  size_t known = 0;         // rows whose total is known
  size_t terms = 0;         // amounts that Kubecost rounded
  double total = 0;

  bool operator==(const LevelSum&) const = default;
};

// What a reading of one cluster's day came to, without its rows: enough to compare it after a restart.
struct Summary {
  // By level; nothing for one that was not asked for.
  std::array<std::optional<LevelSum>, kubecost::kLevelCount> levels;
  double idle = 0;
  // When pods ran: from the first moment to the last, how much of it any did, and the sum over all of them. Nothing
  // when no row told. From the pod level, or from the namespace level when pods were not asked for.
  std::optional<metrics::Extent> extent;
  absl::Duration ran;
  // The windows of the rows cover the whole day.
  bool is_whole = true;
  // The levels add up.
  bool reconciles = true;

  const std::optional<LevelSum>& level(kubecost::Level level) const { return levels[static_cast<size_t>(level)]; }
  double total() const { return level(kubecost::Level::kCluster)->total; }
  bool has_pods() const { return level(kubecost::Level::kPod).has_value(); }
};

Summary SummaryOf(const metrics::DayFacts& facts);
bool HasCost(const Summary& summary);

struct Reading {
  Summary summary;
  // Null after a restart: the ledger has no rows.
  std::shared_ptr<const metrics::DayFacts> facts;
};

// Why a reading is not believed. The names are values of label reason.
enum class Doubt { kShrunken, kZeroCost, kUnknownCost, kTotalChanged, kRowsGone, kIdleGone, kInconsistent };
inline constexpr absl::string_view kDoubtNames[] = {"shrunken",  "zero_cost", "unknown_cost", "total_changed",
                                                    "rows_gone", "idle_gone", "inconsistent"};
inline absl::string_view NameOf(Doubt doubt) { return kDoubtNames[static_cast<size_t>(doubt)]; }

// The limits of the judgement.
inline constexpr absl::Duration kLeastLostTime = absl::Minutes(15);  // or 1 %, whichever is more
inline constexpr double kLostTimeShare = 0.01;
inline constexpr absl::Duration kSameTime = absl::Seconds(60);
inline constexpr double kOpenTotal[] = {0.7, 1.4};            // times the former total, before the day has settled
inline constexpr double kSettledTotal[] = {0.95, 1.05};       // and after
inline constexpr double kGoneShare = 0.05;                    // of the former total
inline constexpr double kSteadyTotal = 0.01;                  // within it rows may move freely
inline constexpr absl::Duration kProofTime = absl::Hours(3);  // of what is doubted, from the first reading to the last
inline constexpr int kProofReadings = 3;                      // of what is doubted, each an hour or more after the last
inline constexpr absl::Duration kProofGap = absl::Hours(1);
inline constexpr absl::Duration kFirstProofGap = absl::Hours(6);  // where there is nothing to compare with
inline constexpr size_t kNeighbours = 3;                          // that many at least, the last 7 at most
inline constexpr size_t kMostNeighbours = 7;
inline constexpr double kNeighbourTime = 0.9;
inline constexpr double kNeighbourTotal = 3;  // from a third to three times

// True when both tell the same: equal rows on each level that both read, totals within what rounding explains, covered
// time within a minute.
bool Same(const Reading& a, const Reading& b);

// True when `after` knows less of the day's time.
bool KnowsLessTime(const Summary& before, const Summary& after);

// Why `after` may not be a correction of `before`; nothing when it may.
std::optional<Doubt> DoubtAbout(const Reading& before, const Reading& after, bool is_settled);

// Readings that came alike in a row, none of them believed yet.
struct Candidate {
  Reading reading;
  absl::Time first;
  absl::Time latest;
  int readings = 0;
  // The last of those that were kProofGap apart, and how many these are.
  absl::Time spaced_at;
  int spaced = 0;
};

// The candidate of those that came alike, with one more. A gap is measured by `elapsed` as well, the time since the one
// before by a clock that nobody sets: the date may have jumped.
Candidate Count(const std::optional<Candidate>& before, const Reading& reading, absl::Time read_at,
                absl::Duration elapsed = absl::InfiniteDuration());

// What a reading is judged by.
struct Evidence {
  // The last believed reading of this day; null before the first.
  const Reading* believed = nullptr;
  // Believed readings of the cluster's other days, kMostNeighbours at most.
  std::vector<const Summary*> neighbours;
  // A believed day of the cluster had cost.
  bool had_cost = false;
  // The day was over for --day.settle-after when it was read.
  bool is_settled = false;
  // No earlier day of the cluster is known.
  bool is_earliest = false;
  // Kubecost has nothing for the day before: its memory may end within this one.
  bool is_after_nothing = false;
};

enum class Verdict {
  kSame,      // as what is believed: a doubt ends
  kBelieved,  // served, and complete
  kRevised,   // likewise, after it was doubted
  kUnproven,  // served where nothing is believed, and not complete
  kDoubted,   // what was served stays
  kNotTaken,  // its levels do not add up: what was served stays
  kForgotten  // what was served stays, and Kubecost is not asked again: it forgets the day
};

constexpr bool IsBelieved(Verdict verdict) { return verdict <= Verdict::kRevised; }

struct Judgement {
  Verdict verdict;
  // Set with kDoubted.
  std::optional<Doubt> doubt = {};
};

// The decision; the first rule that fits holds. `candidate` counts the reading itself.
Judgement JudgeReading(const Evidence& evidence, const Candidate& candidate);

}  // namespace polling

#endif  // EXPORTER_POLLING_JUDGEMENT_H_
