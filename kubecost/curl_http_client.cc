#include "kubecost/curl_http_client.h"

#include <curl/curl.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "base/url.h"
#include "kubecost/api_error.h"
#include "kubecost/transport_error.h"

namespace kubecost {
namespace {

using SteadyTime = std::chrono::steady_clock::time_point;

// Waits are cut into slices of this length, so that a limit is noticed soon after it has passed.
constexpr absl::Duration kPollSlice = absl::Milliseconds(250);

std::string FirstWord(absl::string_view text) {
  text = absl::StripAsciiWhitespace(text);
  const auto end = std::find_if_not(text.begin(), text.end(),
                                    [](char c) { return absl::ascii_isalpha(static_cast<unsigned char>(c)); });
  return std::string(text.begin(), end);
}

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

}  // namespace

// One easy and one multi handle, reused for every request. libcurl is driven from Get() and Read() in the caller's
// thread, so a slow reader holds back the sender and no more than a few network buffers are ever in memory.
class CurlHttpClient::Transfer {
 public:
  explicit Transfer(CurlOptions options) : options_(std::move(options)), files_(options_.access, options_.on_file) {
    InitCurlOnce();
    Open();
  }

  ~Transfer() { Shut(); }

  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  absl::StatusOr<HttpHead> Get(const std::string& url, std::stop_token stop) {
    Close();
    Refresh();
    url_ = url;
    stop_ = std::move(stop);
    absl::StatusOr<HttpHead> head = Send();
    const bool is_refused =
        head.ok() ? head->status == 401 || head->status == 403 : ReasonOf(head.status()) == ErrorReason::kTls;
    // The other side may have changed over, and the files with it, since they were read.
    if (is_refused && Refresh()) head = Send();
    return head;
  }

  absl::StatusOr<HttpHead> Send() {
    const absl::Status files = files_.status();
    if (!files.ok()) {
      return ApiError(*ReasonOf(files), absl::StrCat("GET ", base::WithoutQuery(url_), ": ", files.message()));
    }
    if (easy_ == nullptr || multi_ == nullptr) return absl::InternalError("libcurl gave no handle");
    head_ = {};
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
    HttpHead head = head_;
    long code = 0;
    curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &code);
    head.status = static_cast<int>(code);
    const char* text = nullptr;
    if (curl_easy_getinfo(easy_, CURLINFO_CONTENT_TYPE, &text) == CURLE_OK && text != nullptr) {
      head.content_type = text;
    }
    if (curl_easy_getinfo(easy_, CURLINFO_REDIRECT_URL, &text) == CURLE_OK && text != nullptr) {
      head.location = WithoutSecrets(base::WithoutQuery(text));
    }
    head.credential_flags = options_.access.CredentialFlags();
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

  std::string WithoutSecrets(absl::string_view text) const { return files_.access().WithoutSecrets(text); }

 private:
  void Open() {
    multi_ = curl_multi_init();
    easy_ = curl_easy_init();
  }

  void Shut() {
    Close();
    if (easy_ != nullptr) curl_easy_cleanup(easy_);
    if (multi_ != nullptr) curl_multi_cleanup(multi_);
    curl_slist_free_all(headers_);
    curl_slist_free_all(connect_to_);
    headers_ = connect_to_ = nullptr;
  }

  // True when a file has changed. Then neither an open connection nor a TLS session to resume, which know the old
  // certificates, is used any more.
  bool Refresh() {
    if (!files_.Refresh()) return false;
    Shut();
    Open();
    return true;
  }

