// Also tests kubecost/answer.h
// Also tests kubecost/body_stream.h
// The shapes of answers that the Allocation API is known to give. Tests are named after the fact they stand for.
// Also tests kubecost/allocation_handler.h
// Also tests kubecost/row_fields.h
#include "kubecost/response_parser.h"

#include <gtest/gtest.h>

#include <vector>

#include "absl/strings/str_cat.h"
#include "base/day.h"
#include "kubecost/api_error.h"

namespace kubecost {
namespace {

struct Parsed {
  absl::StatusOr<ParsedAnswer> answer;
  std::vector<Allocation> rows;
};

Parsed Parse(absl::string_view body, size_t piece = 5, Envelope envelope = Envelope::kRequired) {
  size_t position = 0;
  std::string copy;  // every piece at a place of its own, so that a stale pointer is noticed
  const auto source = [&]() -> absl::StatusOr<absl::string_view> {
    copy = std::string(body.substr(position, piece));
    position += copy.size();
    return copy;
  };
  Parsed parsed;
  parsed.answer = ParseAllocations(source, envelope, [&parsed](const Allocation& row) {
    parsed.rows.push_back(row);
    return absl::OkStatus();
  });
  return parsed;
}

void ExpectError(absl::string_view body, ErrorReason reason, absl::string_view fragment) {
  for (const size_t piece : {1U, 5U, 4096U}) {
    const Parsed parsed = Parse(body, piece);
    ASSERT_FALSE(parsed.answer.ok()) << body;
    EXPECT_EQ(ReasonOf(parsed.answer.status()), reason) << parsed.answer.status();
    EXPECT_NE(parsed.answer.status().message().find(fragment), absl::string_view::npos) << parsed.answer.status();
  }
}

constexpr absl::string_view kRow =
    R"("c/n/p":{"name":"c/n/p","properties":{"cluster":"c","node":"n1","container":"x","controller":"web",)"
    R"("controllerKind":"deployment","namespace":"n","pod":"p","services":["s"],"labels":{"totalCost":"9","pod":"no"}},)"
    R"("window":{"start":"2026-11-19T00:00:00Z","end":"2026-11-20T00:00:00Z"},"start":"2026-11-19T00:00:00Z",)"
    R"("end":"2026-11-20T00:00:00Z","minutes":1440,"cpuCores":0.5,"cpuCoreRequestAverage":0.5,)"
    R"("cpuCoreUsageAverage":0.25,"cpuCost":0.1,"cpuCostAdjustment":0.2,"cpuCostIdle":7,"cpuEfficiency":0.5,)"
    R"("gpuCost":1,"gpuCostAdjustment":0,"networkCost":2,"networkCrossZoneCost":1.5,"networkCostAdjustment":-0.5,)"
    R"("loadBalancerCost":3,"loadBalancerCostAdjustment":0,"pvCost":4,"pvs":{"cluster=c:name=v":{"cost":99,)"
    R"("cpuCost":99}},"pvCostAdjustment":0,"ramByteRequestAverage":100,"ramByteUsageAverage":80,"ramCost":5,)"
    R"("ramCostAdjustment":0,"ramEfficiency":0.8,"externalCost":6,"sharedCost":7,"totalCost":28.3,)"
    R"("totalEfficiency":0.7,"lbAllocations":null,"gpuAllocation":{"gpuUsageAverage":null,"gpuCost":5}})";

std::string Answer(absl::string_view rows) { return absl::StrCat(R"({"code":200,"data":[{)", rows, "}]}\n"); }

TEST(ParseAllocationsTest, ReadsARow) {
  for (const size_t piece : {1U, 2U, 3U, 64U, 4096U}) {
    const Parsed parsed = Parse(Answer(kRow), piece);
    ASSERT_TRUE(parsed.answer.ok()) << parsed.answer.status();
    EXPECT_EQ(parsed.answer->rows, 1U);
    EXPECT_EQ(parsed.answer->sets, 1U);
    EXPECT_EQ(parsed.answer->bytes, Answer(kRow).size());
    ASSERT_EQ(parsed.rows.size(), 1U);
    const Allocation& row = parsed.rows[0];
    EXPECT_EQ(row.name, "c/n/p");
    EXPECT_EQ(row.properties.cluster, "c");
    EXPECT_EQ(row.properties.node, "n1");
    EXPECT_EQ(row.properties.namespace_name, "n");
    EXPECT_EQ(row.properties.pod, "p");
    EXPECT_EQ(row.properties.controller, "web");
    EXPECT_EQ(row.properties.controller_kind, "deployment");
    ASSERT_TRUE(row.window.has_value());
    EXPECT_EQ(row.window->end - row.window->start, absl::Hours(24));
    EXPECT_EQ(row.total_cost, 28.3);
    EXPECT_EQ(row.costs, (std::array<double, kResourceCount>{0.3, 1, 5, 4, 1.5, 3, 7, 6}));
    EXPECT_EQ(row.efficiency.cpu, 0.5);
    EXPECT_EQ(row.efficiency.memory, 0.8);
    EXPECT_EQ(row.efficiency.total, 0.7);
    EXPECT_EQ(row.usage.minutes, 1440);
    EXPECT_EQ(row.usage.cpu_request, 0.5);
    EXPECT_EQ(row.usage.memory_usage, 80);
    EXPECT_FALSE(row.has_null_cost);
  }
}

TEST(ParseAllocationsTest, HowTheBodyIsCutMakesNoDifference) {
  // Plain members, which take a short cut, between odd ones, which do not.
  const std::string body = Answer(absl::StrCat(
      kRow, R"(,"odd":{"x":[{"cpuCost":1}],"cpuCost" : 1.5e1 ,"ramCost":null,"totalCost":-0.25,"\u0067puCost":2,)"
            R"("pvCost":"4","minutes":0,"x":"a\"b,\"sharedCost\":9","sharedCost":3.0,"externalCost":0})"));
  const Parsed whole = Parse(body, body.size());
  ASSERT_TRUE(whole.answer.ok()) << whole.answer.status();
  ASSERT_EQ(whole.rows.size(), 2U);
  EXPECT_EQ(whole.rows[1].costs[0], 15);
  EXPECT_EQ(whole.rows[1].costs[1], 2);
  EXPECT_EQ(whole.rows[1].costs[6], 3);
  EXPECT_EQ(whole.rows[1].total_cost, -0.25);
  for (size_t piece = 1; piece < body.size(); ++piece) {
    const Parsed cut = Parse(body, piece);
    ASSERT_TRUE(cut.answer.ok()) << piece << cut.answer.status();
    ASSERT_EQ(cut.rows.size(), 2U);
    EXPECT_EQ(cut.answer->invalid.null_cost, whole.answer->invalid.null_cost);
    EXPECT_EQ(cut.answer->invalid.not_a_number, whole.answer->invalid.not_a_number);
    for (size_t row = 0; row < 2; ++row) {
      EXPECT_EQ(cut.rows[row].name, whole.rows[row].name) << piece;
      EXPECT_EQ(cut.rows[row].properties.pod, whole.rows[row].properties.pod) << piece;
      EXPECT_EQ(cut.rows[row].total_cost, whole.rows[row].total_cost) << piece;
      for (size_t i = 0; i < kResourceCount; ++i) {
        const double expected = whole.rows[row].costs[i];
        EXPECT_TRUE(cut.rows[row].costs[i] == expected || !IsKnown(expected)) << piece;
        EXPECT_EQ(IsKnown(cut.rows[row].costs[i]), IsKnown(expected)) << piece;
      }
    }
  }
}

TEST(ParseAllocationsTest, NestedKeysThatRepeatOuterNamesAreNotRead) {
  // In the row above: pvs.*.cpuCost, gpuAllocation.gpuCost, labels.totalCost, labels.pod.
  const Parsed parsed = Parse(Answer(kRow));
  ASSERT_EQ(parsed.rows.size(), 1U);
  EXPECT_EQ(parsed.rows[0].costs[0], 0.3);
  EXPECT_EQ(parsed.rows[0].total_cost, 28.3);
  EXPECT_EQ(parsed.rows[0].properties.pod, "p");
}

TEST(ParseAllocationsTest, PartsOfTheNetworkCostAreNotAddedToIt) {
  const Parsed parsed = Parse(
      Answer(R"("a":{"networkCost":2,"networkCrossZoneCost":1,"networkCrossRegionCost":0.5,"networkInternetCost":0.5,)"
             R"("networkNatGatewayEgressCost":0.25,"networkNatGatewayIngressCost":0.25,"networkCostAdjustment":0})"));
  ASSERT_EQ(parsed.rows.size(), 1U);
  EXPECT_EQ(parsed.rows[0].costs[static_cast<size_t>(Resource::kNetwork)], 2);
}

TEST(ParseAllocationsTest, CostIdleFieldsAreNoPartOfACost) {
  const Parsed parsed = Parse(Answer(R"("a":{"cpuCost":1,"cpuCostIdle":5,"gpuCost":2,"gpuCostIdle":5,"ramCost":3,)"
                                     R"("ramCostIdle":5})"));
  ASSERT_EQ(parsed.rows.size(), 1U);
  EXPECT_EQ(parsed.rows[0].costs[static_cast<size_t>(Resource::kCpu)], 1);
  EXPECT_EQ(parsed.rows[0].costs[static_cast<size_t>(Resource::kGpu)], 2);
  EXPECT_EQ(parsed.rows[0].costs[static_cast<size_t>(Resource::kMemory)], 3);
}

TEST(ParseAllocationsTest, EverySetOfAMultiStepAnswerIsRead) {
  const Parsed parsed = Parse(absl::StrCat(R"({"code":200,"data":[{)", kRow, "},{", kRow, "}]}"));
  ASSERT_TRUE(parsed.answer.ok());
  EXPECT_EQ(parsed.rows.size(), 2U);
}

TEST(ParseAllocationsTest, OldEnvelopeWithStatus) {
  EXPECT_TRUE(
      Parse(absl::StrCat(R"({"code":200,"status":"success","data":[{)", kRow, R"(}],"message":""})")).answer.ok());
}

TEST(ParseAllocationsTest, EnvelopeInAnyOrderAndWithoutCode) {
  EXPECT_TRUE(
      Parse(absl::StrCat(R"({"data":[{)", kRow, R"(}],"warning":"x","meta":{"a":[1]},"code":200})")).answer.ok());
  EXPECT_TRUE(Parse(absl::StrCat(R"({"data":[{)", kRow, "}]}")).answer.ok());
}

TEST(ParseAllocationsTest, CodeAfterTheRowsStillCounts) {
  ExpectError(absl::StrCat(R"({"data":[{)", kRow, R"(}],"code":500,"message":"boom"})"), ErrorReason::kUpstreamCode,
              "500, not 200: boom");
}

TEST(ParseAllocationsTest, ErrorIn200) {
  ExpectError(R"({"code":500,"message":"Internal Server Error"})", ErrorReason::kUpstreamCode, "Internal Server Error");
  ExpectError(R"({"code":500,"data":null,"message":"Error: x"})", ErrorReason::kUpstreamCode, "Error: x");
}

TEST(ParseAllocationsTest, EmptyShapes) {
  const std::pair<const char*, const char*> cases[] = {{R"({"code":200,"data":null})", "null"},
                                                       {R"({"code":200,"data":[]})", "[]"},
                                                       {R"({"code":200,"data":[null]})", "[null]"},
                                                       {R"({"code":200,"data":[{}]})", "[{}]"},
                                                       {R"({"code":200,"data":[{},{}]})", "[{}]"}};
  for (const auto& [body, shape] : cases) {
    const Parsed parsed = Parse(body);
    ASSERT_TRUE(parsed.answer.ok()) << body << parsed.answer.status();
    EXPECT_EQ(parsed.answer->rows, 0U);
    EXPECT_EQ(parsed.answer->EmptyShape(), shape);
  }
}

TEST(ParseAllocationsTest, LeadingEmptySets) {
  const Parsed parsed = Parse(absl::StrCat(R"({"code":200,"data":[{},{},null,{)", kRow, "}]}"));
  ASSERT_TRUE(parsed.answer.ok());
  EXPECT_EQ(parsed.answer->sets, 4U);
  EXPECT_EQ(parsed.rows.size(), 1U);
}

TEST(ParseAllocationsTest, EmptyBody) {
  for (const char* body : {"", "\n", " \r\n\t ", "\xEF\xBB\xBF\n"})
    ExpectError(body, ErrorReason::kEmptyBody, "the answer has no body");
}

TEST(ParseAllocationsTest, Html) {
  ExpectError("\n <!DOCTYPE html><html>login</html>", ErrorReason::kHtml, "HTML page");
}

TEST(ParseAllocationsTest, TextAndJsonAreNotOneDocument) {
  ExpectError("Invalid 'window' parameter: illegal window: x\n{\"code\":500}", ErrorReason::kParse, "JSON");
  ExpectError(R"({"code":200,"data":[]}{"code":200,"data":[]})", ErrorReason::kParse, "byte 22");
}

TEST(ParseAllocationsTest, HalfABody) {
  const std::string whole = Answer(kRow);
  for (const size_t size : {size_t{1}, size_t{12}, size_t{40}, whole.size() / 2, whole.size() - 3}) {
    ExpectError(absl::string_view(whole).substr(0, size), ErrorReason::kParse, "not one valid JSON document");
  }
}

TEST(ParseAllocationsTest, UnexpectedShapesAreNamed) {
  ExpectError("[1]", ErrorReason::kParse, "the document is an array");
  ExpectError("null", ErrorReason::kParse, "the document is null");
  ExpectError("17", ErrorReason::kParse, "the document is a number");
  ExpectError(R"({"code":200})", ErrorReason::kParse, "it has no `data`");
  ExpectError(R"({"code":200,"data":{"sets":[]}})", ErrorReason::kParse, "`data` is an object");
  ExpectError(R"({"code":200,"data":7})", ErrorReason::kParse, "`data` is a single value");
  ExpectError(R"({"code":200,"data":[7]})", ErrorReason::kParse, "a number where none belongs");
  ExpectError(R"({"code":200,"data":[{"a":7}]})", ErrorReason::kParse, "a number where none belongs");
  ExpectError(R"({"code":200,"data":[{"a":{"cpuCost":{}}}]})", ErrorReason::kParse, "an object where none belongs");
  ExpectError(R"({"data":[],"data":[]})", ErrorReason::kParse, "twice");
}

TEST(ParseAllocationsTest, NullRowIsNoRow) {
  const Parsed parsed = Parse(R"({"code":200,"data":[{"a":null}]})");
  ASSERT_TRUE(parsed.answer.ok());
  EXPECT_EQ(parsed.answer->rows, 0U);
}

TEST(ParseAllocationsTest, NullIsNotZero) {
  const Parsed parsed = Parse(Answer(
      R"("a":{"cpuCost":null,"cpuCostAdjustment":0,"ramCost":0,"ramCostAdjustment":null,"gpuCost":0,"totalCost":1,)"
      R"("cpuEfficiency":null})"));
  ASSERT_TRUE(parsed.answer.ok());
  const Allocation& row = parsed.rows[0];
  EXPECT_FALSE(IsKnown(row.costs[static_cast<size_t>(Resource::kCpu)]));
  EXPECT_FALSE(IsKnown(row.costs[static_cast<size_t>(Resource::kMemory)]));
  EXPECT_EQ(row.costs[static_cast<size_t>(Resource::kGpu)], 0);
  EXPECT_FALSE(IsKnown(row.costs[static_cast<size_t>(Resource::kPv)]));  // missing altogether
  EXPECT_EQ(row.total_cost, 1);
  EXPECT_TRUE(row.has_null_cost);
  EXPECT_EQ(parsed.answer->invalid.null_cost, 2U);
}

TEST(ParseAllocationsTest, ValuesOfAnotherTypeAreNotNumbers) {
  const Parsed parsed = Parse(Answer(R"("a":{"cpuCost":"1.5","ramCost":true,"minutes":"x","totalCost":1.9e308})"));
  ASSERT_TRUE(parsed.answer.ok()) << parsed.answer.status();
  EXPECT_FALSE(IsKnown(parsed.rows[0].costs[0]));
  EXPECT_FALSE(IsKnown(parsed.rows[0].total_cost));
  EXPECT_EQ(parsed.answer->invalid.not_a_number, 4U);
  EXPECT_EQ(parsed.answer->invalid.null_cost, 0U) << "counted once, as what it is";
}

TEST(ParseAllocationsTest, TheFirstCostThatIsNotANumberIsNamed) {
  const auto first = [](absl::string_view rows) {
    const Parsed parsed = Parse(Answer(rows));
    EXPECT_TRUE(parsed.answer.ok()) << parsed.answer.status();
    return parsed.answer->invalid.unknown_cost;
  };
  EXPECT_EQ(first(R"("a":{"totalCost":1},"c1/n":{"ramCost":"2","cpuCost":null},"b":{"totalCost":"x"})"),
            "row \"c1/n\": ramCost is \"2\"");
  EXPECT_EQ(first(R"("a":{"pvCostAdjustment":null})"), "row \"a\": pvCostAdjustment is null");
  EXPECT_EQ(first(R"("a":{"totalCost":1.9e308})"), "row \"a\": totalCost is 1.9e308") << "no double holds it";
  EXPECT_EQ(first(R"("a":{"minutes":"x","cpuEfficiency":null,"totalCost":1})"), "") << "no costs";
}

TEST(ParseAllocationsTest, ARowWithoutAClusterIsOddWhereOthersNameSeveral) {
  const auto odd = [](absl::string_view rows) { return Parse(Answer(rows)).answer->invalid.clusterless_row; };
  constexpr char kOne[] = R"("c1":{"properties":{"cluster":"c1"}},"c1/x":{"properties":{"cluster":"c1"}})";
  constexpr char kOther[] = R"(,"c2":{"properties":{"cluster":"c2"}})";
  constexpr char kIdle[] = R"(,"__idle__":{"properties":{}})";
  EXPECT_EQ(odd(absl::StrCat(kOne, kIdle, kOther)), "row \"__idle__\"");
  EXPECT_EQ(odd(absl::StrCat(kOne, kIdle)), "");
  EXPECT_EQ(odd(absl::StrCat(kOne, kOther)), "");
}

TEST(ParseAllocationsTest, NegativeMinutesAreCounted) {
  const Parsed parsed = Parse(Answer(R"("a":{"minutes":-3})"));
  ASSERT_TRUE(parsed.answer.ok());
  EXPECT_EQ(parsed.answer->invalid.negative_minutes, 1U);
}

TEST(ParseAllocationsTest, NumbersKeepEveryDigit) {
  const Parsed parsed =
      Parse(Answer(R"("a":{"totalCost":0.1234567890123456789,"cpuCost":170.000000,"ramCost":-2.5e-3})"));
  ASSERT_TRUE(parsed.answer.ok());
  EXPECT_EQ(parsed.rows[0].total_cost, 0.1234567890123456789);
  EXPECT_EQ(parsed.rows[0].costs[0], 170);
  EXPECT_EQ(parsed.rows[0].costs[2], -0.0025);
}

TEST(ParseAllocationsTest, WindowInTheServersOffset) {
  const Parsed parsed =
      Parse(Answer(R"("a":{"window":{"start":"2026-11-19T02:00:00+02:00","end":"2026-11-20T02:00:00+02:00"}})"));
  ASSERT_TRUE(parsed.rows[0].window.has_value());
  EXPECT_EQ(absl::FormatTime(parsed.rows[0].window->start, absl::UTCTimeZone()), "2026-11-19T00:00:00+00:00");
}

TEST(ParseAllocationsTest, OpenOrMissingWindow) {
  const Parsed parsed = Parse(
      Answer(R"("a":{"window":{"start":"null","end":"null"}},"b":{},"c":{"window":null},"d":{"window":{"start":7}},)"
             R"("e":{"window":"x"})"));
  ASSERT_TRUE(parsed.answer.ok()) << parsed.answer.status();
  ASSERT_EQ(parsed.rows.size(), 5U);
  for (const Allocation& row : parsed.rows) EXPECT_FALSE(row.window.has_value());
}

TEST(ParseAllocationsTest, PropertiesMayBeMissing) {
  const Parsed parsed = Parse(
      Answer(R"("a":{"properties":{"cluster":"c","pod":"p"}},"b":{"properties":null},"c":{"properties":{}},"d":{})"));
  ASSERT_TRUE(parsed.answer.ok());
  ASSERT_EQ(parsed.rows.size(), 4U);
  EXPECT_EQ(parsed.rows[0].properties.pod, "p");
  for (size_t i = 1; i < 4; ++i) EXPECT_EQ(parsed.rows[i].properties.pod, "") << "left over from the row before";
}

TEST(ParseAllocationsTest, EscapedHtmlCharacters) {
  const Parsed parsed = Parse(Answer(R"("a":{"properties":{"pod":"\u003cb\u003e\"\\\n"}})"));
  ASSERT_TRUE(parsed.answer.ok());
  EXPECT_EQ(parsed.rows[0].properties.pod, "<b>\"\\\n");
}

TEST(ParseAllocationsTest, UnknownFieldsOfEveryTypeAreSkipped) {
  const Parsed parsed = Parse(Answer(
      R"("a":{"x1":null,"x2":true,"x3":-1.5e9,"x4":"a\"b\\","x5":[1,[2,{"totalCost":3}]],"x6":{"a":{"b":"}]"}},"x7":[],)"
      R"("x8" : {} ,"totalCost":4})"));
  ASSERT_TRUE(parsed.answer.ok()) << parsed.answer.status();
  EXPECT_EQ(parsed.rows[0].total_cost, 4);
}

