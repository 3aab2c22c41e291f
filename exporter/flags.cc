#include "exporter/flags.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "base/version.h"
#include "exporter/commands/healthcheck.h"
#include "exporter/polling/ledger_file.h"
#include "kubecost/connection_check.h"
#include "kubecost/credentials.h"

namespace exporter {
namespace {

std::string EnvironmentName(absl::string_view flag) {
  return absl::StrCat("KUBECOST_EXPORTER_", absl::AsciiStrToUpper(absl::StrReplaceAll(flag, {{".", "_"}, {"-", "_"}})));
}

// The command line; what it sets is in `parsed`, or here.
struct Parser {
  CLI::App app{
      "What every pod and namespace costs, from Kubecost's or OpenCost's Allocation API, as Prometheus "
      "metrics.\nEvery flag can also be set by the environment variable shown with it.",
      "kubecost-allocation-exporter"};
  // The exporter's flags and those of the subcommands, each as CLI11 knows it.
  std::vector<std::pair<Flag, CLI::Option*>> flags;
  CLI::App* render = nullptr;
  CLI::App* once = nullptr;
  commands::OnceOptions once_options;
  CLI::App* healthcheck = nullptr;
  bool check_config = false;

  explicit Parser(ParsedFlags& parsed) {
    app.set_help_flag("-h,--help", "Print this help and exit.");
    app.set_version_flag("--version", base::VersionText(), "Print the version and exit.");
    app.add_flag("--config.check", check_config, "Check flags and environment, report every problem, and exit.")
        ->envname(EnvironmentName("config.check"));
    app.allow_extras();
    AddFlags(app, Flags(parsed.options));
    render = app.add_subcommand("render", "Print a saved answer of the Allocation API as metrics, and exit.");
    render->fallthrough();
    render->add_option("FILE", parsed.render_file, "The saved answer; - reads standard input.");
    AddFlags(*render, RenderFlags(parsed.render_level));
    once = app.add_subcommand("once", "Read closed days from Kubecost, print them, and exit.");
    once->fallthrough();
    AddFlags(*once, OnceFlags(once_options));
    once->footer(
        "Data goes to standard output, logs to standard error. Every flag of the exporter holds here as well\n"
        "(--kubecost.url, --idle, --filter, ...): see kubecost-allocation-exporter --help.\n"
        "Exit codes: 0 every day is printed, 1 failed, 2 bad configuration, 3 Kubecost cannot be reached or does not\n"
        "answer in time, 4 Kubecost has nothing for these days, 5 printed, but days are missing or do not add up.");
    healthcheck = app.add_subcommand("healthcheck", "Ask the exporter that runs here whether it is alive, and exit.");
    healthcheck->fallthrough();
    AddFlags(*healthcheck, HealthcheckFlags(parsed.healthcheck_timeout));
    healthcheck->footer(
        "It asks /healthz at --web.listen-address, given in the same way as to the exporter: by flag or environment.\n"
        "Exit codes: 0 alive, 1 not alive or not there, 2 bad configuration.");
  }

  void AddFlags(CLI::App& command, const std::vector<Flag>& added) {
    for (const Flag& flag : added) {
      CLI::Option* option = command.add_option(absl::StrCat("--", flag.name), flag.help);
      // The default is told here for --help alone: given to CLI11, it would stand in for a missing value. And that is
      // SetValues' to tell, where CLI11 would end at the first one.
      option->type_name(absl::StrCat(flag.type, flag.default_text.empty() ? "" : "=", flag.default_text));
      option->expected(0, 1);
      option->multi_option_policy(flag.repeatable ? CLI::MultiOptionPolicy::TakeAll : CLI::MultiOptionPolicy::TakeLast);
      if (flag.repeatable) option->delimiter(',');
      if (flag.group != nullptr) option->group(flag.group)->envname(EnvironmentName(flag.name));
      flags.emplace_back(flag, option);
    }
  }

  // `--flag=`, as a template with an empty value writes it, is as good as the flag left out; CLI11 would take the next
  // argument for the value.
  bool IsEmptyAssignment(absl::string_view argument) const {
    if (!absl::ConsumeSuffix(&argument, "=") || !absl::ConsumePrefix(&argument, "--")) return false;
    return std::any_of(flags.begin(), flags.end(),
                       [argument](const auto& flag) { return argument == flag.first.name; });
  }

  void SetValues(std::vector<std::string>& problems) const {
    for (const auto& [flag, option] : flags) {
      if (option->empty()) continue;
      const bool is_missing = option->results().back().empty() && absl::string_view(flag.type) != "BOOL";
      const absl::Status status =
          is_missing ? absl::InvalidArgumentError("needs a value") : flag.set(option->results());
      if (!status.ok()) problems.push_back(absl::StrCat("--", flag.name, ": ", status.message()));
    }
  }
};

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

ParsedFlags ParseFlags(int argc, const char* const* argv) {
  ParsedFlags parsed;
  Parser parser(parsed);
  std::vector<std::string> arguments;
  // CLI11 takes them from the back.
  for (int i = argc - 1; i > 0; --i) {
    if (!parser.IsEmptyAssignment(argv[i])) arguments.emplace_back(argv[i]);
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
  std::vector<std::string>& problems = parsed.problems;
  const auto add = [&problems](const std::vector<std::string>& more) {
    problems.insert(problems.end(), more.begin(), more.end());
  };
  const Options& options = parsed.options;
  AddUnknown(parser.app.remaining(true), problems);
  parser.SetValues(problems);
  if (parser.once->parsed()) {
    parsed.command = Command::kOnce;
    parsed.once = parser.once_options;
    if (parser.once->count("--output") == 0) {
      problems.push_back("once: --output is missing: prometheus, openmetrics, csv or json");
    }
  }
  if (parser.healthcheck->parsed()) parsed.command = Command::kHealthcheck;
  if (parser.check_config) {
    parsed.command = Command::kCheckConfig;
    parsed.text = "configuration is good\n";
  }
  if (parser.render->parsed()) {
    parsed.command = Command::kRender;
    if (parsed.render_file.empty()) problems.push_back("render: FILE is missing");
  }
  add(kubecost::ConnectionProblems(options.polling.endpoint, options.http));
  add(options.polling.Check());
  add(options.web.Check());
  if (parsed.command == Command::kHealthcheck && problems.empty()) {
    absl::StatusOr<std::string> url = commands::HealthUrl(options.web);
    if (url.ok()) {
      parsed.healthcheck_url = *std::move(url);
    } else {
      problems.emplace_back(url.status().message());
    }
  }
  if (parsed.command == Command::kServe || parsed.command == Command::kCheckConfig) {
    const absl::Status status = polling::LedgerFile::Check(options.polling);
    // What somebody else has put there is no reason not to run.
    const bool is_problem = parsed.command == Command::kCheckConfig || !absl::IsInvalidArgument(status);
    if (!status.ok() && is_problem) problems.emplace_back(status.message());
  }
  if (parsed.command != Command::kRender && parsed.command != Command::kHealthcheck) {
    add(kubecost::AccessFiles(options.http.access, nullptr).Problems());
    parsed.warnings = kubecost::ConnectionWarnings(options.polling.endpoint, options.http);
  }
  return parsed;
}

}  // namespace exporter
