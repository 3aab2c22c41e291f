#include "exporter/polling/ledger.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "base/day.h"
#include "base/text.h"

namespace polling {
namespace {

constexpr absl::string_view kProgram = "kubecost-allocation-exporter state ";
constexpr absl::string_view kVersion = "2";
constexpr absl::string_view kEnd = "end ";

// A word of a line: no spaces, never empty.
std::string Word(absl::string_view text) {
  return absl::StrCat("\"", absl::StrReplaceAll(absl::CEscape(text), {{" ", "\\040"}}), "\"");
}

bool ParseWord(absl::string_view word, std::string& text) {
  return absl::ConsumePrefix(&word, "\"") && absl::ConsumeSuffix(&word, "\"") && absl::CUnescape(word, &text);
}

// Writes the values of a record as words.
class Writer {
 public:
  explicit Writer(std::vector<std::string>& words) : words_(words) {}

  template <typename Integer>
  void operator()(const Integer& value) {
    words_.push_back(absl::StrCat(value));
  }
  void operator()(const std::string& text) { words_.push_back(Word(text)); }
  void operator()(const bool& value) { words_.push_back(value ? "1" : "0"); }
  void operator()(const double& value) { words_.push_back(absl::StrFormat("%.17g", value)); }
  void operator()(const absl::Duration& value) { words_.push_back(absl::FormatDuration(value)); }
  void operator()(const absl::Time& value) {
    words_.push_back(absl::FormatTime(absl::RFC3339_full, value, absl::UTCTimeZone()));
  }
  void operator()(const Doubt& value) { words_.emplace_back(NameOf(value)); }

 private:
  std::vector<std::string>& words_;
};

// Reads them in the same order. A word that does not fit makes it not ok.
class Reader {
 public:
  explicit Reader(absl::string_view line) : words_(absl::StrSplit(line, ' ')) {}

  bool is_done() const { return ok_ && next_ == words_.size(); }

  template <typename Integer>
  void operator()(Integer& value) {
    ok_ = absl::SimpleAtoi(Next(), &value) && ok_;
  }
  void operator()(std::string& text) { ok_ = ParseWord(Next(), text) && ok_; }
  void operator()(bool& value) {
    const absl::string_view word = Next();
    value = word == "1";
    ok_ = ok_ && (value || word == "0");
  }
  void operator()(double& value) { ok_ = absl::SimpleAtod(Next(), &value) && ok_; }
  void operator()(absl::Duration& value) { ok_ = absl::ParseDuration(Next(), &value) && ok_; }
  void operator()(absl::Time& value) {
    std::string error;
    ok_ = absl::ParseTime(absl::RFC3339_full, Next(), &value, &error) && ok_;
  }
  void operator()(Doubt& value) {
    const auto* const name = std::find(std::begin(kDoubtNames), std::end(kDoubtNames), Next());
    ok_ = ok_ && name != std::end(kDoubtNames);
    value = ok_ ? static_cast<Doubt>(name - std::begin(kDoubtNames)) : Doubt::kShrunken;
  }

 private:
  absl::string_view Next() { return next_ < words_.size() ? words_[next_++] : absl::string_view(); }

