#include "exporter/flags.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <functional>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "exporter/version.h"

namespace exporter {
namespace {

constexpr absl::string_view kEnvironmentPrefix = "KUBECOST_EXPORTER_";

using Values = std::vector<std::string>;

struct Flag {
  const char* group;
  const char* name;
  const char* type;
  const char* default_text;
  const char* help;
  std::function<absl::Status(Options&, const Values&)> apply;
  bool repeatable = false;
};

absl::Status Problem(absl::string_view value, absl::string_view expected) {
  return absl::InvalidArgumentError(absl::StrCat("\"", value, "\" is not ", expected));
}

absl::Status ParseDuration(const std::string& text, absl::Duration& value) {
  absl::Duration parsed;
  if (!absl::ParseDuration(text, &parsed) || parsed == absl::InfiniteDuration()) {
    return Problem(text, "a duration such as 500ms, 90s, 5m or 2h");
  }
  value = parsed;
  return absl::OkStatus();
}

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

template <typename Choice>
absl::Status ParseChoice(const std::string& text, const std::vector<std::pair<absl::string_view, Choice>>& choices,
                         Choice& value) {
  std::vector<absl::string_view> names;
  for (const auto& [name, choice] : choices) {
    if (name == text) {
      value = choice;
      return absl::OkStatus();
    }
    names.push_back(name);
  }
  return Problem(text, absl::StrCat("one of ", absl::StrJoin(names, ", ")));
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
  std::string text = values.back();
  bool good = false;
  try {
    good = CLI::AsSizeValue(false)(text).empty();
  } catch (const CLI::ValidationError&) {
    // An unknown unit.
  }
  uint64_t bytes = 0;
  if (!good || !absl::SimpleAtoi(text, &bytes)) return Problem(values.back(), "a size such as 1048576, 64MiB or 1GiB");
  options.http.max_response_bytes = bytes;
  return absl::OkStatus();
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
      {"Identity", "currency", "CODE", "USD",
       "The currency Kubecost is configured with; told by kubecost_exporter_config_info.", Text(&Options::currency)},

      {"Days", "day.utc-offset", "+HH:MM", "+00:00",
       "Where days begin; must equal the UTC offset Kubecost is configured with.", ApplyUtcOffset},
      {"Days", "day.close-delay", "DURATION", "2h", "How long after its end a day counts as complete.",
       Duration(&Options::day_close_delay)},
      {"Days", "day.refresh", "DURATION", "1h", "How often the newest complete day is read again.",
       Duration(&Options::day_refresh)},

      {"Web", "web.listen-address", "ADDRESS", ":9103",
       "Where to serve; :9103 is every interface, IPv4 and IPv6. Repeatable.",
       [](Options& options, const Values& values) {
         options.listen_addresses = values;
         return absl::OkStatus();
       },
       true},
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
         return ParseChoice<LogLevel>(values.back(),
                                      {{"debug", LogLevel::kDebug},
                                       {"info", LogLevel::kInfo},
                                       {"warn", LogLevel::kWarn},
                                       {"error", LogLevel::kError}},
                                      options.log_level);
       }},
      {"Log", "log.format", "FORMAT", "logfmt", "logfmt or json.",
       [](Options& options, const Values& values) {
         return ParseChoice<LogFormat>(values.back(), {{"logfmt", LogFormat::kLogfmt}, {"json", LogFormat::kJson}},
                                       options.log_format);
       }},
  };
  return flags;
}

std::string EnvironmentName(absl::string_view flag) {
  return absl::StrCat(kEnvironmentPrefix, absl::AsciiStrToUpper(absl::StrReplaceAll(flag, {{".", "_"}, {"-", "_"}})));
}

struct Parser {
  CLI::App app{
      "What every pod and namespace costs, from Kubecost's or OpenCost's Allocation API, as Prometheus "
      "metrics.\nEvery flag can also be set by the environment variable shown with it.",
      "kubecost-allocation-exporter"};
  std::vector<CLI::Option*> options;
  CLI::App* render = nullptr;
  std::string render_file;
  std::string render_level = "pod";
  bool check_config = false;

