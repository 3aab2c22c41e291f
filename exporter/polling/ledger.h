// What is remembered of each cluster and closed day, over a restart too.
#ifndef EXPORTER_POLLING_LEDGER_H_
#define EXPORTER_POLLING_LEDGER_H_

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "exporter/polling/judgement.h"
#include "exporter/polling/options.h"
#include "metrics/day_facts.h"

namespace polling {

// A cluster on a day.
struct Record {
  // In the file.

  // The last reading that was believed, and when Kubecost last said the same.
  std::optional<Reading> believed;
  absl::Time believed_at = absl::InfinitePast();
  // What may be believed when it comes again.
  std::optional<Candidate> candidate;
  // Why the newest reading is not believed, since when, and how many were not.
  std::optional<Doubt> doubt;
  absl::Time doubted_at = absl::InfinitePast();
  int doubted_readings = 0;
  absl::Time revised_at = absl::InfinitePast();
  int readings = 0;
  // The believed reading was made --day.settle-after after the day's end, and there is no doubt.
  bool is_settled = false;
  // How long a scraper was served this as settled, by level.
  std::array<absl::Duration, kubecost::kLevelCount> credit = {};
  // Served for long enough, and whether with its pods.
  bool is_delivered = false;
  bool has_delivered_pods = false;

  // In this run; durations are by Clock::Elapsed().

  // What is served; null for nothing.
  std::shared_ptr<const metrics::DayFacts> served;
  absl::Time served_read_at;
  bool serves_believed = false;
  // Holds all that the plain families show.
  bool is_full = false;
  absl::Duration first_served;
  std::optional<absl::Duration> first_reading;
  std::optional<absl::Duration> last_reading;
  std::array<std::optional<absl::Duration>, kubecost::kLevelCount> last_scrape;
  absl::Duration wait;
  absl::Duration due = absl::ZeroDuration();

  // Drops what belongs to this run.
  void Forget();
  // What was served no longer counts.
  void ResetDelivery();
};

// Those of a day.
using Clusters = std::map<std::string, Record>;

bool IsServed(const Clusters& clusters);

struct Ledger {
  // Empty for a day of which nothing is known.
  const Clusters& ClustersOf(absl::Time start) const;

  // By the start of the day.
  std::map<absl::Time, Clusters> days;
  // The currency of the amounts; empty while it is not known.
  std::string currency;
  // A scrape has named its consumer: others do not count any more.
  bool has_consumer = false;
};

// What a reading of the day is judged by, as far as the ledger tells.
Evidence EvidenceOf(const Ledger& ledger, absl::Time start, const std::string& cluster);

// What was served of these days no longer counts.
void DeliverAgain(Ledger& ledger, const DayRange& days, absl::Duration utc_offset);
// A revision is told for a day. True when one was told long enough.
bool EndRevisions(Ledger& ledger, absl::Time now);
// Amounts of another currency prove nothing any more. True when there are any.
bool SetCurrency(Ledger& ledger, const std::string& currency);

// What changes the meaning of the numbers: what is remembered under other settings is worth nothing.
std::string LedgerSettings(const Options& options);

// The text of a ledger file.
std::string FormatLedger(const Ledger& ledger, absl::string_view settings);
// InvalidArgument when the text is not a state file of this program, DataLoss when it is damaged, FailedPrecondition
// when it was written under other settings or by another version.
absl::StatusOr<Ledger> ParseLedger(absl::string_view text, absl::string_view settings);

}  // namespace polling

#endif  // EXPORTER_POLLING_LEDGER_H_
