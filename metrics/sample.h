// A value as it is served, and its labels.
#ifndef METRICS_SAMPLE_H_
#define METRICS_SAMPLE_H_

#include <array>
#include <cstddef>

#include "absl/strings/string_view.h"

namespace metrics {

// The labels are escaped; those that the family does not have mean nothing.
struct Sample {
  absl::string_view cluster;
  absl::string_view namespace_name;
  absl::string_view pod;
  absl::string_view node;
  absl::string_view controller_kind;
  absl::string_view controller;
  absl::string_view resource;
  absl::string_view level;
  absl::string_view date;
  absl::string_view reason;
  absl::string_view currency;
  // For kubecost_cluster_info, whose labels Kubecost chooses: all of them as one text, `{id="...",...} `.
  absl::string_view cluster_info;
  double value = 1;
  // The index in DailyFacts::days(), of families that are read from there.
  size_t day = 0;
};

// The names in Family::labels.
struct SampleLabel {
  absl::string_view name;
  absl::string_view Sample::*value;
};
inline constexpr auto kSampleLabels = std::to_array<SampleLabel>({
    {"cluster", &Sample::cluster},
    {"namespace", &Sample::namespace_name},
    {"pod", &Sample::pod},
    {"node", &Sample::node},
    {"controller_kind", &Sample::controller_kind},
    {"controller", &Sample::controller},
    {"resource", &Sample::resource},
    {"level", &Sample::level},
    {"date", &Sample::date},
    {"reason", &Sample::reason},
    {"currency", &Sample::currency},
});

}  // namespace metrics

#endif  // METRICS_SAMPLE_H_