  Parser() {
    app.set_help_flag("-h,--help", "Print this help and exit.");
    app.set_version_flag("--version", VersionText(), "Print the version and exit.");
    app.add_flag("--config.check", check_config, "Check flags and environment, report every problem, and exit.")
        ->envname(EnvironmentName("config.check"));
    app.allow_extras();
    for (const Flag& flag : Flags()) {
      CLI::Option* option = app.add_option(absl::StrCat("--", flag.name), flag.help);
      // The default is told here for --help alone: given to CLI11, it would stand in for a missing value. And that is
      // ApplyFlags' to tell, where CLI11 would end at the first one.
      const absl::string_view equals = *flag.default_text == '\0' ? "" : "=";
      option->type_name(absl::StrCat(flag.type, equals, flag.default_text))->expected(0, 1);
      option->group(flag.group)->envname(EnvironmentName(flag.name));
      if (flag.repeatable) {
        option->delimiter(',')->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
      } else {
        option->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
      }
      options.push_back(option);
    }
    render = app.add_subcommand("render", "Print a saved answer of the Allocation API as metrics, and exit.");
    render->fallthrough();
    render->add_option("FILE", render_file, "The saved answer; - reads standard input.");
    render->add_option("--level", render_level, "What the answer was aggregated by: pod, namespace or cluster.")
        ->type_name("LEVEL")
        ->default_str("pod");
  }
};

void ApplyFlags(const Parser& parser, ParsedFlags& parsed) {
  for (size_t i = 0; i < Flags().size(); ++i) {
    if (parser.options[i]->empty()) continue;
    const Flag& flag = Flags()[i];
    const bool is_bare = parser.options[i]->results().back().empty();
    if (is_bare && absl::string_view(flag.type) != "BOOL") {
      parsed.problems.push_back(absl::StrCat("--", flag.name, ": needs a value"));
      continue;
    }
    const absl::Status status = flag.apply(parsed.options, parser.options[i]->results());
    if (!status.ok()) parsed.problems.push_back(absl::StrCat("--", flag.name, ": ", status.message()));
  }
}

void ApplyRender(const Parser& parser, ParsedFlags& parsed) {
  parsed.command = Command::kRender;
  parsed.render_file = parser.render_file;
  if (parsed.render_file.empty()) parsed.problems.push_back("render: FILE is missing");
  const absl::Status status = ParseChoice<kubecost::Level>(parser.render_level,
                                                           {{"pod", kubecost::Level::kPod},
                                                            {"namespace", kubecost::Level::kNamespace},
                                                            {"cluster", kubecost::Level::kCluster}},
                                                           parsed.render_level);
  if (!status.ok()) parsed.problems.push_back(absl::StrCat("--level: ", status.message()));
}

// `--flag=`, as a template with an empty value writes it, is as good as the flag left out; CLI11 would take the next
// argument for the value.
bool IsEmptyAssignment(absl::string_view argument) {
  if (!absl::EndsWith(argument, "=") || !absl::ConsumePrefix(&argument, "--")) return false;
  argument.remove_suffix(1);
  return std::any_of(Flags().begin(), Flags().end(), [argument](const Flag& flag) { return argument == flag.name; });
}

}  // namespace

ParsedFlags ParseFlags(int argc, const char* const* argv) {
  ParsedFlags parsed;
  Parser parser;
  std::vector<std::string> arguments;
  // CLI11 takes them from the back.
  for (int i = argc - 1; i > 0; --i) {
    if (!IsEmptyAssignment(argv[i])) arguments.emplace_back(argv[i]);
  }
  try {
    parser.app.parse(arguments);
  } catch (const CLI::CallForHelp&) {
    parsed.command = Command::kPrintAndExit;
    parsed.text = parser.app.help();
    return parsed;
  } catch (const CLI::CallForVersion& version) {
    parsed.command = Command::kPrintAndExit;
    parsed.text = absl::StrCat(version.what(), "\n");
    return parsed;
  } catch (const CLI::ParseError& error) {
    parsed.problems.push_back(error.what());
  }
  for (const std::string& extra : parser.app.remaining(true)) {
    parsed.problems.push_back(absl::StartsWith(extra, "-") ? absl::StrCat(extra, ": unknown flag, see --help")
                                                           : absl::StrCat("\"", extra, "\": unexpected argument"));
  }
  ApplyFlags(parser, parsed);
  if (parser.check_config) parsed.command = Command::kCheckConfig;
  if (parser.render->parsed()) ApplyRender(parser, parsed);
  for (std::string& problem : parsed.options.Validate()) parsed.problems.push_back(std::move(problem));
  return parsed;
}

}  // namespace exporter
