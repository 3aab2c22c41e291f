#include "exporter/web/server.h"

#include <civetweb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <optional>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/cleanup/cleanup.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/log.h"
#include "base/mutex.h"
#include "exporter/web/listen_address.h"
#include "exporter/web/request.h"
#include "metrics/exposition.h"
#include "metrics/gzip.h"
#include "metrics/prometheus_text.h"

namespace web {
namespace {

constexpr absl::string_view kPlainText = "text/plain; charset=utf-8";
constexpr absl::string_view kHtml = "text/html; charset=utf-8";

#ifdef EXPORTER_CIVETWEB_HAS_TLS
constexpr bool kHasTls = true;
#else
constexpr bool kHasTls = false;
#endif

bool KernelHasIpv6() {
  const int fd = socket(AF_INET6, SOCK_STREAM, 0);
  if (fd < 0) return false;
  close(fd);
  return true;
}

// An address in civetweb's own notation.
absl::StatusOr<std::string> PortSpec(const ListenAddress& address) {
  const bool has_ipv6 = mg_check_feature(MG_FEATURES_IPV6) != 0;
  if (address.host.empty()) return absl::StrCat(has_ipv6 && KernelHasIpv6() ? "+" : "", address.port);
  if (!address.is_ipv6()) return absl::StrCat(address.host, ":", address.port);
  if (!has_ipv6) {
    return absl::UnimplementedError(absl::StrCat("[", address.host, "]:", address.port,
                                                 ": this build's civetweb has no IPv6; build with the source that "
                                                 "scripts/install-dependencies.sh fetches"));
  }
  return absl::StrCat("[", address.host, "]:", address.port);
}

absl::string_view ReasonPhrase(int status) {
  switch (status) {
    case 200:
      return "OK";
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
    case 503:
      return "Service Unavailable";
  }
  return "";
}

// Parameter `search` of the query string, decoded; empty when there is none that fits.
std::string SearchOf(const mg_request_info& info) {
  const absl::string_view query = info.query_string != nullptr ? info.query_string : "";
  std::array<char, 512> value;
  const int size = mg_get_var(query.data(), query.size(), "search", value.data(), value.size());
  return size > 0 ? std::string(value.data(), static_cast<size_t>(size)) : "";
}

// Puts a header into the head of an answer, in place of one of ours.
void SetHeader(absl::string_view name, absl::string_view value, std::string& head) {
  const size_t ours = head.find(absl::StrCat("\r\n", name, ":"));
  if (ours != std::string::npos) head.erase(ours, head.find("\r\n", ours + 2) - ours);
  absl::StrAppend(&head, name, ": ", value, "\r\n");
}

bool WriteAll(mg_connection* connection, absl::string_view data) {
  return mg_write(connection, data.data(), data.size()) == static_cast<int>(data.size());
}

}  // namespace

class Server::Impl {
 public:
  Impl(const Options& options, const metrics::SnapshotStore& store, const Metrics& self_metrics, WebAccess& access,
       HealthCheck health, PageMaker page)
      : options_(options),
        store_(store),
        self_metrics_(self_metrics),
        access_(access),
        has_tls_(access.Current()->tls != nullptr),
        health_(std::move(health)),
        page_(std::move(page)) {}

