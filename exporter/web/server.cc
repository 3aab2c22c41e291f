#include "exporter/web/server.h"

#include <civetweb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "base/log.h"
#include "exporter/web/listen_address.h"

namespace web {
namespace {

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

absl::string_view TextOf(const char* text) { return text != nullptr ? text : ""; }

}  // namespace

absl::StatusOr<std::unique_ptr<Server>> Server::Start(const Options& options, WebAccess& access, Handler& handler) {
  std::unique_ptr<Server> server(new Server(access, handler));
  const absl::Status status = server->Listen(options);
  if (!status.ok()) return status;
  return server;
}

Server::~Server() {
  if (context_ != nullptr) mg_stop(context_);
}

absl::Status Server::Listen(const Options& options) {
  const bool has_tls = access_.Current()->tls != nullptr;
  if (has_tls && !kHasTls) {
    return absl::UnimplementedError(
        "this build's civetweb cannot serve TLS; build with the source that scripts/install-dependencies.sh fetches");
  }
  std::vector<ListenAddress> wanted;
  std::vector<std::string> specs;
  for (const std::string& text : options.listen_addresses) {
    absl::StatusOr<ListenAddress> address = ParseListenAddress(text);
    if (!address.ok()) return address.status();
    const absl::StatusOr<std::string> spec = PortSpec(*address);
    if (!spec.ok()) return spec.status();
    wanted.push_back(*std::move(address));
    specs.push_back(absl::StrCat(*spec, has_tls ? "s" : ""));
  }
  const auto milliseconds = [](absl::Duration duration) { return absl::StrCat(absl::ToInt64Milliseconds(duration)); };
  const bool keep_alive = options.web_keep_alive_timeout > absl::ZeroDuration();
  const std::pair<const char*, std::string> settings[] = {
      {"listening_ports", absl::StrJoin(specs, ",")},
      {"num_threads", absl::StrCat(options.web_threads)},
      {"request_timeout_ms", milliseconds(options.web_request_timeout)},
      {"enable_keep_alive", keep_alive ? "yes" : "no"},
      {"keep_alive_timeout_ms", milliseconds(options.web_keep_alive_timeout)},
      {"tcp_nodelay", "1"},
      {"max_request_size", "16384"},
      {"enable_directory_listing", "no"}};
  std::vector<const char*> texts;
  for (const auto& [name, value] : settings) texts.insert(texts.end(), {name, value.c_str()});
  texts.push_back(nullptr);
  mg_callbacks callbacks = {};
  callbacks.begin_request = &Server::OnRequest;
  callbacks.http_error = &Server::OnError;
  callbacks.connection_close = &Server::OnClose;
  callbacks.log_message = &Server::OnMessage;
  if (has_tls) {
    acceptor_.emplace([this] { return access_.Current()->tls; },
                      [this](const std::string& client) { access_.CountBadCertificate(client); });
    callbacks.external_ssl_ctx = &Server::GiveSslContext;
  }
  context_ = mg_start(&callbacks, this, texts.data());
  if (context_ == nullptr) {
    const base::MutexLock lock(message_mutex_);
    return absl::UnavailableError(absl::StrCat("cannot listen on ", absl::StrJoin(options.listen_addresses, ", "), ": ",
                                               first_message_, "; is another --web.listen-address free?"));
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

Handler::Outcome Server::Answer(mg_connection* connection, const Target& target, bool closes) {
  const mg_request_info& info = *mg_get_request_info(connection);
  const Request request = {TextOf(info.request_method),
                           target.path,
                           target.query,
                           TextOf(info.http_version),
                           info.remote_addr,
                           info.client_cert != nullptr,
                           [connection, closes](const char* name) {
                             const bool is_connection = closes && absl::EqualsIgnoreCase(name, "Connection");
                             return is_connection ? "close" : mg_get_header(connection, name);
                           }};
  const auto send = [connection](absl::string_view piece) {
    return mg_write(connection, piece.data(), piece.size()) == static_cast<int>(piece.size());
  };
  return static_cast<Server*>(info.user_data)->handler_.Handle(request, send);
}

int Server::OnRequest(mg_connection* connection) noexcept {
  const mg_request_info& info = *mg_get_request_info(connection);
  const Handler::Outcome outcome = Answer(connection, {TextOf(info.local_uri), TextOf(info.query_string)}, false);
  if (!outcome.keep_alive) mg_disable_connection_keep_alive(connection);
  return outcome.status;
}

// civetweb refuses a target in absolute form, with an error or without a word, unless host and port are its own. The
// request is answered just before it closes the connection for that.
int Server::OnError(mg_connection* connection, int, const char* message) noexcept {
  const bool is_for_us = absl::string_view(message) == "Invalid URI" &&
                         AbsoluteForm(TextOf(mg_get_request_info(connection)->request_uri)).has_value();
  static char is_answered;
  if (!is_for_us) mg_set_user_connection_data(connection, &is_answered);
  return is_for_us ? 0 : 1;
}

void Server::OnClose(const mg_connection* closing) noexcept {
  auto* connection = const_cast<mg_connection*>(closing);
  const mg_request_info* const info = mg_get_request_info(connection);
  // No request, where the handshake failed or the client only closed.
  if (info == nullptr || info->local_uri != nullptr || info->conn_data != nullptr) return;
  std::optional<Target> target = AbsoluteForm(TextOf(info->request_uri));
  if (!target.has_value()) return;
  std::string path(target->path.size() + 1, '\0');
  path.resize(static_cast<size_t>(std::max(0, mg_url_decode(target->path.data(), static_cast<int>(target->path.size()),
                                                            path.data(), static_cast<int>(path.size()), 0))));
  target->path = path;
  Answer(connection, *target, true);
}

// At the start, and at the end as well: that it is ours to free.
int Server::GiveSslContext(void** context, void* self) noexcept {
  *context = static_cast<Server*>(self)->acceptor_->native();
  return 1;
}

int Server::OnMessage(const mg_connection* connection, const char* message) noexcept {
  auto* self = static_cast<Server*>(mg_get_user_data(mg_get_context(connection)));
  if (self != nullptr && !self->started_) {
    const base::MutexLock lock(self->message_mutex_);
    if (self->first_message_.empty()) self->first_message_ = message;
  } else {
    base::Log(base::LogLevel::kDebug, "http server", {{"message", message}});
  }
  return 1;
}

}  // namespace web
