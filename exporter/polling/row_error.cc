#include "exporter/polling/row_error.h"

#include "absl/strings/str_cat.h"
#include "base/text.h"
#include "kubecost/api_error.h"

namespace polling {

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

}  // namespace polling
