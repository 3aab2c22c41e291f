#include "kubecost/curl_http_client.h"

#include <curl/curl.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "kubecost/api_error.h"

namespace kubecost {
namespace {

using SteadyTime = std::chrono::steady_clock::time_point;

// Waits are cut into slices of this length, so that a limit is noticed soon after it has passed.
constexpr absl::Duration kPollSlice = absl::Milliseconds(250);

std::string SecondsText(absl::Duration duration) { return absl::StrFormat("%g", absl::ToDoubleSeconds(duration)); }

// Scheme, host and path of a URL: what may be logged.
absl::string_view WithoutQuery(absl::string_view url) { return url.substr(0, url.find_first_of("?#")); }

// curl_global_init is not safe beside other threads, hence once and before any handle exists.
void InitCurlOnce() {
  static const CURLcode result = curl_global_init(CURL_GLOBAL_DEFAULT);
  (void)result;  // a failure shows up as a null handle
}

ErrorReason ReasonOfCurlCode(CURLcode code) {
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
      return ErrorReason::kDns;
    case CURLE_COULDNT_CONNECT:
      return ErrorReason::kRefused;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_ENGINE_NOTFOUND:
    case CURLE_SSL_ENGINE_SETFAILED:
      return ErrorReason::kTls;
    case CURLE_BAD_CONTENT_ENCODING:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_WEIRD_SERVER_REPLY:
      return ErrorReason::kParse;
    default:
      return ErrorReason::kDisconnected;
  }
}

absl::string_view Advice(ErrorReason reason) {
  switch (reason) {
    case ErrorReason::kDns:
      return "; is the service name in --kubecost.url right, and does the pod reach cluster DNS?";
    case ErrorReason::kRefused:
      return "; is Kubecost running, and are host and port in --kubecost.url right?";
    case ErrorReason::kTls:
      return "; the server's certificate must be signed by an authority in the system's certificate store";
    case ErrorReason::kParse:
      return "; is --kubecost.url an HTTP port of Kubecost or OpenCost?";
    default:
      return "; Kubecost or a proxy before it closed the connection (restarted, out of memory, or its own timeout?)";
  }
}

}  // namespace

// One easy and one multi handle, reused for every request. libcurl is driven from Get() and Read() in the caller's
// thread, so a slow reader holds back the sender and no more than a few network buffers are ever in memory.
class CurlHttpClient::Transfer {
 public:
  explicit Transfer(CurlOptions options) : options_(std::move(options)) {
    InitCurlOnce();
    multi_ = curl_multi_init();
    easy_ = curl_easy_init();
  }

