#include "tests/simulator/test_client.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zlib.h>

#include <cctype>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>

namespace simulator {
namespace {

int Connect(int port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) {
    ::close(fd);
    return -1;
  }
  return fd;
}

// Takes chunks apart; returns whether the last one was there.
bool Dechunk(const std::string& text, std::string& body) {
  size_t at = 0;
  for (;;) {
    const size_t line = text.find("\r\n", at);
    if (line == std::string::npos) return false;
    const size_t size = std::strtoul(text.c_str() + at, nullptr, 16);
    at = line + 2;
    if (size == 0) return text.compare(at, 2, "\r\n") == 0;
    if (at + size + 2 > text.size()) return false;
    body.append(text, at, size);
    at += size + 2;
  }
}

bool Gunzip(const std::string& compressed, std::string& text) {
  z_stream stream{};
  inflateInit2(&stream, 15 + 16);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(compressed.data()));
  stream.avail_in = static_cast<uInt>(compressed.size());
  char buffer[16384];
  int result = Z_OK;
  while (result == Z_OK) {
    stream.next_out = reinterpret_cast<Bytef*>(buffer);
    stream.avail_out = sizeof(buffer);
    result = inflate(&stream, Z_NO_FLUSH);
    text.append(buffer, sizeof(buffer) - stream.avail_out);
  }
  inflateEnd(&stream);
  return result == Z_STREAM_END;
}

// Finds out what has come so far.
void Digest(Response& response) {
  const size_t end = response.raw.find("\r\n\r\n");
  if (end == std::string::npos) return;
  response.head = response.raw.substr(0, end + 2);
  response.status = std::atoi(response.head.c_str() + 9);
  const std::string rest = response.raw.substr(end + 4);
  std::string body;
  const size_t length = response.head.find("Content-Length: ");
  if (response.head.find("Transfer-Encoding: chunked") != std::string::npos) {
    response.complete = Dechunk(rest, body);
  } else if (length != std::string::npos) {
    const size_t size = std::strtoul(response.head.c_str() + length + 16, nullptr, 10);
    response.complete = rest.size() >= size;
    body = rest;
  } else {
    response.complete = response.closed;
    body = rest;
  }
  response.body.clear();
  if (response.head.find("Content-Encoding: gzip") != std::string::npos) {
    const bool whole = Gunzip(body, response.body);
    response.complete = response.complete && whole;
  } else {
    response.body = body;
  }
}

bool LooksComplete(const Response& response) {
  // Taking chunks apart after each piece would cost too much in large answers.
  const size_t end = response.raw.find("\r\n\r\n");
  if (end == std::string::npos) return false;
  const size_t length = response.raw.find("Content-Length: ");
  if (length < end) {
    const size_t size = std::strtoul(response.raw.c_str() + length + 16, nullptr, 10);
    return response.raw.size() >= end + 4 + size;
  }
  constexpr char kLast[] = "\r\n0\r\n\r\n";
  return response.raw.size() > 7 && response.raw.compare(response.raw.size() - 7, 7, kLast) == 0;
}

class Reader {
 public:
  explicit Reader(const std::string& text) : text_(text) {}

  bool Document(Json& json) {
    if (!Value(json)) return false;
    Space();
    return at_ == text_.size();
  }

 private:
  void Space() {
    while (at_ < text_.size() && std::strchr(" \t\r\n", text_[at_]) != nullptr) {
      ++at_;
    }
  }

  bool Eat(const char* token) {
    const size_t size = std::strlen(token);
    if (text_.compare(at_, size, token) != 0) return false;
    at_ += size;
    return true;
  }

  bool Value(Json& json) {
    Space();
    if (Eat("null")) return true;
    if (Eat("true") || Eat("false")) {
      json.type = Json::kBool;
      return true;
    }
    if (Eat("\"")) return String(json);
    if (Eat("[")) return Array(json);
    if (Eat("{")) return Object(json);
    const char* start = text_.c_str() + at_;
    char* end = nullptr;
    json.type = Json::kNumber;
    json.number = std::strtod(start, &end);
    json.text.assign(start, static_cast<size_t>(end - start));
    at_ += json.text.size();
    return end != start;
  }

  bool String(Json& json) {
    json.type = Json::kString;
    while (at_ < text_.size() && text_[at_] != '"') {
      if (text_[at_] == '\\') json.text.push_back(text_[at_++]);
      json.text.push_back(text_[at_++]);
    }
    return Eat("\"");
  }

  bool Array(Json& json) {
    json.type = Json::kArray;
    Space();
    if (Eat("]")) return true;
    do {
      json.items.emplace_back();
      if (!Value(json.items.back())) return false;
      Space();
    } while (Eat(","));
    return Eat("]");
  }

  bool Object(Json& json) {
    json.type = Json::kObject;
    Space();
    if (Eat("}")) return true;
    do {
      Json key;
      Space();
      if (!Eat("\"") || !String(key)) return false;
      Space();
      json.members.push_back({key.text, Json()});
      if (!Eat(":") || !Value(json.members.back().value)) return false;
      Space();
    } while (Eat(","));
    return Eat("}");
  }

  const std::string& text_;
  size_t at_ = 0;
};

}  // namespace

Response Fetch(int port, const std::string& target, const std::string& more_headers, int patience_ms, size_t most,
               const std::string& method) {
  Response response;
  const int fd = Connect(port);
  if (fd < 0) return response;
  const std::string request = method + " " + target + " HTTP/1.1\r\nHost: localhost\r\n" + more_headers + "\r\n";
  (void)::send(fd, request.data(), request.size(), MSG_NOSIGNAL);
  while (response.raw.size() < most && !LooksComplete(response)) {
    pollfd p{fd, POLLIN, 0};
    if (::poll(&p, 1, patience_ms) <= 0) {
      response.timed_out = true;
      break;
    }
    char buffer[65536];
    const ssize_t got = ::recv(fd, buffer, sizeof(buffer), 0);
    if (got <= 0) {
      response.closed = true;
      response.reset = got < 0 && errno == ECONNRESET;
      break;
    }
    response.raw.append(buffer, static_cast<size_t>(got));
  }
  ::close(fd);
  Digest(response);
  return response;
}

Json::Json() = default;
Json::Json(const Json&) = default;
Json::Json(Json&&) noexcept = default;
Json& Json::operator=(const Json&) = default;
Json& Json::operator=(Json&&) noexcept = default;
Json::~Json() = default;

const Json& Json::operator[](const std::string& name) const {
  static const Json null;
  for (const auto& [key, value] : members) {
    if (key == name) return value;
  }
  return null;
}

bool Json::has(const std::string& name) const {
  for (const auto& member : members) {
    if (member.name == name) return true;
  }
  return false;
}

Json GetData(int port, const std::string& target) {
  const Response response = Fetch(port, target);
  EXPECT_EQ(response.status, 200) << target;
  EXPECT_TRUE(response.complete) << target;
  Json json;
  EXPECT_TRUE(ParseJson(response.body, json)) << target;
  return json["data"];
}

double SumOf(const Json& set, const std::string& field) {
  double sum = 0;
  for (const auto& row : set.members) sum += row.value[field].number;
  return sum;
}

bool ParseJson(const std::string& text, Json& json) { return Reader(text).Document(json); }

}  // namespace simulator
