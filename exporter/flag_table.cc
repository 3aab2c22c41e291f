#include "exporter/flag_table.h"

#include <limits>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace exporter {
namespace {

using Values = std::vector<std::string>;

// Each of these makes the function that puts a flag's text into one member.

auto Text(std::string Options::*member) {
  return [member](Options& options, const Values& values) {
    options.*member = values.back();
    return absl::OkStatus();
  };
}

auto QueryText(std::string kubecost::QuerySettings::*member) {
  return [member](Options& options, const Values& values) {
    options.query.*member = values.back();
    return absl::OkStatus();
  };
}

auto Duration(absl::Duration Options::*member) {
  return [member](Options& options, const Values& values) { return ParseDuration(values.back(), options.*member); };
}

auto HttpDuration(absl::Duration kubecost::CurlOptions::*member) {
  return
      [member](Options& options, const Values& values) { return ParseDuration(values.back(), options.http.*member); };
}

auto AccessText(std::string kubecost::AccessSettings::*member) {
  return [member](Options& options, const Values& values) {
    options.http.access.*member = values.back();
    return absl::OkStatus();
  };
}

auto Number(int Options::*member) {
  return [member](Options& options, const Values& values) {
    int parsed = 0;
    if (!absl::SimpleAtoi(values.back(), &parsed)) return Problem(values.back(), "a whole number");
    options.*member = parsed;
    return absl::OkStatus();
  };
}

absl::Status ParseBool(const std::string& text, bool& value) {
  if (text.empty()) {  // the bare flag
    value = true;
    return absl::OkStatus();
  }
  return absl::SimpleAtob(text, &value) ? absl::OkStatus() : Problem(text, "true or false");
}

absl::Status ApplyApi(Options& options, const Values& values) {
  using kubecost::Api;
  return ParseChoice<Api>(values.back(),
                          {{"auto", Api::kAuto}, {"kubecost", Api::kKubecost}, {"opencost", Api::kOpenCost}},
                          options.endpoint.api);
}

absl::Status ApplyIdle(Options& options, const Values& values) {
  using kubecost::IdleMode;
  return ParseChoice<IdleMode>(
      values.back(), {{"separate", IdleMode::kSeparate}, {"share", IdleMode::kShare}, {"off", IdleMode::kOff}},
      options.query.idle);
}

absl::Status ApplySize(Options& options, const Values& values) {
  constexpr std::pair<absl::string_view, uint64_t> kUnits[] = {{"KiB", uint64_t{1} << 10},
                                                               {"MiB", uint64_t{1} << 20},
                                                               {"GiB", uint64_t{1} << 30},
                                                               {"KB", 1'000},
                                                               {"MB", 1'000'000},
                                                               {"GB", 1'000'000'000},
                                                               {"B", 1},
                                                               {"", 1}};
  for (const auto& [unit, factor] : kUnits) {
    absl::string_view number = values.back();
    uint64_t count = 0;
    if (!absl::ConsumeSuffix(&number, unit) || !absl::SimpleAtoi(number, &count)) continue;
    if (count > std::numeric_limits<uint64_t>::max() / factor) break;
    options.http.max_response_bytes = count * factor;
    return absl::OkStatus();
  }
  return Problem(values.back(), "a size such as 1048576, 64MiB or 1GiB");
}

absl::Status ApplyUtcOffset(Options& options, const Values& values) {
  const std::string& text = values.back();
  int hours = 0;
  int minutes = 0;
  const bool form = text.size() == 6 && (text[0] == '+' || text[0] == '-') && text[3] == ':' &&
                    absl::SimpleAtoi(text.substr(1, 2), &hours) && absl::SimpleAtoi(text.substr(4, 2), &minutes);
  if (!form || hours < 0 || hours > 14 || minutes < 0 || minutes > 59) {
    return Problem(text, "an offset such as +00:00, +05:30 or -08:00");
  }
  const absl::Duration offset = absl::Hours(hours) + absl::Minutes(minutes);
  options.day_utc_offset = text[0] == '-' ? -offset : offset;
  return absl::OkStatus();
}

absl::Status ApplyClusterInfoLabels(Options& options, const Values& values) {
  for (const std::string& value : values) {
    const std::pair<std::string, std::string> parts = absl::StrSplit(value, absl::MaxSplits('=', 1));
    if (!absl::StrContains(value, "=")) return Problem(value, "of the form key=value");
    options.cluster_info_labels[parts.first] = parts.second;
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status ParseDuration(const std::string& text, absl::Duration& value) {
  absl::Duration parsed;
  if (!absl::ParseDuration(text, &parsed) || parsed == absl::InfiniteDuration()) {
    return Problem(text, "a duration such as 500ms, 90s, 5m or 2h");
  }
  value = parsed;
  return absl::OkStatus();
}

const std::vector<Flag>& Flags() {
  static const std::vector<Flag> flags = {
      {"Kubecost", "kubecost.url", "URL", "http://kubecost-cost-analyzer.kubecost:9090",
       "Where Kubecost or OpenCost listens: scheme, host, port and perhaps a path, without a slash at the end.",
       [](Options& options, const Values& values) {
         options.endpoint.url = values.back();
         return absl::OkStatus();
       }},
      {"Kubecost", "kubecost.api", "API", "auto",
       "Whose API it is: kubecost (/model/allocation), opencost (/allocation), or auto: found by asking.", ApplyApi},
      {"Kubecost", "kubecost.path-prefix", "PATH", "",
       "What stands before /allocation and /clusterInfo in place of the product's own prefix; / for nothing.",
       [](Options& options, const Values& values) {
         options.endpoint.path_prefix = values.back() == "/" ? "" : values.back();
         return absl::OkStatus();
       }},
      {"Kubecost", "kubecost.connect-timeout", "DURATION", "10s", "For name lookup, TCP and TLS.",
       HttpDuration(&kubecost::CurlOptions::connect_timeout)},
      {"Kubecost", "kubecost.read-timeout", "DURATION", "60s",
       "How long the server may send no byte at all. Big clusters compute for minutes before the first one.",
       HttpDuration(&kubecost::CurlOptions::read_timeout)},
      {"Kubecost", "kubecost.deadline", "DURATION", "10m", "For one whole request, body included.",
       HttpDuration(&kubecost::CurlOptions::deadline)},
      {"Kubecost", "kubecost.max-response-bytes", "SIZE", "1GiB", "Largest answer taken, after decompression.",
       ApplySize},
      {"Kubecost", "kubecost.gzip", "BOOL", "true", "Ask for compressed answers: worth it on slow links.",
       [](Options& options, const Values& values) { return ParseBool(values.back(), options.http.accept_gzip); }},
      {"Kubecost", "kubecost.ca-file", "FILE", "",
       "PEM file with the authorities that may have signed Kubecost's certificate, in place of the system's.",
       AccessText(&kubecost::AccessSettings::ca_file)},
      {"Kubecost", "kubecost.cert-file", "FILE", "",
       "PEM file with the certificate to show to Kubecost, for mutual TLS; needs --kubecost.key-file.",
       AccessText(&kubecost::AccessSettings::cert_file)},
      {"Kubecost", "kubecost.key-file", "FILE", "", "PEM file with that certificate's private key, without passphrase.",
       AccessText(&kubecost::AccessSettings::key_file)},
      {"Kubecost", "kubecost.server-name", "NAME", "",
       "Name that Kubecost's certificate must hold (and SNI asks for) where the host of the URL is another.",
       AccessText(&kubecost::AccessSettings::server_name)},
      {"Kubecost", "kubecost.tls-verify", "BOOL", "true",
       "false takes any certificate: whoever is in between can read and change all, credentials included.",
       [](Options& options, const Values& values) { return ParseBool(values.back(), options.http.access.tls_verify); }},
      {"Kubecost", "kubecost.username", "NAME", "", "User for Basic authentication; needs --kubecost.password-file.",
       AccessText(&kubecost::AccessSettings::username)},
      {"Kubecost", "kubecost.password-file", "FILE", "", "File with that user's password.",
       AccessText(&kubecost::AccessSettings::password_file)},
      {"Kubecost", "kubecost.token-file", "FILE", "", "File with a token for Bearer authentication.",
       AccessText(&kubecost::AccessSettings::token_file)},
      {"Kubecost", "kubecost.header-file", "FILE", "",
       "File with headers to send along, each a line \"Name: value\", such as X-API-KEY.",
       AccessText(&kubecost::AccessSettings::header_file)},

      {"What is asked", "idle", "MODE", "separate",
       "Cost of capacity nobody used: separate (rows named __idle__), share (spread over workloads), off (left out).",
       ApplyIdle},
      {"What is asked", "share-tenancy-costs", "BOOL", "true",
       "Spread cluster management and attached disks over workloads, as Kubecost's own pages do.",
       [](Options& options, const Values& values) {
         return ParseBool(values.back(), options.query.share_tenancy_costs);
       }},
      {"What is asked", "share-namespaces", "LIST", "",
       "Namespaces whose cost is spread over the others, comma-separated. Kubecost only.",
       QueryText(&kubecost::QuerySettings::share_namespaces)},
      {"What is asked", "share-labels", "LIST", "",
       "label:value pairs whose cost is spread over the others, comma-separated. Kubecost only.",
       QueryText(&kubecost::QuerySettings::share_labels)},
      {"What is asked", "filter", "FILTER", "",
       "Only what this filter (v2 syntax) lets through, for instance namespace!:\"kube-system\".",
       QueryText(&kubecost::QuerySettings::filter)},

      {"Identity", "cluster.name", "NAME", "",
       "Label cluster of every series, in place of what Kubecost calls the cluster.", Text(&Options::cluster_name)},
      {"Identity", "cluster-info", "MODE", "mirror",
       "kubecost_cluster_info: mirror (what Kubecost says of itself) or off.",
       [](Options& options, const Values& values) {
         return ParseChoice<ClusterInfoMode>(values.back(),
                                             {{"mirror", ClusterInfoMode::kMirror}, {"off", ClusterInfoMode::kOff}},
                                             options.cluster_info);
       }},
      {"Identity", "cluster-info.label", "LABEL", "",
       "key=value: a label of kubecost_cluster_info that Kubecost leaves out or empty. Repeatable.",
       ApplyClusterInfoLabels, true},
      {"Identity", "currency", "CODE", "",
       "The currency Kubecost is configured with; without it Kubecost is asked, and USD assumed where it does not "
       "tell.",
       Text(&Options::currency)},
      {"Identity", "compat.cloudtuner", "BOOL", "false",
       "Serve cloudtuner_kubecost_* as well, the names of the former exporter: see docs/cloudtuner.md.",
       [](Options& options, const Values& values) { return ParseBool(values.back(), options.compat_cloudtuner); }},

      {"Days", "day.utc-offset", "+HH:MM", "+00:00",
       "Where days begin; must equal the UTC offset Kubecost is configured with.", ApplyUtcOffset},
      {"Days", "day.close-delay", "DURATION", "2h", "How long after its end a day counts as complete.",
       Duration(&Options::day_close_delay)},
      {"Days", "day.keep", "N", "3", "How many closed days are served on every scrape.", Number(&Options::day_keep)},
      {"Days", "day.refresh", "DURATION", "1h", "How often a day is read again until it is settled; then every 6h.",
       Duration(&Options::day_refresh)},
      {"Days", "day.settle-after", "DURATION", "48h",
       "How long after a day's end Kubecost may still correct it by the cloud's bill.",
       Duration(&Options::day_settle_after)},
      {"Days", "day.pod-resources", "BOOL", "false",
       "Serve kubecost_pod_daily_resource_cost: what each resource of a pod cost on each day.",
       [](Options& options, const Values& values) { return ParseBool(values.back(), options.day_pod_resources); }},

      {"Live", "hour.enabled", "BOOL", "true", "Serve kubecost_*_hourly_cost: the last complete hour.",
       [](Options& options, const Values& values) { return ParseBool(values.back(), options.hour_enabled); }},
      {"Live", "hour.close-delay", "DURATION", "15m", "How long after its end an hour counts as complete.",
       Duration(&Options::hour_close_delay)},
      {"Live", "today.enabled", "BOOL", "true", "Serve kubecost_{namespace,cluster}_today_cost: since midnight.",
       [](Options& options, const Values& values) { return ParseBool(values.back(), options.today_enabled); }},
      {"Live", "today.refresh", "DURATION", "30m", "How often today is read.", Duration(&Options::today_refresh)},
      {"Live", "today.pods", "BOOL", "false", "Serve kubecost_pod_today_cost as well.",
       [](Options& options, const Values& values) { return ParseBool(values.back(), options.today_pods); }},

      {"Back-fill", "backfill.days", "N", "15",
       "How many closed days are to be had downstream: missing ones are fetched at start and after outages; 0 = off.",
       Number(&Options::backfill_days)},
      {"Back-fill", "backfill.expose-for", "DURATION", "26h", "How long a back-filled day is served.",
       Duration(&Options::backfill_expose_for)},
      {"Back-fill", "backfill.pods", "BOOL", "false", "Back-fill pods as well as namespaces and clusters.",
       [](Options& options, const Values& values) { return ParseBool(values.back(), options.backfill_pods); }},
      {"Back-fill", "backfill.parallel-days", "N", "5", "Of how many back-filled days the pods are served at once.",
       Number(&Options::backfill_parallel_days)},
      {"Back-fill", "state.path", "FILE", "",
       "Small file that remembers which days were back-filled; without it a restart repeats them.",
       Text(&Options::state_path)},

      {"Web", "web.listen-address", "ADDRESS", ":9103",
       "Where to serve; :9103 is every interface, IPv4 and IPv6. Repeatable.",
       [](Options& options, const Values& values) {
         options.listen_addresses = values;
         return absl::OkStatus();
       },
       true},
      {"Web", "web.config.file", "FILE", "",
       "TLS, client certificates, passwords and headers, in the format of Prometheus' exporters: see "
       "docs/web-config.md.",
       Text(&Options::web_config_file)},
      {"Web", "web.telemetry-path", "PATH", "/metrics", "Where the metrics are.", Text(&Options::telemetry_path)},
      {"Web", "web.threads", "N", "16", "Connections served at once.", Number(&Options::web_threads)},
      {"Web", "web.max-requests", "N", "4",
       "Scrapes served at once, 503 beyond; less than --web.threads, so that stalled ones leave health its threads.",
       Number(&Options::web_max_requests)},
      {"Web", "web.request-timeout", "DURATION", "5s",
       "How long a client may neither send nor take a byte before it is dropped.",
       Duration(&Options::web_request_timeout)},
      {"Web", "web.keep-alive-timeout", "DURATION", "0s",
       "How long an idle connection is kept, at most 500ms; 0s closes after each answer.",
       Duration(&Options::web_keep_alive_timeout)},

      {"Log", "log.level", "LEVEL", "info", "Least severe lines to write: debug, info, warn, error.",
       [](Options& options, const Values& values) {
         return ParseChoice<base::LogLevel>(values.back(),
                                            {{"debug", base::LogLevel::kDebug},
                                             {"info", base::LogLevel::kInfo},
                                             {"warn", base::LogLevel::kWarn},
                                             {"error", base::LogLevel::kError}},
                                            options.log_level);
       }},
      {"Log", "log.format", "FORMAT", "logfmt", "logfmt or json.",
       [](Options& options, const Values& values) {
         return ParseChoice<base::LogFormat>(values.back(),
                                             {{"logfmt", base::LogFormat::kLogfmt}, {"json", base::LogFormat::kJson}},
                                             options.log_format);
       }},
  };
  return flags;
}

}  // namespace exporter
