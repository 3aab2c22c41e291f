#include "kubecost/allocation_client.h"

#include <gtest/gtest.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/day.h"
#include "kubecost/api_error.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_http_client.h"

namespace kubecost {
namespace {

using fakes::FakeAnswer;
using fakes::FakeHttpClient;

const absl::Time kMidnight = absl::FromCivil(absl::CivilDay(2026, 11, 19), absl::UTCTimeZone());
const base::Window kDay = {kMidnight, kMidnight + absl::Hours(24)};
constexpr absl::string_view kDayText = "2026-11-19T00:00:00Z,2026-11-20T00:00:00Z";

std::string RowWithWindow(absl::string_view start, absl::string_view end) {
  return absl::StrCat(R"({"code":200,"data":[{"c":{"window":{"start":")", start, R"(","end":")", end,
                      R"("},"totalCost":1}}]})");
}

const std::string kGood = RowWithWindow("2026-11-19T00:00:00Z", "2026-11-20T00:00:00Z");

class AllocationClientTest : public testing::Test {
 protected:
  absl::Status Get(FakeHttpClient::Handler handler, EndpointSettings endpoint = {"http://kc:9090", Api::kAuto, {}}) {
    http_ = std::make_unique<FakeHttpClient>(std::move(handler));
    client_ = std::make_unique<AllocationClient>(*http_, clock_, endpoint, QuerySettings{},
                                                 [this](const RequestRecord& record) {
                                                   records_.push_back(absl::StrCat(record.path, " ", record.code));
                                                   bytes_ = record.bytes;
                                                   record_ = record;
                                                 });
    return GetAgain();
  }

  absl::Status GetAgain() {
    records_.clear();
    rows_ = 0;
    return client_
        ->GetAllocations({kDay, Level::kPod},
                         [this](const Allocation&) {
                           ++rows_;
                           return absl::OkStatus();
                         },
                         {})
        .status();
  }

  void ExpectError(const FakeAnswer& answer, ErrorReason reason, absl::string_view fragment) {
    const absl::Status status = Get([answer](const std::string&) { return answer; });
    EXPECT_EQ(ReasonOf(status), reason) << status;
    EXPECT_TRUE(absl::StrContains(status.message(), fragment)) << status.message();
    EXPECT_TRUE(absl::StrContains(status.message(), "http://kc:9090")) << status.message();
    EXPECT_FALSE(http_->open) << "an unfinished transfer must be closed";
  }

  fakes::FakeClock clock_{kMidnight + absl::Hours(36)};
  std::unique_ptr<FakeHttpClient> http_;
  std::unique_ptr<AllocationClient> client_;
  std::vector<std::string> records_;
  uint64_t bytes_ = 0;
  RequestRecord record_;
  int rows_ = 0;
};

FakeAnswer Body(std::string body) { return {200, std::move(body), "application/json", "", {}, {}}; }
FakeAnswer Status(int status, std::string body = "") { return {status, std::move(body), "text/html", "", {}, {}}; }

TEST_F(AllocationClientTest, AsksKubecostsPathFirst) {
  ASSERT_TRUE(Get([](const std::string&) { return Body(kGood); }).ok());
  EXPECT_EQ(rows_, 1);
  EXPECT_EQ(bytes_, kGood.size());
  EXPECT_EQ(records_, std::vector<std::string>{"/model/allocation 200"});
  ASSERT_EQ(http_->urls.size(), 1U);
  EXPECT_TRUE(absl::StartsWith(http_->urls[0], "http://kc:9090/model/allocation?window=")) << "no trailing slash";
  EXPECT_EQ(client_->api(), Api::kKubecost);
}

TEST_F(AllocationClientTest, FindsOpenCostAndRemembersIt) {
  const auto open_cost = [](const std::string& url) {
    return absl::StrContains(url, "/model/") ? Status(404, "404 page not found") : Body(kGood);
  };
  ASSERT_TRUE(Get(open_cost).ok());
  EXPECT_EQ(records_, (std::vector<std::string>{"/model/allocation 404", "/allocation 200"}));
  EXPECT_EQ(client_->api(), Api::kOpenCost);
  EXPECT_TRUE(absl::StrContains(http_->urls[0], "accumulate=true")) << http_->urls[0];
  EXPECT_TRUE(absl::StrContains(http_->urls[1], "accumulate=false")) << http_->urls[1];
  ASSERT_TRUE(GetAgain().ok());
  EXPECT_EQ(records_, std::vector<std::string>{"/allocation 200"});
}