TEST(ParseAllocationsTest, DeepNestingDoesNotOverflowTheStack) {
  const std::string deep(2'000'000, '[');
  const std::string closed = absl::StrCat(deep, std::string(deep.size(), ']'));
  EXPECT_TRUE(Parse(Answer(absl::StrCat(R"("a":{"x":)", closed, "}")), 4096).answer.ok());
  EXPECT_TRUE(Parse(Answer(absl::StrCat(R"("a":{"properties":{"labels":)", closed, "}}")), 4096).answer.ok());
  for (const absl::string_view before :
       {"", R"({"x":)", R"({"data":)", R"({"data":[)", R"({"data":[{"a":)", R"({"data":[{"a":{"totalCost":)",
        R"({"data":[{"a":{"properties":)", R"({"data":[{"a":{"properties":{"pod":)"}) {
    const Parsed parsed = Parse(absl::StrCat(before, deep), 4096);
    ASSERT_FALSE(parsed.answer.ok());
    EXPECT_EQ(ReasonOf(parsed.answer.status()), ErrorReason::kParse);
  }
}

TEST(ParseAllocationsTest, HugeLabelsAreSkippedWithoutBeingHeld) {
  const std::string label(8 << 20, 'x');
  const Parsed parsed =
      Parse(Answer(absl::StrCat(R"("a":{"properties":{"labels":{"l":")", label, R"("},"pod":"p"}})")), 4096);
  ASSERT_TRUE(parsed.answer.ok()) << parsed.answer.status();
  EXPECT_EQ(parsed.rows[0].properties.pod, "p");
}

