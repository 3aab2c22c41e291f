#include "tests/simulator/allocation_api.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "tests/simulator/document.h"
#include "tests/simulator/json_text.h"
#include "tests/simulator/query.h"
#include "tests/simulator/response.h"

namespace simulator {
namespace {

std::string ErrorJson(int code, absl::string_view message) {
  std::string body = absl::StrCat("{\"code\":", code, ",\"data\":null,\"message\":");
  AppendJsonString(message, body);
  return body + "}\n";
}

// How the server words a request that it refuses.
bool Refuse(const World& world, const ParsedQuery& parsed, Connection& connection) {
  switch (parsed.problem) {
    case QueryProblem::kWindow: {
      std::string body = parsed.message + "\n";
      if (world.options().envelope == Envelope::kOld) body += ErrorJson(500, "Error: illegal window");
      return SendWhole(connection, 400, kText, body);
    }
    case QueryProblem::kStep:
      return SendWhole(connection, 400, kJson, ErrorJson(400, parsed.message));
    case QueryProblem::kFilter:
    case QueryProblem::kNone:
      break;
  }
  return SendWhole(connection, 500, kJson, ErrorJson(500, parsed.message));
}

std::string ClusterInfoJson(const World& world) {
  const bool kubecost = world.options().product == Product::kKubecost;
  const std::string& id = world.population().clusters.front();
  std::string body = "{\"code\":200,";
  if (world.options().envelope == Envelope::kOld) body += "\"status\":\"success\",";
  absl::StrAppend(
      &body, "\"data\":{\"account\":\"123456789012\",\"clusterProfile\":\"", kubecost ? "production" : "development",
      "\",\"errorReporting\":\"true\"", ",\"id\":\"", id, "\",\"logCollection\":\"true\",\"name\":\"", id,
      "\",\"productAnalytics\":\"true\",\"provider\":\"AWS\",\"provisioner\":"
      "\"EKS\",\"region\":\"eu-central-1\",\"remoteReadEnabled\":\"false\"",
      kubecost ? ",\"thanosEnabled\":\"false\"" : "", ",\"valuesReporting\":\"true\",\"version\":\"1.29\"}}\n");
  return body;
}

// Holds secrets beside the currency: a client must not show them.
std::string SettingsJson(const World& world) {
  const SimulatorOptions& options = world.options();
  const bool bare = options.settings_endpoint == SettingsEndpoint::kProductConfigs;
  std::string body = bare ? "" : "{\"code\":200,\"data\":";
  absl::StrAppend(&body, "{\"clusterName\":\"marked-secret-cluster\",\"currencyCode\":");
  AppendJsonString(options.currency, body);
  absl::StrAppend(&body, ",\"customPricesEnabled\":false,\"discount\":\"17.31%\",", "\"gpu\":73.8461529,",
                  "\"labels\":{\"currencyCode\":\"marked-secret-label\"},",
                  "\"serviceKeySecret\":\"marked-secret-key\",\"sharedNamespaces\":null,",
                  "\"slackWebhooks\":[\"marked-secret-hook\"]}", bare ? "" : "}", "\n");
  return body;
}

}  // namespace

Endpoint FindEndpoint(const SimulatorOptions& options, absl::string_view path) {
  if (path == "/healthz") return Endpoint::kHealth;
  if (options.product == Product::kKubecost && !absl::ConsumePrefix(&path, "/model")) return Endpoint::kUnknown;
  const bool bare = options.settings_endpoint == SettingsEndpoint::kProductConfigs;
  if (!options.currency.empty() && path == (bare ? "/productConfigs" : "/getConfigs")) return Endpoint::kSettings;
  if (path == "/allocation") return Endpoint::kAllocation;
  if (path == "/allocation/compute") return Endpoint::kAllocationCompute;
  if (path == "/clusterInfo") return Endpoint::kClusterInfo;
  return Endpoint::kUnknown;
}

bool AnswerApi(const World& world, Endpoint endpoint, const Request& request, int64_t now, const Fault& fault,
               int served, Connection& connection) {
  HealthyAnswer healthy;
  ParsedQuery parsed;
  if (endpoint == Endpoint::kClusterInfo) {
    healthy.write = [&world](const Tweaks&, BodySink& sink) { return sink.Write(ClusterInfoJson(world)); };
  } else if (endpoint == Endpoint::kSettings) {
    healthy.write = [&world](const Tweaks&, BodySink& sink) { return sink.Write(SettingsJson(world)); };
  } else {
    // OpenCost computes every answer; its two paths are one.
    const bool compute = endpoint == Endpoint::kAllocationCompute || world.options().product == Product::kOpenCost;
    parsed = ParseQuery(world, request.parameters, compute, now);
    // What stands in front of the server misbehaves before it can refuse.
    if (parsed.problem != QueryProblem::kNone && ReadsRequests(fault.name)) return Refuse(world, parsed, connection);
    healthy.write = [&](const Tweaks& tweaks, BodySink& sink) {
      return WriteDocument(world, parsed.query, tweaks, &connection.stop(), sink);
    };
    healthy.count_rows = [&] { return CountRows(world, parsed.query, &connection.stop()); };
    healthy.window_seconds = parsed.query.window.seconds();
  }
  return AnswerWithFault(fault, served, request, healthy, connection);
}

}  // namespace simulator
