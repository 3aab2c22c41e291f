#include "benchmarks/generator.h"

#include <algorithm>
#include <array>

#include "absl/strings/str_cat.h"

namespace benchmarks {
namespace {

constexpr size_t kPieceBytes = size_t{32} << 10;
constexpr size_t kPodsPerNamespace = 50;
constexpr size_t kPodsPerController = 5;
constexpr size_t kPodsPerNode = 30;

// SplitMix64 (Steele, Lea, Flood 2014).
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  uint64_t Next() {
    uint64_t x = state_ += 0x9e3779b97f4a7c15ULL;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
    return x ^ (x >> 31);
  }
  uint64_t Below(uint64_t limit) { return Next() % limit; }
  bool Percent(uint64_t percent) { return Below(100) < percent; }

 private:
  uint64_t state_;
};

// Texts of a fixed width whose byte order is the order of the numbers.
std::string Digits(uint64_t number, size_t width) {
  std::string text(width, '0');
  for (size_t i = width; i-- > 0; number /= 10) text[i] = static_cast<char>('0' + number % 10);
  return text;
}

std::string Letters(uint64_t number, size_t width) {
  constexpr absl::string_view kAlphabet = "2456789bcdfghjklmnpqrstvwxz";  // Kubernetes' own, without vowels
  std::string text(width, '2');
  for (size_t i = width; i-- > 0; number /= kAlphabet.size()) text[i] = kAlphabet[number % kAlphabet.size()];
  return text;
}

struct PodNames {
  std::string namespace_name;
  std::string controller;
  std::string pod;
  std::string node;
  std::string template_hash;
};

PodNames NamesOf(const AnswerShape& shape, size_t pod) {
  constexpr std::array<absl::string_view, 5> kKinds = {"api", "gateway", "ingest", "scheduler", "worker"};
  const size_t controller = pod / kPodsPerController;
  Random of_controller(shape.seed * 31 + controller * 2 + shape.generation * 1'000'003);
  Random of_pod(shape.seed * 17 + pod);
  PodNames names;
  names.namespace_name = absl::StrCat("team-", Digits(pod / kPodsPerNamespace, 5), "-production");
  names.controller = absl::StrCat("service-", Digits(controller % 1000, 3), "-", kKinds[controller % kKinds.size()]);
  names.template_hash = Letters(of_controller.Next(), 10);
  const uint64_t order = pod % kPodsPerController * 1'000'000 + of_controller.Below(1'000'000);
  names.pod = absl::StrCat(names.controller, "-", names.template_hash, "-", Letters(order, 5));
  const uint64_t nodes = std::max<uint64_t>(1, shape.pods / kPodsPerNode);
  names.node = absl::StrCat("ip-10-", of_pod.Below(nodes), "-0-1.eu-central-1.compute.internal");
  return names;
}

// Amounts are whole numbers of 0.00001, the grid Kubecost rounds to.
void Field(absl::string_view name, uint64_t units, std::string& out) {
  absl::StrAppend(&out, ",\"", name, "\":", units / 100'000);
  uint64_t decimals = units % 100'000;
  if (decimals == 0) return;
  size_t width = 5;
  for (; decimals % 10 == 0; decimals /= 10) --width;
  absl::StrAppend(&out, ".", Digits(decimals, width));
}

void AppendProperties(const PodNames& names, std::string& out) {
  const std::string provider = absl::StrCat("aws:///eu-central-1a/i-0", names.template_hash, names.node.substr(6, 3));
  absl::StrAppend(&out, "\"properties\":{\"cluster\":\"production-eu-1\",\"node\":\"", names.node,
                  "\",\"container\":\"main\",\"controller\":\"", names.controller,
                  "\",\"controllerKind\":\"deployment\",\"namespace\":\"", names.namespace_name, "\",\"pod\":\"",
                  names.pod, "\",\"services\":[\"", names.controller, "\"],\"providerID\":\"", provider);
  absl::StrAppend(&out, "\",\"labels\":{\"app_kubernetes_io_instance\":\"", names.controller,
                  "\",\"app_kubernetes_io_name\":\"", names.controller,
                  "\",\"beta_kubernetes_io_arch\":\"amd64\",\"kubernetes_io_metadata_name\":\"", names.namespace_name,
                  "\",\"pod_template_hash\":\"", names.template_hash,
                  "\"},\"namespaceLabels\":{\"kubernetes_io_metadata_name\":\"", names.namespace_name, "\"}}");
}

struct Amounts {
  uint64_t cpu_request;
  uint64_t cpu_usage;
  uint64_t memory_request;
  uint64_t memory_usage;
  uint64_t cpu;
  uint64_t cpu_adjustment;
  uint64_t memory;
  uint64_t gpu;
  uint64_t network;
  uint64_t load_balancer;
  uint64_t pv;
  uint64_t total() const { return cpu + cpu_adjustment + memory + gpu + network + load_balancer + pv; }
};

Amounts AmountsOf(const AnswerShape& shape, size_t pod) {
  Random random(shape.seed * 13 + pod);
  Amounts amounts = {};
  amounts.cpu_request = 1'000 * (5 + random.Below(400));
  amounts.cpu_usage = random.Below(amounts.cpu_request * 5 / 4);
  amounts.memory_request = 6'710'886'400'000 * (1 + random.Below(64));
  amounts.memory_usage = random.Below(amounts.memory_request);
  amounts.cpu = 1 + amounts.cpu_request * 3 / 4 + random.Below(1'000);
  if (random.Percent(30)) amounts.cpu_adjustment = random.Below(amounts.cpu);
  amounts.memory = 1 + amounts.memory_request / 1'000'000'000 + random.Below(1'000);
  if (random.Percent(2)) amounts.gpu = 1'000'000 + random.Below(1'000'000);
  if (random.Percent(90)) amounts.network = random.Below(20'000);
  if (random.Percent(3)) amounts.load_balancer = 60'000;
  if (random.Percent(20)) amounts.pv = 1'000 + random.Below(100'000);
  return amounts;
}

void AppendComputing(const Amounts& amounts, std::string& out) {
  Field("minutes", 144'000'000, out);
  Field("cpuCores", std::max(amounts.cpu_request, amounts.cpu_usage), out);
  Field("cpuCoreRequestAverage", amounts.cpu_request, out);
  Field("cpuCoreLimitAverage", amounts.cpu_request * 2, out);
  Field("cpuCoreUsageAverage", amounts.cpu_usage, out);
  Field("cpuCoreHours", amounts.cpu_request * 24, out);
  Field("cpuCost", amounts.cpu, out);
  Field("cpuCostAdjustment", amounts.cpu_adjustment, out);
  Field("cpuCostIdle", 0, out);
  Field("cpuEfficiency", amounts.cpu_usage * 100'000 / amounts.cpu_request, out);
  const uint64_t gpus = amounts.gpu > 0 ? 100'000 : 0;
  Field("gpuCount", gpus, out);
  Field("gpuHours", gpus * 24, out);
  Field("gpuCost", amounts.gpu, out);
  Field("gpuCostAdjustment", 0, out);
  Field("gpuCostIdle", 0, out);
  Field("gpuEfficiency", gpus / 2, out);
}

void AppendNetworkAndStorage(const Amounts& amounts, std::string& out) {
  Field("networkTransferBytes", amounts.network * 12'345'678, out);
  Field("networkReceiveBytes", amounts.network * 23'456'789, out);
  Field("networkCost", amounts.network, out);
  Field("networkCrossZoneCost", amounts.network / 2, out);
  Field("networkCrossRegionCost", amounts.network / 8, out);
  Field("networkInternetCost", amounts.network / 4, out);
  Field("networkNatGatewayEgressCost", 0, out);
  Field("networkNatGatewayIngressCost", 0, out);
  Field("networkCostAdjustment", 0, out);
  Field("loadBalancerCost", amounts.load_balancer, out);
  Field("loadBalancerCostAdjustment", 0, out);
  Field("pvBytes", amounts.pv * 1'073'741'824, out);
  Field("pvByteHours", amounts.pv * 25'769'803'776, out);
  Field("pvCost", amounts.pv, out);
  if (amounts.pv == 0) {
    out += ",\"pvs\":null";
  } else {
    const std::string volume = absl::StrCat("pvc-", Digits(amounts.pv, 8), "-4c1e-4a52-9f0e-d2c1b7a81234");
    absl::StrAppend(&out, ",\"pvs\":{\"cluster=production-eu-1:name=", volume, "\":{\"byteHours\":257698037760.00003");
    Field("cost", amounts.pv, out);
    absl::StrAppend(&out, ",\"providerID\":\"", volume, "\",\"adjustment\":0}}");
  }
  Field("pvCostAdjustment", 0, out);
}

void AppendMemoryAndTotals(const Amounts& amounts, std::string& out) {
  Field("ramBytes", std::max(amounts.memory_request, amounts.memory_usage), out);
  Field("ramByteRequestAverage", amounts.memory_request, out);
  Field("ramByteLimitAverage", amounts.memory_request * 2, out);
  Field("ramByteUsageAverage", amounts.memory_usage, out);
  Field("ramByteHours", amounts.memory_request * 24, out);
  Field("ramCost", amounts.memory, out);
  Field("ramCostAdjustment", 0, out);
  Field("ramCostIdle", 0, out);
  Field("ramEfficiency", amounts.memory_usage / (amounts.memory_request / 100'000), out);
  Field("externalCost", 0, out);
  Field("sharedCost", 0, out);
  Field("totalCost", amounts.total(), out);
  Field("totalEfficiency", amounts.cpu_usage * 90'000 / amounts.cpu_request, out);
  absl::StrAppend(&out, ",\"rawAllocationOnly\":{\"cpuCoreUsageMax\":0.0023590228937878373,\"ramByteUsageMax\":",
                  amounts.memory_usage / 100'000, ",\"gpuUsageMax\":null},\"lbAllocations\":null,");
  out += "\"gpuAllocation\":{\"isGPUShared\":null,\"gpuUsageAverage\":null,\"gpuRequestAverage\":0}}";
}

void AppendRow(const AnswerShape& shape, size_t pod, std::string& out) {
  const PodNames names = NamesOf(shape, pod);
  const std::string key = absl::StrCat("production-eu-1/", names.namespace_name, "/", names.pod, "/", names.node,
                                       "/deployment/", names.controller);
  absl::StrAppend(&out, pod == 0 ? "" : ",", "\"", key, "\":{\"name\":\"", key, "\",");
  AppendProperties(names, out);
  out +=
      ",\"window\":{\"start\":\"2026-11-19T00:00:00Z\",\"end\":\"2026-11-20T00:00:00Z\"}"
      ",\"start\":\"2026-11-19T00:00:00Z\",\"end\":\"2026-11-20T00:00:00Z\"";
  const Amounts amounts = AmountsOf(shape, pod);
  AppendComputing(amounts, out);
  AppendNetworkAndStorage(amounts, out);
  AppendMemoryAndTotals(amounts, out);
}

}  // namespace

absl::string_view AnswerGenerator::Next() {
  piece_.clear();
  if (ended_) return piece_;
  if (next_pod_ == 0) piece_ += "{\"code\":200,\"data\":[{";
  while (next_pod_ < shape_.pods && piece_.size() < kPieceBytes) AppendRow(shape_, next_pod_++, piece_);
  ended_ = next_pod_ == shape_.pods;
  if (ended_) piece_ += "}]}\n";
  return piece_;
}

std::string GenerateAnswer(const AnswerShape& shape) {
  std::string body;
  AnswerGenerator generator(shape);
  for (absl::string_view piece = generator.Next(); !piece.empty(); piece = generator.Next()) {
    body.append(piece.data(), piece.size());
  }
  return body;
}

}  // namespace benchmarks