TEST(ParseAllocationsTest, AHugeTokenIsTooLarge) {
  const std::string huge(3 << 20, 'x');
  ExpectError(Answer(absl::StrCat(R"("a":{"properties":{"pod":")", huge, R"("}})")), ErrorReason::kTooLarge, "token");
  ExpectError(Answer(absl::StrCat("\"", huge, "\":{}")), ErrorReason::kTooLarge, "token");
}

TEST(ParseAllocationsTest, BareArrayOnlyWhereAllowed) {
  const std::string bare = absl::StrCat("[{", kRow, "}]");
  EXPECT_EQ(Parse(bare, 5, Envelope::kOptional).rows.size(), 1U);
  EXPECT_EQ(ReasonOf(Parse(bare).answer.status()), ErrorReason::kParse);
}

TEST(ParseAllocationsTest, AnErrorOfTheSourceOrTheSinkIsTheResult) {
  const auto broken = []() -> absl::StatusOr<absl::string_view> {
    return ApiError(ErrorReason::kDisconnected, "gone");
  };
  EXPECT_EQ(
      ReasonOf(
          ParseAllocations(broken, Envelope::kRequired, [](const Allocation&) { return absl::OkStatus(); }).status()),
      ErrorReason::kDisconnected);

  const std::string body = Answer(kRow);
  bool given = false;
  const auto source = [&]() -> absl::StatusOr<absl::string_view> {
    if (given) return absl::string_view();
    given = true;
    return body;
  };
  EXPECT_EQ(ParseAllocations(source, Envelope::kRequired,
                             [](const Allocation&) { return absl::ResourceExhaustedError("full"); })
                .status()
                .message(),
            "full");
}

