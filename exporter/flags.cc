#include "exporter/flags.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "base/version.h"
#include "exporter/commands/healthcheck.h"
#include "exporter/flag_table.h"

namespace exporter {
namespace {

constexpr absl::string_view kEnvironmentPrefix = "KUBECOST_EXPORTER_";

std::string EnvironmentName(absl::string_view flag) {
  return absl::StrCat(kEnvironmentPrefix, absl::AsciiStrToUpper(absl::StrReplaceAll(flag, {{".", "_"}, {"-", "_"}})));
}

// Of a subcommand; all of one value.
struct SubcommandFlag {
  const char* name;
  const char* type;
  const char* help;
};

constexpr SubcommandFlag kOnceFlags[] = {
    {"output", "FORMAT",
     "prometheus (what /metrics would show), openmetrics (with time stamps, for promtool tsdb create-blocks-from), csv "
     "or json."},
    {"output-file", "FILE", "Replace this file in one step in place of writing to standard output."},
    {"date", "YYYY-MM-DD", "The calendar day, at --day.utc-offset; the newest complete one unless given."},
    {"from", "YYYY-MM-DD", "The first day of a range."},
    {"to", "YYYY-MM-DD", "The last day of the range; the newest complete one unless given."},
    {"days", "N", "So many days up to the newest complete one, in place of the three before."},
    {"sample-interval", "DURATION", "Of openmetrics: a sample of each series so often, 1m to 24h; 1h unless given."},
};

constexpr SubcommandFlag kHealthcheckTimeout = {"timeout", "DURATION=3s",
                                                "How long the exporter may take, at most 1m."};

struct Parser {
  CLI::App app{
      "What every pod and namespace costs, from Kubecost's or OpenCost's Allocation API, as Prometheus "
      "metrics.\nEvery flag can also be set by the environment variable shown with it.",
      "kubecost-allocation-exporter"};
  std::vector<CLI::Option*> options;
  CLI::App* render = nullptr;
  std::string render_file;
  std::string render_level = "pod";
  CLI::App* once = nullptr;
  std::map<std::string, std::string> once_texts;  // by flag
  CLI::App* healthcheck = nullptr;
  std::string healthcheck_timeout;
  bool check_config = false;

  Parser() {
    app.set_help_flag("-h,--help", "Print this help and exit.");
    app.set_version_flag("--version", base::VersionText(), "Print the version and exit.");
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
    AddOnce();
    AddHealthcheck();
  }

