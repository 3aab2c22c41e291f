// What a simulated Kubecost or OpenCost server is like.
#ifndef TESTS_SIMULATOR_OPTIONS_H_
#define TESTS_SIMULATOR_OPTIONS_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "tests/simulator/events.h"

namespace simulator {

enum class Product { kKubecost, kOpenCost };

// kOld carries `"status":"success"`, and appends JSON to the text of a refused window.
enum class Envelope { kNew, kOld };

// kAggregated: rows carry only the properties that were aggregated by (Kubecost since 2.2.3). kAll: the intersection of
// all members' properties.
enum class KeepAttributes { kAggregated, kAll };

// Where the settings are read: in the envelope at /getConfigs, or as a bare object at /productConfigs.
enum class SettingsEndpoint { kGetConfigs, kProductConfigs };

struct SimulatorOptions {
  Product product = Product::kKubecost;
  Envelope envelope = Envelope::kNew;
  // Unset: kAggregated for Kubecost, kAll for OpenCost.
  std::optional<KeepAttributes> keep_attributes;

  uint64_t seed = 1;
  // Workload slots alive at one time; a day has more pods, because some die and are replaced.
  int pods = 60;
  int namespaces = 0;  // 0: chosen from the number of pods
  int nodes = 0;       // 0: chosen from the number of pods
  int clusters = 1;
  int history_days = 30;
  // A fixed offset: days, sets and printed windows follow it.
  absl::Duration utc_offset = absl::ZeroDuration();
  std::function<absl::Time()> now = [] { return absl::Now(); };

  std::vector<DayEvent> events;
  std::vector<Outage> outages;

  // Shares of rows, or of pods and days, that show an oddity: 0..1.
  double null_efficiency_rate = 0.01;
  double null_cost_rate = 0;
  double negative_cost_rate = 0.002;
  // Unset: on for Kubecost, off for OpenCost (which never reconciles).
  std::optional<bool> adjustments;
  // `properties.pod` is "<pod> <uid>", as with INGEST_POD_UID.
  bool pod_uid = false;
  // A missing controller is the word `__unallocated__` in `properties` too, instead of being left out.
  bool unallocated_properties = false;
  // What the settings say; empty: the server has none (404).
  std::string currency;
  SettingsEndpoint settings_endpoint = SettingsEndpoint::kGetConfigs;

  // "127.0.0.1", "::1", "0.0.0.0", or "localhost" for both loopbacks.
  std::string host = "127.0.0.1";
  int port = 0;  // 0: an ephemeral one
};

}  // namespace simulator

#endif  // TESTS_SIMULATOR_OPTIONS_H_
