// kubecost-simulator: the simulated server as a process.

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "tests/simulator/simulator.h"

namespace simulator {
namespace {

constexpr char kUsage[] =
    R"(kubecost-simulator: a simulated Kubecost or OpenCost server

  --listen=HOST:PORT       default 127.0.0.1:0; port 0: any free one;
                           localhost: both loopbacks
  --product=kubecost|opencost
  --envelope=new|old       old: with `status`
  --keep-attributes=aggregated|all
  --pods=N --namespaces=N --nodes=N --clusters=N
  --seed=N
  --history-days=N
  --utc-offset=+HH:MM
  --now=RFC3339            what the clock shows at --epoch
  --time-scale=F           simulated seconds per second
  --epoch=UNIXSECONDS      default: start of the process
  --null-efficiency-rate=F --null-cost-rate=F --negative-cost-rate=F
  --adjustments=true|false
  --pod-uid                pods are named "<pod> <uid>"
  --unallocated-properties missing controllers as __unallocated__
  --currency=CODE          what the settings say; default: there are none (404)
  --currency-endpoint=getConfigs|productConfigs
                           where they are; productConfigs has no envelope
  --event=off:DATE         repeatable, DATE as YYYY-MM-DD at the UTC offset:
                           the clusters were powered off all day
  --event=half:DATE        ... from 12:00 on
  --event=vanish:DATE[:HOURS]
                           a tenth of the pods leaves the day's data HOURS (20)
                           after its end
  --event=move:DATE        a third of the pods ran on two nodes
  --outage=START/END       repeatable, RFC 3339: API requests get HTTP 503
  --fault=NAME[:ARG]       names below
  --help

GET  /__simulator/oracle?start=&end=&level=pod|namespace|cluster
     &idle=separate|share|off&shareTenancyCosts=true|false
POST /__simulator/fault?name=&arg=&count=&path=
GET  /__simulator/requests[?times=true]
                           times: each after the clock's time when it came

The oracle knows the events, but neither outages nor faults.

Faults with arguments worth knowing:
  recompute                every answer is 1 % more expensive than the one before
  recompute:K[,PERCENT]    K true answers, from then on all costs are changed by
                           PERCENT (1)
  partial_day              only the first half of each day is known
  fewer_pods               pod level lacks a tenth of the pods, others are whole
  too_big[:ROWS[,STATUS]]  answers of more than ROWS (100) rows become STATUS
                           (504)
  too_big:ROWS,reset       ... or a reset of the connection
  no_long_windows          HTTP 500 for windows of more than two days
  no_hourly                no data for windows of less than a day

All faults:
  )";

struct Settings {
  SimulatorOptions options;
  Fault fault;
  absl::Time now = absl::Now();
  absl::Time epoch = absl::Now();
  bool own_clock = false;
  double scale = 1;
  bool help = false;
};

bool ReadListen(absl::string_view value, SimulatorOptions& options) {
  const size_t colon = value.rfind(':');
  if (colon == absl::string_view::npos) return false;
  absl::string_view host = value.substr(0, colon);
  absl::ConsumePrefix(&host, "[");
  absl::ConsumeSuffix(&host, "]");
  options.host = host.empty() ? "0.0.0.0" : std::string(host);
  return absl::SimpleAtoi(value.substr(colon + 1), &options.port) && options.port >= 0 && options.port <= 65535;
}

bool ReadOffset(absl::string_view value, absl::Duration& offset) {
  int hours = 0;
  int minutes = 0;
  if (value.size() != 6 || (value[0] != '+' && value[0] != '-') || value[3] != ':' ||
      !absl::SimpleAtoi(value.substr(1, 2), &hours) || !absl::SimpleAtoi(value.substr(4, 2), &minutes)) {
    return false;
  }
  offset = absl::Hours(hours) + absl::Minutes(minutes);
  if (value[0] == '-') offset = -offset;
  return true;
}

template <typename Choice>
bool Choose(absl::string_view value, absl::string_view first, Choice if_first, absl::string_view second,
            Choice if_second, Choice& out) {
  out = value == first ? if_first : if_second;
  return value == first || value == second;
}

bool ReadTime(absl::string_view value, absl::Time& time) {
  std::string error;
  return absl::ParseTime(absl::RFC3339_full, value, &time, &error);
}

template <typename Item>
bool Append(const std::optional<Item>& item, std::vector<Item>& list) {
  if (item) list.push_back(*item);
  return item.has_value();
}

using Reader = std::function<bool(absl::string_view)>;

std::map<absl::string_view, Reader> Readers(Settings& s) {
  SimulatorOptions& o = s.options;
  const auto rate = [](double& out) { return [&out](absl::string_view v) { return absl::SimpleAtod(v, &out); }; };
  const auto count = [](int least, int& out) {
    return [least, &out](absl::string_view v) { return absl::SimpleAtoi(v, &out) && out >= least; };
  };
  return {
      {"listen", [&](absl::string_view v) { return ReadListen(v, o); }},
      {"product",
       [&](absl::string_view v) {
         return Choose(v, "kubecost", Product::kKubecost, "opencost", Product::kOpenCost, o.product);
       }},
      {"envelope",
       [&](absl::string_view v) { return Choose(v, "old", Envelope::kOld, "new", Envelope::kNew, o.envelope); }},
      {"keep-attributes",
       [&](absl::string_view v) {
         return Choose(v, "all", KeepAttributes::kAll, "aggregated", KeepAttributes::kAggregated,
                       o.keep_attributes.emplace());
       }},
      {"currency",
       [&](absl::string_view v) {
         o.currency = std::string(v);
         return true;
       }},
      {"currency-endpoint",
       [&](absl::string_view v) {
         return Choose(v, "getConfigs", SettingsEndpoint::kGetConfigs, "productConfigs",
                       SettingsEndpoint::kProductConfigs, o.settings_endpoint);
       }},
      {"pods", count(1, o.pods)},
      {"namespaces", count(0, o.namespaces)},
      {"nodes", count(0, o.nodes)},
      {"clusters", count(1, o.clusters)},
      {"seed", [&](absl::string_view v) { return absl::SimpleAtoi(v, &o.seed); }},
      {"history-days", count(0, o.history_days)},
      {"utc-offset", [&](absl::string_view v) { return ReadOffset(v, o.utc_offset); }},
      {"now",
       [&](absl::string_view v) {
         s.own_clock = true;
         return ReadTime(v, s.now);
       }},
      {"time-scale",
       [&](absl::string_view v) {
         s.own_clock = true;
         return absl::SimpleAtod(v, &s.scale) && s.scale >= 0;
       }},
      {"epoch",
       [&](absl::string_view v) {
         double seconds = 0;
         s.own_clock = true;
         const bool read = absl::SimpleAtod(v, &seconds);
         s.epoch = absl::UnixEpoch() + absl::Seconds(seconds);
         return read;
       }},
      {"null-efficiency-rate", rate(o.null_efficiency_rate)},
      {"null-cost-rate", rate(o.null_cost_rate)},
      {"negative-cost-rate", rate(o.negative_cost_rate)},
      {"adjustments", [&](absl::string_view v) { return absl::SimpleAtob(v, &o.adjustments.emplace()); }},
      {"event", [&](absl::string_view v) { return Append(ParseEvent(v), o.events); }},
      {"outage", [&](absl::string_view v) { return Append(ParseOutage(v), o.outages); }},
      {"fault",
       [&](absl::string_view v) {
         s.fault = ParseFault(v);
         return IsKnownFault(s.fault.name);
       }},
  };
}

// Returns "" or what is wrong with the command line.
std::string ReadFlags(int argc, char** argv, Settings& settings) {
  const std::map<absl::string_view, Reader> readers = Readers(settings);
  for (int i = 1; i < argc; ++i) {
    absl::string_view text = argv[i];
    if (text == "--help") {
      settings.help = true;
    } else if (text == "--pod-uid") {
      settings.options.pod_uid = true;
    } else if (text == "--unallocated-properties") {
      settings.options.unallocated_properties = true;
    } else {
      if (!absl::ConsumePrefix(&text, "--")) return absl::StrCat("unexpected argument ", argv[i]);
      const std::pair<absl::string_view, absl::string_view> parts = absl::StrSplit(text, absl::MaxSplits('=', 1));
      const auto reader = readers.find(parts.first);
      if (reader == readers.end()) return absl::StrCat("unknown flag --", parts.first);
      if (!reader->second(parts.second)) return absl::StrCat("bad value in ", argv[i]);
    }
  }
  return "";
}

int Run(Settings& settings) {
  SimulatorOptions& options = settings.options;
  if (settings.own_clock) {
    options.now = [start = settings.now, epoch = settings.epoch, scale = settings.scale] {
      return start + (absl::Now() - epoch) * scale;
    };
  }
  const bool kubecost = options.product == Product::kKubecost;
  const int pods = options.pods;
  // The server's threads must inherit the mask, so that only sigwait sees these.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  Simulator server(std::move(options));
  server.SetFault(settings.fault);
  std::printf("kubecost-simulator listening on %s product=%s pods=%d\n", server.url().c_str(),
              kubecost ? "kubecost" : "opencost", pods);
  std::fflush(stdout);
  int signal = 0;
  sigwait(&signals, &signal);
  return 0;
}

}  // namespace
}  // namespace simulator

int main(int argc, char** argv) {
  simulator::Settings settings;
  const std::string error = simulator::ReadFlags(argc, argv, settings);
  if (!error.empty()) {
    std::fprintf(stderr, "kubecost-simulator: %s\n", error.c_str());
    return 2;
  }
  if (settings.help) {
    std::printf("%s%s\n", simulator::kUsage, absl::StrJoin(simulator::FaultNames(), "\n  ").c_str());
    return 0;
  }
  return simulator::Run(settings);
}