  static void AddFlag(CLI::App& command, const SubcommandFlag& flag, std::string& text) {
    command.add_option(absl::StrCat("--", flag.name), text, flag.help)
        ->type_name(flag.type)
        ->expected(0, 1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  }

  void AddHealthcheck() {
    healthcheck = app.add_subcommand("healthcheck", "Ask the exporter that runs here whether it is alive, and exit.");
    healthcheck->fallthrough();
    AddFlag(*healthcheck, kHealthcheckTimeout, healthcheck_timeout);
    healthcheck->footer(
        "It asks /healthz at --web.listen-address, given in the same way as to the exporter: by flag or environment.\n"
        "Exit codes: 0 alive, 1 not alive or not there, 2 bad configuration.");
  }

  void AddOnce() {
    once = app.add_subcommand("once", "Read closed days from Kubecost, print them, and exit.");
    once->fallthrough();
    for (const SubcommandFlag& flag : kOnceFlags) AddFlag(*once, flag, once_texts[flag.name]);
    once->footer(
        "Data goes to standard output, logs to standard error. Every flag of the exporter holds here as well\n"
        "(--kubecost.url, --idle, --filter, ...): see kubecost-allocation-exporter --help.\n"
        "Exit codes: 0 every day is printed, 1 failed, 2 bad configuration, 3 Kubecost cannot be reached or does not\n"
        "answer in time, 4 Kubecost has nothing for these days, 5 printed, but days are missing or do not add up.");
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

absl::Status ParseDate(const std::string& text, std::optional<absl::CivilDay>& value) {
  absl::CivilDay day;
  if (text.size() != 10 || !absl::ParseCivilTime(text, &day) || absl::FormatCivilTime(day) != text) {
    return Problem(text, "a day such as 2026-11-05");
  }
  value = day;
  return absl::OkStatus();
}

absl::Status ParseDays(const std::string& text, std::optional<int>& value) {
  int parsed = 0;
  if (!absl::SimpleAtoi(text, &parsed) || parsed < 1) return Problem(text, "a whole number from 1 on");
  value = parsed;
  return absl::OkStatus();
}

absl::Status ParseSampleInterval(const std::string& text, std::optional<absl::Duration>& value) {
  absl::Duration parsed;
  if (!absl::ParseDuration(text, &parsed) || parsed < absl::Minutes(1) || parsed > absl::Hours(24) ||
      parsed % absl::Seconds(1) != absl::ZeroDuration()) {
    return Problem(text, "a duration from 1m to 24h, in whole seconds");
  }
  value = parsed;
  return absl::OkStatus();
}

absl::Status ApplyOnceFlag(absl::string_view flag, const std::string& text, commands::OnceOptions& once) {
  if (flag == "output") {
    return ParseChoice<commands::OutputFormat>(text,
                                               {{"prometheus", commands::OutputFormat::kPrometheus},
                                                {"openmetrics", commands::OutputFormat::kOpenMetrics},
                                                {"csv", commands::OutputFormat::kCsv},
                                                {"json", commands::OutputFormat::kJson}},
                                               once.output);
  }
  if (flag == "date") return ParseDate(text, once.date);
  if (flag == "from") return ParseDate(text, once.from);
  if (flag == "to") return ParseDate(text, once.to);
  if (flag == "days") return ParseDays(text, once.days);
  if (flag == "sample-interval") return ParseSampleInterval(text, once.sample_interval);
  once.output_file = text;
  return absl::OkStatus();
}

void ApplyOnce(const Parser& parser, ParsedFlags& parsed) {
  commands::OnceOptions& once = parsed.once.emplace();
  for (const auto& [flag, text] : parser.once_texts) {
    if (parser.once->count(absl::StrCat("--", flag)) == 0) {
      if (flag == "output")
        parsed.problems.push_back("once: --output is missing: prometheus, openmetrics, csv or json");
      continue;
    }
    const absl::Status status =
        text.empty() ? absl::InvalidArgumentError("needs a value") : ApplyOnceFlag(flag, text, once);
    if (!status.ok()) parsed.problems.push_back(absl::StrCat("--", flag, ": ", status.message()));
  }
}

void ApplyHealthcheck(const Parser& parser, ParsedFlags& parsed) {
  parsed.command = Command::kHealthcheck;
  if (parser.healthcheck->count("--timeout") != 0) {
    const std::string& text = parser.healthcheck_timeout;
    absl::Status status = ParseDuration(text, parsed.healthcheck_timeout);
    if (status.ok() &&
        (parsed.healthcheck_timeout < absl::Milliseconds(1) || parsed.healthcheck_timeout > absl::Minutes(1))) {
      status = Problem(text, "a duration from 1ms to 1m");
    }
    if (text.empty()) status = absl::InvalidArgumentError("needs a value");
    if (!status.ok()) parsed.problems.push_back(absl::StrCat("--timeout: ", status.message()));
  }
}

// `--flag=`, as a template with an empty value writes it, is as good as the flag left out; CLI11 would take the next
// argument for the value.
bool IsEmptyAssignment(absl::string_view argument) {
  if (!absl::EndsWith(argument, "=") || !absl::ConsumePrefix(&argument, "--")) return false;
  argument.remove_suffix(1);
  const auto is_named = [argument](const auto& flag) { return argument == flag.name; };
  return std::any_of(Flags().begin(), Flags().end(), is_named) ||
         std::any_of(std::begin(kOnceFlags), std::end(kOnceFlags), is_named) || is_named(kHealthcheckTimeout);
}

// What nobody knows may still be a secret, as in --kubecost.password=...: values are not repeated.
void AddUnknown(const std::vector<std::string>& extras, std::vector<std::string>& problems) {
  bool is_value = false;
  for (const absl::string_view extra : extras) {
    if (absl::StartsWith(extra, "-")) {
      const size_t equals = extra.find('=');
      problems.push_back(absl::StrCat(extra.substr(0, equals), ": unknown flag, see --help"));
      is_value = equals == extra.npos;
    } else if (!std::exchange(is_value, false)) {
      problems.push_back(absl::StrCat("\"", extra, "\": unexpected argument"));
    }
  }
}

}  // namespace

bool AsksKubecost(Command command) {
  return command == Command::kServe || command == Command::kOnce || command == Command::kCheckConfig;
}

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
  AddUnknown(parser.app.remaining(true), parsed.problems);
  ApplyFlags(parser, parsed);
  if (parser.once->parsed()) {
    parsed.command = Command::kOnce;
    ApplyOnce(parser, parsed);
  }
  if (parser.healthcheck->parsed()) ApplyHealthcheck(parser, parsed);
  if (parser.check_config) parsed.command = Command::kCheckConfig;
  if (parser.render->parsed()) ApplyRender(parser, parsed);
  for (std::string& problem : parsed.options.Validate()) parsed.problems.push_back(std::move(problem));
  if (parsed.command == Command::kHealthcheck && parsed.problems.empty()) {
    absl::StatusOr<std::string> url = commands::HealthUrl(parsed.options);
    if (url.ok()) {
      parsed.healthcheck_url = *std::move(url);
    } else {
      parsed.problems.emplace_back(url.status().message());
    }
  }
  if (AsksKubecost(parsed.command)) {
    for (std::string& problem : parsed.options.ValidateFiles()) parsed.problems.push_back(std::move(problem));
  }
  return parsed;
}

}  // namespace exporter
