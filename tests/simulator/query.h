// An allocation request as the simulated server understands it.
#ifndef TESTS_SIMULATOR_QUERY_H_
#define TESTS_SIMULATOR_QUERY_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "tests/simulator/filter.h"
#include "tests/simulator/http_server.h"
#include "tests/simulator/world.h"

namespace simulator {

enum class Dimension {
  kCluster,
  kNode,
  kNamespace,
  kControllerKind,
  kController,
  kService,
  kPod,
  kContainer,
  kDeployment,
  kStatefulSet,
  kDaemonSet,
  kJob,
  kAppLabel,
  kUnknownLabel,
};

struct AllocationQuery {
  Span window;
  std::vector<Span> sets;  // the windows of the answered sets, oldest first
  std::vector<Dimension> aggregate;
  bool aggregate_all = false;  // one row with an empty name
  bool accumulate = false;
  bool idle = false;
  bool split_idle = false;
  bool share_idle = false;
  std::vector<std::string> share_namespaces;
  std::vector<std::string> share_apps;  // values of the label `app`
  Filter filter;
  Conditions conditions;
  // The unit of costs is this many hours of the window's average; 0: the whole window.
  double rate_hours = 0;
  int64_t offset = 0;
  int64_t limit = 0;  // 0: no limit
  bool keep_all_properties = false;
};

enum class QueryProblem { kNone, kWindow, kFilter, kStep };

struct ParsedQuery {
  QueryProblem problem = QueryProblem::kNone;
  std::string message;
  AllocationQuery query;
};

// `compute`: the on-demand path, which on Kubecost knows steps and no adjustments. Follows each product's names and
// defaults; a parameter that the product does not know is ignored.
ParsedQuery ParseQuery(const World& world, const TextMap& parameters, bool compute, int64_t now);

// Unix seconds of "2006-01-02T15:04:05Z"; false for any other form.
bool ParseZulu(absl::string_view text, int64_t& seconds);

}  // namespace simulator

#endif  // TESTS_SIMULATOR_QUERY_H_
