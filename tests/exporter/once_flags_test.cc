// The command line of `once`.
// Also tests exporter/commands/options.h
#include <gtest/gtest.h>

#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_join.h"
#include "exporter/flags.h"

namespace exporter {
namespace {

ParsedFlags Parse(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), {"kubecost-allocation-exporter", "once"});
  return ParseFlags(static_cast<int>(arguments.size()), arguments.data());
}

TEST(OnceFlagsTest, EveryFlagReachesItsOption) {
  const ParsedFlags parsed = Parse({"--output=openmetrics", "--output-file=f.om", "--from=2026-11-05", "--to",
                                    "2026-11-06", "--idle=share", "--sample-interval=30m", "--date="});
  EXPECT_TRUE(parsed.problems.empty()) << absl::StrJoin(parsed.problems, "\n");
  EXPECT_EQ(parsed.command, Command::kOnce);
  ASSERT_TRUE(parsed.once.has_value());
  EXPECT_EQ(parsed.once->output, commands::OutputFormat::kOpenMetrics);
  EXPECT_EQ(parsed.once->output_file, "f.om");
  EXPECT_FALSE(parsed.once->date.has_value()) << "an empty value is as good as none";
  EXPECT_EQ(parsed.once->from, absl::CivilDay(2026, 11, 5));
  EXPECT_EQ(parsed.once->to, absl::CivilDay(2026, 11, 6));
  EXPECT_EQ(parsed.once->sample_interval, absl::Minutes(30));
  EXPECT_EQ(parsed.options.polling.query.idle, kubecost::IdleMode::kShare);
  EXPECT_EQ(Parse({"--output=csv", "--days=3"}).once->days, 3);
  EXPECT_EQ(Parse({"--output=csv", "--date", "2024-02-29"}).once->date, absl::CivilDay(2024, 2, 29));
  EXPECT_EQ(Parse({"--output=csv", "--config.check"}).command, Command::kCheckConfig);
  const char* serve[] = {"kubecost-allocation-exporter"};
  EXPECT_FALSE(ParseFlags(1, serve).once.has_value());
}

TEST(OnceFlagsTest, EveryProblemInOneGo) {
  const std::string problems =
      absl::StrJoin(Parse({"--output=xml", "--date=2026-02-30", "--from=2026-1-5", "--to", "--sample-interval=59s",
                           "--days=0", "--idle=foo", "--bogus", "--output-file"})
                        .problems,
                    "\n");
  for (const char* fragment :
       {"--output: \"xml\" is not one of prometheus, openmetrics, csv, json", "--date: \"2026-02-30\" is not a day",
        "--from: \"2026-1-5\" is not a day", "--to: needs a value", "--sample-interval: \"59s\" is not a duration from",
        "--days: \"0\" is not a whole number from 1 on", "--idle: \"foo\"", "--bogus: unknown flag",
        "--output-file: needs a value"}) {
    EXPECT_TRUE(absl::StrContains(problems, fragment)) << fragment << " in\n" << problems;
  }
  EXPECT_EQ(absl::StrJoin(Parse({}).problems, "\n"), "once: --output is missing: prometheus, openmetrics, csv or json");
}

TEST(OnceFlagsTest, HelpIsOfTheSubcommand) {
  const std::string help = Parse({"--help"}).text;
  for (const char* fragment : {"--output", "--sample-interval", "Exit codes", "--kubecost.url"}) {
    EXPECT_TRUE(absl::StrContains(help, fragment)) << fragment << " in\n" << help;
  }
  EXPECT_FALSE(absl::StrContains(help, "--web.threads")) << help;
}

}  // namespace
}  // namespace exporter
