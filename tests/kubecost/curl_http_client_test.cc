// Also tests kubecost/http_client.h
// The transport and the client above it against a server that misbehaves on command.
#include "kubecost/curl_http_client.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <thread>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/day.h"
#include "kubecost/allocation_client.h"
#include "kubecost/api_error.h"
#include "tests/simulator/simulator.h"

namespace kubecost {
namespace {

const absl::Time kNow = absl::FromCivil(absl::CivilSecond(2026, 11, 20, 12, 0, 0), absl::UTCTimeZone());

simulator::SimulatorOptions SmallKubecost() {
  simulator::SimulatorOptions options;
  options.pods = 40;
  options.now = [] { return kNow; };
  return options;
}

CurlOptions FastOptions() {
  CurlOptions options;
  options.connect_timeout = absl::Seconds(5);
  options.read_timeout = absl::Seconds(20);
  options.deadline = absl::Seconds(40);
  options.max_response_bytes = 8 << 20;
  return options;
}

class CurlHttpClientTest : public testing::Test {
 protected:
  absl::Status Get(const CurlOptions& options = FastOptions(), std::stop_token stop = {}, std::string url = "") {
    CurlHttpClient http(options);
    const base::SystemClock clock;
    AllocationClient client(http, clock, {url.empty() ? server_.url() : url, Api::kKubecost, {}}, {},
                            [](const RequestRecord&) {});
    rows_ = 0;
    return client
        .GetAllocations(
            {base::NewestCompleteDay(kNow, absl::ZeroDuration(), absl::Hours(2)), Level::kPod},
            [this](const Allocation&) {
              ++rows_;
              return absl::OkStatus();
            },
            std::move(stop))
        .status();
  }

  absl::Status GetWithFault(const char* fault, const char* arg = "", const CurlOptions& options = FastOptions()) {
    EXPECT_TRUE(server_.SetFault({fault, arg, -1, ""})) << fault;
    return Get(options);
  }

  simulator::Simulator server_{SmallKubecost()};
  int rows_ = 0;
};

// A listening socket on the loopback that accepts nothing by itself.
class Listener {
 public:
  Listener() : fd_(socket(AF_INET, SOCK_STREAM, 0)) {
    address_.sin_family = AF_INET;
    address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address_);
    EXPECT_EQ(bind(fd_, reinterpret_cast<sockaddr*>(&address_), size), 0);
    EXPECT_EQ(listen(fd_, 0), 0);
    EXPECT_EQ(getsockname(fd_, reinterpret_cast<sockaddr*>(&address_), &size), 0);
  }
  ~Listener() { close(fd_); }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  int fd() const { return fd_; }
  int port() const { return ntohs(address_.sin_port); }
  // A socket on its way to this one; to be closed by the caller.
  int Connect() const {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    connect(fd, reinterpret_cast<const sockaddr*>(&address_), sizeof(address_));
    return fd;
  }

