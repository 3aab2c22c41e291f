// What all that ask Kubecost share: the questions besides costs, and how answers and errors are told.
#ifndef EXPORTER_POLLING_UPSTREAM_H_
#define EXPORTER_POLLING_UPSTREAM_H_

#include <array>
#include <memory>
#include <stop_token>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/log.h"
#include "exporter/polling/options.h"
#include "kubecost/allocation.h"
#include "kubecost/allocation_client.h"
#include "metrics/table_builder.h"

namespace polling {

struct ClusterDescription {
  // Kubecost's name of the cluster; empty when it gives none.
  std::string id;
  // The label block of kubecost_cluster_info; null when neither Kubecost nor --cluster.name gives an id.
  std::shared_ptr<const std::string> labels;
};

absl::StatusOr<ClusterDescription> ReadClusterInfo(const Options& options, kubecost::AllocationClient& client,
                                                   std::stop_token stop);

// What Kubecost's settings say of the currency.
struct ToldCurrency {
  std::string code;  // USD where they name none, empty where they do so in a way that cannot be read
  std::string text;  // as they have it
};
absl::StatusOr<ToldCurrency> ReadCurrency(kubecost::AllocationClient& client, std::stop_token stop);

// Tells which currency is in force now.
void LogCurrency(const ToldCurrency& told);

// A row that the table builder would not take, as an error of the answer that held it.
absl::Status ErrorOfRow(metrics::RowProblem problem, const kubecost::Allocation& row);

// What may be odd about the values of an answer that is taken all the same: costs that are not numbers, and rows
// without a cluster where others name several.
using Oddities = std::array<bool, 2>;
Oddities OdditiesOf(const kubecost::InvalidValues& values);

// Warns of those that are not among the `told`. `fields` say what was asked for.
void LogOddities(const kubecost::InvalidValues& values, const Oddities& told, const base::LogFields& fields);

void LogRequest(const kubecost::RequestRecord& request);

// As in label reason, or "internal".
std::string ReasonText(const absl::Status& status);

// "1m15s"
std::string SecondsText(absl::Duration duration);

}  // namespace polling

#endif  // EXPORTER_POLLING_UPSTREAM_H_
