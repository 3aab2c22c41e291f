// The routes of the simulated server.
#ifndef TESTS_SIMULATOR_ALLOCATION_API_H_
#define TESTS_SIMULATOR_ALLOCATION_API_H_

#include <cstdint>
#include <string>

#include "tests/simulator/faults.h"
#include "tests/simulator/http_server.h"
#include "tests/simulator/world.h"

namespace simulator {

enum class Endpoint {
  kUnknown,
  kAllocation,
  kAllocationCompute,
  kClusterInfo,
  kSettings,
  kHealth,
};

// The endpoint of exactly this path; a trailing slash makes another path.
Endpoint FindEndpoint(const SimulatorOptions& options, absl::string_view path);

// Answers an API request at `now` (Unix seconds) in the manner of `fault`, whose name may be empty. Returns whether the
// connection may be kept.
bool AnswerApi(const World& world, Endpoint endpoint, const Request& request, int64_t now, const Fault& fault,
               int served, Connection& connection);

}  // namespace simulator

#endif  // TESTS_SIMULATOR_ALLOCATION_API_H_
