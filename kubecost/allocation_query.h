// A question to the Allocation API and its wire form.
#ifndef KUBECOST_ALLOCATION_QUERY_H_
#define KUBECOST_ALLOCATION_QUERY_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/day.h"
#include "kubecost/allocation.h"

namespace kubecost {

enum class IdleMode { kSeparate, kShare, kOff };
inline constexpr absl::string_view kIdleModeNames[] = {"separate", "share", "off"};
inline absl::string_view IdleModeName(IdleMode mode) { return kIdleModeNames[static_cast<size_t>(mode)]; }

// What applies to every question alike; set once from the options.
struct QuerySettings {
  IdleMode idle = IdleMode::kSeparate;
  bool share_tenancy_costs = true;
  // Comma-separated, as the API takes them; empty = none.
  std::string share_namespaces;
  std::string share_labels;
  // Filter language v2, not yet percent-encoded; empty = none.
  std::string filter;
};

struct AllocationQuery {
  base::Window window;
  Level level = Level::kPod;
  // A set of rows for each day of the window in place of one for all of it.
  bool by_day = false;
  // Empty = everything. Else only these namespaces, without idle rows, which no filter picks reliably: a part of an
  // answer that is too big as a whole.
  std::vector<std::string> namespaces = {};
};

// The query string without '?'. The window is an explicit pair of RFC 3339 times in UTC, because every named or
// relative window means different things in different versions. Parameters in which Kubecost and OpenCost differ are
// always sent, under both products' names; each ignores the other's. Sets of one window are added up where
// `accumulate`, as Kubecost needs it; OpenCost has one set anyhow, and adding up none is an error of its own there.
std::string QueryString(const AllocationQuery& query, const QuerySettings& settings, bool accumulate = true);

// "2026-11-19T00:00:00Z,2026-11-20T00:00:00Z"
std::string WindowText(const base::Window& window);

}  // namespace kubecost

#endif  // KUBECOST_ALLOCATION_QUERY_H_
