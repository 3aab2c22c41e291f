// A raw socket client and a small JSON reader for the simulator's own tests: neither shares code with what they look
// at.
#ifndef TESTS_SIMULATOR_TEST_CLIENT_H_
#define TESTS_SIMULATOR_TEST_CLIENT_H_

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace simulator {

struct Response {
  std::string raw;         // everything that came
  int status = 0;          // 0: no complete head
  std::string head;        // status line and headers
  std::string body;        // without chunking and compression
  bool complete = false;   // the body ended where it had said it would
  bool closed = false;     // the server closed
  bool reset = false;      // ... with RST
  bool timed_out = false;  // nothing came for the time given
};

// Sends one request and reads until the body is complete, the connection ends, nothing came for `patience_ms` or more
// than `most` bytes have come.
Response Fetch(int port, const std::string& target, const std::string& more_headers = "", int patience_ms = 5000,
               size_t most = static_cast<size_t>(-1), const std::string& method = "GET");

// A JSON value with its members in order, repeated keys included.
struct Json {
  enum Type { kNull, kBool, kNumber, kString, kArray, kObject };
  Type type = kNull;
  double number = 0;
  std::string text;  // of strings and, as written, of numbers
  std::vector<Json> items;
  struct Member;
  std::vector<Member> members;

  // In the .cc, where the members are complete.
  Json();
  Json(const Json&);
  Json(Json&&) noexcept;
  Json& operator=(const Json&);
  Json& operator=(Json&&) noexcept;
  ~Json();

  // The first member of this name; a null value where it is missing.
  const Json& operator[](const std::string& name) const;
  bool has(const std::string& name) const;
};
struct Json::Member {
  std::string name;
  Json value;
};

// `data` of the answer to a request, which must succeed.
Json GetData(int port, const std::string& target);
// A numeric field over all rows of a set.
double SumOf(const Json& set, const std::string& field);

// Reads one document with nothing but white space after it.
bool ParseJson(const std::string& text, Json& json);

}  // namespace simulator

#endif  // TESTS_SIMULATOR_TEST_CLIENT_H_
