#include "tests/simulator/simulator.h"

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "tests/simulator/allocation_api.h"
#include "tests/simulator/http_server.h"
#include "tests/simulator/query.h"
#include "tests/simulator/response.h"
#include "tests/simulator/world.h"

namespace simulator {
namespace {

constexpr size_t kMaxRequests = 10'000;

std::optional<Level> ParseLevel(absl::string_view text) {
  if (text == "pod") return Level::kPod;
  if (text == "namespace") return Level::kNamespace;
  if (text == "cluster") return Level::kCluster;
  return std::nullopt;
}

std::optional<IdleMode> ParseIdle(absl::string_view text) {
  if (text.empty() || text == "separate") return IdleMode::kSeparate;
  if (text == "share") return IdleMode::kShare;
  if (text == "off") return IdleMode::kOff;
  return std::nullopt;
}

// Counts itself for as long as it lives.
class InFlight {
 public:
  InFlight(std::atomic<int>& now, std::atomic<int>& most) : now_(now) {
    const int count = ++now_;
    int seen = most.load();
    while (count > seen && !most.compare_exchange_weak(seen, count)) {
    }
  }
  ~InFlight() { --now_; }
  InFlight(const InFlight&) = delete;
  InFlight& operator=(const InFlight&) = delete;

 private:
  std::atomic<int>& now_;
};

}  // namespace

class Simulator::Impl {
 public:
  explicit Impl(SimulatorOptions options)
      : world_(std::move(options)),
        server_(world_.options().host, world_.options().port,
                [this](const Request& request, Connection& connection) { return Answer(request, connection); }) {}

  void Start() {
    const std::string error = server_.Start();
    if (error.empty()) return;
    std::fprintf(stderr, "kubecost-simulator: %s\n", error.c_str());
    std::exit(1);
  }
  void Stop() { server_.Stop(); }
  int port() const { return server_.port(); }
  const SimulatorOptions& options() const { return world_.options(); }
  int most_in_flight() const { return most_in_flight_.load(); }

  bool SetFault(Fault fault) {
    if (!IsKnownFault(fault.name)) return false;
    if (fault.name == "none") fault.name.clear();
    const std::lock_guard lock(mutex_);
    fault_ = std::move(fault);
    served_ = 0;
    return true;
  }

  void SetNow(absl::Time now) {
    const std::lock_guard lock(mutex_);
    now_ = now;
  }

  absl::Time Now() const {
    {
      const std::lock_guard lock(mutex_);
      if (now_) return *now_;
    }
    return world_.options().now();
  }

  std::vector<OracleEntry> Oracle(const OracleRequest& request, const std::atomic<bool>* stop) const {
    return ComputeOracle(world_, request, absl::ToUnixSeconds(Now()), stop);
  }

  std::vector<std::string> requests() const {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> targets;
    for (const Seen& seen : requests_) targets.push_back(seen.target);
    return targets;
  }

  void ClearRequests() {
    const std::lock_guard lock(mutex_);
    requests_.clear();
  }

 private:
  bool Answer(const Request& request, Connection& connection) {
    if (absl::StartsWith(request.path, "/__simulator/")) return Control(request, connection);
    const absl::Time now = Now();
    Remember(now, request.target);
    const Endpoint endpoint = FindEndpoint(world_.options(), request.path);
    if (endpoint == Endpoint::kUnknown) return SendNotFound(connection);
    if (request.method != "GET") return SendWhole(connection, 405, kText, "Method Not Allowed\n");
    if (endpoint == Endpoint::kHealth) return SendWhole(connection, 200, kText, "");
    if (IsDown(now)) return SendWhole(connection, 503, kText, "Service Unavailable\n");
    int served = 0;
    const Fault fault = TakeFault(request, served);
    std::optional<InFlight> counted;
    if (endpoint != Endpoint::kClusterInfo && endpoint != Endpoint::kSettings) {
      counted.emplace(in_flight_, most_in_flight_);
    }
    return AnswerApi(world_, endpoint, request, absl::ToUnixSeconds(now), fault, served, connection);
  }

  bool IsDown(absl::Time now) const {
    const std::vector<Outage>& outages = world_.options().outages;
    return std::any_of(outages.begin(), outages.end(), [&](const Outage& o) { return o.start <= now && now < o.end; });
  }

  struct Seen {
    absl::Time time;  // the clock's time when it came
    std::string target;
  };

  void Remember(absl::Time time, const std::string& target) {
    const std::lock_guard lock(mutex_);
    if (requests_.size() >= kMaxRequests) requests_.pop_front();
    requests_.push_back({time, target});
  }

