// Faults of the connection, the framing and the compression.

#include <cstddef>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "tests/simulator/fault_answers.h"
#include "tests/simulator/response.h"

namespace simulator {
namespace {

// Faults that break off a body need no more of it than this.
constexpr size_t kCaptureLimit = 2 * kMebibyte;

// Keeps the beginning of a body.
class CaptureSink : public BodySink {
 public:
  bool Write(absl::string_view bytes) override {
    absl::StrAppend(&text_, bytes.substr(0, kCaptureLimit - text_.size()));
    return text_.size() < kCaptureLimit;
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

std::string Capture(const Exchange& exchange) {
  CaptureSink sink;
  exchange.healthy.write(Tweaks(), sink);
  return sink.text();
}

std::string LengthHeader(size_t length) { return absl::StrCat("Content-Length: ", length, "\r\n"); }

// Head with the true length and half of the body.
bool SendHalf(const Exchange& exchange) {
  const std::string body = Capture(exchange);
  return exchange.connection.Send(ResponseHead(200, kJson, LengthHeader(body.size())) +
                                  body.substr(0, body.size() / 2));
}

bool SlowHeaders(const Exchange& exchange) {
  return exchange.connection.Sleep(absl::Seconds(exchange.Number(2))) && SendTweaked(exchange, Tweaks());
}

bool SlowBody(const Exchange& exchange) {
  exchange.connection.set_bytes_per_second(exchange.Number(100));
  const bool kept = SendTweaked(exchange, Tweaks());
  exchange.connection.set_bytes_per_second(0);
  return kept;
}

bool Hang(const Exchange& exchange) {
  exchange.connection.WaitForEnd();
  return false;
}

bool StallBody(const Exchange& exchange) {
  if (SendHalf(exchange)) exchange.connection.WaitForEnd();
  return false;
}

bool Reset(const Exchange& exchange) {
  // Time for the client to take in the half before the reset discards it.
  if (SendHalf(exchange)) exchange.connection.Sleep(absl::Milliseconds(50));
  exchange.connection.ResetAtEnd();
  return false;
}

bool ResetBeforeHeaders(const Exchange& exchange) {
  exchange.connection.ResetAtEnd();
  return false;
}

bool Truncated(const Exchange& exchange) {
  SendHalf(exchange);
  return false;
}

bool TruncatedChunked(const Exchange& exchange) {
  ChunkedSink chunks(exchange.connection);
  if (exchange.connection.Send(ResponseHead(200, kJson, "Transfer-Encoding: chunked\r\n"))) {
    chunks.Write(Capture(exchange));
  }
  return false;
}

bool TruncatedJson(const Exchange& exchange) {
  const std::string body = Capture(exchange);
  return SendWhole(exchange.connection, 200, kJson, absl::string_view(body).substr(0, body.size() / 2));
}

bool GzipBomb(const Exchange& exchange) {
  ChunkedSink chunks(exchange.connection);
  GzipStream gzip(chunks);
  if (!exchange.connection.Send(ResponseHead(200, kJson, "Transfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n"))) {
    return false;
  }
  const std::string spaces(64 * 1024, ' ');
  if (!gzip.Write("{\"code\":200,\"data\":[")) return false;
  for (size_t left = exchange.Count(1024, kMebibyte); left > 0;) {
    const size_t count = std::min(left, spaces.size());
    if (!gzip.Write(absl::string_view(spaces).substr(0, count))) return false;
    left -= count;
  }
  return gzip.Write("]}\n") && gzip.Finish() && chunks.Finish();
}

bool BadGzip(const Exchange& exchange) {
  return SendWhole(exchange.connection, 200, kJson, "\x1f\x8b\x08 this was never compressed",
                   "Content-Encoding: gzip\r\n");
}

}  // namespace

const std::vector<AnswerFault>& ConnectionFaults() {
  static const std::vector<AnswerFault> table = {
      {"slow_headers", SlowHeaders},
      {"slow_body", SlowBody},
      {"hang", Hang},
      {"stall_body", StallBody},
      {"reset", Reset},
      {"reset_before_headers", ResetBeforeHeaders},
      {"truncated", Truncated},
      {"truncated_chunked", TruncatedChunked},
      {"truncated_json", TruncatedJson},
      {"gzip_bomb", GzipBomb},
      {"bad_gzip", BadGzip},
      {"close_after_headers",
       [](const Exchange& exchange) {
         exchange.connection.Send(ResponseHead(200, kJson, LengthHeader(1000)));
         return false;
       }},
      {"connection_close",
       [](const Exchange& exchange) {
         SendWhole(exchange.connection, 200, kJson, Capture(exchange), "Connection: close\r\n");
         return false;
       }},
  };
  return table;
}

}  // namespace simulator
