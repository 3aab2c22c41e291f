// The `properties` object of a row.

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "tests/simulator/json_text.h"
#include "tests/simulator/row_text.h"

namespace simulator {
namespace {

struct Property {
  absl::string_view prefix;  // `"name":`
  absl::string_view Identity::*member;
  Dimension dimension;
  absl::string_view leaked;
};

// The order in which the server writes them, before `services` and what follows it.
constexpr Property kProperties[] = {
    {"\"cluster\":", &Identity::cluster, Dimension::kCluster, ""},
    {"\"node\":", &Identity::node, Dimension::kNode, "leaked-node"},
    {"\"container\":", &Identity::container, Dimension::kContainer, "leaked-container"},
    {"\"controller\":", &Identity::controller, Dimension::kController, "leaked-controller"},
    {"\"controllerKind\":", &Identity::kind, Dimension::kControllerKind, "deployment"},
    {"\"namespace\":", &Identity::namespace_name, Dimension::kNamespace, "leaked-namespace"},
    {"\"pod\":", &Identity::pod, Dimension::kPod, "leaked-pod"},
};

bool Has(const AllocationQuery& query, Dimension dimension) {
  return std::find(query.aggregate.begin(), query.aggregate.end(), dimension) != query.aggregate.end();
}

class Separator {
 public:
  explicit Separator(std::string& out) : out_(out) {}
  void Next() {
    if (!first_) out_.push_back(',');
    first_ = false;
  }

 private:
  std::string& out_;
  bool first_ = true;
};

void AppendPadding(size_t bytes, std::string& out) {
  constexpr size_t kValue = 1000;
  const std::string value(kValue, 'x');
  for (size_t written = 0; written < bytes; written += kValue) {
    absl::StrAppend(&out, ",\"padding_", written, "\":\"", value, "\"");
  }
}

// Labels and services do not survive merging.
void AppendSingleMember(const RowTweaks& tweaks, const Row& row, int64_t index, Separator& separator,
                        std::string& out) {
  const bool padded = tweaks.label_bytes > 0 && index == 0;
  const bool single = row.members == 1 && row.runs;
  if (!single && !padded && !tweaks.extra_fields) return;
  separator.Next();
  out.append("\"labels\":{\"app\":");
  AppendJsonString(row.id.controller.empty() ? row.id.pod : row.id.controller, out);
  out.append(",\"kubernetes_io_hostname\":");
  AppendJsonString(row.id.node, out);
  if (tweaks.extra_fields) out.append(",\"totalCost\":\"666\",\"cluster\":\"wrong\",\"pod\":\"no\"");
  if (padded) AppendPadding(tweaks.label_bytes, out);
  out.push_back('}');
}

}  // namespace

void AppendProperties(const World& world, const AllocationQuery& query, const RowTweaks& tweaks, const Row& row,
                      int64_t index, std::string& out) {
  const bool all = query.keep_all_properties || tweaks.leaked_properties;
  out.append(",\"properties\":{");
  Separator separator(out);
  for (const Property& property : kProperties) {
    const bool aggregated = Has(query, property.dimension);
    if (!all && !aggregated) continue;
    absl::string_view text = row.id.*property.member;
    if (text.empty() && tweaks.leaked_properties && !aggregated) text = property.leaked;
    const bool controller =
        property.dimension == Dimension::kController || property.dimension == Dimension::kControllerKind;
    if (text.empty() && aggregated && controller && !row.idle && world.options().unallocated_properties) {
      text = kUnallocated;
    }
    if (text.empty()) continue;
    separator.Next();
    absl::StrAppend(&out, property.prefix);
    AppendJsonString(text, out);
  }
  if (all) {
    if (row.members == 1 && row.id.kind == "deployment") {
      separator.Next();
      out.append("\"services\":[");
      AppendJsonString(row.id.controller, out);
      out.push_back(']');
    }
    if (!row.id.provider_id.empty()) {
      separator.Next();
      out.append("\"providerID\":");
      AppendJsonString(row.id.provider_id, out);
    }
  }
  if (all || tweaks.label_bytes > 0 || tweaks.extra_fields) AppendSingleMember(tweaks, row, index, separator, out);
  if (all && row.runs && !row.id.namespace_name.empty()) {
    separator.Next();
    out.append("\"namespaceLabels\":{\"kubernetes_io_metadata_name\":");
    AppendJsonString(row.id.namespace_name, out);
    out.push_back('}');
  }
  out.push_back('}');
}

}  // namespace simulator