  // The fault for this request; one without a name when it gets the true answer.
  Fault TakeFault(const Request& request, int& served) {
    const std::lock_guard lock(mutex_);
    if (fault_.name.empty() || fault_.count == 0 || !absl::StrContains(request.target, fault_.path)) {
      return {};
    }
    if (fault_.count > 0) --fault_.count;
    served = served_++;
    return fault_;
  }

  bool Control(const Request& request, Connection& connection) {
    if (request.path == "/__simulator/fault" && request.method == "POST") return ControlFault(request, connection);
    if (request.path == "/__simulator/oracle" && request.method == "GET") return ControlOracle(request, connection);
    if (request.path == "/__simulator/requests" && request.method == "GET") {
      const bool timed = Find(request.parameters, "times") == "true";
      return SendWhole(connection, 200, kText, RequestLog(timed));
    }
    return SendNotFound(connection);
  }

  std::string RequestLog(bool timed) const {
    const std::lock_guard lock(mutex_);
    std::string log;
    for (const Seen& seen : requests_) {
      if (timed) log += absl::FormatTime("%Y-%m-%dT%H:%M:%SZ ", seen.time, absl::UTCTimeZone());
      log += seen.target + "\n";
    }
    return log;
  }

  bool ControlFault(const Request& request, Connection& connection) {
    Fault fault;
    fault.name = std::string(Find(request.parameters, "name"));
    fault.arg = std::string(Find(request.parameters, "arg"));
    fault.path = std::string(Find(request.parameters, "path"));
    const absl::string_view count = Find(request.parameters, "count");
    if (!count.empty() && !absl::SimpleAtoi(count, &fault.count)) {
      return SendWhole(connection, 400, kText, "bad count\n");
    }
    if (!SetFault(std::move(fault))) {
      return SendWhole(connection, 400, kText, "unknown fault\n");
    }
    return SendWhole(connection, 200, kText, "ok\n");
  }

  bool ControlOracle(const Request& request, Connection& connection) {
    OracleRequest wanted;
    const auto level = ParseLevel(Find(request.parameters, "level"));
    const auto idle = ParseIdle(Find(request.parameters, "idle"));
    if (!level || !idle || !ParseZulu(Find(request.parameters, "start"), wanted.window.start) ||
        !ParseZulu(Find(request.parameters, "end"), wanted.window.end)) {
      return SendWhole(connection, 400, kText, "start, end, level and idle needed\n");
    }
    wanted.level = *level;
    wanted.idle = *idle;
    wanted.share_tenancy_costs = Find(request.parameters, "shareTenancyCosts") != "false";
    StreamedResponse response(request, connection);
    return response.Write(OracleJson(Oracle(wanted, &connection.stop()))) && response.Finish();
  }

  const World world_;

  mutable std::mutex mutex_;  // guards the following
  Fault fault_;
  int served_ = 0;
  std::optional<absl::Time> now_;
  std::deque<Seen> requests_;

  std::atomic<int> in_flight_{0};
  std::atomic<int> most_in_flight_{0};

  HttpServer server_;  // last: its threads use all of the above
};

Simulator::Simulator(SimulatorOptions options) : impl_(std::make_unique<Impl>(std::move(options))) { impl_->Start(); }

Simulator::~Simulator() { impl_->Stop(); }

int Simulator::port() const { return impl_->port(); }

std::string Simulator::url() const {
  const std::string& host = impl_->options().host;
  return absl::StrCat("http://", host == "::1" ? "[::1]" : "127.0.0.1", ":", port());
}

bool Simulator::SetFault(Fault fault) { return impl_->SetFault(std::move(fault)); }
void Simulator::ClearFault() { impl_->SetFault({}); }
void Simulator::SetNow(absl::Time now) { impl_->SetNow(now); }
absl::Time Simulator::Now() const { return impl_->Now(); }

std::vector<OracleEntry> Simulator::Oracle(absl::Time start, absl::Time end, Level level, IdleMode idle,
                                           bool share_tenancy_costs) const {
  OracleRequest request;
  request.window = {absl::ToUnixSeconds(start), absl::ToUnixSeconds(end)};
  request.level = level;
  request.idle = idle;
  request.share_tenancy_costs = share_tenancy_costs;
  return impl_->Oracle(request, nullptr);
}

std::vector<std::string> Simulator::requests() const { return impl_->requests(); }
void Simulator::ClearRequests() { impl_->ClearRequests(); }
int Simulator::max_in_flight() const { return impl_->most_in_flight(); }
void Simulator::Stop() { impl_->Stop(); }
void Simulator::Start() { impl_->Start(); }

}  // namespace simulator
