// HTTP responses as the servers and their proxies send them.
#ifndef TESTS_SIMULATOR_RESPONSE_H_
#define TESTS_SIMULATOR_RESPONSE_H_

#include <cstddef>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "tests/simulator/gzip_stream.h"
#include "tests/simulator/http_server.h"

namespace simulator {

inline constexpr absl::string_view kJson = "application/json";
inline constexpr absl::string_view kText = "text/plain; charset=utf-8";
inline constexpr absl::string_view kHtml = "text/html";

// From this size on a proxy compresses and the length is not known beforehand.
inline constexpr size_t kStreamFrom = 50'000;

// "HTTP/1.1 200 OK", Content-Type and `more` header lines (each with its line end), ended by an empty line.
std::string ResponseHead(int status, absl::string_view content_type, absl::string_view more);

// A response with Content-Length. Returns false when the client is gone.
bool SendWhole(Connection& connection, int status, absl::string_view content_type, absl::string_view body,
               absl::string_view more = {});

bool SendNotFound(Connection& connection);

// Bytes as HTTP chunks.
class ChunkedSink : public BodySink {
 public:
  explicit ChunkedSink(Connection& connection) : connection_(connection) {}
  bool Write(absl::string_view bytes) override;
  bool Finish();

 private:
  Connection& connection_;
};

// A 200 answer of unknown length: short ones get a Content-Length, longer ones are streamed in chunks, compressed when
// the client accepts it.
class StreamedResponse : public BodySink {
 public:
  StreamedResponse(const Request& request, Connection& connection);

  bool Write(absl::string_view bytes) override;
  // Sends what is left. False when the client is gone, or when only closing the connection ends the body.
  bool Finish();

 private:
  bool Begin();
  bool Pass(absl::string_view bytes);

  const Request& request_;
  Connection& connection_;
  std::string held_;
  bool streaming_ = false;
  ChunkedSink chunks_;
  std::optional<GzipStream> gzip_;
};

}  // namespace simulator

#endif  // TESTS_SIMULATOR_RESPONSE_H_
