// Also tests exporter/status/charts.h
// Also tests exporter/status/costs.h
// Also tests exporter/status/style.h
// Also tests exporter/status/text.h
// Also tests exporter/status/options.h
#include "exporter/status/page.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <memory>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "exporter/status/charts.h"
#include "exporter/status/costs.h"
#include "exporter/status/text.h"
#include "metrics/table_builder.h"

namespace status {
namespace {

using kubecost::Allocation;
using kubecost::kUnknown;
using metrics::Level;

absl::Time November(int day, double hour = 0) {
  return absl::FromCivil(absl::CivilDay(2026, 11, day), absl::UTCTimeZone()) + hour * absl::Hours(1);
}

size_t Count(absl::string_view text, absl::string_view part) {
  return std::vector<absl::string_view>(absl::StrSplit(text, part)).size() - 1;
}

Allocation Row(absl::string_view cluster, absl::string_view namespace_name, absl::string_view pod, double cost) {
  Allocation row;
  row.properties.cluster = std::string(cluster);
  row.properties.namespace_name = std::string(namespace_name);
  row.properties.pod = std::string(pod);
  row.total_cost = cost;
  row.costs = {cost / 2, 0, cost / 2, 0, 0, 0, 0, 0};
  return row;
}

// One day's pods, and what the other levels make of them.
metrics::ClusterFacts DayOf(int day, const std::vector<Allocation>& pods, double missing = 0) {
  const base::Window window = {November(day), November(day + 1)};
  metrics::LevelTables read;
  for (const Level level : {Level::kPod, Level::kNamespace, Level::kCluster}) {
    metrics::TableBuilder builder(level, "", pods.size());
    for (Allocation row : pods) {
      row.extent = window;
      EXPECT_EQ(builder.Add(row), metrics::RowProblem::kNone);
    }
    if (level == Level::kCluster && missing != 0) builder.Add(Row("c1", "lost", "lost", missing));
    read.table(level) = builder.Build();
  }
  return metrics::SplitByCluster(window, absl::StrCat("2026-11-", day), true, std::move(read));
}

class StatusPageTest : public testing::Test {
 protected:
  void SetUp() override {
    options_.url = "http://kubecost-cost-analyzer.kubecost:9090";
    options_.idle = "separate";
    options_.day_close_delay = absl::Hours(2);
    options_.day_keep = 3;
    options_.has_backfill = true;
    options_.telemetry_path = "/metrics";
    for (const char* view : {"cluster_info", "day", "backfill"}) {
      polling::ViewReport& report = report_.views.emplace_back();
      report.name = view;
      report.last_success = now_ - absl::Minutes(3);
      report.next_poll = now_ + absl::Minutes(57);
    }
    report_.path = "/model/allocation";
    report_.currency = "USD";
  }

  // The last of the days is the newest complete one.
  void Serve(const std::vector<metrics::ClusterFacts>& days) {
    snapshot_.day = days.back();
    std::vector<metrics::ServedDay> served;
    for (const metrics::ClusterFacts& day : days) {
      for (const auto& facts : day) served.push_back(metrics::ServedDayOf(facts, now_ - absl::Minutes(3), false));
    }
    snapshot_.daily = std::make_shared<const metrics::DailyFacts>(std::move(served), false);
  }
  void Serve(const std::vector<Allocation>& pods) { Serve({DayOf(19, pods)}); }

  std::string Page(absl::string_view search = "") const {
    return StatusPage(options_, snapshot_, report_, "everybody", now_, search);
  }
  bool Has(absl::string_view text, absl::string_view search = "") const {
    return absl::StrContains(Page(search), text);
  }