  ~Impl() {
    if (context_ != nullptr) mg_stop(context_);
  }

  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  absl::Status Start() {
    if (has_tls_ && !kHasTls) {
      return absl::UnimplementedError(
          "this build's civetweb cannot serve TLS; build with the source that scripts/install-dependencies.sh fetches");
    }
    std::vector<ListenAddress> wanted;
    std::vector<std::string> specs;
    for (const std::string& text : options_.listen_addresses) {
      absl::StatusOr<ListenAddress> address = ParseListenAddress(text);
      if (!address.ok()) return address.status();
      const absl::StatusOr<std::string> spec = PortSpec(*address);
      if (!spec.ok()) return spec.status();
      wanted.push_back(*std::move(address));
      specs.push_back(absl::StrCat(*spec, has_tls_ ? "s" : ""));
    }
    const std::string ports = absl::StrJoin(specs, ",");
    const std::string threads = absl::StrCat(options_.web_threads);
    const std::string request_timeout = absl::StrCat(absl::ToInt64Milliseconds(options_.web_request_timeout));
    const bool keep_alive = options_.web_keep_alive_timeout > absl::ZeroDuration();
    const std::string keep_alive_timeout = absl::StrCat(absl::ToInt64Milliseconds(options_.web_keep_alive_timeout));
    const char* settings[] = {"listening_ports",
                              ports.c_str(),
                              "num_threads",
                              threads.c_str(),
                              "request_timeout_ms",
                              request_timeout.c_str(),
                              "enable_keep_alive",
                              keep_alive ? "yes" : "no",
                              "keep_alive_timeout_ms",
                              keep_alive_timeout.c_str(),
                              "tcp_nodelay",
                              "1",
                              "max_request_size",
                              "16384",
                              "enable_directory_listing",
                              "no",
                              nullptr};
    mg_callbacks callbacks = {};
    callbacks.begin_request = &Impl::OnRequest;
    callbacks.log_message = &Impl::OnMessage;
    if (has_tls_) {
      acceptor_.emplace([this] { return access_.Current()->tls; },
                        [this](const std::string& client) { access_.CountBadCertificate(client); });
      callbacks.external_ssl_ctx = &Impl::GiveSslContext;
    }
    context_ = mg_start(&callbacks, this, settings);
    if (context_ == nullptr) {
      const base::MutexLock lock(message_mutex_);
      return absl::UnavailableError(absl::StrCat("cannot listen on ", absl::StrJoin(options_.listen_addresses, ", "),
                                                 ": ", first_message_, "; is another --web.listen-address free?"));
    }
    started_ = true;
    std::vector<mg_server_port> bound(wanted.size());
    mg_get_server_ports(context_, static_cast<int>(bound.size()), bound.data());
    for (size_t i = 0; i < wanted.size(); ++i) {
      const std::string host = wanted[i].is_ipv6() ? absl::StrCat("[", wanted[i].host, "]") : wanted[i].host;
      addresses_.push_back(absl::StrCat(host, ":", bound[i].port));
    }
    return absl::OkStatus();
  }

  const std::vector<std::string>& addresses() const { return addresses_; }

 private:
  struct Request {
    mg_connection* connection;
    bool is_head;
    bool is_http_1_0;
    bool keep_alive;
    const WebState& state;
  };

  static int OnRequest(mg_connection* connection) noexcept {
    const mg_request_info* info = mg_get_request_info(connection);
    return static_cast<Impl*>(info->user_data)->Handle(connection, *info);
  }

  // At the start, and at the end as well: that it is ours to free.
  static int GiveSslContext(void** context, void* self) noexcept {
    *context = static_cast<Impl*>(self)->acceptor_->native();
    return 1;
  }

  static int OnMessage(const mg_connection* connection, const char* message) noexcept {
    auto* self = static_cast<Impl*>(mg_get_user_data(mg_get_context(connection)));
    if (self != nullptr && !self->started_) {
      const base::MutexLock lock(self->message_mutex_);
      if (self->first_message_.empty()) self->first_message_ = message;
    } else {
      base::Log(base::LogLevel::kDebug, "http server", {{"message", message}});
    }
    return 1;
  }

