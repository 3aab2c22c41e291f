// Misbehaviour on command: the table of its names and how each is done.
#ifndef TESTS_SIMULATOR_FAULTS_H_
#define TESTS_SIMULATOR_FAULTS_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "tests/simulator/http_server.h"
#include "tests/simulator/tweaks.h"

namespace simulator {

struct Fault {
  std::string name;  // "none" or "": the true answer
  std::string arg;   // its meaning depends on the name
  int count = -1;    // for so many API requests; negative: until cleared
  std::string path;  // only requests whose target contains this
};

// Reads "NAME[:ARG]".
Fault ParseFault(absl::string_view text);

// True for every name of the table, for http_STATUS, and for "none".
bool IsKnownFault(absl::string_view name);
// All names, for --help and for tests.
std::vector<std::string> FaultNames();

// Whether the server gets to look at a request under this fault, so that it refuses a bad one. Other faults hide the
// server.
bool ReadsRequests(absl::string_view name);

// The answer that a healthy server would have given.
struct HealthyAnswer {
  // Writes the whole body, changed by `tweaks`; false when the sink refused.
  std::function<bool(const Tweaks& tweaks, BodySink& sink)> write;
  // How many rows that has.
  std::function<size_t()> count_rows = [] { return size_t{0}; };
  int64_t window_seconds = 0;
};

// Answers `request` in the manner of `fault`. `served` counts the requests answered under this fault before. Returns
// whether the connection may be kept.
bool AnswerWithFault(const Fault& fault, int served, const Request& request, const HealthyAnswer& healthy,
                     Connection& connection);

}  // namespace simulator

#endif  // TESTS_SIMULATOR_FAULTS_H_
