#include "exporter/polling/upstream.h"

#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/text.h"
#include "kubecost/api_error.h"
#include "metrics/snapshot.h"

namespace polling {

absl::StatusOr<ClusterDescription> ReadClusterInfo(const Options& options, kubecost::AllocationClient& client,
                                                   std::stop_token stop) {
  const absl::StatusOr<kubecost::TextMap> info = client.GetClusterInfo(std::move(stop));
  if (!info.ok()) return info.status();
  ClusterDescription cluster;
  if (const auto id = info->find("id"); id != info->end()) cluster.id = id->second;
  std::string labels = metrics::ClusterInfoLabels(*info, {options.cluster_name, options.cluster_info_labels});
  if (!labels.empty()) cluster.labels = std::make_shared<const std::string>(std::move(labels));
  return cluster;
}

absl::StatusOr<ToldCurrency> ReadCurrency(kubecost::AllocationClient& client, std::stop_token stop) {
  const absl::StatusOr<std::string> text = client.GetCurrency(std::move(stop));
  if (!text.ok()) return text.status();
  ToldCurrency told = {absl::AsciiStrToUpper(absl::StripAsciiWhitespace(*text)), base::SanitizeMessage(*text)};
  if (told.code.empty()) {
    told.code = kDefaultCurrency;
  } else if (!IsCurrencyCode(told.code)) {
    told.code.clear();
  }
  return told;
}

void LogCurrency(const ToldCurrency& told) {
  if (!told.code.empty()) {
    base::Log(base::LogLevel::kInfo, "Kubecost tells its currency", {{"currency", told.code}});
  } else {
    base::Log(base::LogLevel::kWarn,
              "Kubecost's currency is not an ISO 4217 code: amounts are served without one; set --currency",
              {{"currency", told.text}});
  }
}

absl::Status ErrorOfRow(metrics::RowProblem problem, const kubecost::Allocation& row) {
  switch (problem) {
    case metrics::RowProblem::kNone:
      return absl::OkStatus();
    case metrics::RowProblem::kSecondCluster:
      return kubecost::ApiError(
          kubecost::ErrorReason::kMultiCluster,
          absl::StrCat("the answer holds several clusters, \"", base::SanitizeMessage(row.properties.cluster),
                       "\" among them, and --cluster.name would give them all one name; leave it out, or let --filter "
                       "pick one cluster"));
    case metrics::RowProblem::kNameTooLong:
      return kubecost::ApiError(
          kubecost::ErrorReason::kTooLarge,
          absl::StrCat("row \"", base::SanitizeMessage(row.name), "\" has a name of more than ",
                       metrics::TableBuilder::kMaxLabelBytes, " bytes, which Kubernetes does not allow"));
  }
  return absl::OkStatus();
}

Oddities OdditiesOf(const kubecost::InvalidValues& values) {
  return {!values.unknown_cost.empty(), !values.clusterless_row.empty()};
}

void LogOddities(const kubecost::InvalidValues& values, const Oddities& told, const base::LogFields& fields) {
  const Oddities odd = OdditiesOf(values);
  const auto log = [&fields](absl::string_view message, const std::string& first) {
    base::LogFields all = fields;
    all.emplace_back("first", first);
    base::Log(base::LogLevel::kWarn, message, all);
  };
  if (odd[0] && !told[0]) log("costs are not numbers: nothing is served for them", values.unknown_cost);
  if (odd[1] && !told[1]) {
    log("rows without a cluster in an answer of several clusters: they are served with cluster=\"\"; with OpenCost, an "
        "exporter for each cluster with --filter=cluster:\"...\" tells whose idle cost it is",
        values.clusterless_row);
  }
}

void LogRequest(const kubecost::RequestRecord& request) {
  base::LogFields fields = {{"endpoint", std::string(request.path)},
                            {"code", absl::StrCat(request.code)},
                            {"bytes", absl::StrCat(request.bytes)}};
  if (!request.status.ok()) fields.emplace_back("error", std::string(request.status.message()));
  base::Log(base::LogLevel::kDebug, "request", fields);
}

std::string ReasonText(const absl::Status& status) {
  const std::optional<kubecost::ErrorReason> reason = kubecost::ReasonOf(status);
  return std::string(reason.has_value() ? kubecost::ErrorReasonName(*reason) : "internal");
}

std::string SecondsText(absl::Duration duration) {
  return absl::FormatDuration(absl::Trunc(duration, absl::Seconds(1)));
}

}  // namespace polling