TEST_F(AllocationClientTest, SearchesAgainWhenTheRememberedPathIsGone) {
  bool is_kubecost = true;
  const auto moved = [&is_kubecost](const std::string& url) {
    return absl::StrContains(url, "/model/") == is_kubecost ? Body(kGood) : Status(404);
  };
  ASSERT_TRUE(Get(moved).ok());
  is_kubecost = false;
  ASSERT_TRUE(GetAgain().ok());
  EXPECT_EQ(records_, (std::vector<std::string>{"/model/allocation 404", "/allocation 200"}));
}

TEST_F(AllocationClientTest, A404NamesEveryPathTried) {
  ExpectError(Status(404), ErrorReason::kNotFound, "every path tried: /model/allocation, /allocation; set");
}

TEST_F(AllocationClientTest, AnotherPageOnTheSecondPathDoesNotHideThe404OnTheFirst) {
  const absl::Status status =
      Get([](const std::string& url) { return absl::StrContains(url, "/model/") ? Status(404) : Body("<html>"); });
  EXPECT_EQ(ReasonOf(status), ErrorReason::kHtml);
  EXPECT_TRUE(absl::StrContains(status.message(), "before it, HTTP 404 on /model/allocation")) << status;
}

TEST_F(AllocationClientTest, AProductWithoutClusterInfoIsNoReasonToAskTheOthersPath) {
  const auto without = [](const std::string& url) {
    if (absl::StrContains(url, "/model/allocation")) return Body(kGood);
    return absl::StrContains(url, "/model/") ? Status(404) : Body("<html>");
  };
  ASSERT_TRUE(Get(without).ok());
  records_.clear();
  const absl::Status status = client_->GetClusterInfo({}).status();
  EXPECT_EQ(ReasonOf(status), ErrorReason::kNotFound);
  EXPECT_TRUE(absl::StrContains(status.message(), "--cluster-info=off")) << status;
  EXPECT_EQ(records_, std::vector<std::string>{"/model/clusterInfo 404"});
}

TEST_F(AllocationClientTest, WordsOfAPlainTextErrorAreShown) {
  FakeAnswer plain = Status(400, "Invalid 'window' parameter: illegal window: x\n{\"code\":500}");
  plain.content_type = "text/plain; charset=utf-8";
  ExpectError(plain, ErrorReason::kHttp4xx, "HTTP 400, \"Invalid 'window' parameter: illegal window: x\"");
}

TEST_F(AllocationClientTest, ABadFilterIsTheFirstSuspect) {
  FakeHttpClient http([](const std::string&) { return Status(500, R"({"code":500,"message":"invalid filter"})"); });
  QuerySettings query;
  query.filter = "controller:\"x\"";
  AllocationClient client(http, clock_, {"http://kc", Api::kKubecost, {}}, query, [](const RequestRecord&) {});
  const absl::Status allocations =
      client.GetAllocations({kDay, Level::kPod}, [](const Allocation&) { return absl::OkStatus(); }, {}).status();
  EXPECT_TRUE(absl::StrContains(allocations.message(), "\"invalid filter\"; is --filter right")) << allocations;
  EXPECT_FALSE(absl::StrContains(client.GetClusterInfo({}).status().message(), "--filter"));
}

