#include "tests/simulator/http_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"

namespace simulator {
namespace {

// How long a wait may overlook the stop flag.
constexpr int kPollMs = 20;
constexpr size_t kMaxHeadBytes = size_t{256} << 10;
constexpr size_t kMaxBodyBytes = size_t{1} << 20;

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool ParseHead(absl::string_view head, Request& request) {
  const std::vector<absl::string_view> lines = absl::StrSplit(head, "\r\n");
  const std::vector<absl::string_view> first = absl::StrSplit(lines[0], ' ');
  if (first.size() != 3 || !absl::StartsWith(first[2], "HTTP/1.")) return false;
  request.method = std::string(first[0]);
  request.target = std::string(first[1]);
  request.http10 = first[2] == "HTTP/1.0";
  const std::pair<absl::string_view, absl::string_view> parts = absl::StrSplit(first[1], absl::MaxSplits('?', 1));
  request.path = DecodePercent(parts.first);
  for (absl::string_view pair : absl::StrSplit(parts.second, '&', absl::SkipEmpty())) {
    const std::pair<absl::string_view, absl::string_view> item = absl::StrSplit(pair, absl::MaxSplits('=', 1));
    request.parameters.emplace(DecodePercent(item.first), DecodePercent(item.second));
  }
  for (size_t i = 1; i < lines.size(); ++i) {
    const std::pair<absl::string_view, absl::string_view> item = absl::StrSplit(lines[i], absl::MaxSplits(':', 1));
    request.headers[absl::AsciiStrToLower(item.first)] = std::string(absl::StripAsciiWhitespace(item.second));
  }
  return true;
}

std::string ErrorText(absl::string_view what) { return absl::StrCat(what, ": ", std::strerror(errno)); }

}  // namespace

std::string DecodePercent(absl::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && HexDigit(text[i + 1]) >= 0 && HexDigit(text[i + 2]) >= 0) {
      out.push_back(static_cast<char>(HexDigit(text[i + 1]) * 16 + HexDigit(text[i + 2])));
      i += 2;
    } else {
      out.push_back(text[i] == '+' ? ' ' : text[i]);
    }
  }
  return out;
}

absl::string_view Find(const TextMap& map, absl::string_view name) {
  const auto found = map.find(name);
  return found == map.end() ? absl::string_view() : found->second;
}

bool Request::keep_alive() const {
  const std::string value = absl::AsciiStrToLower(Find(headers, "connection"));
  return http10 ? value == "keep-alive" : value != "close";
}

bool Request::accepts_gzip() const { return absl::StrContains(Find(headers, "accept-encoding"), "gzip"); }

bool Connection::Send(absl::string_view bytes) {
  if (rate_ <= 0) return SendPiece(bytes);
  constexpr double kPiecesPerSecond = 20;
  const auto piece = static_cast<size_t>(std::max(1.0, rate_ / kPiecesPerSecond));
  const absl::Duration pause = absl::Seconds(static_cast<double>(piece) / rate_);
  while (!bytes.empty()) {
    if (!SendPiece(bytes.substr(0, piece)) || !Sleep(pause)) return false;
    bytes.remove_prefix(std::min(piece, bytes.size()));
  }
  return true;
}

bool Connection::SendPiece(absl::string_view bytes) {
  while (!bytes.empty()) {
    if (stop_.load()) return false;
    const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent > 0) {
      bytes.remove_prefix(static_cast<size_t>(sent));
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      pollfd p{fd_, POLLOUT, 0};
      ::poll(&p, 1, kPollMs);
      if ((p.revents & (POLLERR | POLLHUP)) != 0) return false;
    } else if (errno != EINTR) {
      return false;
    }
  }
  return true;
}

bool Connection::PeerLeft(int timeout_ms) {
  pollfd p{fd_, POLLRDHUP, 0};
  ::poll(&p, 1, timeout_ms);
  return (p.revents & (POLLRDHUP | POLLERR | POLLHUP | POLLNVAL)) != 0;
}

bool Connection::Sleep(absl::Duration duration) {
  const absl::Time end = absl::Now() + duration;
  for (;;) {
    const absl::Duration left = end - absl::Now();
    if (left <= absl::ZeroDuration()) return !stop_.load();
    const auto ms = static_cast<int>(std::clamp<int64_t>(absl::ToInt64Milliseconds(left) + 1, 1, kPollMs));
    if (stop_.load() || PeerLeft(ms)) return false;
  }
}

void Connection::WaitForEnd() { Sleep(absl::Hours(24)); }

void Connection::ResetAtEnd() {
  const linger option{1, 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &option, sizeof(option));
}

