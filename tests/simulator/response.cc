#include "tests/simulator/response.h"

#include "absl/strings/str_cat.h"

namespace simulator {
namespace {

absl::string_view Reason(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 302:
      return "Found";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 429:
      return "Too Many Requests";
    case 500:
      return "Internal Server Error";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Time-out";
    default:
      return "Status";
  }
}

}  // namespace

std::string ResponseHead(int status, absl::string_view content_type, absl::string_view more) {
  return absl::StrCat("HTTP/1.1 ", status, " ", Reason(status), "\r\nContent-Type: ", content_type, "\r\n", more,
                      "\r\n");
}

bool SendWhole(Connection& connection, int status, absl::string_view content_type, absl::string_view body,
               absl::string_view more) {
  std::string text = ResponseHead(status, content_type, absl::StrCat("Content-Length: ", body.size(), "\r\n", more));
  absl::StrAppend(&text, body);
  return connection.Send(text);
}

bool SendNotFound(Connection& connection) { return SendWhole(connection, 404, kText, "404 page not found\n"); }

bool ChunkedSink::Write(absl::string_view bytes) {
  if (bytes.empty()) return true;
  return connection_.Send(absl::StrCat(absl::Hex(bytes.size()), "\r\n")) && connection_.Send(bytes) &&
         connection_.Send("\r\n");
}

bool ChunkedSink::Finish() { return connection_.Send("0\r\n\r\n"); }

StreamedResponse::StreamedResponse(const Request& request, Connection& connection)
    : request_(request), connection_(connection), chunks_(connection) {}

bool StreamedResponse::Write(absl::string_view bytes) {
  if (streaming_) return Pass(bytes);
  absl::StrAppend(&held_, bytes);
  if (held_.size() < kStreamFrom) return true;
  if (!Begin()) return false;
  const std::string first = std::move(held_);
  held_.clear();
  return Pass(first);
}

bool StreamedResponse::Begin() {
  streaming_ = true;
  if (request_.http10) return connection_.Send(ResponseHead(200, kJson, "Connection: close\r\n"));
  std::string more = "Transfer-Encoding: chunked\r\n";
  if (request_.accepts_gzip()) {
    more += "Content-Encoding: gzip\r\nVary: Accept-Encoding\r\n";
    gzip_.emplace(chunks_);
  }
  return connection_.Send(ResponseHead(200, kJson, more));
}

bool StreamedResponse::Pass(absl::string_view bytes) {
  if (request_.http10) return connection_.Send(bytes);
  return gzip_ ? gzip_->Write(bytes) : chunks_.Write(bytes);
}

bool StreamedResponse::Finish() {
  if (!streaming_) return SendWhole(connection_, 200, kJson, held_);
  if (request_.http10) return false;
  if (gzip_ && !gzip_->Finish()) return false;
  return chunks_.Finish();
}

}  // namespace simulator