  int Handle(mg_connection* connection, const mg_request_info& info) {
    const absl::string_view method = info.request_method != nullptr ? info.request_method : "";
    const absl::string_view path = info.local_uri != nullptr ? info.local_uri : "";
    const absl::string_view version = info.http_version != nullptr ? info.http_version : "";
    const std::shared_ptr<const WebState> state = access_.Current();
    Request request = {connection, method == "HEAD", version == "1.0", MayKeepAlive(connection, version, *state),
                       *state};
    if (!request.keep_alive) mg_disable_connection_keep_alive(connection);

    const bool is_metrics = path == options_.telemetry_path;
    const bool is_health = path == "/healthz" || path == "/-/healthy" || path == "/readyz" || path == "/-/ready";
    if (!is_health) {
      const char* authorization = mg_get_header(connection, "Authorization");
      const std::optional<WebAccess::Refusal> refusal = access_.Refuse(
          *state, authorization != nullptr ? authorization : "", info.remote_addr, info.client_cert != nullptr);
      if (refusal.has_value()) return Answer(request, refusal->status, kPlainText, refusal->text, refusal->headers);
    }
    if (!is_metrics && !is_health && path != "/") {
      return Answer(request, 404, kPlainText,
                    absl::StrCat("no such page; the metrics are at ", options_.telemetry_path, "\n"));
    }
    if (method != "GET" && !request.is_head) {
      return Answer(request, 405, kPlainText, "only GET and HEAD\n", "Allow: GET, HEAD\r\n");
    }
    if (is_metrics) return AnswerScrape(request, info);
    if (is_health) return AnswerHealth(request);
    const Page page = page_(SearchOf(info));
    return Answer(request, 200, kHtml, page.html, page.headers);
  }

  // Whether the connection may be used for another request. One that was let in by a client certificate is not: the
  // certificate is checked in the handshake alone, and the rules may change. Neither is one with a body, which nobody
  // wants: civetweb would read it to its end, however slowly it comes.
  bool MayKeepAlive(mg_connection* connection, absl::string_view version, const WebState& state) const {
    const char* header = mg_get_header(connection, "Connection");
    const bool asks_close = header != nullptr && absl::EqualsIgnoreCase(header, "close");
    const char* length = mg_get_header(connection, "Content-Length");
    const bool has_body = (length != nullptr && absl::string_view(length) != "0") ||
                          mg_get_header(connection, "Transfer-Encoding") != nullptr;
    const bool knows_client = state.tls != nullptr && state.config.tls->client_auth != ClientAuth::kNone;
    return options_.web_keep_alive_timeout > absl::ZeroDuration() && version != "1.0" && !asks_close && !has_body &&
           !knows_client;
  }

  std::string Head(const Request& request, int status, absl::string_view content_type, absl::string_view more) const {
    std::string head =
        absl::StrCat("HTTP/1.1 ", status, " ", ReasonPhrase(status), "\r\nContent-Type: ", content_type,
                     "\r\nDate: ", absl::FormatTime("%a, %d %b %Y %H:%M:%S GMT", absl::Now(), absl::UTCTimeZone()),
                     "\r\nX-Content-Type-Options: nosniff\r\nCache-Control: no-store\r\nConnection: ",
                     request.keep_alive ? "keep-alive" : "close", "\r\n", more);
    for (const auto& [name, value] : request.state.config.headers) SetHeader(name, value, head);
    return head + "\r\n";
  }

  int Answer(const Request& request, int status, absl::string_view content_type, absl::string_view body,
             absl::string_view headers = "") {
    const std::string length = absl::StrCat("Content-Length: ", body.size(), "\r\n", headers);
    std::string text = Head(request, status, content_type, length);
    if (!request.is_head) absl::StrAppend(&text, body);
    WriteAll(request.connection, text);
    return status;
  }

  int AnswerHealth(const Request& request) {
    const absl::Status health = health_();
    if (health.ok()) return Answer(request, 200, kPlainText, "ok\n");
    return Answer(request, 503, kPlainText, absl::StrCat(health.message(), "\n"));
  }

