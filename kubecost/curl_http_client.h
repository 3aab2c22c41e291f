// HttpClient on libcurl.
#ifndef KUBECOST_CURL_HTTP_CLIENT_H_
#define KUBECOST_CURL_HTTP_CLIENT_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "kubecost/credentials.h"
#include "kubecost/http_client.h"

namespace kubecost {

struct CurlOptions {
  // Name lookup, TCP and TLS.
  absl::Duration connect_timeout = absl::Seconds(10);
  // How long the server may send no byte at all, before the headers and within the body.
  absl::Duration read_timeout = absl::Seconds(60);
  // For a whole request, body included.
  absl::Duration deadline = absl::Minutes(10);
  // Largest body, after decompression.
  uint64_t max_response_bytes = uint64_t{1} << 30;
  bool accept_gzip = true;
  // False: the proxy variables of the environment are left aside.
  bool allow_proxy = true;
  std::string user_agent;
  AccessSettings access;
  // Told of the files of `access`, from the constructor and from Get().
  std::function<void(const FileEvent&, const Access&)> on_file;
};

// TLS from 1.2 on, verified unless told otherwise. Follows no redirect, so credentials reach the URL's host alone.
// Keeps the connection between requests as long as no file of `access` changes; they are read before each. Proxy
// environment variables are honoured as libcurl does, but never for the loopback.
class CurlHttpClient : public HttpClient {
 public:
  explicit CurlHttpClient(CurlOptions options);
  ~CurlHttpClient() override;
  CurlHttpClient(const CurlHttpClient&) = delete;
  CurlHttpClient& operator=(const CurlHttpClient&) = delete;

  absl::StatusOr<HttpHead> Get(const std::string& url, std::stop_token stop) override;
  absl::StatusOr<absl::string_view> Read() override;
  void Close() override;
  std::string WithoutSecrets(absl::string_view text) const override;

 private:
  class Transfer;
  std::unique_ptr<Transfer> transfer_;
};

}  // namespace kubecost

#endif  // KUBECOST_CURL_HTTP_CLIENT_H_