bool Connection::Fill() {
  for (;;) {
    if (stop_.load()) return false;
    pollfd p{fd_, POLLIN, 0};
    if (::poll(&p, 1, kPollMs) <= 0) continue;
    char bytes[4096];
    const ssize_t got = ::recv(fd_, bytes, sizeof(bytes), MSG_DONTWAIT);
    if (got > 0) {
      buffer_.append(bytes, static_cast<size_t>(got));
      return true;
    }
    if (got == 0 || (errno != EAGAIN && errno != EINTR)) return false;
  }
}

bool Connection::ReadRequest(Request& request) {
  size_t end = 0;
  while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) {
    if (buffer_.size() > kMaxHeadBytes || !Fill()) return false;
  }
  if (!ParseHead(absl::string_view(buffer_).substr(0, end), request)) return false;
  buffer_.erase(0, end + 4);
  size_t length = 0;
  const auto it = request.headers.find("content-length");
  if (it != request.headers.end() && !absl::SimpleAtoi(it->second, &length)) return false;
  if (length > kMaxBodyBytes) return false;
  while (buffer_.size() < length) {
    if (!Fill()) return false;
  }
  buffer_.erase(0, length);
  return true;
}

HttpServer::HttpServer(std::string host, int port, Handler handler)
    : host_(std::move(host)), port_(port), handler_(std::move(handler)) {}

HttpServer::~HttpServer() { Stop(); }

std::string HttpServer::Start() {
  if (!stop_.load()) return "";
  std::string error;
  if (host_ == "localhost") {
    error = Listen("127.0.0.1", true);
    // A machine without IPv6 still has the other loopback.
    if (error.empty()) error = Listen("::1", false);
  } else {
    error = Listen(host_, true);
  }
  if (!error.empty()) {
    for (const int fd : listeners_) ::close(fd);
    listeners_.clear();
    return error;
  }
  stop_ = false;
  acceptor_ = std::thread([this] { Accept(); });
  return "";
}

std::string HttpServer::Listen(const std::string& address, bool required) {
  const bool v6 = absl::StrContains(address, ':');
  const int fd = ::socket(v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return required ? ErrorText("socket") : "";
  const int on = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  if (v6) ::setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
  sockaddr_storage storage{};
  auto* any = reinterpret_cast<sockaddr*>(&storage);
  socklen_t size = 0;
  int understood = 0;
  if (v6) {
    auto* in6 = reinterpret_cast<sockaddr_in6*>(&storage);
    in6->sin6_family = AF_INET6;
    in6->sin6_port = htons(static_cast<uint16_t>(port_));
    understood = ::inet_pton(AF_INET6, address.c_str(), &in6->sin6_addr);
    size = sizeof(*in6);
  } else {
    auto* in4 = reinterpret_cast<sockaddr_in*>(&storage);
    in4->sin_family = AF_INET;
    in4->sin_port = htons(static_cast<uint16_t>(port_));
    understood = ::inet_pton(AF_INET, address.c_str(), &in4->sin_addr);
    size = sizeof(*in4);
  }
  if (understood != 1 || ::bind(fd, any, size) != 0 || ::listen(fd, 64) != 0) {
    const std::string error = ErrorText(absl::StrCat("listen on ", address, " port ", port_));
    ::close(fd);
    return required ? error : "";
  }
  if (port_ == 0) {
    ::getsockname(fd, any, &size);
    port_ = ntohs(v6 ? reinterpret_cast<sockaddr_in6*>(&storage)->sin6_port
                     : reinterpret_cast<sockaddr_in*>(&storage)->sin_port);
  }
  listeners_.push_back(fd);
  return "";
}

void HttpServer::Accept() {
  while (!stop_.load()) {
    std::vector<pollfd> polls;
    for (const int fd : listeners_) polls.push_back({fd, POLLIN, 0});
    ::poll(polls.data(), polls.size(), kPollMs);
    Reap();
    for (const pollfd& p : polls) {
      if ((p.revents & POLLIN) == 0) continue;
      const int fd = ::accept4(p.fd, nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0) continue;
      const int on = 1;
      ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
      Client& client = clients_.emplace_back();
      client.fd = fd;
      client.thread = std::thread([this, &client] { Serve(client); });
    }
  }
}

void HttpServer::Serve(Client& client) {
  Connection connection(client.fd, stop_);
  for (;;) {
    Request request;
    if (!connection.ReadRequest(request)) break;
    if (!handler_(request, connection) || !request.keep_alive()) break;
  }
  ::close(client.fd);
  client.done = true;
}

void HttpServer::Reap() {
  for (auto it = clients_.begin(); it != clients_.end();) {
    if (it->done.load()) {
      it->thread.join();
      it = clients_.erase(it);
    } else {
      ++it;
    }
  }
}

void HttpServer::Stop() {
  if (stop_.exchange(true)) return;
  acceptor_.join();
  for (const int fd : listeners_) ::close(fd);
  listeners_.clear();
  for (Client& client : clients_) client.thread.join();
  clients_.clear();
}

}  // namespace simulator
