#include "kubecost/allocation_query.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "base/day.h"
#include "base/url.h"

namespace kubecost {
namespace {

// Pods are asked for together with their attributes in one aggregate: from Kubecost 2.2.3 on, only the properties
// aggregated by come back. A pod that ran on two nodes gives two rows, which the snapshot merges.
absl::string_view AggregateOf(Level level) {
  switch (level) {
    case Level::kCluster:
      return "cluster";
    case Level::kNamespace:
      return "cluster,namespace";
    case Level::kPod:
      return "cluster,namespace,pod,node,controllerKind,controller";
  }
  return "";
}

absl::string_view BoolText(bool value) { return value ? "true" : "false"; }

// The settings' filter, narrowed to the query's namespaces.
std::string FilterText(const AllocationQuery& query, const QuerySettings& settings) {
  if (query.namespaces.empty()) return settings.filter;
  const std::string names = absl::StrJoin(query.namespaces, ",", [](std::string* out, const std::string& name) {
    absl::StrAppend(out, "\"", absl::StrReplaceAll(name, {{"\\", "\\\\"}, {"\"", "\\\""}}), "\"");
  });
  // '+' and '|' may only be mixed in parentheses.
  return absl::StrCat(settings.filter.empty() ? "" : absl::StrCat("(", settings.filter, ")+"), "namespace:", names);
}

}  // namespace

std::string WindowText(const base::Window& window) {
  return absl::StrCat(base::Rfc3339Text(window.start), ",", base::Rfc3339Text(window.end));
}

std::string QueryString(const AllocationQuery& query, const QuerySettings& settings, bool accumulate) {
  const bool is_part = !query.namespaces.empty();
  const absl::string_view idle =
      BoolText(settings.idle == IdleMode::kShare || (settings.idle == IdleMode::kSeparate && !is_part));
  std::string text =
      absl::StrCat("window=", WindowText(query.window), "&aggregate=", AggregateOf(query.level),
                   "&accumulate=", BoolText(accumulate && !query.by_day), "&costMetric=cumulative&external=false",
                   "&shareIdle=", BoolText(settings.idle == IdleMode::kShare), "&idle=", idle, "&includeIdle=", idle,
                   "&splitIdle=", idle, "&shareTenancyCosts=", BoolText(settings.share_tenancy_costs));
  // '+' and '"' of a filter must not reach the server bare.
  const auto append = [&text](absl::string_view name, absl::string_view value) {
    if (!value.empty()) absl::StrAppend(&text, "&", name, "=", base::PercentEncode(value));
  };
  append("shareNamespaces", settings.share_namespaces);
  append("shareLabels", settings.share_labels);
  append("filter", FilterText(query, settings));
  // Kubecost has a set per day anyway; OpenCost needs the parameter.
  append("step", query.by_day ? "1d" : "");
  return text;
}

}  // namespace kubecost
