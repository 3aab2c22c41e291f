#include "exporter/polling/ledger.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

namespace polling {
namespace {

const absl::Time kDay = absl::FromCivil(absl::CivilDay(2026, 11, 5), absl::UTCTimeZone());

Summary SomeSummary() {
  Summary summary;
  summary.levels[0] = {1, 0xFFFF'FFFF'FFFF'FFFF, 1, 40, 4.2};
  summary.levels[1] = {7, 3, 6, 30, 0.1 + 0.2};
  summary.extent = metrics::Extent{{kDay, kDay + absl::Hours(23)}, absl::Hours(22) + absl::Seconds(1)};
  summary.ran = absl::Hours(100);
  summary.idle = -0.5;
  summary.is_whole = false;
  return summary;
}

Ledger SomeLedger() {
  Ledger ledger;
  ledger.currency = "EUR";
  ledger.has_consumer = true;
  Record& record = ledger.days[kDay]["prod \"eu\"\n\xC3\xBC"];
  record.believed = {SomeSummary(), nullptr};
  record.believed_at = kDay + absl::Milliseconds(90061500);
  record.candidate = Candidate{{SomeSummary(), nullptr}, kDay, kDay + absl::Hours(2), 3, kDay + absl::Hours(1), 2};
  record.doubt = Doubt::kIdleGone;
  record.doubted_at = kDay;
  record.credit = {absl::Hours(1), absl::Minutes(90), absl::ZeroDuration()};
  record.is_delivered = record.is_settled = true;
  ledger.days[kDay + absl::Hours(24)]["other"];
  return ledger;
}

TEST(LedgerTest, WhatIsWrittenIsRead) {
  const std::string text = FormatLedger(SomeLedger(), "\"here\"");
  EXPECT_EQ(text.find("nan"), std::string::npos);
  const absl::StatusOr<Ledger> ledger = ParseLedger(text, "\"here\"");
  ASSERT_TRUE(ledger.ok()) << ledger.status() << "\n" << text;
  EXPECT_EQ(FormatLedger(*ledger, "\"here\""), text);
  EXPECT_EQ(ledger->currency, "EUR");
  EXPECT_TRUE(ledger->has_consumer);
  ASSERT_EQ(ledger->days.size(), 2U);
  const Record& record = ledger->days.begin()->second.at("prod \"eu\"\n\xC3\xBC");
  ASSERT_TRUE(record.believed.has_value());
  EXPECT_EQ(record.believed->summary.levels, SomeSummary().levels);
  EXPECT_EQ(record.believed->summary.extent->covered, SomeSummary().extent->covered);
  EXPECT_EQ(record.believed_at, kDay + absl::Milliseconds(90061500));
  EXPECT_EQ(record.candidate->spaced, 2);
  EXPECT_EQ(record.doubt, Doubt::kIdleGone);
  EXPECT_EQ(record.credit[1], absl::Minutes(90));
  EXPECT_FALSE(ledger->days.rbegin()->second.at("other").believed.has_value());
}

TEST(LedgerTest, AnAmountThatIsUnknownStaysUnknown) {
  Ledger ledger = SomeLedger();
  ledger.days[kDay].begin()->second.believed->summary.levels[1]->total = kubecost::kUnknown;
  const absl::StatusOr<Ledger> read = ParseLedger(FormatLedger(ledger, "\"here\""), "\"here\"");
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_FALSE(kubecost::IsKnown(read->days.at(kDay).begin()->second.believed->summary.levels[1]->total));
}

TEST(LedgerTest, ItIsSmall) {
  Ledger ledger;
  for (int day = 0; day < 15; ++day) {
    for (int cluster = 0; cluster < 50; ++cluster) {
      Record& record = ledger.days[kDay + day * absl::Hours(24)][absl::StrCat("cluster-", cluster)];
      record.believed = {SomeSummary(), nullptr};
    }
  }
  EXPECT_LT(FormatLedger(ledger, "\"here\"").size(), 15U * 50 * 500);
}

TEST(LedgerTest, EveryTruncationAndEveryChangedByteIsNoticed) {
  const std::string text = FormatLedger(SomeLedger(), "\"here\"");
  for (size_t size = 0; size < text.size(); ++size) {
    EXPECT_FALSE(ParseLedger(text.substr(0, size), "\"here\"").ok()) << size;
  }
  for (size_t i = 0; i < text.size(); ++i) {
    std::string changed = text;
    changed[i] ^= 1;
    EXPECT_FALSE(ParseLedger(changed, "\"here\"").ok()) << i;
  }
  EXPECT_FALSE(ParseLedger(text + text, "\"here\"").ok());
}

TEST(LedgerTest, OtherFilesOtherVersionsAndOtherSettingsAreToldApart) {
  EXPECT_TRUE(absl::IsInvalidArgument(ParseLedger("root:x:0:0:root:/root:/bin/bash\n", "\"here\"").status()));
  EXPECT_TRUE(absl::IsDataLoss(ParseLedger("", "\"here\"").status()));
  EXPECT_TRUE(absl::IsFailedPrecondition(
      ParseLedger("kubecost-allocation-exporter state 1\nsettings here\nend 0\n", "\"here\"").status()));
  EXPECT_TRUE(absl::IsFailedPrecondition(ParseLedger(FormatLedger({}, "\"here\""), "\"elsewhere\"").status()));
}

TEST(LedgerTest, EverythingThatDecidesTheNumbersIsASetting) {
  const Options options;
  std::vector<Options> others(5, options);
  others[0].query.share_namespaces = "kube-system";
  others[1].cluster_name = "a name\nwith a line end";
  others[2].day_utc_offset = absl::Minutes(330);
  others[3].query.filter = "namespace:\"x\"";
  others[4].query.idle = kubecost::IdleMode::kOff;
  for (const Options& other : others) {
    EXPECT_NE(LedgerSettings(other), LedgerSettings(options));
    EXPECT_EQ(LedgerSettings(other).find('\n'), std::string::npos);
    EXPECT_TRUE(ParseLedger(FormatLedger({}, LedgerSettings(other)), LedgerSettings(other)).ok());
  }
  Options elsewhere = options;
  elsewhere.endpoint.url = "http://elsewhere:9090";
  EXPECT_EQ(LedgerSettings(elsewhere), LedgerSettings(options)) << "the same Kubecost may be asked by another name";
}

}  // namespace
}  // namespace polling