  int AnswerScrape(const Request& request, const mg_request_info& info) {
    const absl::StatusOr<metrics::Selection> selection =
        ParseCollect(info.query_string != nullptr ? info.query_string : "");
    if (!selection.ok()) return Answer(request, 400, kPlainText, absl::StrCat(selection.status().message(), "\n"));
    const absl::Cleanup leave = [this] { --scrapes_in_flight_; };
    if (++scrapes_in_flight_ > options_.web_max_requests) {
      return Answer(request, 503, kPlainText,
                    absl::StrCat("more than ", options_.web_max_requests, " scrapes at once (--web.max-requests)\n"),
                    "Retry-After: 1\r\n");
    }
    const char* accept_encoding = mg_get_header(request.connection, "Accept-Encoding");
    const bool is_gzip = accept_encoding != nullptr && AcceptsGzip(accept_encoding);
    // A scrape cut short must be told from a whole one, hence chunks; HTTP/1.0 does not know them.
    const std::string headers = absl::StrCat("Vary: Accept-Encoding\r\n", is_gzip ? "Content-Encoding: gzip\r\n" : "",
                                             request.is_http_1_0 ? "" : "Transfer-Encoding: chunked\r\n");
    if (!WriteAll(request.connection, Head(request, 200, metrics::kTextContentType, headers)) || request.is_head) {
      return 200;
    }
    const std::optional<uint64_t> bytes =
        is_gzip ? WriteCompressed(request, *selection) : WritePlain(request, *selection);
    if (!bytes.has_value()) return 200;
    if (!request.is_http_1_0 && mg_send_chunk(request.connection, "", 0) < 0) return 200;
    self_metrics_.CountScrape(*bytes);
    return 200;
  }

  // False when the client has gone or stalled.
  static bool WritePart(const Request& request, absl::string_view part) {
    // An empty chunk would end the body.
    if (part.empty()) return true;
    if (request.is_http_1_0) return WriteAll(request.connection, part);
    return mg_send_chunk(request.connection, part.data(), static_cast<unsigned>(part.size())) >= 0;
  }

  // What the exporter says of itself, where it is asked for.
  std::string OwnMetrics(metrics::Selection selection) const {
    return selection.Has(metrics::Collector::kExporter) ? self_metrics_.Serialize() : "";
  }

  // Both write a scrape's body and return its size before compression; nothing when it could not be written whole.

  std::optional<uint64_t> WritePlain(const Request& request, metrics::Selection selection) {
    // Blocks keep memory small and let a client that has stalled be noticed; its connection is given up then.
    uint64_t bytes = 0;
    metrics::Renderer renderer(store_.Current(), selection);
    for (absl::string_view block = renderer.Next(); !block.empty(); block = renderer.Next()) {
      if (!WritePart(request, block)) return std::nullopt;
      bytes += block.size();
    }
    const std::string own = OwnMetrics(selection);
    if (!WritePart(request, own)) return std::nullopt;
    return bytes + own.size();
  }

  std::optional<uint64_t> WriteCompressed(const Request& request, metrics::Selection selection) {
    const std::shared_ptr<const metrics::CompressedText> facts = compressed_.Get(store_.Current(), selection);
    for (absl::string_view rest = facts->bytes; !rest.empty();) {
      const absl::string_view block = rest.substr(0, metrics::Renderer::kBlockBytes);
      if (!WritePart(request, block)) return std::nullopt;
      rest.remove_prefix(block.size());
    }
    const std::string own = OwnMetrics(selection);
    if (!WritePart(request, metrics::EndCompressed(*facts, own))) return std::nullopt;
    return facts->text_bytes + own.size();
  }

  // Constant after Start().
  const Options& options_;
  const metrics::SnapshotStore& store_;
  const Metrics& self_metrics_;
  WebAccess& access_;
  const bool has_tls_;
  std::optional<TlsAcceptor> acceptor_;
  const HealthCheck health_;
  const PageMaker page_;
  mg_context* context_ = nullptr;
  std::vector<std::string> addresses_;

  metrics::CompressedSnapshots compressed_;

  base::Mutex message_mutex_;
  std::string first_message_ ABSL_GUARDED_BY(message_mutex_);  // why the server did not start
  std::atomic<bool> started_ = false;
  std::atomic<int> scrapes_in_flight_ = 0;
};

absl::StatusOr<std::unique_ptr<Server>> Server::Start(const Options& options, const metrics::SnapshotStore& store,
                                                      const Metrics& self_metrics, WebAccess& access,
                                                      HealthCheck health, PageMaker page) {
  auto impl = std::make_unique<Impl>(options, store, self_metrics, access, std::move(health), std::move(page));
  const absl::Status status = impl->Start();
  if (!status.ok()) return status;
  return std::unique_ptr<Server>(new Server(std::move(impl)));
}

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Server::~Server() = default;

std::vector<std::string> Server::addresses() const { return impl_->addresses(); }

}  // namespace web
