#include "tests/simulator/population.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <map>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "tests/simulator/hash.h"

namespace simulator {
namespace {

constexpr std::array<std::array<absl::string_view, 4>, 5> kAppNames = {{
    {"web", "api", "checkout", "search"},
    {"db", "kafka", "redis", "etcd"},
    {"agent", "kindnet", "node-exporter", "csi"},
    {"batch", "report", "backup", "import"},
    {"shell", "debug", "migrate", "probe"},
}};

size_t Index(Kind kind) { return static_cast<size_t>(kind); }

// The first workloads of every cluster are fixed, so that even ten pods show each kind, and one row without a
// namespace.
Kind ChooseKind(size_t round, uint64_t hash) {
  constexpr std::array<Kind, 6> kFirst = {Kind::kStatefulSet, Kind::kDeployment, Kind::kJob,
                                          Kind::kBare,        Kind::kDaemonSet,  Kind::kBare};
  if (round < kFirst.size()) return kFirst[round];
  const double u = Unit(hash);
  if (u < 0.50) return Kind::kDeployment;
  if (u < 0.65) return Kind::kStatefulSet;
  if (u < 0.72) return Kind::kDaemonSet;
  return u < 0.90 ? Kind::kJob : Kind::kBare;
}

int ChooseReplicas(Kind kind, int cluster_nodes, uint64_t hash) {
  switch (kind) {
    case Kind::kDeployment:
      return 1 + static_cast<int>(hash % 6);
    case Kind::kStatefulSet:
      return 1 + static_cast<int>(hash % 3);
    case Kind::kDaemonSet:
      return std::min(cluster_nodes, 8);
    case Kind::kJob:
    case Kind::kBare:
      break;
  }
  return 1;
}

void ChooseSize(uint64_t seed, uint64_t id, Workload& workload) {
  const uint64_t hash = Hash(seed, Salt::kWorkload, id, 1);
  constexpr std::array<double, 6> kCores = {0.05, 0.1, 0.25, 0.5, 1, 2};
  constexpr std::array<double, 6> kMemory = {64, 128, 256, 512, 1024, 4096};
  // A tenth asks for nothing: such rows have an efficiency of 1.
  if (hash % 10 != 0) {
    workload.cpu_request = kCores[(hash >> 8) % kCores.size()];
    workload.ram_request = kMemory[(hash >> 16) % kMemory.size()] * (kGibibyte / 1024);
  }
  workload.containers = 1 + static_cast<int>((hash >> 24) % 8 > 5) + static_cast<int>((hash >> 28) % 16 > 13);
  const bool replicated = workload.kind == Kind::kDeployment;
  workload.load_balancer = replicated && (hash >> 32) % 8 == 0;
  if (replicated || workload.kind == Kind::kJob) {
    workload.gpus = (hash >> 40) % 32 == 0 ? 1 + static_cast<int>((hash >> 48) % 2) : 0;
  }
}

void AddNodes(const SimulatorOptions& options, Population& population) {
  const size_t clusters = population.clusters.size();
  const auto wanted = static_cast<size_t>(options.nodes > 0 ? options.nodes : 2 + options.pods / 25);
  const size_t count = std::max(wanted, clusters);
  population.cluster_nodes.resize(clusters);
  for (size_t i = 0; i < count; ++i) {
    const uint64_t hash = Hash(options.seed, Salt::kNode, i);
    Node node;
    node.cluster = i % clusters;
    node.name = absl::StrCat("ip-10-", i / 65536, "-", i / 256 % 256, "-", i % 256, ".eu-central-1.compute.internal");
    node.provider_id = absl::StrCat("i-", absl::Hex(hash, absl::kZeroPad16));
    node.price_factor = hash % 4 == 0 ? 0.35 : 1;
    population.cluster_nodes[node.cluster].push_back(i);
    population.nodes.push_back(std::move(node));
  }
}

void AddNames(const SimulatorOptions& options, Population& population) {
  const bool kubecost = options.product == Product::kKubecost;
  for (int i = 0; i < std::max(1, options.clusters); ++i) {
    constexpr std::array<absl::string_view, 3> kWords = {"one", "two", "three"};
    if (i == 0 && !kubecost) {
      population.clusters.emplace_back("default-cluster");
    } else if (i < 3) {
      population.clusters.push_back(absl::StrCat("cluster-", kWords[static_cast<size_t>(i)]));
    } else {
      population.clusters.push_back(absl::StrCat("cluster-", i + 1));
    }
  }
  const int count = options.namespaces > 0 ? options.namespaces : std::clamp(3 + options.pods / 40, 3, 2000);
  constexpr std::array<absl::string_view, 3> kSystem = {"kube-system", "monitoring", "default"};
  for (int i = 0; i < count; ++i) {
    population.namespaces.push_back(i < 3 ? std::string(kSystem[static_cast<size_t>(i)])
                                          : absl::StrCat("team-", i - 2));
  }
}

Workload MakeWorkload(const SimulatorOptions& options, const Population& population, uint64_t id) {
  const size_t clusters = population.clusters.size();
  const size_t round = id / clusters;
  const uint64_t hash = Hash(options.seed, Salt::kWorkload, id);
  Workload workload;
  workload.kind = ChooseKind(round, hash);
  workload.cluster = id % clusters;
  workload.namespace_index = static_cast<int>((hash >> 20) % population.namespaces.size());
  if (round == 5 || (round > 5 && hash % 512 == 0)) workload.namespace_index = -1;
  workload.nameless_pod = round > 5 && workload.namespace_index < 0 && workload.kind == Kind::kBare;
  const int cluster_nodes = static_cast<int>(population.cluster_nodes[workload.cluster].size());
  workload.replicas = ChooseReplicas(workload.kind, cluster_nodes, Hash(options.seed, Salt::kReplicas, id));
  if (round < 6) workload.replicas = std::min(workload.replicas, 2);
  ChooseSize(options.seed, id, workload);
  return workload;
}

}  // namespace

absl::string_view KindName(Kind kind) {
  constexpr std::array<absl::string_view, 5> kNames = {"deployment", "statefulset", "daemonset", "job", ""};
  return kNames[Index(kind)];
}

Population MakePopulation(const SimulatorOptions& options) {
  Population population;
  AddNames(options, population);
  AddNodes(options, population);
  // Numbering per cluster, namespace and kind makes the same pod names turn up in several namespaces and clusters.
  std::map<std::tuple<size_t, int, Kind>, size_t> numbering;
  int left = options.pods;
  for (uint64_t id = 0; left > 0; ++id) {
    Workload workload = MakeWorkload(options, population, id);
    const size_t number = numbering[{workload.cluster, workload.namespace_index, workload.kind}]++;
    const auto& names = kAppNames[Index(workload.kind)];
    workload.name = absl::StrCat(names[number % names.size()], "-", number / names.size());
    workload.replicas = std::min(workload.replicas, left);
    left -= workload.replicas;
    for (int i = 0; i < workload.replicas; ++i) {
      population.slots.push_back({static_cast<uint32_t>(population.workloads.size()), static_cast<uint32_t>(i)});
    }
    population.workloads.push_back(std::move(workload));
  }
  return population;
}

}  // namespace simulator