TEST(ParseAllocationsTest, ReadsWhenARowRan) {
  const auto extent_of = [](absl::string_view members, size_t piece) {
    const Parsed parsed = Parse(Answer(absl::StrCat(R"("r":{"name":"r",)", members, R"("totalCost":1})")), piece);
    EXPECT_TRUE(parsed.answer.ok()) << parsed.answer.status();
    return parsed.rows.at(0).extent;
  };
  const base::Window expected = {absl::FromUnixSeconds(1795082400), absl::FromUnixSeconds(1795084200)};
  for (const size_t piece : {1U, 7U, 4096U}) {
    EXPECT_EQ(extent_of(R"("start":"2026-11-19T10:00:00Z","end":"2026-11-19T10:30:00Z",)", piece), expected);
    EXPECT_EQ(extent_of(R"("start" : "2026-11-19T11:00:00+01:00", "end": "2026-11-19T10:30:00.0Z" ,)", piece),
              expected);
    EXPECT_EQ(extent_of(R"("start":"2026-11-19T10:00:00Z",)", piece), std::nullopt);
    EXPECT_EQ(extent_of(R"("start":null,"end":"never",)", piece), std::nullopt);
    EXPECT_EQ(extent_of(R"("labels":{"start":"2026-11-19T10:00:00Z","end":"2026-11-19T10:30:00Z"},)", piece),
              std::nullopt);
  }
}

}  // namespace
}  // namespace kubecost
