#include "exporter/status/page.h"

#include <algorithm>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/day.h"
#include "base/version.h"
#include "exporter/status/costs.h"
#include "exporter/status/style.h"
#include "exporter/status/text.h"

namespace status {
namespace {

using kubecost::IsKnown;
using metrics::Column;
using metrics::DailyFacts;
using metrics::Level;

constexpr size_t kMaxDayRows = 60;
constexpr size_t kMaxSearchBytes = 256;

// What a view reads, for a person.
struct ViewWords {
  absl::string_view name;
  absl::string_view title;
  absl::string_view reads;
};
constexpr ViewWords kViewWords[] = {
    {"cluster_info", "Cluster description", "what Kubecost says of the cluster, hourly"},
    {"day", "Closed days", "the days kept: hourly until settled, then less often"},
    {"backfill", "Back-fill", "days behind those, once each"},
    {"hour", "Last hour", "costs of the last complete hour"},
    {"today", "Today so far", "costs since midnight"},
    {"currency", "Currency", "the currency Kubecost is configured with"},
};

ViewWords WordsOf(absl::string_view view) {
  const auto* const words = std::find_if(std::begin(kViewWords), std::end(kViewWords),
                                         [view](const ViewWords& known) { return known.name == view; });
  return words == std::end(kViewWords) ? ViewWords{view, view, ""} : *words;
}

const polling::ViewReport* FindView(const polling::PollReport& report, absl::string_view name) {
  const auto view = std::find_if(report.views.begin(), report.views.end(),
                                 [name](const polling::ViewReport& known) { return known.name == name; });
  return view == report.views.end() ? nullptr : &*view;
}

bool IsFailing(const polling::ViewReport& view) { return !view.is_off && !view.error.empty(); }

// The state of all in one sentence.
struct Verdict {
  Mood mood = Mood::kGood;
  std::string pill;
  std::string headline;
  // HTML
  std::string more;
};

Verdict WithoutFacts(const StatusFacts& facts, bool is_failing) {
  const Options& options = facts.options;
  if (!is_failing) {
    return {Mood::kWarning, "Starting", "Nothing has been read yet",
            absl::StrCat("<p>The first answer may take minutes on a big cluster. A new installation has its first "
                         "complete day ",
                         DurationText(options.day_close_delay), " after its first midnight (UTC ",
                         base::UtcOffsetText(options.day_utc_offset), ").</p>")};
  }
  return {Mood::kBad, "No costs yet", "Kubecost cannot be read",
          absl::StrCat("<p>No day has been read yet, so there are no costs to show or to scrape. The exporter goes on "
                       "asking <code>",
                       TextHtml(options.url),
                       "</code> by itself, and nothing has to be restarted once Kubecost answers. If the address is "
                       "wrong, <code>--kubecost.url</code> sets another one.</p>")};
}

Verdict VerdictOf(const StatusFacts& facts) {
  const std::vector<polling::ViewReport>& views = facts.report.views;
  const bool is_failing = std::any_of(views.begin(), views.end(), IsFailing);
  if (facts.snapshot.day.empty()) return WithoutFacts(facts, is_failing);
  const metrics::DayFacts& day = *facts.snapshot.day.front();
  const polling::ViewReport* const days = FindView(facts.report, "day");
  const std::string read = days != nullptr && days->last_success.has_value()
                               ? absl::StrCat("<p>The closed days below were last read without error ",
                                              TimeHtml(*days->last_success, facts.now))
                               : "<p>The closed days below were read before";
  if (days != nullptr && IsFailing(*days)) {
    return {Mood::kBad, "Failing", "Kubecost cannot be read at present",
            absl::StrCat(read, ". They are facts and stay served until newer ones are read.</p>")};
  }
  if (is_failing) {
    return {Mood::kWarning, "Partly failing", "A part of Kubecost cannot be read at present",
            absl::StrCat(read, ".</p>")};
  }
  const base::Window due =
      base::NewestCompleteDay(facts.now, facts.options.day_utc_offset, facts.options.day_close_delay);
  if (day.window.start < due.start) {
    return {Mood::kWarning, "A day behind", "A newer day is due",
            absl::StrCat("<p>", TextHtml(day.date),
                         " is the newest day that was read; the one after it is closed and will be read next.</p>")};
  }
  if (!metrics::Reconcile(facts.snapshot.day)) {
    return {Mood::kWarning, "Day not complete", "The newest day does not add up",
            absl::StrCat("<p>On ", TextHtml(day.date),
                         " the cluster's total is not the sum of its parts: Kubecost may still be computing, or did "
                         "not say what some of them cost. The day is read again by itself and is not to be booked "
                         "yet.</p>")};
  }
  if (facts.snapshot.daily != nullptr &&
      std::any_of(facts.snapshot.daily->days().begin(), facts.snapshot.daily->days().end(),
                  [&day](const metrics::ServedDay& each) { return each.date == day.date && !each.complete; })) {
    return {Mood::kNeutral, "Not proven", "The newest day is not complete yet",
            "<p>There is nothing to compare it with. It is complete when Kubecost says the same six hours later.</p>"};
  }
  return {Mood::kGood, "All is well", "", ""};
}

void AppendBanner(const StatusFacts& facts, const Verdict& verdict, std::string& html) {
  if (verdict.headline.empty()) return;
  absl::StrAppend(&html, "<div class=\"banner ", MoodClass(verdict.mood), "\" role=\"status\"><h2>", verdict.headline,
                  "</h2>");
  // The day's failure is the one that matters, and mostly that of the others too.
  const polling::ViewReport* const days = FindView(facts.report, "day");
  const bool is_day_failing = days != nullptr && IsFailing(*days);
  std::string errors;
  std::string others;
  for (const polling::ViewReport& view : facts.report.views) {
    if (!IsFailing(view)) continue;
    const std::string title = TextHtml(WordsOf(view.name).title, kMaxNameLength);
    if (is_day_failing && &view != days) {
      absl::StrAppend(&others, others.empty() ? "" : ", ", title);
      continue;
    }
    const std::string when =
        view.last_failure.has_value() ? absl::StrCat(", ", TimeHtml(*view.last_failure, facts.now)) : "";
    absl::StrAppend(&errors, "<li><span class=\"error\">", TextHtml(view.error), "</span><br>", title, when, "</li>");
  }
  if (!errors.empty()) absl::StrAppend(&html, "<ul>", errors, "</ul>");
  absl::StrAppend(&html, verdict.more);
  if (!others.empty()) absl::StrAppend(&html, "<p>Failing as well: ", others, ".</p>");
  if (!errors.empty()) {
    absl::StrAppend(&html, "<p>Every message is explained under <em>Troubleshooting</em> in README.md.</p>");
  }
  absl::StrAppend(&html, "</div>\n");
}

void AppendHeader(const StatusFacts& facts, const Verdict& verdict, absl::string_view search, std::string& html) {
  const metrics::ClusterFacts& day = facts.snapshot.day;
  absl::StrAppend(
      &html,
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta name=\"color-scheme\" content=\"light dark\">\n<title>",
      day.empty() ? verdict.pill : absl::StrCat("Costs of ", TextHtml(day.front()->date)),
      " – Kubecost Allocation Exporter</title>\n<style>", kStatusStyle, "</style>\n</head>\n<body>\n<header>\n",
      "<div class=\"top\"><div class=\"brand\"><svg class=\"logo\" viewBox=\"0 0 32 32\" aria-hidden=\"true\">"
      "<rect class=\"used\" width=\"32\" height=\"32\" rx=\"8\"/><g fill=\"#fff\"><rect x=\"7\" y=\"17\" width=\"4\" "
      "height=\"8\" rx=\"1\"/><rect x=\"14\" y=\"7\" width=\"4\" height=\"18\" rx=\"1\"/><rect x=\"21\" y=\"12\" "
      "width=\"4\" height=\"13\" rx=\"1\"/></g></svg><div><h1>Kubecost Allocation Exporter</h1><p class=\"note\">as "
      "of ",
      TimeText(facts.now), "</p></div></div><span class=\"pill large ", MoodClass(verdict.mood), "\">", verdict.pill,
      "</span></div>\n<ul class=\"links\"><li><a href=\"", TextHtml(facts.options.telemetry_path),
      "\">Metrics</a></li><li><a href=\"/healthz\">Health</a></li><li><a href=\"/readyz\">Readiness</a></li>"
      "<li><a href=\"#days\">Days</a></li><li><a href=\"#reads\">Reads</a></li>"
      "<li><a href=\"#settings\">Settings</a></li></ul>\n"
      "<form class=\"search\" role=\"search\" action=\"/\" method=\"get\"><input type=\"search\" name=\"search\" "
      "aria-label=\"Namespace or pod\" placeholder=\"Find a namespace or pod\" maxlength=\"200\" value=\"",
      TextHtml(search), "\"><button>Search</button></form>\n</header>\n<main>\n");
}

std::string DifferenceHtml(const StatusFacts& facts, const metrics::ServedDay& day, double difference, bool was_read) {
  if (!was_read) return "<span class=\"muted\">not read</span>";
  if (!IsKnown(difference)) return "<span class=\"muted\">unknown</span>";
  if (difference == 0) return "0";
  if (day.facts->reconciles) {
    return absl::StrCat(MoneyHtml(difference, facts.currency), "<small>is rounding</small>");
  }
  return absl::StrCat(MoneyHtml(difference, facts.currency), "<small>",
                      difference > 0 ? "the level lacks this" : "the level has this too much", "</small>");
}

void AppendDay(const StatusFacts& facts, const metrics::ServedDay& day, bool has_clusters, std::string& html) {
  const bool has_pods = day.has_pods();
  const double coverage = metrics::ValueOf(day, Column::kCoverage, Level::kCluster);
  const auto& totals = day.facts->table(Level::kCluster).sums();
  absl::StrAppend(&html, "<tr><th scope=\"row\" class=\"num\">", TextHtml(day.date), "</th>");
  if (has_clusters) absl::StrAppend(&html, "<td class=\"name\">", NameHtml(day.cluster), "</td>");
  absl::StrAppend(
      &html, "<td class=\"num\">",
      MoneyHtml(totals.empty() ? kubecost::kUnknown : totals.front().total, facts.currency), "</td><td>",
      day.complete ? PillHtml(Mood::kGood, "Complete")
      : has_pods   ? PillHtml(Mood::kBad, "Not complete")
                   : PillHtml(Mood::kNeutral, "Without pods"),
      "</td><td>", day.settled ? PillHtml(Mood::kGood, "Settled") : PillHtml(Mood::kNeutral, "May be corrected"),
      "</td><td class=\"num\">", DifferenceHtml(facts, day, day.facts->namespace_difference, true),
      "</td><td class=\"num\">", DifferenceHtml(facts, day, day.facts->pod_difference, day.facts->has_pods),
      "</td><td class=\"num\">", IsKnown(coverage) ? PercentText(coverage, 1) : "—", "</td><td class=\"num\">",
      has_pods ? CountText(day.facts->pods) : "—", "</td><td>", TimeHtml(day.last_read, facts.now), "</td></tr>\n");
}

void AppendBackfill(const StatusFacts& facts, std::string& html) {
  const polling::PollReport& report = facts.report;
  if (report.views.empty()) return;
  const size_t all = report.backfill_waiting + report.backfill_served + report.backfill_delivered;
  if (!facts.options.has_backfill) {
    absl::StrAppend(&html, "<p class=\"note\">Back-fill of older days is off (<code>--backfill.days</code>).</p>");
  } else if (all == 0) {
    absl::StrAppend(&html, "<p class=\"note\">Back-fill: no older day is to be read.</p>");
  } else {
    absl::StrAppend(&html, "<p class=\"note\">Back-fill: of ", CountText(all), " older ", all == 1 ? "day" : "days",
                    ", ", CountText(report.backfill_waiting), " still to be read, ", CountText(report.backfill_served),
                    " served at present, ", CountText(report.backfill_delivered),
                    " served long enough and done with.</p>");
  }
}

// What is not believed, or was not at first.
void AppendDoubts(const DailyFacts& daily, std::string& html) {
  for (const metrics::ServedDay& day : daily.days()) {
    const std::string name = absl::StrCat(TextHtml(day.date), " of ", NameHtml(day.cluster));
    if (!day.doubt.empty()) {
      absl::StrAppend(&html, "<p class=\"note\">", PillHtml(Mood::kWarning, "Doubted"), " ", name,
                      ": what Kubecost says now is not believed (", TextHtml(day.doubt), "); ",
                      day.facts == nullptr ? "nothing is served of it until it is." : "what was served stays.", "</p>");
    }
    if (day.revised) {
      absl::StrAppend(
          &html, "<p class=\"note\">", PillHtml(Mood::kWarning, "Revised"), " ", name,
          ": its costs were replaced in the last 24 hours, because Kubecost said the same for three hours.</p>");
    }
  }
}

void AppendDays(const StatusFacts& facts, std::string& html) {
  absl::StrAppend(&html, "<section class=\"card\" aria-labelledby=\"days\"><h2 id=\"days\">Days</h2>");
  const DailyFacts* const daily = facts.snapshot.daily.get();
  std::vector<const metrics::ServedDay*> rows;
  if (daily != nullptr) {
    AppendDoubts(*daily, html);
    for (const metrics::ServedDay& day : daily->days()) {
      if (day.facts != nullptr) rows.push_back(&day);
    }
  }
  if (rows.empty()) {
    absl::StrAppend(&html, "<p class=\"note\">No day has been read yet.</p>");
  } else {
    const bool has_clusters = rows.front()->cluster != rows.back()->cluster;
    std::stable_sort(rows.begin(), rows.end(),
                     [](const metrics::ServedDay* a, const metrics::ServedDay* b) { return a->date > b->date; });
    absl::StrAppend(
        &html,
        "<p class=\"note\">A day is complete when its levels were read as one, add up and are believed; settled when "
        "Kubecost corrects it by the cloud's bill no more. The difference is the cluster's total minus the sum of its "
        "namespaces, or of "
        "its pods: what rounding explains is fine, anything more means that Kubecost was computing or lost rows. "
        "Coverage is the part of the day in which any pod ran.</p>"
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Days\"><table><caption>Closed days served, "
        "at UTC ",
        base::UtcOffsetText(facts.options.day_utc_offset), "</caption><thead><tr><th scope=\"col\">Day</th>",
        has_clusters ? "<th scope=\"col\">Cluster</th>" : "",
        "<th scope=\"col\" class=\"num\">Total</th><th scope=\"col\">Complete</th><th scope=\"col\">Settled</th>"
        "<th scope=\"col\" class=\"num\">Difference<br>to namespaces</th><th scope=\"col\" class=\"num\">Difference<br>"
        "to pods</th><th scope=\"col\" class=\"num\">Coverage</th><th scope=\"col\" class=\"num\">Pods</th>"
        "<th scope=\"col\">Last read</th></tr></thead><tbody>");
    size_t shown = 0;
    for (; shown < std::min(rows.size(), kMaxDayRows) && html.size() < kFullPageBytes; ++shown) {
      AppendDay(facts, *rows[shown], has_clusters, html);
    }
    absl::StrAppend(&html, "</tbody></table></div>");
    if (shown < rows.size()) {
      absl::StrAppend(&html, "<p class=\"note\">and ", CountText(rows.size() - shown), " rows of older days</p>");
    }
  }
  AppendBackfill(facts, html);
  absl::StrAppend(&html, "</section>\n");
}

std::string NextHtml(const polling::ViewReport& view, absl::Time now) {
  if (view.next_poll == absl::InfiniteFuture()) return "when there is something new";
  if (view.next_poll == absl::UnixEpoch() || view.next_poll == absl::InfinitePast()) return "not known yet";
  return view.next_poll <= now ? "now" : TimeHtml(view.next_poll, now);
}

void AppendReads(const StatusFacts& facts, std::string& html) {
  absl::StrAppend(&html,
                  "<section class=\"card\" aria-labelledby=\"reads\"><h2 id=\"reads\">Reads</h2><p class=\"note\">"
                  "What is asked of <code>",
                  TextHtml(absl::StrCat(facts.options.url, facts.report.path)), "</code>",
                  facts.report.path.empty() ? ", once the path of its API is known" : "",
                  ". One request at a time.</p>");
  if (facts.report.views.empty()) {
    absl::StrAppend(&html, "<p>Kubecost is being asked for the first time.</p></section>\n");
    return;
  }
  absl::StrAppend(&html,
                  "<div class=\"scroll\" tabindex=\"0\" role=\"region\" "
                  "aria-label=\"Reads\"><table><caption>Views, as label <code>view</code> calls them</caption><thead>"
                  "<tr><th scope=\"col\">View</th><th scope=\"col\">State</th><th scope=\"col\">Last success</th>"
                  "<th scope=\"col\">Last failure</th><th scope=\"col\">Next</th></tr></thead><tbody>");
  for (const polling::ViewReport& view : facts.report.views) {
    const ViewWords words = WordsOf(view.name);
    const std::string state = view.is_off                     ? PillHtml(Mood::kNeutral, "Off: not supported")
                              : IsFailing(view)               ? PillHtml(Mood::kBad, "Failing")
                              : view.last_success.has_value() ? PillHtml(Mood::kGood, "OK")
                                                              : PillHtml(Mood::kNeutral, "Not read yet");
    const auto time = [&facts](const std::optional<absl::Time>& moment) {
      return moment.has_value() ? TimeHtml(*moment, facts.now) : "never";
    };
    absl::StrAppend(&html, "<tr><th scope=\"row\" class=\"name\">", TextHtml(words.title, kMaxNameLength), "<small>",
                    TextHtml(words.reads), "</small></th><td>", state, "</td><td>", time(view.last_success),
                    "</td><td>", time(view.last_failure), "</td><td>", NextHtml(view, facts.now), "</td></tr>\n");
    if (!view.error.empty()) {
      absl::StrAppend(&html, "<tr class=\"why\"><td colspan=\"5\">", TextHtml(view.error), "</td></tr>\n");
    }
  }
  absl::StrAppend(&html, "</tbody></table></div></section>\n");
}

void AppendSettings(const StatusFacts& facts, absl::string_view web_security, std::string& html) {
  const Options& options = facts.options;
  const auto append = [&html](absl::string_view title, absl::string_view value) {
    absl::StrAppend(&html, "<div><dt>", title, "</dt><dd>", TextHtml(value), "</dd></div>");
  };
  absl::StrAppend(&html,
                  "<section class=\"card\" aria-labelledby=\"settings\"><h2 id=\"settings\">Settings</h2>"
                  "<p class=\"note\">What decides the meaning of the numbers.</p><dl class=\"settings\">");
  append("Kubecost", options.url);
  if (!options.tls_verify) append("Kubecost's certificate", "not verified (--kubecost.tls-verify=false)");
  if (!options.credential_flags.empty()) append("Credentials", absl::StrCat("from ", options.credential_flags));
  append("API path", facts.report.path.empty() ? "not known yet" : facts.report.path);
  append("Currency", facts.currency.empty() ? "as Kubecost says, not known yet" : facts.currency);
  append("A day begins at", absl::StrCat("00:00, UTC ", base::UtcOffsetText(options.day_utc_offset)));
  append("A day is closed", absl::StrCat(DurationText(options.day_close_delay), " after its end"));
  append("Days kept", absl::StrCat(options.day_keep));
  append("Idle cost", options.idle == "separate" ? "in rows of its own (separate)"
                      : options.idle == "share"  ? "spread over the workloads (share)"
                                                 : "left out (off)");
  append("Tenancy cost", options.share_tenancy_costs ? "spread over the workloads" : "not spread");
  append("Filter", options.filter.empty() ? "none: the whole cluster" : options.filter);
  if (!options.share_namespaces.empty()) append("Shared namespaces", options.share_namespaces);
  if (!options.share_labels.empty()) append("Shared labels", options.share_labels);
  if (!options.cluster_name.empty()) append("Cluster name", options.cluster_name);
  append("Who may scrape", web_security);
  append("Version", absl::StrCat(base::Version(), " (", base::Revision(), ")"));
  absl::StrAppend(&html, "</dl></section>\n");
}

}  // namespace

std::string StatusPage(const Options& options, const metrics::Snapshot& snapshot, const polling::PollReport& report,
                       absl::string_view web_security, absl::Time now, absl::string_view search) {
  // Nothing is reported before the first poll.
  const std::string currency = !report.currency.empty() ? report.currency : options.currency;
  const StatusFacts facts = {options, snapshot, report, currency, now};
  search = absl::StripAsciiWhitespace(search.substr(0, kMaxSearchBytes));
  const Verdict verdict = VerdictOf(facts);
  std::string html;
  AppendHeader(facts, verdict, search, html);
  AppendBanner(facts, verdict, html);
  if (!search.empty()) AppendSearchResults(facts, search, html);
  const metrics::DayFacts* const day = snapshot.day.empty() ? nullptr : snapshot.day.front().get();
  const bool is_live = snapshot.hour != nullptr || snapshot.today != nullptr;
  if (day != nullptr) {
    absl::StrAppend(&html, "<section><h2>", DayTitle(day->date),
                    "</h2><p class=\"note\">The newest complete day, 00:00 to 24:00 at UTC ",
                    base::UtcOffsetText(options.day_utc_offset), "</p>");
  } else if (is_live) {
    absl::StrAppend(&html, "<section><h2>Now</h2><p class=\"note\">No day has been read yet</p>");
  }
  if (day != nullptr || is_live) {
    AppendClusters(facts, html);
    absl::StrAppend(&html, "</section>\n");
  }
  if (day != nullptr) {
    AppendTop(facts, Level::kNamespace, html);
    AppendTop(facts, Level::kPod, html);
  }
  AppendDays(facts, html);
  AppendReads(facts, html);
  AppendSettings(facts, web_security, html);
  absl::StrAppend(&html,
                  "</main>\n<footer><p>The numbers are Kubecost's own; what they mean is told in README.md, how to run "
                  "and compare them in docs/operations.md and docs/reconciliation.md, this page in docs/status-page.md "
                  "of the repository.</p></footer>\n</body>\n</html>\n");
  return html;
}

absl::string_view StatusPageHeaders() {
  static const std::string headers = absl::StrCat(
      "Content-Security-Policy: default-src 'none'; style-src 'sha256-", kStatusStyleHash,
      "'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'\r\nReferrer-Policy: no-referrer\r\n");
  return headers;
}

}  // namespace status
