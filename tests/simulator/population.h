// The things of the simulated clusters that do not change with time.
#ifndef TESTS_SIMULATOR_POPULATION_H_
#define TESTS_SIMULATOR_POPULATION_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "tests/simulator/options.h"

namespace simulator {

inline constexpr double kGibibyte = 1024.0 * 1024.0 * 1024.0;

enum class Kind { kDeployment, kStatefulSet, kDaemonSet, kJob, kBare };

// "deployment" ...; "" for a pod without controller.
absl::string_view KindName(Kind kind);

struct Node {
  std::string name;
  std::string provider_id;
  size_t cluster = 0;       // into Population::clusters
  double price_factor = 1;  // a spot node is cheaper
};

// A controller, or one bare pod.
struct Workload {
  Kind kind = Kind::kDeployment;
  std::string name;
  size_t cluster = 0;
  int namespace_index = 0;  // into Population::namespaces; -1: Kubecost knows no namespace
  int replicas = 1;
  int containers = 1;
  int gpus = 0;  // on the first container of every replica
  bool load_balancer = false;
  bool nameless_pod = false;  // Kubecost knows no pod name either
  double cpu_request = 0;     // cores, per container
  double ram_request = 0;     // bytes, per container
};

// One replica of a workload: a place that pods occupy one after another.
struct Slot {
  uint32_t workload = 0;
  uint32_t ordinal = 0;
};

struct Population {
  std::vector<std::string> clusters;
  std::vector<std::string> namespaces;
  std::vector<Node> nodes;
  std::vector<std::vector<size_t>> cluster_nodes;  // by cluster, into `nodes`
  std::vector<Workload> workloads;
  std::vector<Slot> slots;
};

Population MakePopulation(const SimulatorOptions& options);

}  // namespace simulator

#endif  // TESTS_SIMULATOR_POPULATION_H_