  const std::vector<absl::string_view> words_;
  size_t next_ = 0;
  bool ok_ = true;
};

// What of each type is in the file, in that order: the one list for both directions.

template <typename Archive, typename Value, typename Fields>
void Optional(Archive& archive, std::optional<Value>& value, Fields fields) {
  bool has_value = value.has_value();
  archive(has_value);
  if (!has_value) return;
  if (!value.has_value()) value.emplace();
  fields(archive, *value);
}

template <typename Archive>
void SummaryFields(Archive& archive, Summary& summary) {
  for (std::optional<LevelSum>& level : summary.levels) {
    Optional(archive, level, [](Archive& each, LevelSum& sum) {
      each(sum.rows);
      each(sum.identities);
      each(sum.known);
      each(sum.terms);
      each(sum.total);
    });
  }
  archive(summary.idle);
  Optional(archive, summary.extent, [](Archive& each, metrics::Extent& extent) {
    each(extent.span.start);
    each(extent.span.end);
    each(extent.covered);
  });
  archive(summary.ran);
  archive(summary.is_whole);
  archive(summary.reconciles);
}

template <typename Archive>
void RecordFields(Archive& archive, Record& record) {
  Optional(archive, record.believed, [](Archive& each, Reading& reading) { SummaryFields(each, reading.summary); });
  archive(record.believed_at);
  Optional(archive, record.candidate, [](Archive& each, Candidate& candidate) {
    SummaryFields(each, candidate.reading.summary);
    each(candidate.first);
    each(candidate.latest);
    each(candidate.readings);
    each(candidate.spaced_at);
    each(candidate.spaced);
  });
  Optional(archive, record.doubt, [](Archive& each, Doubt& doubt) { each(doubt); });
  archive(record.doubted_at);
  archive(record.doubted_readings);
  archive(record.revised_at);
  archive(record.readings);
  archive(record.is_settled);
  for (absl::Duration& credit : record.credit) archive(credit);
  archive(record.is_delivered);
  archive(record.has_delivered_pods);
}

// The amounts that any judgement needs.
bool IsUsable(const std::optional<Reading>& reading) {
  return !reading.has_value() || reading->summary.level(kubecost::Level::kCluster).has_value();
}

absl::Status Damaged(absl::string_view what) { return absl::DataLossError(absl::StrCat("it is damaged: ", what)); }

}  // namespace

void Record::Forget() {
  served = nullptr;
  serves_believed = is_full = false;
  first_reading = last_reading = std::nullopt;
  last_scrape = {};
  wait = due = absl::ZeroDuration();
  if (believed.has_value()) believed->facts = nullptr;
  if (candidate.has_value()) candidate->reading.facts = nullptr;
}

void Record::ResetDelivery() {
  credit = {};
  last_scrape = {};
  is_delivered = has_delivered_pods = false;
}

bool IsServed(const Clusters& clusters) {
  return std::any_of(clusters.begin(), clusters.end(), [](const auto& each) { return each.second.served != nullptr; });
}

const Clusters& Ledger::ClustersOf(absl::Time start) const {
  static const Clusters* const kNone = new Clusters();
  const auto clusters = days.find(start);
  return clusters != days.end() ? clusters->second : *kNone;
}

void DeliverAgain(Ledger& ledger, const DayRange& days, absl::Duration utc_offset) {
  for (auto& [start, clusters] : ledger.days) {
    const absl::CivilDay date = absl::ToCivilDay(start + utc_offset, absl::UTCTimeZone());
    if (date < days.first || date > days.second) continue;
    for (auto& [cluster, record] : clusters) record.ResetDelivery();
  }
}

bool EndRevisions(Ledger& ledger, absl::Time now) {
  bool changed = false;
  for (auto& [start, clusters] : ledger.days) {
    for (auto& [cluster, record] : clusters) {
      if (record.revised_at == absl::InfinitePast() || now - record.revised_at < absl::Hours(24)) continue;
      record.revised_at = absl::InfinitePast();
      changed = true;
    }
  }
  return changed;
}

bool SetCurrency(Ledger& ledger, const std::string& currency) {
  const std::string before = std::exchange(ledger.currency, currency);
  if (before.empty() || before == currency) return false;
  bool had_any = false;
  for (auto& [start, clusters] : ledger.days) {
    for (auto& [cluster, record] : clusters) {
      had_any = true;
      Record fresh;
      fresh.served = std::move(record.served);
      fresh.served_read_at = record.served_read_at;
      fresh.first_served = record.first_served;
      fresh.is_full = record.is_full;
      record = std::move(fresh);
    }
  }
  return had_any;
}

Evidence EvidenceOf(const Ledger& ledger, absl::Time start, const std::string& cluster) {
  Evidence evidence;
  evidence.is_earliest = true;
  for (auto day = ledger.days.rbegin(); day != ledger.days.rend(); ++day) {
    const auto record = day->second.find(cluster);
    if (record == day->second.end() || !record->second.believed.has_value()) continue;
    const Reading& believed = *record->second.believed;
    if (day->first == start) {
      evidence.believed = &believed;
      continue;
    }
    if (evidence.neighbours.size() < kMostNeighbours) evidence.neighbours.push_back(&believed.summary);
    evidence.had_cost = evidence.had_cost || HasCost(believed.summary);
    evidence.is_earliest = evidence.is_earliest && day->first > start;
  }
  return evidence;
}

std::string LedgerSettings(const Options& options) {
  const kubecost::QuerySettings& query = options.query;
  return Word(
      absl::StrCat("cluster=", options.cluster_name, " utc-offset=", base::UtcOffsetText(options.day_utc_offset),
                   " idle=", static_cast<int>(query.idle), " tenancy=", query.share_tenancy_costs,
                   " namespaces=", query.share_namespaces, " labels=", query.share_labels, " filter=", query.filter));
}

std::string FormatLedger(const Ledger& ledger, absl::string_view settings) {
  std::vector<std::string> lines = {absl::StrCat(kProgram, kVersion), absl::StrCat(settings, " ", Word(ledger.currency),
                                                                                   " ", ledger.has_consumer ? 1 : 0)};
  for (const auto& [start, clusters] : ledger.days) {
    for (const auto& [cluster, record] : clusters) {
      std::vector<std::string> words = {base::Rfc3339Text(start), Word(cluster)};
      Writer writer(words);
      Record copy = record;
      RecordFields(writer, copy);
      lines.push_back(absl::StrJoin(words, " "));
    }
  }
  std::string text = absl::StrCat(absl::StrJoin(lines, "\n"), "\n");
  absl::StrAppend(&text, kEnd, absl::Hex(base::Fingerprint(text), absl::kZeroPad16), "\n");
  return text;
}

absl::StatusOr<Ledger> ParseLedger(absl::string_view text, absl::string_view settings) {
  if (text.empty()) return Damaged("it is empty");
  if (!absl::StartsWith(text, kProgram)) return absl::InvalidArgumentError("it is not a state file of this program");
  const size_t end = text.rfind(kEnd);
  const bool is_other_version = !absl::StartsWith(text.substr(kProgram.size()), absl::StrCat(kVersion, "\n"));
  if (is_other_version) return absl::FailedPreconditionError("another version of this program wrote it");
  if (end == absl::string_view::npos || text[end - 1] != '\n' ||
      text.substr(end) !=
          absl::StrCat(kEnd, absl::Hex(base::Fingerprint(text.substr(0, end)), absl::kZeroPad16), "\n")) {
    return Damaged("its checksum does not fit");
  }
  std::vector<absl::string_view> lines = absl::StrSplit(text.substr(0, end - 1), '\n');
  if (lines.size() < 2) return Damaged("it has no settings");
  Ledger ledger;
  std::string written_settings;
  Reader head(lines[1]);
  head(written_settings);
  head(ledger.currency);
  head(ledger.has_consumer);
  if (!head.is_done()) return Damaged("line 2 does not fit");
  if (Word(written_settings) != settings) return absl::FailedPreconditionError("it was written under other settings");
  for (size_t i = 2; i < lines.size(); ++i) {
    absl::Time start;
    std::string cluster;
    Record record;
    Reader reader(lines[i]);
    reader(start);
    reader(cluster);
    RecordFields(reader, record);
    const bool is_candidate_usable = !record.candidate.has_value() || IsUsable(record.candidate->reading);
    if (!reader.is_done() || !IsUsable(record.believed) || !is_candidate_usable) {
      return Damaged(absl::StrCat("line ", i + 1, " does not fit"));
    }
    ledger.days[start][cluster] = std::move(record);
  }
  return ledger;
}

}  // namespace polling
