// Answers that are not the healthy one: the parts of the faults' table.
#ifndef TESTS_SIMULATOR_FAULT_ANSWERS_H_
#define TESTS_SIMULATOR_FAULT_ANSWERS_H_

#include <cstddef>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "tests/simulator/faults.h"
#include "tests/simulator/http_server.h"

namespace simulator {

inline constexpr size_t kMebibyte = size_t{1} << 20;

// All that a fault may look at.
struct Exchange {
  const Fault& fault;
  int served;
  const Request& request;
  const HealthyAnswer& healthy;
  Connection& connection;

  double Number(double otherwise) const {
    double number = otherwise;
    return absl::SimpleAtod(fault.arg, &number) && number >= 0 ? number : otherwise;
  }
  // The argument's parts between commas; at least one, which may be empty.
  std::vector<absl::string_view> Parts() const { return absl::StrSplit(fault.arg, ','); }
  size_t Count(size_t otherwise, size_t unit) const {
    return static_cast<size_t>(Number(static_cast<double>(otherwise)) * static_cast<double>(unit));
  }
};

struct AnswerFault {
  absl::string_view name;
  // Returns whether the connection may be kept.
  bool (*answer)(const Exchange&);
};

// The connection misbehaves.
const std::vector<AnswerFault>& ConnectionFaults();
// Something else answers in Kubecost's place, Kubecost refuses, or its answer has another shape.
const std::vector<AnswerFault>& CannedFaults();
// The server gives up on what is too much for it, and answers all else.
const std::vector<AnswerFault>& LoadFaults();

// An error of the server, JSON, or of the proxy in front of it, HTML.
bool SendStatus(const Exchange& exchange, int status);
// The healthy answer with changed content.
bool SendTweaked(const Exchange& exchange, const Tweaks& tweaks);

}  // namespace simulator

#endif  // TESTS_SIMULATOR_FAULT_ANSWERS_H_