TEST_F(AllocationClientTest, AFixedApiOrPrefixIsTheOnlyPath) {
  const auto nothing = [](const std::string&) { return Status(404); };
  EXPECT_EQ(ReasonOf(Get(nothing, {"http://kc", Api::kOpenCost, {}})), ErrorReason::kNotFound);
  EXPECT_EQ(records_, std::vector<std::string>{"/allocation 404"});
  EXPECT_EQ(ReasonOf(Get(nothing, {"http://kc", Api::kKubecost, {}})), ErrorReason::kNotFound);
  EXPECT_EQ(records_, std::vector<std::string>{"/model/allocation 404"});
  EXPECT_EQ(ReasonOf(Get(nothing, {"http://kc/base", Api::kAuto, "/proxy/model"})), ErrorReason::kNotFound);
  EXPECT_TRUE(absl::StartsWith(http_->urls[0], "http://kc/base/proxy/model/allocation?"));
}

TEST_F(AllocationClientTest, HttpErrorsByStatus) {
  ExpectError(Status(400, "Invalid 'window' parameter"), ErrorReason::kHttp4xx, "HTTP 400");
  ExpectError(Status(401), ErrorReason::kAuth, "HTTP 401; Kubecost or a proxy before it wants credentials");
  ExpectError(Status(403), ErrorReason::kAuth, "HTTP 403");
  ExpectError(Status(429), ErrorReason::kHttp4xx, "limits how often");
  ExpectError(Status(499), ErrorReason::kHttp4xx, "HTTP 499");
  ExpectError(Status(500, R"({"code":500,"data":null,"message":"invalid filter"})"), ErrorReason::kHttp5xx,
              "HTTP 500, \"invalid filter\"; see Kubecost's own log");
  ExpectError(Status(502), ErrorReason::kHttp5xx, "a proxy before Kubecost");
  ExpectError(Status(503), ErrorReason::kHttp5xx, "HTTP 503");
  ExpectError(Status(504, "<html>"), ErrorReason::kHttp5xx, "HTTP 504; a proxy before Kubecost");
  ExpectError(Status(204), ErrorReason::kParse, "HTTP 204, which the Allocation API never gives");
}

TEST_F(AllocationClientTest, RedirectsAreReportedNotFollowed) {
  FakeAnswer redirect = Status(302);
  redirect.location = "http://user:secret@kc:9090/login";
  ExpectError(redirect, ErrorReason::kRedirect,
              "HTTP 302 redirects to http://***@kc:9090/login, which is not followed");
  EXPECT_EQ(http_->urls.size(), 1U);
}

TEST_F(AllocationClientTest, EveryShapeOfEmptyNamesTheWindowAsked) {
  for (const char* shape : {"null", "[]", "[null]", "[{}]"}) {
    const absl::Status status =
        Get([shape](const std::string&) { return Body(absl::StrCat(R"({"code":200,"data":)", shape, "}")); });
    EXPECT_EQ(ReasonOf(status), ErrorReason::kEmpty);
    EXPECT_TRUE(absl::StartsWith(status.message(), "API response appears to be empty.")) << status;
    EXPECT_TRUE(absl::StrContains(status.message(), kDayText)) << status;
    EXPECT_TRUE(absl::StrContains(status.message(), absl::StrCat("its data is ", shape, "."))) << status;
  }
  ExpectError(Body(""), ErrorReason::kEmptyBody, "GET http://kc:9090/model/allocation: the answer has no body");
}

TEST_F(AllocationClientTest, NothingInAnErrorsClothesIsNothing) {
  const char* const nothing[] = {
      "error accumulating allocations: empty AssetSet in accumulation",
      "Error: error accumulating all: cannot accumulate empty AllocationSetRange",
  };
  for (const char* message : nothing) {
    const std::string body = absl::StrCat(R"({"code":500,"data":null,"message":")", message, "\"}");
    ExpectError({500, body, "application/json", "", {}, {}}, ErrorReason::kEmpty, message);
    ExpectError({503, body, "application/json", "", {}, {}}, ErrorReason::kHttp5xx, message);
  }
  const std::string body = R"({"code":500,"message":"error accumulating: query returned an empty answer"})";
  ExpectError({500, body, "application/json", "", {}, {}}, ErrorReason::kHttp5xx, "empty answer");
}

TEST_F(AllocationClientTest, BodiesThatAreNotAnAnswer) {
  ExpectError(Body("<html>login</html>"), ErrorReason::kHtml,
              "GET http://kc:9090/model/allocation: the answer is an HTML");
  ExpectError(Body("{"), ErrorReason::kParse, "not one valid JSON document");
  ExpectError(Body(R"({"code":500,"message":"GET it"})"), ErrorReason::kUpstreamCode, "500, not 200: GET it");
}

