// A small HTTP/1.1 server on POSIX sockets that can also misbehave.
#ifndef TESTS_SIMULATOR_HTTP_SERVER_H_
#define TESTS_SIMULATOR_HTTP_SERVER_H_

#include <atomic>
#include <cstddef>
#include <functional>
#include <list>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace simulator {

// Something that takes bytes. Write returns false when no more are wanted.
class BodySink {
 public:
  virtual ~BodySink() = default;
  virtual bool Write(absl::string_view bytes) = 0;
};

using TextMap = std::map<std::string, std::string, std::less<>>;
// The value of `name`; empty where it is missing.
absl::string_view Find(const TextMap& map, absl::string_view name);

struct Request {
  std::string method;
  std::string target;  // as received
  std::string path;
  TextMap parameters;  // decoded
  TextMap headers;     // names lower-case
  bool http10 = false;

  bool keep_alive() const;
  bool accepts_gzip() const;
};

// One client's connection. Used by its own thread only; every wait ends within some 20 ms of the server's stop or the
// client's leaving.
class Connection {
 public:
  Connection(int fd, const std::atomic<bool>& stop) : fd_(fd), stop_(stop) {}

  // Sends all of `bytes`; false when the client is gone or the server stops.
  bool Send(absl::string_view bytes);
  // False when cut short by the client's leaving or the server's stop.
  bool Sleep(absl::Duration duration);
  // Returns when the client leaves or the server stops.
  void WaitForEnd();
  // The connection ends with RST instead of FIN when the handler returns.
  void ResetAtEnd();
  // Limits Send, for the rest of the connection; 0: no limit.
  void set_bytes_per_second(double rate) { rate_ = rate; }

  // Reads one request; false at the end of the connection or on nonsense.
  bool ReadRequest(Request& request);

  const std::atomic<bool>& stop() const { return stop_; }

 private:
  bool SendPiece(absl::string_view bytes);
  bool Fill();
  bool PeerLeft(int timeout_ms);

  const int fd_;
  const std::atomic<bool>& stop_;
  double rate_ = 0;
  std::string buffer_;
};

// Answers a request; returns whether the connection may be kept.
using Handler = std::function<bool(const Request&, Connection&)>;

// One thread accepts, one more serves each connection. Start and Stop are for one thread at a time.
class HttpServer {
 public:
  HttpServer(std::string host, int port, Handler handler);
  ~HttpServer();

  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // Returns "" or what went wrong. The port stays the same over restarts.
  std::string Start();
  void Stop();

  int port() const { return port_; }

 private:
  struct Client {
    int fd = -1;
    std::atomic<bool> done{false};
    std::thread thread;
  };

  std::string Listen(const std::string& address, bool required);
  void Accept();
  void Serve(Client& client);
  void Reap();

  const std::string host_;
  int port_;
  const Handler handler_;
  std::atomic<bool> stop_{true};
  std::vector<int> listeners_;
  std::thread acceptor_;
  std::list<Client> clients_;  // used by the accepting thread, then by Stop
};

std::string DecodePercent(absl::string_view text);

}  // namespace simulator

#endif  // TESTS_SIMULATOR_HTTP_SERVER_H_
