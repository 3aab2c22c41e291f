#include "exporter/web/metrics.h"

namespace web {

using metrics::FamilyNamed;

Metrics::Metrics(metrics::Registry& registry)
    : registry_(registry),
      scrape_bytes_(registry, FamilyNamed("kubecost_exporter_scrape_bytes")),
      scrapes_(registry, FamilyNamed("kubecost_exporter_scrapes_total")),
      auth_failures_(registry, FamilyNamed("kubecost_exporter_web_auth_failures_total")),
      certificate_not_after_(registry, FamilyNamed("kubecost_exporter_web_certificate_not_after_timestamp_seconds")),
      config_read_(registry, FamilyNamed("kubecost_exporter_web_config_last_reload_success_timestamp_seconds")),
      config_good_(registry, FamilyNamed("kubecost_exporter_web_config_last_reload_successful")) {
  scrapes_.Add({}, 0);
}

void Metrics::CountScrape(uint64_t bytes) const {
  scrapes_.Add({});
  scrape_bytes_.Set(static_cast<double>(bytes));
}

void Metrics::SetWebConfig(absl::Time read, std::optional<absl::Time> certificate_not_after) const {
  config_good_.Set(1);
  config_read_.Set({}, read);
  if (certificate_not_after.has_value()) certificate_not_after_.Set({}, *certificate_not_after);
  for (const absl::string_view reason : kAuthFailureNames) auth_failures_.Add({reason}, 0);
}

}  // namespace web