TEST_F(AllocationClientTest, ABodyThatIsNotJsonIsQuoted) {
  ExpectError(Body("  The index is being built, come back later\nsince 10:00"), ErrorReason::kParse,
              "GET http://kc:9090/model/allocation: unexpected answer: not JSON, but \"The index is being built, come "
              "back later\"; is Kubecost still starting, does --kubecost.url lead to it?");
  ExpectError(Body("404 page not found"), ErrorReason::kParse, "not JSON, but \"404 page not found\";");
  ExpectError(Body("no key like fake-secret"), ErrorReason::kParse, "not JSON, but \"no key like ***\";");
  ExpectError(Body(absl::StrCat("\x1F\x8B\x08", std::string(100'000, 'x'))), ErrorReason::kParse, "xxx...\";");
  ExpectError(Body(R"({"message":"upstream is away"})"), ErrorReason::kParse,
              "it has no `data`, but says \"upstream is away\"");
}

TEST_F(AllocationClientTest, AByteOrderMarkIsNoTrouble) {
  const std::string body = absl::StrCat("\xEF\xBB\xBF", kGood);
  EXPECT_TRUE(Get([&body](const std::string&) { return Body(body); }).ok());
  ExpectError(Body("\xEF\xBB\xBF<html>"), ErrorReason::kHtml, "HTML page");
  ExpectError(Status(500, "\xEF\xBB\xBF{\"message\":\"broken\"}"), ErrorReason::kHttp5xx, "HTTP 500, \"broken\"");
}

TEST_F(AllocationClientTest, AnAnswerWithoutAnyCostIsNoAnswer) {
  const auto body = [](absl::string_view costs) {
    return Body(absl::StrCat(R"({"code":200,"data":[{"c1":{"window":{"start":"2026-11-19T00:00:00Z",)",
                             R"("end":"2026-11-20T00:00:00Z"})", costs, "}}]}"));
  };
  ExpectError(body(R"(,"cpuCost":"1.5","totalCost":"3.5")"), ErrorReason::kParse,
              "not one cost in its 1 rows is a number, as in row \"c1\": cpuCost is \"1.5\";");
  ExpectError(body(R"(,"totalCost":null)"), ErrorReason::kParse, "as in row \"c1\": totalCost is null;");
  ExpectError(body(""), ErrorReason::kParse, "not one cost in its 1 rows is a number;");
  for (const char* some : {R"(,"totalCost":0)", R"(,"totalCost":null,"gpuCost":0)", R"(,"pvCost":1,"cpuCost":true)"}) {
    const FakeAnswer answer = body(some);
    EXPECT_TRUE(Get([&answer](const std::string&) { return answer; }).ok()) << some;
  }
}

TEST_F(AllocationClientTest, TransportErrorsPassThroughWithTheirReason) {
  FakeAnswer broken = Body("{\"code\":200,");
  broken.read_error = ApiError(ErrorReason::kDisconnected, "GET http://kc:9090/model/allocation: connection reset");
  ExpectError(broken, ErrorReason::kDisconnected, "connection reset");
  FakeAnswer refused;
  refused.get_error = ApiError(ErrorReason::kRefused, "GET http://kc:9090/model/allocation: refused");
  ExpectError(refused, ErrorReason::kRefused, "refused");
  EXPECT_EQ(records_, std::vector<std::string>{"/model/allocation 0"}) << "no search for a path without an answer";
}

TEST_F(AllocationClientTest, WindowsAreComparedAsInstants) {
  const auto status_of = [this](absl::string_view start, absl::string_view end) {
    const std::string body = RowWithWindow(start, end);
    return Get([&body](const std::string&) { return Body(body); });
  };
  EXPECT_TRUE(status_of("2026-11-19T02:00:00+02:00", "2026-11-20T02:00:00+02:00").ok()) << "the server's own offset";
  EXPECT_TRUE(status_of("2026-11-19T05:00:00Z", "2026-11-19T06:00:00Z").ok()) << "less is coverage";
  for (const auto& [start, end] : {std::pair("2026-11-18T00:00:00Z", "2026-11-19T00:00:00Z"),
                                   std::pair("2026-11-19T00:00:00+02:00", "2026-11-20T00:00:00+02:00"),
                                   std::pair("2026-11-19T00:00:00Z", "2026-11-20T00:00:01Z")}) {
    const absl::Status status = status_of(start, end);
    EXPECT_EQ(ReasonOf(status), ErrorReason::kWindowMismatch) << start;
    EXPECT_TRUE(absl::StrContains(status.message(), kDayText));
    EXPECT_TRUE(absl::StrContains(status.message(), "--day.utc-offset"));
    EXPECT_EQ(rows_, 0) << "a row of another window must not reach the sink";
  }
}

TEST_F(AllocationClientTest, ARowWithoutAWindowSaysNothingOfTheOffset) {
  for (const char* window : {R"("window":{"start":null,"end":null})", R"("window":{"start":"null","end":"null"})",
                             R"("window":null)", R"("window":{})", R"("window":{"start":"2026-11-19T00:00:00Z"})",
                             R"("window":{"start":"yesterday","end":"2026-11-20T00:00:00Z"})", R"("name":"c1")"}) {
    const std::string body = absl::StrCat(R"({"code":200,"data":[{"c1":{)", window, R"(,"totalCost":1}}]})");
    ExpectError(Body(body), ErrorReason::kWindowMismatch,
                "row \"c1\" has no window that can be read: the server does not say of which time its costs are");
    EXPECT_FALSE(absl::StrContains(GetAgain().message(), "--day.utc-offset")) << window;
    EXPECT_EQ(rows_, 0);
  }
}

TEST_F(AllocationClientTest, ClusterInfo) {
  FakeHttpClient http([](const std::string& url) {
    EXPECT_EQ(url, "http://kc/model/clusterInfo");
    return Body(R"({"code":200,"data":{"id":"c1"}})");
  });
  AllocationClient client(http, clock_, {"http://kc", Api::kKubecost, {}}, {}, [](const RequestRecord&) {});
  const absl::StatusOr<TextMap> info = client.GetClusterInfo({});
  ASSERT_TRUE(info.ok());
  EXPECT_EQ(info->at("id"), "c1");
}

TEST_F(AllocationClientTest, Currency) {
  const auto currency_of = [this](absl::string_view path, const FakeAnswer& answer) {
    FakeHttpClient http([path, &answer](const std::string& url) {
      return url == absl::StrCat("http://kc/model", path) ? answer : FakeAnswer{404, "", "text/plain", "", {}, {}};
    });
    AllocationClient client(http, clock_, {"http://kc", Api::kKubecost, {}}, {}, [](const RequestRecord&) {});
    return client.GetCurrency({});
  };
  EXPECT_EQ(*currency_of("/getConfigs", Body(R"({"code":200,"data":{"currencyCode":"EUR","discount":"30%"}})")), "EUR");
  EXPECT_EQ(*currency_of("/getConfigs", Body(R"({"code":200,"data":{"currencyCode":""}})")), "");
  EXPECT_EQ(*currency_of("/productConfigs", Body(R"({"currencyCode":"CHF"})")), "CHF");
  EXPECT_EQ(*currency_of("/productConfigs", Body(R"({"code":200,"data":{}})")), "");
  EXPECT_EQ(ReasonOf(currency_of("/elsewhere", Body("{}")).status()), ErrorReason::kNotFound);
  EXPECT_EQ(ReasonOf(currency_of("/getConfigs", {503, "", "text/plain", "", {}, {}}).status()), ErrorReason::kHttp5xx);
  const absl::Status broken = currency_of("/getConfigs", Body("marked-secret")).status();
  EXPECT_EQ(ReasonOf(broken), ErrorReason::kParse);
  EXPECT_FALSE(absl::StrContains(broken.message(), "marked")) << "settings hold secrets: " << broken;
}

TEST_F(AllocationClientTest, ClocksCanBeCompared) {
  FakeAnswer answer = Body(kGood);
  const auto record_of = [&](absl::string_view date, bool has_age = false) {
    answer.date = std::string(date);
    answer.has_age = has_age;
    EXPECT_TRUE(Get([&answer](const std::string&) { return answer; }).ok());
    EXPECT_EQ(record_.arrived, clock_.Elapsed());
    return record_.date;
  };
  const absl::Time noon = kMidnight + absl::Hours(12);
  for (const char* date :
       {"Thu, 19 Nov 2026 12:00:00 GMT", "Thursday, 19-Nov-26 12:00:00 GMT", "Thu Nov 19 12:00:00 2026"}) {
    EXPECT_EQ(record_of(date), noon) << date;
  }
  for (const char* date : {"", "soon", "2026-11-19T12:00:00Z", "Thu, 39 Nov 2026 12:00:00 GMT", "1795089600"}) {
    EXPECT_EQ(record_of(date), std::nullopt) << date;
  }
  EXPECT_EQ(record_of("Thu, 19 Nov 2026 12:00:00 GMT", true), std::nullopt) << "out of a cache";
}

TEST_F(AllocationClientTest, AServerSaysWhenItWantsToBeAskedAgain) {
  const auto wait_of = [&](int status, absl::string_view retry_after, absl::string_view date = "") {
    FakeAnswer answer = Status(status);
    answer.retry_after = std::string(retry_after);
    answer.date = std::string(date);
    return RetryAfterOf(Get([&answer](const std::string&) { return answer; }));
  };
  EXPECT_EQ(wait_of(429, "120"), absl::Seconds(120));
  EXPECT_EQ(wait_of(503, "120"), absl::Seconds(120));
  EXPECT_EQ(wait_of(503, "0"), absl::ZeroDuration());
  EXPECT_EQ(wait_of(503, "7200"), absl::Hours(1)) << "at most";
  EXPECT_EQ(wait_of(503, std::string(400, '9')), absl::Hours(1));
  EXPECT_EQ(wait_of(429, "Fri, 20 Nov 2026 12:02:00 GMT"), absl::Minutes(2)) << "it is noon by our clock";
  EXPECT_EQ(wait_of(429, "Fri, 20 Nov 2026 12:02:00 GMT", "Fri, 20 Nov 2026 12:01:00 GMT"), absl::Minutes(1))
      << "by its own clock, when it tells its time";
  EXPECT_EQ(wait_of(429, "Fri, 20 Nov 2026 11:00:00 GMT"), absl::ZeroDuration());
  for (const char* odd : {"", "-5", "1.5", "soon", "1e3", "infinite-future", "infinite-past", "inf"}) {
    EXPECT_EQ(wait_of(429, odd), absl::ZeroDuration()) << odd;
  }
  for (const int status : {400, 404, 500, 502, 504}) EXPECT_EQ(wait_of(status, "120"), absl::ZeroDuration()) << status;
  FakeAnswer limited = Status(429);
  limited.retry_after = "90";
  ExpectError(limited, ErrorReason::kHttp4xx, "HTTP 429; it is not asked again within 1m30s, as its Retry-After wants");
  const absl::Status second =
      Get([&limited](const std::string& url) { return absl::StrContains(url, "/model/") ? Status(404) : limited; });
  EXPECT_EQ(RetryAfterOf(second), absl::Seconds(90)) << "on the second path too";
}

TEST_F(AllocationClientTest, StoppedIsNoFailureOfKubecost) {
  FakeHttpClient http([](const std::string&) { return Body(kGood); });
  AllocationClient client(http, clock_, {"http://kc", Api::kAuto, {}}, {}, [](const RequestRecord&) {});
  std::stop_source stop;
  stop.request_stop();
  const absl::Status status =
      client
          .GetAllocations(
              {kDay, Level::kPod}, [](const Allocation&) { return absl::OkStatus(); }, stop.get_token())
          .status();
  EXPECT_TRUE(absl::IsCancelled(status));
  EXPECT_FALSE(ReasonOf(status).has_value());
}

}  // namespace
}  // namespace kubecost
