#include "exporter/flag_table.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "absl/time/civil_time.h"
#include "absl/types/span.h"
#include "base/day.h"

namespace exporter {
namespace {

using Values = std::vector<std::string>;

// What --help calls a type, and what its values look like. A text has a name at its flag.
struct Type {
  const char* name;
  const char* form;
};
Type TypeOf(bool) { return {"BOOL", "true or false"}; }
Type TypeOf(int) { return {"N", "a whole number"}; }
Type TypeOf(absl::Duration) { return {"DURATION", "a duration such as 500ms, 90s, 5m or 2h"}; }
Type TypeOf(uint64_t) { return {"SIZE", "a size such as 1048576, 64MiB or 1GiB"}; }
Type TypeOf(const std::optional<absl::CivilDay>&) { return {"YYYY-MM-DD", "a day such as 2026-11-05"}; }
Type TypeOf(const std::optional<polling::DayRange>&) {
  return {"FROM..TO", "a range of days such as 2026-11-01..2026-11-07"};
}

constexpr std::pair<absl::string_view, uint64_t> kUnits[] = {{"GiB", uint64_t{1} << 30},
                                                             {"MiB", uint64_t{1} << 20},
                                                             {"KiB", uint64_t{1} << 10},
                                                             {"GB", 1'000'000'000},
                                                             {"MB", 1'000'000},
                                                             {"KB", 1'000},
                                                             {"B", 1},
                                                             {"", 1}};

// Parse() reads a value of any type. What it leaves behind where it fails means nothing.

bool Parse(const std::string& text, std::string& value) {
  value = text;
  return true;
}

// The bare flag is true.
bool Parse(const std::string& text, bool& value) { return (value = text.empty()) || absl::SimpleAtob(text, &value); }

bool Parse(const std::string& text, int& value) { return absl::SimpleAtoi(text, &value); }

// As Go writes them, with an end.
bool Parse(const std::string& text, absl::Duration& value) {
  return absl::ParseDuration(text, &value) && value != absl::InfiniteDuration();
}

// A number of bytes.
bool Parse(const std::string& text, uint64_t& value) {
  for (const auto& [unit, factor] : kUnits) {
    absl::string_view number = text;
    if (!absl::ConsumeSuffix(&number, unit) || !absl::SimpleAtoi(number, &value)) continue;
    if (value > std::numeric_limits<uint64_t>::max() / factor) break;
    value *= factor;
    return true;
  }
  return false;
}

bool Parse(const std::string& text, absl::CivilDay& value) {
  return text.size() == 10 && absl::ParseCivilTime(text, &value) && absl::FormatCivilTime(value) == text;
}

bool Parse(const std::string& text, polling::DayRange& value) {
  const std::pair<std::string, std::string> days = absl::StrSplit(text, absl::MaxSplits("..", 1));
  return Parse(days.first, value.first) && Parse(days.second, value.second) && value.first <= value.second;
}

template <typename T>
bool Parse(const std::string& text, std::optional<T>& value) {
  return Parse(text, value.emplace());
}

bool ParsePathPrefix(const std::string& text, std::optional<std::string>& value) {
  value = text == "/" ? "" : text;
  return true;
}

bool ParseUtcOffset(const std::string& text, absl::Duration& value) {
  int hours = 0;
  int minutes = 0;
  const bool form = text.size() == 6 && (text[0] == '+' || text[0] == '-') && text[3] == ':' &&
                    absl::SimpleAtoi(text.substr(1, 2), &hours) && absl::SimpleAtoi(text.substr(4, 2), &minutes);
  value = (absl::Hours(hours) + absl::Minutes(minutes)) * (text[0] == '-' ? -1 : 1);
  return form && hours >= 0 && hours <= 14 && minutes >= 0 && minutes <= 59;
}

bool ParseDays(const std::string& text, std::optional<int>& value) { return Parse(text, value) && *value >= 1; }

bool ParseSampleInterval(const std::string& text, std::optional<absl::Duration>& value) {
  return Parse(text, value) && *value >= absl::Minutes(1) && *value <= absl::Hours(24) &&
         *value % absl::Seconds(1) == absl::ZeroDuration();
}

// Print() shows a value as the default of its flag; what is empty has none.

std::string Print(bool value) { return value ? "true" : "false"; }
std::string Print(int value) { return absl::StrCat(value); }
std::string Print(uint64_t value) {
  size_t unit = 0;
  while (value % kUnits[unit].second != 0) ++unit;
  return absl::StrCat(value / kUnits[unit].second, kUnits[unit].first);
}
// Whole seconds up to a minute as such: "0s", "60s".
std::string Print(absl::Duration value) {
  const bool in_seconds = value <= absl::Minutes(1) && value % absl::Seconds(1) == absl::ZeroDuration();
  return in_seconds ? absl::StrCat(absl::ToInt64Seconds(value), "s") : absl::FormatDuration(value);
}
template <typename T>
std::string Print(const std::optional<T>&) {
  return "";
}

// What a value must be besides. The bounds are texts of the flag's type.
struct Rule {
  const char* min = nullptr;
  const char* max = nullptr;
  const char* below = nullptr;     // a maximum that is not allowed itself
  const char* why = "";            // the end of the sentence about the bounds
  const char* expected = nullptr;  // in place of that sentence
};

// libcurl counts in milliseconds and takes 0 for its own default.
constexpr Rule kTransferTime = {.min = "1ms"};

absl::Status Problem(absl::string_view text, absl::string_view expected) {
  return absl::InvalidArgumentError(absl::StrCat("\"", text, "\" is not ", expected));
}

template <typename T>
absl::Status CheckBounds(const std::string& text, const T& value, const Rule& rule) {
  const auto is_beyond = [&value](const char* bound, auto compare) {
    T parsed{};
    return bound != nullptr && Parse(bound, parsed) && compare(value, parsed);
  };
  if (!is_beyond(rule.min, std::less<T>()) && !is_beyond(rule.max, std::greater<T>()) &&
      !is_beyond(rule.below, std::greater_equal<T>())) {
    return absl::OkStatus();
  }
  if (rule.expected != nullptr) return Problem(text, rule.expected);
  const std::string bounds = rule.max != nullptr ? absl::StrCat(rule.min, " to ", rule.max)
                             : rule.below != nullptr
                                 ? absl::StrCat("at least ", rule.min, " and less than ", rule.below)
                                 : absl::StrCat("at least ", rule.min);
  return absl::InvalidArgumentError(absl::StrCat("must be ", bounds, rule.why));
}

// These make a flag without its group.

template <typename T>
Flag Row(const char* name, Type type, T& value, const char* help, bool (*parse)(const std::string&, T&),
         std::string default_text = "", const Rule& rule = {}) {
  const auto set = [&value, form = type.form, parse, rule](const Values& texts) {
    T parsed{};
    if (!parse(texts.back(), parsed)) return Problem(texts.back(), form);
    value = parsed;
    return CheckBounds(texts.back(), value, rule);
  };
  return {nullptr, name, type.name, help, std::move(default_text), set};
}

template <typename T>
Flag Row(const char* name, T& value, const char* help, const Rule& rule = {}) {
  return Row<T>(name, TypeOf(value), value, help, Parse, Print(value), rule);
}

Flag Row(const char* name, const char* type, std::string& value, const char* help) {
  return Row<std::string>(name, {type, ""}, value, help, Parse, value);
}

Flag Row(const char* name, const char* type, std::vector<std::string>& value, const char* help) {
  const auto set = [&value](const Values& texts) {
    value = texts;
    return absl::OkStatus();
  };
  return {nullptr, name, type, help, absl::StrJoin(value, ","), set, true};
}

Flag Row(const char* name, const char* type, std::map<std::string, std::string>& value, const char* help) {
  const auto set = [&value](const Values& texts) {
    for (const std::string& text : texts) {
      const std::pair<std::string, std::string> parts = absl::StrSplit(text, absl::MaxSplits('=', 1));
      if (!absl::StrContains(text, "=")) return Problem(text, "of the form key=value");
      value[parts.first] = parts.second;
    }
    return absl::OkStatus();
  };
  return {nullptr, name, type, help, "", set, true};
}

// `names` in the order of the enum.
template <typename Enum>
Flag Choice(const char* name, const char* type, Enum& value, const char* help,
            absl::Span<const absl::string_view> names, std::string expected = "") {
  if (expected.empty()) expected = absl::StrCat("one of ", absl::StrJoin(names, ", "));
  const auto set = [&value, names, expected](const Values& texts) {
    const auto* const found = std::find(names.begin(), names.end(), texts.back());
    if (found == names.end()) return Problem(texts.back(), expected);
    value = static_cast<Enum>(found - names.begin());
    return absl::OkStatus();
  };
  return {nullptr, name, type, help, std::string(names[static_cast<size_t>(value)]), set};
}

// Gives the rows their group and moves them to the end of `flags`.
void Add(std::vector<Flag>& flags, const char* group, std::vector<Flag> rows) {
  for (Flag& row : rows) {
    row.group = group;
    flags.push_back(std::move(row));
  }
}

void AddKubecost(kubecost::EndpointSettings& endpoint, kubecost::CurlOptions& http, std::vector<Flag>& flags) {
  kubecost::AccessSettings& access = http.access;
  Add(flags, "Kubecost",
      {Row("kubecost.url", "URL", endpoint.url,
           "Where Kubecost or OpenCost listens: scheme, host, port and perhaps a path, without a slash at the end."),
       Choice("kubecost.api", "API", endpoint.api,
              "Whose API it is: kubecost (/model/allocation), opencost (/allocation), or auto: found by asking.",
              kubecost::kApiNames),
       Row("kubecost.path-prefix", {"PATH", ""}, endpoint.path_prefix,
           "What stands before /allocation and /clusterInfo in place of the product's own prefix; / for nothing.",
           ParsePathPrefix),
       Row("kubecost.connect-timeout", http.connect_timeout, "For name lookup, TCP and TLS.", kTransferTime),
       Row("kubecost.read-timeout", http.read_timeout,
           "How long the server may send no byte at all. Big clusters compute for minutes before the first one.",
           kTransferTime),
       Row("kubecost.deadline", http.deadline, "For one whole request, body included.", kTransferTime),
       Row("kubecost.max-response-bytes", http.max_response_bytes, "Largest answer taken, after decompression.",
           {.min = "1KiB"}),
       Row("kubecost.gzip", http.accept_gzip, "Ask for compressed answers: worth it on slow links."),
       Row("kubecost.ca-file", "FILE", access.ca_file,
           "PEM file with the authorities that may have signed Kubecost's certificate, in place of the system's."),
       Row("kubecost.cert-file", "FILE", access.cert_file,
           "PEM file with the certificate to show to Kubecost, for mutual TLS; needs --kubecost.key-file."),
       Row("kubecost.key-file", "FILE", access.key_file,
           "PEM file with that certificate's private key, without passphrase."),
       Row("kubecost.server-name", "NAME", access.server_name,
           "Name that Kubecost's certificate must hold (and SNI asks for) where the host of the URL is another."),
       Row("kubecost.tls-verify", access.tls_verify,
           "false takes any certificate: whoever is in between can read and change all, credentials included."),
       Row("kubecost.username", "NAME", access.username,
           "User for Basic authentication; needs --kubecost.password-file."),
       Row("kubecost.password-file", "FILE", access.password_file, "File with that user's password."),
       Row("kubecost.token-file", "FILE", access.token_file, "File with a token for Bearer authentication."),
       Row("kubecost.header-file", "FILE", access.header_file,
           "File with headers to send along, each a line \"Name: value\", such as X-API-KEY.")});
}

void AddPolling(polling::Options& o, std::vector<Flag>& flags) {
  Add(flags, "What is asked",
      {Choice("idle", "MODE", o.query.idle,
              "Cost of capacity nobody used: separate (rows named __idle__), share (spread over workloads), off (left "
              "out).",
              kubecost::kIdleModeNames),
       Row("share-tenancy-costs", o.query.share_tenancy_costs,
           "Spread cluster management and attached disks over workloads, as Kubecost's own pages do."),
       Row("share-namespaces", "LIST", o.query.share_namespaces,
           "Namespaces whose cost is spread over the others, comma-separated. Kubecost only."),
       Row("share-labels", "LIST", o.query.share_labels,
           "label:value pairs whose cost is spread over the others, comma-separated. Kubecost only."),
       Row("filter", "FILTER", o.query.filter,
           "Only what this filter (v2 syntax) lets through, for instance namespace!:\"kube-system\".")});
  Add(flags, "Identity",
      {Row("cluster.name", "NAME", o.cluster_name,
           "Label cluster of every series, in place of what Kubecost calls the cluster."),
       Choice("cluster-info", "MODE", o.cluster_info,
              "kubecost_cluster_info: mirror (what Kubecost says of itself) or off.", polling::kClusterInfoModeNames),
       Row("cluster-info.label", "LABEL", o.cluster_info_labels,
           "key=value: a label of kubecost_cluster_info that Kubecost leaves out or empty. Repeatable."),
       Row("currency", "CODE", o.currency,
           "The currency Kubecost is configured with; without it Kubecost is asked, and USD assumed where it does not "
           "tell."),
       Row("compat.cloudtuner", o.compat_cloudtuner,
           "Serve cloudtuner_kubecost_* as well, the names of the former exporter: see docs/cloudtuner.md.")});
  Add(flags, "Days",
      {Row("day.utc-offset", {"+HH:MM", "an offset such as +00:00, +05:30 or -08:00"}, o.day_utc_offset,
           "Where days begin; must equal the UTC offset Kubecost is configured with.", ParseUtcOffset,
           base::UtcOffsetText(o.day_utc_offset)),
       Row("day.close-delay", o.day_close_delay, "How long after its end a day counts as complete.",
           {.min = "0s", .below = "24h"}),
       Row("day.keep", o.day_keep, "How many closed days are served on every scrape.", {"1", "31"}),
       Row("day.refresh", o.day_refresh,
           "How soon a day is read again after it changed; while it stays the same the wait doubles.", {"1m", "24h"}),
       Row("day.refresh-max", o.day_refresh_max, "How long that wait becomes; a settled day is read this often.",
           {"1m", "24h"}),
       Row("day.settle-after", o.day_settle_after,
           "How long after a day's end Kubecost may still correct it by the cloud's bill.", {"0s", "744h"}),
       Row("day.pod-resources", o.day_pod_resources,
           "Serve kubecost_pod_daily_resource_cost: what each resource of a pod cost on each day.")});
  Add(flags, "Live",
      {Row("hour.enabled", o.hour_enabled, "Serve kubecost_*_hourly_cost: the last complete hour."),
       Row("hour.close-delay", o.hour_close_delay, "How long after its end an hour counts as complete.", {"0s", "1h"}),
       Row("today.enabled", o.today_enabled, "Serve kubecost_{namespace,cluster}_today_cost: since midnight."),
       Row("today.refresh", o.today_refresh, "How often today is read.", {"1m", "6h"}),
       Row("today.pods", o.today_pods, "Serve kubecost_pod_today_cost as well.")});
  Add(flags, "Back-fill",
      {Row("backfill.days", o.backfill_days,
           "How many closed days are to be had downstream: missing ones are fetched at start and after outages; 0 = "
           "off.",
           {"0", "90"}),
       Row("backfill.expose-for", o.backfill_expose_for,
           "For how long scrapers are served a settled day, without gaps, until it is delivered.", {"1h", "744h"}),
       Row("backfill.pods", o.backfill_pods, "Back-fill pods as well as namespaces and clusters."),
       Row("backfill.parallel-days", o.backfill_parallel_days,
           "Of how many back-filled and late days the pods are served at once.", {"1", "90"}),
       Row("backfill.again", o.backfill_again,
           "Deliver these days once more, for instance 2026-11-01..2026-11-07, whatever was delivered before."),
       Row("state.path", "FILE", o.state_path,
           "The ledger: a small file that remembers what is believed of each day, and what was delivered. Without it "
           "the first numbers after a restart are complete 6h later, and back-fill is repeated.")});
}

void AddWeb(web::Options& o, std::vector<Flag>& flags) {
  Add(flags, "Web",
      {Row("web.listen-address", "ADDRESS", o.listen_addresses,
           "Where to serve; :9103 is every interface, IPv4 and IPv6. Repeatable."),
       Row("web.config.file", "FILE", o.web_config_file,
           "TLS, client certificates, passwords and headers, in the format of Prometheus' exporters: see "
           "docs/web-config.md."),
       Row("web.telemetry-path", "PATH", o.telemetry_path, "Where the metrics are."),
       Row("web.threads", o.web_threads, "Connections served at once.", {"2", "64"}),
       Row("web.max-requests", o.web_max_requests,
           "Scrapes served at once, 503 beyond; less than --web.threads, so that stalled ones leave health its "
           "threads."),
       Row("web.request-timeout", o.web_request_timeout,
           "How long a client may neither send nor take a byte before it is dropped.", {.min = "1s"}),
       Row("web.keep-alive-timeout", o.web_keep_alive_timeout,
           "How long an idle connection is kept, at most 500ms; 0s closes after each answer.",
           {.min = "0s", .max = "500ms", .why = ": an idle connection occupies a thread"})});
}

}  // namespace

std::vector<Flag> Flags(Options& options) {
  std::vector<Flag> flags;
  AddKubecost(options.polling.endpoint, options.http, flags);
  AddPolling(options.polling, flags);
  AddWeb(options.web, flags);
  Add(flags, "Log",
      {Choice("log.level", "LEVEL", options.log.level, "Least severe lines to write: debug, info, warn, error.",
              base::kLogLevelNames),
       Choice("log.format", "FORMAT", options.log.format, "logfmt or json.", base::kLogFormatNames)});
  return flags;
}

std::vector<Flag> OnceFlags(commands::OnceOptions& once) {
  std::vector<Flag> flags = {
      Choice("output", "FORMAT", once.output,
             "prometheus (what /metrics would show), openmetrics (with time stamps, for promtool tsdb "
             "create-blocks-from), csv or json.",
             commands::kOutputFormatNames),
      Row("output-file", "FILE", once.output_file,
          "Replace this file in one step in place of writing to standard output."),
      Row("date", once.date, "The calendar day, at --day.utc-offset; the newest complete one unless given."),
      Row("from", once.from, "The first day of a range."),
      Row("to", once.to, "The last day of the range; the newest complete one unless given."),
      Row("days", {"N", "a whole number from 1 on"}, once.days,
          "So many days up to the newest complete one, in place of the three before.", ParseDays),
      Row("sample-interval", {"DURATION", "a duration from 1m to 24h, in whole seconds"}, once.sample_interval,
          "Of openmetrics: a sample of each series so often, 1m to 24h; 1h unless given.", ParseSampleInterval)};
  flags[0].default_text.clear();  // must be given
  return flags;
}

std::vector<Flag> HealthcheckFlags(absl::Duration& timeout) {
  return {Row("timeout", timeout, "How long the exporter may take, at most 1m.",
              {.min = "1ms", .max = "1m", .expected = "a duration from 1ms to 1m"})};
}

std::vector<Flag> RenderFlags(kubecost::Level& level) {
  return {Choice("level", "LEVEL", level, "What the answer was aggregated by: pod, namespace or cluster.",
                 kubecost::kLevelNames, "one of pod, namespace, cluster")};
}

}  // namespace exporter
