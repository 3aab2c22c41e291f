// A simulated Kubecost or OpenCost server on a loopback port.
#ifndef TESTS_SIMULATOR_SIMULATOR_H_
#define TESTS_SIMULATOR_SIMULATOR_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "tests/simulator/faults.h"
#include "tests/simulator/options.h"
#include "tests/simulator/oracle.h"

namespace simulator {

// Starts listening in the constructor and answers, one thread per connection, until destroyed. Every answer is a
// function of (options, now), so two simulators with equal options and clocks answer byte by byte the same. All methods
// may be called from any thread.
class Simulator {
 public:
  // Ends the process with a message when the port cannot be opened.
  explicit Simulator(SimulatorOptions options);
  ~Simulator();

  Simulator(const Simulator&) = delete;
  Simulator& operator=(const Simulator&) = delete;

  int port() const;
  // "http://127.0.0.1:PORT", no path, no trailing slash.
  std::string url() const;

  // Replaces the fault in force. An unknown name is ignored and false returned.
  bool SetFault(Fault fault);
  void ClearFault();

  // Stops the clock at `now`, in place of `options.now`.
  void SetNow(absl::Time now);
  absl::Time Now() const;

  // What a correct exporter must export for [start, end) at the present time, sorted by (cluster, namespace, pod).
  // Faults have no influence on it.
  std::vector<OracleEntry> Oracle(absl::Time start, absl::Time end, Level level, IdleMode idle = IdleMode::kSeparate,
                                  bool share_tenancy_costs = true) const;

  // Targets (path and query) of the requests seen so far, the newest 10,000; requests below /__simulator/ are not among
  // them.
  std::vector<std::string> requests() const;
  void ClearRequests();
  // The most allocation requests answered at the same time so far.
  int max_in_flight() const;

  // Stop closes every connection and the port; Start takes the same port again. Both are idempotent.
  void Stop();
  void Start();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace simulator

#endif  // TESTS_SIMULATOR_SIMULATOR_H_