  void SetUpAccess() {
    const Access& access = files_.access();
    const AccessSettings& settings = options_.access;
    curl_slist_free_all(headers_);
    curl_slist_free_all(connect_to_);
    headers_ = connect_to_ = nullptr;
    const auto append = [](curl_slist*& list, const std::string& text) {
      curl_slist* longer = curl_slist_append(list, text.c_str());
      if (longer != nullptr) list = longer;
    };
    if (!access.authorization.empty()) append(headers_, absl::StrCat("Authorization: ", access.authorization));
    for (const std::string& header : access.headers) append(headers_, header);

    curl_easy_setopt(easy_, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    curl_easy_setopt(easy_, CURLOPT_SSL_VERIFYPEER, settings.tls_verify ? 1L : 0L);
    curl_easy_setopt(easy_, CURLOPT_SSL_VERIFYHOST, settings.tls_verify ? 2L : 0L);
    if (!access.ca_pem.empty()) {
      SetBlob(CURLOPT_CAINFO_BLOB, access.ca_pem);
      curl_easy_setopt(easy_, CURLOPT_CAPATH, nullptr);  // not the system's besides
    }
    if (!access.cert_pem.empty()) {
      SetBlob(CURLOPT_SSLCERT_BLOB, access.cert_pem);
      SetBlob(CURLOPT_SSLKEY_BLOB, access.key_pem);
    }
    const base::UrlParts parts = base::SplitUrl(url_);
    std::string url = url_;
    if (!settings.server_name.empty()) {
      // libcurl names and verifies the host of the URL: it is given the other name, and where that is to be found.
      const std::string port = parts.port.empty() ? "" : absl::StrCat(":", parts.port);
      url = absl::StrCat(parts.scheme, "://", settings.server_name, port, parts.rest);
      append(connect_to_, absl::StrCat("::", parts.host, ":"));
      append(headers_, absl::StrCat("Host: ", parts.host, port));
      curl_easy_setopt(easy_, CURLOPT_CONNECT_TO, connect_to_);
    }
    curl_easy_setopt(easy_, CURLOPT_URL, url.c_str());
    curl_easy_setopt(easy_, CURLOPT_HTTPHEADER, headers_);
    // A proxy's CONNECT is not to see them.
    curl_easy_setopt(easy_, CURLOPT_HEADEROPT, static_cast<long>(CURLHEADER_SEPARATE));
  }

  void SetBlob(CURLoption option, const std::string& text) {
    // libcurl takes a copy and leaves the text alone.
    curl_blob blob = {const_cast<char*>(text.data()), text.size(), CURL_BLOB_COPY};
    curl_easy_setopt(easy_, option, &blob);
  }

  void SetUp() {
    curl_easy_reset(easy_);
    SetUpAccess();
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
    // No proxy reaches the loopback that is meant, and credentials sent there are thought to stay on the machine.
    if (!options_.allow_proxy || base::IsLoopback(base::SplitUrl(url_).host))
      curl_easy_setopt(easy_, CURLOPT_NOPROXY, "*");
    // Either way libcurl decodes what comes compressed: some gateways compress whatever they are asked for.
    curl_easy_setopt(easy_, CURLOPT_ACCEPT_ENCODING, options_.accept_gzip ? "gzip" : "identity");
    // A proxy's answer to CONNECT is not Kubecost's.
    curl_easy_setopt(easy_, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
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
    if (self->interim_) return size * count;
    const std::pair<absl::string_view, absl::string_view> header = absl::StrSplit(line, absl::MaxSplits(':', 1));
    const auto is = [&header](absl::string_view name) { return absl::EqualsIgnoreCase(header.first, name); };
    const std::string value(absl::StripAsciiWhitespace(header.second));
    if (is("www-authenticate") && self->head_.wanted_scheme.empty()) self->head_.wanted_scheme = FirstWord(value);
    if (is("date")) self->head_.date = value;
    if (is("retry-after")) self->head_.retry_after = value;
    if (is("age")) self->head_.has_age = true;
    if (line.empty()) self->headers_done_ = true;
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
      if (stop_.stop_requested())
        return absl::CancelledError(absl::StrCat("GET ", base::WithoutQuery(url_), ": stopped"));
      if (ready()) return absl::OkStatus();
      if (done_) return result_ == CURLE_OK ? absl::OkStatus() : TransferError();
      progress_ = false;
      int running = 0;
      curl_multi_perform(multi_, &running);
      CollectResult();
      const SteadyTime now = std::chrono::steady_clock::now();
      if (progress_) last_byte = now;
      if (done_ || ready()) continue;
      if (absl::FromChrono(now - started_) >= options_.deadline)
        return DeadlineError(url_, options_.deadline, received_);
      if (connected_ && absl::FromChrono(now - last_byte) >= options_.read_timeout)
        return ReadTimeoutError(url_, options_.read_timeout);
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
    if (too_large_) return TooLargeError(url_, options_.max_response_bytes);
    if (result_ == CURLE_OPERATION_TIMEDOUT) {
      return IsInTlsHandshake() ? HandshakeTimeoutError(url_, options_.connect_timeout)
                                : ConnectTimeoutError(url_, options_.connect_timeout);
    }
    const absl::string_view detail = error_text_[0] != '\0' ? error_text_ : curl_easy_strerror(result_);
    // With TLS 1.3 a server refuses a client's certificate after the handshake, in place of the answer.
    return TransportError(IsTlsAlert(detail) ? ErrorReason::kTls : ReasonOfCurlCode(result_), url_, detail);
  }

  // TCP has given the connection a port of ours, TLS has not finished.
  bool IsInTlsHandshake() const {
    long local_port = 0;
    curl_off_t secured = 0;
    curl_easy_getinfo(easy_, CURLINFO_LOCAL_PORT, &local_port);
    curl_easy_getinfo(easy_, CURLINFO_APPCONNECT_TIME_T, &secured);
    return absl::StartsWith(url_, "https:") && local_port > 0 && secured == 0;
  }

  const CurlOptions options_;
  AccessFiles files_;
  // From one change of the files to the next.
  CURL* easy_ = nullptr;
  CURLM* multi_ = nullptr;

  // The state of the open answer.
  std::string url_;
  std::stop_token stop_;
  curl_slist* headers_ = nullptr;
  curl_slist* connect_to_ = nullptr;
  HttpHead head_;       // as far as its headers are looked at one by one
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

std::string CurlHttpClient::WithoutSecrets(absl::string_view text) const { return transfer_->WithoutSecrets(text); }

}  // namespace kubecost
