// Answers damaged at random, through parser, builder and renderer. The seeds are the saved answers of tests/testdata;
// whatever comes in, nothing may crash (this runs under the sanitizers too) and what comes out must be well-formed.
#include <gtest/gtest.h>

#include <filesystem>
#include <random>
#include <set>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/text.h"
#include "kubecost/response_parser.h"
#include "metrics/table_builder.h"
#include "tests/golden.h"
#include "tests/render.h"

namespace {

using Random = std::mt19937_64;

size_t Below(size_t limit, Random& random) { return std::uniform_int_distribution<size_t>(0, limit - 1)(random); }

std::string Damaged(std::string text, const std::string& other, Random& random) {
  static const char* const kTokens[] = {"null",    "{}",       "[]", "[",       "{",          "\"", "\\",
                                        "\\ud800", "1e999",    "-",  "true",    "\xff",       ",",  ":",
                                        "\\u0000", "__idle__", "/",  "1.9e308", "\"data\":[", "<"};
  const size_t changes = 1 + Below(4, random);
  for (size_t i = 0; i < changes && !text.empty(); ++i) {
    const size_t at = Below(text.size(), random);
    switch (Below(6, random)) {
      case 0:
        text[at] = static_cast<char>(Below(256, random));
        break;
      case 1:
        text.erase(at, 1 + Below(40, random));
        break;
      case 2:
        text.insert(at, kTokens[Below(std::size(kTokens), random)]);
        break;
      case 3:
        text.resize(at);
        break;
      case 4:
        text.insert(at, text.substr(Below(text.size(), random), Below(200, random)));
        break;
      default:
        text.insert(at, other.substr(Below(other.size(), random), Below(200, random)));
    }
  }
  return text;
}

void ExpectWellFormed(const std::string& text) {
  std::set<absl::string_view> series;
  for (const absl::string_view line : absl::StrSplit(text, '\n', absl::SkipEmpty())) {
    if (absl::StartsWith(line, "# ")) continue;
    const size_t end = line.rfind("} ");
    ASSERT_NE(end, absl::string_view::npos) << line;
    EXPECT_TRUE(absl::StartsWith(line, "kubecost_")) << line;
    EXPECT_TRUE(base::IsValidUtf8(line)) << line;
    EXPECT_TRUE(series.insert(line.substr(0, end)).second) << "twice: " << line;
  }
}

// Returns whether the answer was taken.
bool Feed(const std::string& body, kubecost::Level level, size_t piece) {
  size_t position = 0;
  const auto source = [&]() -> absl::StatusOr<absl::string_view> {
    const absl::string_view next = absl::string_view(body).substr(position, piece);
    position += next.size();
    return next;
  };
  metrics::TableBuilder builder(level, "", 0);
  const auto answer =
      kubecost::ParseAllocations(source, kubecost::Envelope::kOptional, [&builder](const kubecost::Allocation& row) {
        builder.Add(row);
        return absl::OkStatus();
      });
  metrics::LevelTables read;
  read.table(level) = builder.Build();
  metrics::Snapshot snapshot;
  snapshot.day = metrics::SplitByCluster({}, "2026-11-19", true, std::move(read));
  ExpectWellFormed(Render(snapshot));
  return answer.ok();
}

TEST(AnswerFuzzTest, DamagedAnswers) {
  std::vector<std::string> seeds;
  for (const auto& entry : std::filesystem::directory_iterator(TESTDATA_DIR)) {
    if (entry.path().extension() == ".json") seeds.push_back(golden::Read(entry.path().filename().string()));
  }
  ASSERT_FALSE(seeds.empty());
  Random random(20261120);
  int taken = 0;
  constexpr int kRounds = 15000;
  for (int i = 0; i < kRounds; ++i) {
    const std::string& seed = seeds[Below(seeds.size(), random)];
    const std::string body = Damaged(seed, seeds[Below(seeds.size(), random)], random);
    const size_t piece = 1 + Below(300, random);
    taken += Feed(body, static_cast<kubecost::Level>(Below(3, random)), piece) ? 1 : 0;
    // How the body is cut into pieces must make no difference.
    if (i % 16 == 0) {
      EXPECT_EQ(Feed(body, kubecost::Level::kPod, 1), Feed(body, kubecost::Level::kPod, body.size() + 1));
    }
    size_t position = 0;
    (void)kubecost::ParseTextMap(
        [&]() -> absl::StatusOr<absl::string_view> {
          const absl::string_view next = absl::string_view(body).substr(position, piece);
          position += next.size();
          return next;
        },
        kubecost::Envelope::kOptional);
    (void)kubecost::ParseErrorMessage(body);
  }
  EXPECT_GT(taken, 0) << "some damage leaves a valid answer";
  EXPECT_LT(taken, kRounds);
}

}  // namespace