  ~Transfer() {
    Close();
    if (easy_ != nullptr) curl_easy_cleanup(easy_);
    if (multi_ != nullptr) curl_multi_cleanup(multi_);
  }

  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  absl::StatusOr<HttpHead> Get(const std::string& url, std::stop_token stop) {
    Close();
    if (easy_ == nullptr || multi_ == nullptr) return absl::InternalError("libcurl gave no handle");
    url_ = url;
    stop_ = std::move(stop);
    buffer_.clear();
    received_ = 0;
    connected_ = headers_done_ = done_ = too_large_ = false;
    result_ = CURLE_OK;
    error_text_[0] = '\0';
    started_ = std::chrono::steady_clock::now();
    SetUp();
    curl_multi_add_handle(multi_, easy_);
    open_ = true;

    const absl::Status status = DriveUntil([this] { return headers_done_; });
    if (!status.ok()) return status;
    HttpHead head;
    long code = 0;
    curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &code);
    head.status = static_cast<int>(code);
    const char* text = nullptr;
    if (curl_easy_getinfo(easy_, CURLINFO_CONTENT_TYPE, &text) == CURLE_OK && text != nullptr) {
      head.content_type = text;
    }
    if (curl_easy_getinfo(easy_, CURLINFO_REDIRECT_URL, &text) == CURLE_OK && text != nullptr) {
      head.location = std::string(WithoutQuery(text));
    }
    return head;
  }

  absl::StatusOr<absl::string_view> Read() {
    if (!open_) return absl::FailedPreconditionError("no answer is open");
    const absl::Status status = DriveUntil([this] { return !buffer_.empty(); });
    if (!status.ok()) return status;
    piece_.clear();
    piece_.swap(buffer_);
    return piece_;
  }

  void Close() {
    if (!open_) return;
    curl_multi_remove_handle(multi_, easy_);
    open_ = false;
  }

 private:
  void SetUp() {
    curl_easy_reset(easy_);
    curl_easy_setopt(easy_, CURLOPT_URL, url_.c_str());
#if LIBCURL_VERSION_NUM >= 0x075500
    curl_easy_setopt(easy_, CURLOPT_PROTOCOLS_STR, "http,https");
#else
    curl_easy_setopt(easy_, CURLOPT_PROTOCOLS, CURLPROTO_HTTP | CURLPROTO_HTTPS);
#endif
    curl_easy_setopt(easy_, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy_, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy_, CURLOPT_FOLLOWLOCATION, 0L);
    // Also bounds what a gzip bomb can put into memory between two reads: about a thousand times this.
    curl_easy_setopt(easy_, CURLOPT_BUFFERSIZE, 32L * 1024L);
#if LIBCURL_VERSION_NUM >= 0x075700
    // A name lookup that hangs must not hold up the end of the process.
    curl_easy_setopt(easy_, CURLOPT_QUICK_EXIT, 1L);
#endif
    curl_easy_setopt(easy_, CURLOPT_CONNECTTIMEOUT_MS,
                     static_cast<long>(absl::ToInt64Milliseconds(options_.connect_timeout)));
    curl_easy_setopt(easy_, CURLOPT_USERAGENT, options_.user_agent.c_str());
    if (!options_.allow_proxy) curl_easy_setopt(easy_, CURLOPT_NOPROXY, "*");
    if (options_.accept_gzip) curl_easy_setopt(easy_, CURLOPT_ACCEPT_ENCODING, "gzip");
    curl_easy_setopt(easy_, CURLOPT_ERRORBUFFER, error_text_);
    curl_easy_setopt(easy_, CURLOPT_PREREQFUNCTION, &Transfer::OnConnected);
    curl_easy_setopt(easy_, CURLOPT_PREREQDATA, this);
    curl_easy_setopt(easy_, CURLOPT_HEADERFUNCTION, &Transfer::OnHeader);
    curl_easy_setopt(easy_, CURLOPT_HEADERDATA, this);
    curl_easy_setopt(easy_, CURLOPT_WRITEFUNCTION, &Transfer::OnBody);
    curl_easy_setopt(easy_, CURLOPT_WRITEDATA, this);
  }

  static int OnConnected(void* self, char*, char*, int, int) {
    static_cast<Transfer*>(self)->connected_ = true;
    static_cast<Transfer*>(self)->progress_ = true;
    return CURL_PREREQFUNC_OK;
  }

  static size_t OnHeader(char* data, size_t size, size_t count, void* self_pointer) {
    auto* self = static_cast<Transfer*>(self_pointer);
    self->progress_ = true;
    const absl::string_view line = absl::StripSuffix(absl::string_view(data, size * count), "\r\n");
    // An interim answer (100, 103) has a header block of its own; only the final one counts.
    if (absl::StartsWith(line, "HTTP/")) {
      const size_t code = line.find(' ') + 1;  // npos + 1 is 0, where 'H' stands
      self->interim_ = line[code] == '1';
    }
    if (line.empty() && !self->interim_) self->headers_done_ = true;
    return size * count;
  }

  static size_t OnBody(char* data, size_t size, size_t count, void* self_pointer) {
    auto* self = static_cast<Transfer*>(self_pointer);
    self->progress_ = true;
    self->received_ += size * count;
    if (self->received_ > self->options_.max_response_bytes) {
      self->too_large_ = true;
      return 0;
    }
    self->buffer_.append(data, size * count);
    return size * count;
  }

  // Runs the transfer until `ready` or its end; an error when it failed, stalled, took too long or was stopped.
  template <typename Ready>
  absl::Status DriveUntil(Ready ready) {
    const std::stop_callback wake(stop_, [this] { curl_multi_wakeup(multi_); });
    SteadyTime last_byte = std::chrono::steady_clock::now();
    while (true) {
      if (stop_.stop_requested()) return absl::CancelledError(absl::StrCat("GET ", WithoutQuery(url_), ": stopped"));
      if (ready()) return absl::OkStatus();
      if (done_) return result_ == CURLE_OK ? absl::OkStatus() : TransferError();
      progress_ = false;
      int running = 0;
      curl_multi_perform(multi_, &running);
      CollectResult();
      const SteadyTime now = std::chrono::steady_clock::now();
      if (progress_) last_byte = now;
      if (done_ || ready()) continue;
      if (absl::FromChrono(now - started_) >= options_.deadline) return DeadlineError();
      if (connected_ && absl::FromChrono(now - last_byte) >= options_.read_timeout) return ReadTimeoutError();
      const absl::Duration wait = std::min({kPollSlice, options_.read_timeout, options_.deadline});
      curl_multi_poll(multi_, nullptr, 0, static_cast<int>(absl::ToInt64Milliseconds(wait)) + 1, nullptr);
    }
  }

  void CollectResult() {
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      done_ = true;
      result_ = message->data.result;
    }
  }

  absl::Status TransferError() const {
    const std::string what = absl::StrCat("GET ", WithoutQuery(url_), ": ");
    if (too_large_) {
      return ApiError(ErrorReason::kTooLarge,
                      absl::StrCat(what, "the answer is larger than ", options_.max_response_bytes,
                                   " bytes; raise --kubecost.max-response-bytes or narrow --filter"));
    }
    if (result_ == CURLE_OPERATION_TIMEDOUT) {
      return ApiError(ErrorReason::kConnectTimeout,
                      absl::StrCat("Timed out waiting for TCP connection establishment in the given time (",
                                   SecondsText(options_.connect_timeout),
                                   "s). Consider increasing the connection timeout value. (GET ", WithoutQuery(url_),
                                   ", --kubecost.connect-timeout)"));
    }
    const ErrorReason reason = ReasonOfCurlCode(result_);
    const absl::string_view detail = error_text_[0] != '\0' ? error_text_ : curl_easy_strerror(result_);
    return ApiError(reason, absl::StrCat(what, detail, Advice(reason)));
  }

  absl::Status ReadTimeoutError() const {
    return ApiError(
        ErrorReason::kReadTimeout,
        absl::StrCat("Timed out waiting for Kubecost Allocation API to send an HTTP response in the given time (",
                     SecondsText(options_.read_timeout), "s). Consider increasing the read timeout value. (GET ",
                     WithoutQuery(url_), ", --kubecost.read-timeout)"));
  }

  absl::Status DeadlineError() const {
    return ApiError(ErrorReason::kDeadline,
                    absl::StrCat("GET ", WithoutQuery(url_), ": not finished within ", SecondsText(options_.deadline),
                                 "s, ", received_, " bytes had arrived; raise --kubecost.deadline"));
  }

  // Constant after construction.
  const CurlOptions options_;
  CURL* easy_ = nullptr;
  CURLM* multi_ = nullptr;

  // Of the open answer.
  std::string url_;
  std::stop_token stop_;
  std::string buffer_;  // arrived, not yet read
  std::string piece_;   // what the last Read() returned
  uint64_t received_ = 0;
  SteadyTime started_;
  CURLcode result_ = CURLE_OK;
  bool open_ = false;
  bool connected_ = false;
  bool interim_ = false;
  bool headers_done_ = false;
  bool done_ = false;
  bool too_large_ = false;
  bool progress_ = false;
  char error_text_[CURL_ERROR_SIZE] = "";
};

CurlHttpClient::CurlHttpClient(CurlOptions options) : transfer_(std::make_unique<Transfer>(std::move(options))) {}
CurlHttpClient::~CurlHttpClient() = default;

absl::StatusOr<HttpHead> CurlHttpClient::Get(const std::string& url, std::stop_token stop) {
  return transfer_->Get(url, std::move(stop));
}

absl::StatusOr<absl::string_view> CurlHttpClient::Read() { return transfer_->Read(); }

void CurlHttpClient::Close() { transfer_->Close(); }

}  // namespace kubecost