 private:
  const int fd_;
  sockaddr_in address_ = {};
};

struct FaultCase {
  const char* fault;
  const char* arg;
  ErrorReason reason;
  const char* fragment;
};

// Every failure of the API that is known, with the reason it is counted by and a part of what the log says.
const FaultCase kFaultCases[] = {
    {"reset", "", ErrorReason::kDisconnected, "closed the connection"},
    {"reset_before_headers", "", ErrorReason::kDisconnected, "closed the connection"},
    {"truncated", "", ErrorReason::kDisconnected, "closed the connection"},
    {"truncated_chunked", "", ErrorReason::kDisconnected, "closed the connection"},
    {"truncated_json", "", ErrorReason::kParse, "not one valid JSON document"},
    {"html", "", ErrorReason::kHtml, "HTML page"},
    {"redirect", "", ErrorReason::kRedirect, "redirects to"},
    {"http_401", "", ErrorReason::kAuth, "HTTP 401"},
    {"http_403", "", ErrorReason::kAuth, "HTTP 403"},
    {"http_404", "", ErrorReason::kNotFound, "every path tried: /model/allocation;"},
    {"http_429", "", ErrorReason::kHttp4xx, "HTTP 429"},
    {"http_499", "", ErrorReason::kHttp4xx, "HTTP 499"},
    {"http_500", "", ErrorReason::kHttp5xx, "HTTP 500"},
    {"http_502", "", ErrorReason::kHttp5xx, "HTTP 502; a proxy before Kubecost"},
    {"http_503", "", ErrorReason::kHttp5xx, "HTTP 503"},
    {"http_504", "", ErrorReason::kHttp5xx, "HTTP 504; a proxy before Kubecost"},
    {"bad_window_text", "", ErrorReason::kHttp4xx, "HTTP 400"},
    {"bad_window_text_then_json", "", ErrorReason::kHttp4xx, "HTTP 400"},
    {"empty_body", "", ErrorReason::kEmptyBody, "the answer has no body"},
    {"error_in_200", "", ErrorReason::kUpstreamCode, "Internal Server Error"},
    {"data_null", "", ErrorReason::kEmpty, "its data is null"},
    {"data_empty_array", "", ErrorReason::kEmpty, "its data is []"},
    {"data_array_null", "", ErrorReason::kEmpty, "its data is [null]"},
    {"data_array_empty_set", "", ErrorReason::kEmpty, "its data is [{}]"},
    {"data_object", "", ErrorReason::kParse, "`data` is an object"},
    {"data_missing", "", ErrorReason::kParse, "no `data`"},
    {"two_documents", "", ErrorReason::kParse, "not one valid JSON document"},
    {"not_json", "", ErrorReason::kParse, "not JSON, but \"upstream connect error, not JSON\""},
    {"wrong_window", "", ErrorReason::kWindowMismatch, "--day.utc-offset"},
    {"wider_window", "", ErrorReason::kWindowMismatch, "--day.utc-offset"},
    {"open_window", "", ErrorReason::kWindowMismatch, "has no window that can be read"},
    {"no_window", "", ErrorReason::kWindowMismatch, "has no window that can be read"},
    {"huge_body", "16", ErrorReason::kTooLarge, "--kubecost.max-response-bytes"},
    {"gzip_bomb", "64", ErrorReason::kTooLarge, "within a single JSON token or between two"},
    {"bad_gzip", "", ErrorReason::kParse, "HTTP port of Kubecost"},
    {"lone_surrogate", "", ErrorReason::kParse, "surrogate pair"},
    {"overflow_number", "", ErrorReason::kParse, "Number too big"},
};

TEST_F(CurlHttpClientTest, EveryFailureHasItsReasonAndItsWords) {
  for (const FaultCase& test : kFaultCases) {
    const absl::Status status = GetWithFault(test.fault, test.arg);
    EXPECT_EQ(ReasonOf(status), test.reason) << test.fault << ": " << status;
    EXPECT_TRUE(absl::StrContains(status.message(), test.fragment)) << test.fault << ": " << status.message();
    EXPECT_TRUE(absl::StrContains(status.message(), server_.url())) << test.fault << ": " << status.message();
    EXPECT_FALSE(absl::StrContains(status.message(), "secret-token")) << test.fault;
  }
}

TEST_F(CurlHttpClientTest, OddAnswersThatAreStillAnswers) {
  ASSERT_TRUE(Get().ok());
  const int rows = rows_;
  ASSERT_GT(rows, 40);
  for (const char* fault : {"data_leading_empty_sets", "null_row", "no_code", "partial_day", "duplicate_rows",
                            "huge_labels", "hostile_names", "deep_nesting", "null_costs", "null_efficiency",
                            "string_numbers", "negative_minutes", "negative_costs", "extra_fields", "code_last",
                            "recompute", "extra_cluster", "no_cluster", "leaked_properties"}) {
    const absl::Status status = GetWithFault(fault, absl::string_view(fault) == "huge_labels" ? "2" : "");
    EXPECT_TRUE(status.ok()) << fault << ": " << status;
    EXPECT_GT(rows_, rows / 3) << fault;
  }
}

TEST_F(CurlHttpClientTest, ConnectTimeout) {
  // Its backlog is full: the kernel drops further SYNs.
  const Listener listener;
  std::vector<int> waiting;
  for (int i = 0; i < 4; ++i) waiting.push_back(listener.Connect());
  CurlOptions options = FastOptions();
  options.connect_timeout = absl::Milliseconds(1500);
  const std::string url = absl::StrCat("http://127.0.0.1:", listener.port());
  const absl::Status status = Get(options, {}, url);
  EXPECT_EQ(ReasonOf(status), ErrorReason::kConnectTimeout) << status;
  EXPECT_EQ(status.message(),
            absl::StrCat("Timed out waiting for TCP connection establishment in the given time (1.5s). Consider "
                         "increasing the connection timeout value. (GET ",
                         url, "/model/allocation, --kubecost.connect-timeout)"));
  for (const int fd : waiting) close(fd);
}

TEST_F(CurlHttpClientTest, ReadTimeoutBeforeTheHeadersAndWithinTheBody) {
  CurlOptions options = FastOptions();
  options.read_timeout = absl::Seconds(1);
  for (const char* fault : {"hang", "stall_body"}) {
    const absl::Status status = GetWithFault(fault, "", options);
    EXPECT_EQ(ReasonOf(status), ErrorReason::kReadTimeout) << fault << status;
    EXPECT_EQ(status.message(),
              absl::StrCat("Timed out waiting for Kubecost Allocation API to send an HTTP response in the given time "
                           "(1s). Consider increasing the read timeout value. (GET ",
                           server_.url(), "/model/allocation, --kubecost.read-timeout)"));
  }
}

TEST_F(CurlHttpClientTest, SlowIsNotDead) {
  // Headers after half a second, every byte of the body within the read timeout.
  EXPECT_TRUE(GetWithFault("slow_headers", "0.5").ok());
  EXPECT_TRUE(GetWithFault("slow_body", "400000").ok());
}

TEST_F(CurlHttpClientTest, DeadlineOfAWholeRequest) {
  CurlOptions options = FastOptions();
  options.deadline = absl::Seconds(1);
  const absl::Status status = GetWithFault("slow_body", "2000", options);
  EXPECT_EQ(ReasonOf(status), ErrorReason::kDeadline) << status;
  EXPECT_TRUE(absl::StrContains(status.message(), "not finished within 1s")) << status;
  EXPECT_TRUE(absl::StrContains(status.message(), "--kubecost.deadline")) << status;
}

TEST_F(CurlHttpClientTest, RefusedAndUnknownHost) {
  const std::string url = server_.url();
  server_.Stop();
  const absl::Status refused = Get(FastOptions(), {}, url);
  EXPECT_EQ(ReasonOf(refused), ErrorReason::kRefused) << refused;
  EXPECT_TRUE(absl::StrContains(refused.message(), "is Kubecost running")) << refused;
  // An empty label: no resolver is asked.
  const absl::Status unknown = Get(FastOptions(), {}, "http://no..such.name:9090");
  EXPECT_EQ(ReasonOf(unknown), ErrorReason::kDns) << unknown;
}

TEST_F(CurlHttpClientTest, TlsToAPlainPort) {
  const Listener plain;
  std::jthread answer([&plain] {
    const int connection = accept(plain.fd(), nullptr, nullptr);
    constexpr absl::string_view kAnswer = "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n";
    EXPECT_EQ(write(connection, kAnswer.data(), kAnswer.size()), static_cast<ssize_t>(kAnswer.size()));
    close(connection);
  });
  const absl::Status status = Get(FastOptions(), {}, absl::StrCat("https://127.0.0.1:", plain.port()));
  EXPECT_EQ(ReasonOf(status), ErrorReason::kTls) << status;
}

TEST_F(CurlHttpClientTest, AStopEndsAWaitAtOnce) {
  ASSERT_TRUE(server_.SetFault({"hang", "", -1, ""}));
  std::stop_source stop;
  std::jthread stopper([&stop, this] {
    while (server_.requests().empty()) std::this_thread::yield();
    stop.request_stop();
  });
  const absl::Status status = Get(FastOptions(), stop.get_token());
  EXPECT_TRUE(absl::IsCancelled(status)) << status;
}

TEST_F(CurlHttpClientTest, GzipMakesNoDifference) {
  CurlOptions plain = FastOptions();
  plain.accept_gzip = false;
  ASSERT_TRUE(Get(plain).ok());
  const int rows = rows_;
  ASSERT_TRUE(Get().ok());
  EXPECT_EQ(rows_, rows);
}

// Answers one request on the listener's next connection.
std::jthread AnswerOnce(const Listener& listener, std::string answer, std::string* request = nullptr) {
  return std::jthread([&listener, answer = std::move(answer), request] {
    const int connection = accept(listener.fd(), nullptr, nullptr);
    std::string text(4096, '\0');
    text.resize(static_cast<size_t>(std::max(read(connection, text.data(), text.size()), ssize_t{0})));
    if (request != nullptr) *request = text;
    EXPECT_EQ(write(connection, answer.data(), answer.size()), static_cast<ssize_t>(answer.size()));
    close(connection);
  });
}

TEST_F(CurlHttpClientTest, WhatComesCompressedUnaskedIsDecodedAllTheSame) {
  // {"code":200,"data":[{"c":{"window":{"start":"2026-11-19T00:00:00Z","end":"2026-11-20T00:00:00Z"},"totalCost":1}}]}
  const std::string gzip = absl::HexStringToBytes(
      "1f8b0800000000000203ab564ace4f4955b2323230d0514a492c4954b28aae564a56b2aa562acfcc4bc92f07b18a4b128b4a94ac948c0c8c"
      "cc"
      "740d0d750d2d430c0cacc0284a494729352f0549d2c80049b25647a924bf2431c739bf186880616d6d6c2d00b7a386dc72000000");
  const std::string deflate = absl::HexStringToBytes(
      "78daab564ace4f4955b2323230d0514a492c4954b28aae564a56b2aa562acfcc4bc92f07b18a4b128b4a94ac948c0c8ccc740d0d750d2d43"
      "0c"
      "0cacc0284a494729352f0549d2c80049b25647a924bf2431c739bf186880616d6d6c2d001bdb1f88");
  const std::string nothing = absl::HexStringToBytes("1f8b080000000000020303000000000000000000");
  CurlOptions options = FastOptions();
  options.accept_gzip = false;
  const auto get = [&](absl::string_view coding, absl::string_view body) {
    const Listener listener;
    std::string request;
    absl::Status status;
    {
      const std::jthread server = AnswerOnce(listener,
                                             absl::StrCat("HTTP/1.1 200 OK\r\nContent-Encoding: ", coding,
                                                          "\r\nContent-Length: ", body.size(), "\r\n\r\n", body),
                                             &request);
      status = Get(options, {}, absl::StrCat("http://127.0.0.1:", listener.port()));
    }
    EXPECT_TRUE(absl::StrContains(request, "\r\nAccept-Encoding: identity\r\n")) << request;
    return status;
  };
  for (const auto& [coding, body] :
       {std::pair("gzip", gzip), std::pair("x-gzip", gzip), std::pair("deflate", deflate)}) {
    EXPECT_TRUE(get(coding, body).ok()) << coding << " " << get(coding, body);
    EXPECT_EQ(rows_, 1) << coding;
  }
  EXPECT_EQ(ReasonOf(get("gzip", nothing)), ErrorReason::kEmptyBody);
  EXPECT_EQ(ReasonOf(get("compress", gzip)), ErrorReason::kParse);
  // The limits hold for what is decoded.
  const absl::Status bomb = GetWithFault("gzip_bomb", "64", options);
  EXPECT_EQ(ReasonOf(bomb), ErrorReason::kTooLarge) << bomb;
}

TEST_F(CurlHttpClientTest, HeadersOfTheFinalAnswerAreHandedOn) {
  const Listener listener;
  const std::jthread server = AnswerOnce(listener,
                                         "HTTP/1.1 103 Early Hints\r\nAge: 7\r\nRetry-After: 9\r\n\r\n"
                                         "HTTP/1.1 503 Busy\r\nDATE:Thu, 19 Nov 2026 12:00:00 GMT \r\n"
                                         "Retry-After: 120\r\nContent-Length: 0\r\n\r\n");
  CurlHttpClient http(FastOptions());
  const absl::StatusOr<HttpHead> head = http.Get(absl::StrCat("http://127.0.0.1:", listener.port()), {});
  ASSERT_TRUE(head.ok()) << head.status();
  EXPECT_EQ(head->status, 503);
  EXPECT_EQ(head->date, "Thu, 19 Nov 2026 12:00:00 GMT");
  EXPECT_EQ(head->retry_after, "120");
  EXPECT_FALSE(head->has_age);
}

TEST_F(CurlHttpClientTest, ConnectionIsUsedAgainAfterAGoodAnswerAndAfterAnAbandonedOne) {
  CurlHttpClient http(FastOptions());
  for (int i = 0; i < 3; ++i) {
    const absl::StatusOr<HttpHead> head = http.Get(absl::StrCat(server_.url(), "/model/clusterInfo"), {});
    ASSERT_TRUE(head.ok()) << head.status();
    EXPECT_EQ(head->status, 200);
    EXPECT_TRUE(absl::StrContains(head->content_type, "application/json"));
    if (i == 1) continue;  // its body is never read
    std::string body;
    while (true) {
      const absl::StatusOr<absl::string_view> piece = http.Read();
      ASSERT_TRUE(piece.ok()) << piece.status();
      if (piece->empty()) break;
      absl::StrAppend(&body, *piece);
    }
    EXPECT_TRUE(absl::StrContains(body, "cluster-one"));
  }
  http.Close();
  EXPECT_FALSE(http.Read().ok());
}

}  // namespace
}  // namespace kubecost
