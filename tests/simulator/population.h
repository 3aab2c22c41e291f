// The things of the simulated clusters that do not change with time.

#ifndef KUBECOST_ALLOCATION_EXPORTER_TESTS_SIMULATOR_POPULATION_H_
#define KUBECOST_ALLOCATION_EXPORTER_TESTS_SIMULATOR_POPULATION_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "tests/simulator/options.h"

namespace simulator {

enum class Kind { kDeployment, kStatefulSet, kDaemonSet, kJob, kBare };

// "deployment" ...; "" for a pod without controller.
absl::string_view KindName(Kind kind);

struct Node {
  std::string name;
  std::string provider_id;
  int cluster = 0;
  double price_factor = 1;  // a spot node is cheaper
};

// A controller, or one bare pod.
struct Workload {
  Kind kind = Kind::kDeployment;
  std::string name;
  int cluster = 0;
  int ns = 0;  // -1: Kubecost knows no namespace
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
  std::uint32_t workload = 0;
  std::uint32_t ordinal = 0;
};

struct Population {
  std::vector<std::string> clusters;
  std::vector<std::string> namespaces;
  std::vector<Node> nodes;
  std::vector<std::vector<int>> cluster_nodes;  // by cluster, into `nodes`
  std::vector<Workload> workloads;
  std::vector<Slot> slots;
};

Population MakePopulation(const SimulatorOptions& options);

}  // namespace simulator

#endif  // KUBECOST_ALLOCATION_EXPORTER_TESTS_SIMULATOR_POPULATION_H_
