// The documentation tells of every metric and every flag, in the binary's own words. UPDATE_GOLDEN=1 rewrites the
// tables.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "exporter/flags.h"
#include "kubecost/api_error.h"
#include "metrics/family.h"

namespace {

std::string ReadFile(const std::string& path) {
  std::ifstream file(path);
  EXPECT_TRUE(file) << path;
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// The text between the lines <!-- NAME --> and <!-- /NAME --> of the file must be `table`.
void ExpectBlock(const std::string& file, const std::string& name, const std::string& table) {
  const std::string path = absl::StrCat(SOURCE_DIR, "/", file);
  const std::string readme = ReadFile(path);
  const std::string begin = absl::StrCat("<!-- ", name, " -->\n");
  const std::string end = absl::StrCat("<!-- /", name, " -->\n");
  const size_t from = readme.find(begin);
  const size_t to = readme.find(end);
  ASSERT_NE(from, std::string::npos) << begin;
  ASSERT_NE(to, std::string::npos) << end;
  const std::string before = readme.substr(0, from + begin.size());
  if (std::getenv("UPDATE_GOLDEN") != nullptr) {
    std::ofstream(path) << before << table << readme.substr(to);
    return;
  }
  EXPECT_EQ(readme.substr(before.size(), to - before.size()), table) << "UPDATE_GOLDEN=1 rewrites " << file;
}

TEST(ReadmeTest, MetricTable) {
  std::string ours = "| Name | Labels | Meaning |\n|---|---|---|\n";
  std::string compat = ours;
  for (const metrics::Family& family : metrics::kFamilies) {
    const std::string labels = absl::StrReplaceAll(family.labels, {{",", ", "}});
    absl::StrAppend(family.source == metrics::Source::kCompat ? &compat : &ours, "| `", family.name, "` | ", labels,
                    " | ", family.help, " |\n");
  }
  ExpectBlock("README.md", "metrics", ours);
  ExpectBlock("docs/cloudtuner.md", "metrics", compat);
}

TEST(ReadmeTest, FlagTable) {
  const char* arguments[] = {"kubecost-allocation-exporter", "--help"};
  const std::string help = exporter::ParseFlags(2, arguments).text;
  std::string table = "| Flag | Default | Environment variable | Meaning |\n|---|---|---|---|\n";
  const std::vector<std::string> lines = absl::StrSplit(help, '\n');
  size_t flags = 0;
  for (size_t i = 0; i + 1 < lines.size(); ++i) {
    // "  --name TYPE=default (Env:NAME)", the meaning on the next line.
    const std::vector<std::string> parts =
        absl::StrSplit(absl::StripAsciiWhitespace(lines[i]), absl::MaxSplits(' ', 1));
    const size_t env = lines[i].find("(Env:");
    if (!absl::StartsWith(parts[0], "--") || env == std::string::npos) continue;
    const size_t equals = lines[i].find('=');
    const std::string text = equals < env ? lines[i].substr(equals + 1, env - equals - 2) : "";
    const std::string variable = lines[i].substr(env + 5, lines[i].find(')', env) - env - 5);
    const std::string meaning(absl::StripAsciiWhitespace(lines[i + 1]));
    absl::StrAppend(&table, "| `", parts[0], "` | ", text.empty() ? "" : absl::StrCat("`", text, "`"), " | `", variable,
                    "` | ", absl::StrReplaceAll(meaning, {{"|", "\\|"}}), " |\n");
    ++flags;
  }
  EXPECT_GT(flags, 20U) << "the help text has another form now";
  ExpectBlock("README.md", "flags", table);
}

TEST(ReadmeTest, TroubleshootingKnowsEveryReason) {
  const std::string readme = ReadFile(absl::StrCat(SOURCE_DIR, "/README.md"));
  const std::string section = readme.substr(readme.find("## Troubleshooting"));
  for (const kubecost::ErrorReasonRow& row : kubecost::kErrorReasons) {
    EXPECT_TRUE(absl::StrContains(section, absl::StrCat("`", row.name, "`"))) << row.name;
  }
}

}  // namespace