  const absl::Time now_ = November(20, 12);
  Options options_;
  metrics::Snapshot snapshot_;
  polling::PollReport report_;
};

TEST_F(StatusPageTest, ShowsTheNewestDay) {
  Serve({DayOf(18, {Row("c1", "shop", "cart-1", 1)}),
         DayOf(19, {Row("c1", "shop", "cart-1", 1234.5), Row("c1", "shop", "cart-2", 0.0032), Row("c1", "", "", 2)})});
  EXPECT_TRUE(Has("Thursday, 19 November 2026"));
  EXPECT_TRUE(Has("All is well"));
  EXPECT_TRUE(Has(R"(<data value="1234.5" title="1234.5 USD">1,234.50 <span class="unit">USD</span></data>)"));
  EXPECT_TRUE(Has(R"(title="0.0032 USD">0.0032 )"));
  EXPECT_TRUE(Has("All 2 on 2026-11-19, without idle and unallocated cost"));
  EXPECT_TRUE(Has("cost that belongs to no namespace or pod"));
  EXPECT_TRUE(Has("Cost by day: 1.00 USD on 2026-11-18, 1,234.50 USD on 2026-11-19"));
  EXPECT_TRUE(Has(R"(aria-label="CPU 50 %, Memory 50 %")"));
  EXPECT_TRUE(Has("as of 2026-11-20 12:00:00 UTC"));
  EXPECT_TRUE(Has("3 min ago <span class=\"at\">2026-11-20 11:57:00 UTC"));
  EXPECT_TRUE(Has("in 57 min"));
}

TEST_F(StatusPageTest, HostileNamesAreText) {
  const std::string long_name(1000, 'x');
  Serve({Row("<b>c</b>", "\"><img src=x onerror=alert(1)>", "<script>alert(1)</script>", 9),
         Row("c\"'", "a&amp;b", "say-\"hi\"-back\\slash", 8), Row("c", "\xE2\x80\xAEtxet", "line\nbreak\tand\x7F", 7),
         Row("c", "bytes-\xFF\xFE", "\xEF\xBB\xBFzero\xE2\x80\x8Bwidth", 6), Row("c", "long", long_name, 5)});
  for (const absl::string_view search : {"", "s", "<script>", "\"", "\xE2\x80\xAE", "\xFF", "\n"}) {
    const std::string page = Page(search);
    for (const char* bad : {"<script", "<img", "<b>", "onerror=alert(1)>"}) {
      EXPECT_FALSE(absl::StrContains(page, bad)) << bad << " when searching " << search;
    }
    for (const char* bad : {"\xE2\x80\xAE", "\xE2\x80\x8B", "\xEF\xBB\xBF", "\x7F", "\t", "\xFF"}) {
      EXPECT_FALSE(absl::StrContains(page, bad)) << "a character that is not seen, when searching " << search;
    }
    EXPECT_FALSE(absl::StrContains(page, long_name));
  }
  const std::string page = Page();
  for (const char* good :
       {"<bdi>&lt;script&gt;alert(1)&lt;/script&gt;</bdi>", "<bdi>&quot;&gt;&lt;img src=x onerror=alert(1)&gt;</bdi>",
        "<bdi>a&amp;amp;b</bdi>", "<bdi>say-&quot;hi&quot;-back\\slash</bdi>", "<bdi>⟨U+202E⟩txet</bdi>",
        "<bdi>line⟨U+000A⟩break⟨U+0009⟩and⟨U+007F⟩</bdi>", "⟨U+FEFF⟩zero⟨U+200B⟩width", "c&quot;&#39;", "xxx…xxx"}) {
    EXPECT_TRUE(absl::StrContains(page, good)) << good;
  }
  // What is searched for is text as well, in the heading and in the field.
  EXPECT_TRUE(Has("value=\"&quot;&gt;&lt;script&gt;\"", "\"><script>"));
  EXPECT_TRUE(Has("Found “&quot;&gt;&lt;script&gt;”", "\"><script>"));
}

TEST_F(StatusPageTest, SettingsAndErrorsAreText) {
  options_.filter = "label[x]:\"<i>\"";
  options_.telemetry_path = "/m?\"><i>";
  report_.currency = "<i>";
  report_.path = "/<i>";
  report_.views[1].error = "it said <i>no</i>";
  report_.views[1].name = "<i>day";
  EXPECT_FALSE(Has("<i>"));
  EXPECT_TRUE(Has("it said &lt;i&gt;no&lt;/i&gt;"));
}

TEST_F(StatusPageTest, HowKubecostIsAskedIsTold) {
  EXPECT_FALSE(absl::StrContains(Page(), "not verified"));
  EXPECT_FALSE(absl::StrContains(Page(), "Credentials"));
  options_.tls_verify = false;
  options_.credential_flags = "--kubecost.token-file";
  EXPECT_TRUE(absl::StrContains(Page(), "not verified (--kubecost.tls-verify=false)"));
  EXPECT_TRUE(absl::StrContains(Page(), "from --kubecost.token-file"));
}

TEST_F(StatusPageTest, FindsNamespacesAndPodsInAnyCase) {
  Serve({Row("c1", "Shop", "cart-1", 3), Row("c1", "bags", "SHOPPING", 2), Row("c1", "other", "line\nbreak", 1),
         Row("c1", "other", "back\\slash\"quote", 1)});
  EXPECT_TRUE(Has("1 namespace, together ", "shop"));
  EXPECT_TRUE(Has("2 pods, together <data value=\"5\"", "sHOp"));
  EXPECT_TRUE(Has("1 pod, together ", "  cart-1 ")) << "spaces around are an accident";
  EXPECT_TRUE(Has("1 pod, together ", "k\\s"));
  EXPECT_TRUE(Has("1 pod, together ", "h\"q")) << "as it is, not as a label writes it";
  EXPECT_TRUE(Has("No namespace or pod of 2026-11-19", "\\\""));
  EXPECT_TRUE(Has("No namespace or pod of 2026-11-19", "\\n"));
  EXPECT_TRUE(Has("No namespace or pod of 2026-11-19", "nothing of the kind"));
  EXPECT_FALSE(Has("id=\"found\"", " "));
  EXPECT_TRUE(Has("Found", std::string(100'000, 'a')));
}

TEST_F(StatusPageTest, BeforeTheFirstAnswer) {
  report_ = polling::PollReport();
  EXPECT_TRUE(Has("Nothing has been read yet"));
  EXPECT_TRUE(Has("being asked for the first time"));
  EXPECT_TRUE(Has("no day has been read", "cart"));
}

TEST_F(StatusPageTest, KubecostThatNeverAnswered) {
  for (polling::ViewReport& view : report_.views) {
    view.last_success.reset();
    view.last_failure = now_ - absl::Seconds(5);
    view.error = "Failed to connect; is Kubecost running?";
  }
  const std::string page = Page();
  const size_t banner = page.find("Kubecost cannot be read");
  ASSERT_NE(banner, page.npos);
  EXPECT_LT(page.find("Failed to connect; is Kubecost running?", banner), page.find("</header>") + 700);
  EXPECT_TRUE(Has("5 s ago"));
  EXPECT_TRUE(Has("<code>http://kubecost-cost-analyzer.kubecost:9090</code>"));
  EXPECT_TRUE(Has("Failing as well: Cluster description, Back-fill"));
}

TEST_F(StatusPageTest, FactsStayWhenKubecostFails) {
  Serve({Row("c1", "shop", "cart-1", 3)});
  report_.views[1].error = "HTTP 503";
  report_.views[1].last_failure = now_ - absl::Minutes(1);
  report_.views[1].last_success = now_ - absl::Minutes(185);
  EXPECT_TRUE(Has("Kubecost cannot be read at present"));
  EXPECT_TRUE(Has("last read without error <time datetime=\"2026-11-20T08:55:00Z\">3 h 5 min ago"));
  EXPECT_TRUE(Has("cart-1"));
}

TEST_F(StatusPageTest, OtherViewsFailMoreQuietly) {
  Serve({Row("c1", "shop", "cart-1", 3)});
  report_.views[0].error = "HTTP 404";
  EXPECT_TRUE(Has("Partly failing"));
  report_.views[0].is_off = true;
  EXPECT_TRUE(Has("Off: not supported"));
  EXPECT_TRUE(Has("All is well"));
}

TEST_F(StatusPageTest, ADayThatIsMissingOrDoesNotAddUpIsSaid) {
  Serve({DayOf(17, {Row("c1", "shop", "cart-1", 3)})});
  EXPECT_TRUE(Has("A newer day is due"));
  Serve({DayOf(18, {Row("c1", "shop", "cart-1", 3)}), DayOf(19, {Row("c1", "shop", "cart-1", 3)}, 1.5)});
  EXPECT_TRUE(Has("The newest day does not add up"));
  EXPECT_TRUE(Has(">Not complete<"));
  EXPECT_TRUE(Has("1.50 <span class=\"unit\">USD</span></data><small>the level lacks this"));
  EXPECT_TRUE(Has(">Complete<")) << "the day before";
}

TEST_F(StatusPageTest, DoubtsAndRevisionsAreTold) {
  const metrics::ClusterFacts facts = DayOf(19, {Row("c1", "shop", "cart-1", 3)});
  metrics::ServedDay day = metrics::ServedDayOf(facts.front(), now_, false);
  metrics::ServedDay unserved;
  unserved.cluster = "c2";
  unserved.date = "2026-11-18";
  unserved.doubt = "shrunken";
  const auto serve = [&] {
    snapshot_.day = facts;
    snapshot_.daily = std::make_shared<const metrics::DailyFacts>(std::vector{day, unserved}, false);
  };
  serve();
  EXPECT_TRUE(Has("2026-11-18 of <bdi>c2</bdi>"));
  EXPECT_TRUE(Has("(shrunken); nothing is served of it until it is."));
  EXPECT_TRUE(Has("All is well"));
  day.doubt = "total_changed";
  day.revised = true;
  day.complete = false;
  serve();
  EXPECT_TRUE(Has("(total_changed); what was served stays."));
  EXPECT_TRUE(Has(">Revised<"));
  EXPECT_TRUE(Has("The newest day is not complete yet"));
}

TEST_F(StatusPageTest, BackfillIsTold) {
  Serve({Row("c1", "shop", "cart-1", 3)});
  report_.backfill_waiting = 4;
  report_.backfill_served = 1;
  report_.backfill_delivered = 7;
  EXPECT_TRUE(Has("of 12 older days, 4 still to be read, 1 served at present, 7 served long enough"));
  options_.has_backfill = false;
  EXPECT_TRUE(Has("Back-fill of older days is off"));
}

TEST_F(StatusPageTest, LiveViewsAreShownWhileThereAreSome) {
  auto live = std::make_shared<metrics::LiveFacts>();
  live->window = {November(20, 9), November(20, 11)};
  live->read_at = now_;
  metrics::TableBuilder builder(Level::kCluster, "", 0);
  builder.Add(Row("c1", "", "", 3));
  live->table(Level::kCluster) = builder.Build(metrics::Columns::kTotal);
  snapshot_.hour = live;
  EXPECT_TRUE(Has("title=\"1.5 USD\">1.50")) << "before the first closed day";
  Serve({Row("c1", "shop", "cart-1", 3)});
  EXPECT_TRUE(Has("09:00–11:00, not final"));
  EXPECT_FALSE(Has("Today so far</dt>"));
  snapshot_.today = live;
  EXPECT_TRUE(Has("as of 12:00, not final"));
}

TEST_F(StatusPageTest, UnknownAmountsAreNotZero) {
  Allocation row = Row("c1", "shop", "cart-1", kUnknown);
  row.has_null_cost = true;
  Serve({row, Row("c1", "shop", "credit", -2.5)});
  EXPECT_TRUE(Has("title=\"Kubecost did not say\">—"));
  EXPECT_TRUE(Has("−2.50"));
  EXPECT_TRUE(Has("CPU −1.25, Memory −1.25"));
}

// As much as a hostile API could send.
TEST_F(StatusPageTest, NeverBecomesTooBig) {
  std::vector<Allocation> rows;
  for (int i = 0; i < 2000; ++i) {
    const std::string name = absl::StrCat(std::string(900, '\x01'), i);
    rows.push_back(Row(absl::StrCat(name, i % 40), name, name, i));
  }
  std::vector<metrics::ClusterFacts> days(10);
  for (int i = 0; i < 10; ++i) days[static_cast<size_t>(i)] = DayOf(10 + i, rows);
  Serve(days);
  for (polling::ViewReport& view : report_.views) view.name = view.error = std::string(100'000, '<');
  options_.filter = std::string(100'000, '"');
  for (const std::string& search : {std::string(), std::string("1"), std::string(300, '\x02')}) {
    const std::string page = Page(search);
    EXPECT_LT(page.size(), kMaxStatusPageBytes) << search.size();
    EXPECT_TRUE(absl::EndsWith(page, "</html>\n"));
  }
}

TEST_F(StatusPageTest, AHundredThousandPodsAreFew) {
  std::vector<Allocation> rows;
  rows.reserve(100'000);
  for (int i = 0; i < 100'000; ++i) {
    rows.push_back(Row("c1", absl::StrCat("team-", i % 300), absl::StrCat("pod-", i, "-9sqcsjhn2n-g565b"), i));
  }
  Serve(rows);
  EXPECT_LT(Page().size(), 60'000U);
  const std::string found = Page("POD-");
  EXPECT_TRUE(absl::StrContains(found, "100,000 pods, together "));
  EXPECT_TRUE(absl::StrContains(found, "; the 100 dearest are shown"));
  EXPECT_TRUE(absl::StrContains(found, "<bdi>pod-99900-"));
  EXPECT_EQ(Count(found, "<tr><th scope=\"row\" class=\"name\">"), 15 + 15 + 100 + report_.views.size());
  EXPECT_LT(found.size(), 200'000U);
}

TEST_F(StatusPageTest, HeadersForbidEverythingElse) {
  const absl::string_view headers = StatusPageHeaders();
  for (const char* directive :
       {"default-src 'none';", "base-uri 'none';", "form-action 'self';", "frame-ancestors 'none'"}) {
    EXPECT_TRUE(absl::StrContains(headers, directive)) << directive;
  }
  EXPECT_FALSE(absl::StrContains(headers, "unsafe"));
  EXPECT_TRUE(absl::EndsWith(headers, "\r\n"));
  Serve({Row("c1", "shop", "cart-1", 3)});
  // The policy would refuse them.
  for (const char* forbidden : {" style=", "<script", "javascript:", " onclick", "<img", "<link"}) {
    EXPECT_FALSE(Has(forbidden)) << forbidden;
  }
}

TEST(HtmlTest, Amounts) {
  const std::pair<double, absl::string_view> cases[] = {{0, "0.00"},
                                                        {1, "1.00"},
                                                        {999.994, "999.99"},
                                                        {999.996, "1,000.00"},
                                                        {1234567.891, "1,234,567.89"},
                                                        {0.1, "0.10"},
                                                        {0.05, "0.05"},
                                                        {0.012, "0.012"},
                                                        {0.00321, "0.0032"},
                                                        {0.00001, "0.00001"},
                                                        {-0.00013, "−0.00013"},
                                                        {-1234.5, "−1,234.50"},
                                                        {0.0996, "0.1"},
                                                        {3e-7, "3e-07"},
                                                        {1e15, "1e+15"}};
  for (const auto& [value, text] : cases) EXPECT_EQ(AmountText(value), text) << value;
  EXPECT_EQ(PercentText(1, 3), "33 %");
  EXPECT_EQ(PercentText(1, 30), "3.3 %");
  EXPECT_EQ(PercentText(1, 1e6), "&lt;0.1 %");
  EXPECT_EQ(PercentText(1, 0), "");
  EXPECT_EQ(PercentText(kUnknown, 2), "");
}

TEST(HtmlTest, Times) {
  const std::pair<int, absl::string_view> cases[] = {{0, "0 s"},       {59, "59 s"},         {60, "1 min"},
                                                     {3599, "59 min"}, {3600, "1 h"},        {7860, "2 h 11 min"},
                                                     {86400, "1 day"}, {97200, "1 day 3 h"}, {172800, "2 days"}};
  for (const auto& [seconds, text] : cases) EXPECT_EQ(DurationText(absl::Seconds(seconds)), text);
  const absl::Time now = November(20);
  EXPECT_EQ(TimeHtml(now, now),
            "<time datetime=\"2026-11-20T00:00:00Z\">now <span class=\"at\">2026-11-20 00:00:00 UTC</span></time>");
  EXPECT_TRUE(absl::StrContains(TimeHtml(now + absl::Minutes(2), now), ">in 2 min "));
  EXPECT_EQ(TimeHtml(absl::InfiniteFuture(), now), "never");
}

TEST(HtmlTest, LongTextsLoseTheirMiddle) {
  EXPECT_EQ(TextHtml("abcdefghi", 9), "abcdefghi");
  EXPECT_EQ(TextHtml("abcdefghij", 9), "abcdef…hij");
  EXPECT_EQ(TextHtml("ääääääöööö", 9), "ääääää…ööö");
  EXPECT_EQ(TextHtml(std::string(1000, 'x') + "end", 9), "xxxxxx…end");
}

TEST(ChartTest, GapsAndNegativesKeepTheirPlace) {
  Trend trend;
  EXPECT_EQ(TrendSpark(trend, "USD"), "");
  trend.points = {{November(1), "2026-11-01", 2, kUnknown},
                  {November(2), "2026-11-02", kUnknown, kUnknown},
                  {November(4), "2026-11-04", -1, kUnknown}};
  const std::string spark = TrendSpark(trend, "USD");
  EXPECT_TRUE(absl::StrContains(spark, "d=\"M0 0h3v20h-3zM12 20h3v10h-3z\"")) << spark;
  EXPECT_TRUE(absl::StrContains(spark, "2.00 USD on 2026-11-01, −1.00 USD on 2026-11-04")) << spark;
  for (int day = 5; day < 400; ++day) trend.points.push_back({November(1) + day * absl::Hours(24), "later", 1, 0.5});
  EXPECT_LT(TrendSpark(trend, "USD").size(), 2000U);
  EXPECT_LT(TrendChart(trend, "USD").size(), 30'000U);
}

}  // namespace
}  // namespace status
