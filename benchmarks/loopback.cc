#include "benchmarks/loopback.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <utility>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace benchmarks {
namespace {

constexpr size_t kBufferBytes = size_t{256} << 10;

void Require(bool good, absl::string_view what) {
  if (good) return;
  std::cerr << "benchmark is broken: " << what << "\n";
  std::abort();
}

sockaddr_in LoopbackAddress(int port) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

bool SendAll(int fd, absl::string_view data) {
  while (!data.empty()) {
    const ssize_t sent = send(fd, data.data(), data.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    data.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

web::Options ServerOptions() {
  web::Options options;
  options.listen_addresses = {"127.0.0.1:0"};
  return options;
}

}  // namespace

size_t Scrape(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  const absl::Cleanup close_fd = [fd] { close(fd); };
  const sockaddr_in address = LoopbackAddress(port);
  Require(connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0, "cannot connect");
  Require(SendAll(fd, "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"), "cannot send");
  static thread_local std::vector<char> buffer(kBufferBytes);
  size_t bytes = 0;
  while (true) {
    const ssize_t got = recv(fd, buffer.data(), buffer.size(), 0);
    Require(got >= 0, "cannot receive");
    if (got == 0) return bytes;
    bytes += static_cast<size_t>(got);
  }
}

RawSender::RawSender(std::string body)
    : answer_(absl::StrCat("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: ", body.size(), "\r\n\r\n", body)) {
  listener_ = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address = LoopbackAddress(0);
  socklen_t size = sizeof(address);
  Require(bind(listener_, reinterpret_cast<const sockaddr*>(&address), size) == 0, "cannot bind");
  Require(listen(listener_, 4) == 0, "cannot listen");
  Require(getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) == 0, "no port");
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { Serve(); });
}

RawSender::~RawSender() {
  shutdown(listener_, SHUT_RDWR);
  thread_.join();
  close(listener_);
}

void RawSender::Serve() const {
  while (true) {
    const int fd = accept(listener_, nullptr, nullptr);
    if (fd < 0) return;
    char request[4096];
    if (recv(fd, request, sizeof(request), 0) > 0) SendAll(fd, answer_);
    close(fd);
  }
}

ProductServer::ProductServer(const metrics::SnapshotStore& store) : options_(ServerOptions()) {
  std::vector<std::string> problems;
  access_ = std::make_unique<web::WebAccess>(options_, self_metrics_, clock_, problems);
  handler_ = std::make_unique<web::Handler>(
      options_, store, scrapes_, self_metrics_, *access_, clock_, [] { return absl::OkStatus(); },
      [](absl::string_view) { return web::Answer(); });
  auto server = web::Server::Start(options_, *access_, *handler_);
  Require(server.ok(), server.status().message());
  server_ = *std::move(server);
}

int ProductServer::port() const {
  const std::string address = server_->addresses().front();
  int port = 0;
  Require(absl::SimpleAtoi(absl::string_view(address).substr(address.rfind(':') + 1), &port), "no port");
  return port;
}

}  // namespace benchmarks
