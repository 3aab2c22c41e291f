// What the server counts: scrapes, and who was not let in.
#ifndef EXPORTER_WEB_METRICS_H_
#define EXPORTER_WEB_METRICS_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "metrics/registry.h"

namespace web {

// Why the server did not let somebody in.
enum class AuthFailure { kNoPassword, kWrongPassword, kBusy, kNoCertificate, kBadCertificate };

// The values of label reason, in that order.
inline constexpr absl::string_view kAuthFailureNames[] = {"no_password", "wrong_password", "busy", "no_certificate",
                                                          "bad_certificate"};

// Safe from any thread.
class Metrics {
 public:
  explicit Metrics(metrics::Registry& registry);

  // All families of the registry, those of other rooms included, as exposition text of now.
  std::string Serialize() const { return registry_.Serialize(); }

  void CountScrape(uint64_t bytes) const;
  // A good reading of --web.config.file; from then on its families are shown. The time is until when the server's
  // certificate is valid, if it has one.
  void SetWebConfig(absl::Time read, std::optional<absl::Time> certificate_not_after) const;
  void SetWebConfigBroken() const { config_good_.Set(0); }
  // `reason` is one of kAuthFailureNames.
  void CountAuthFailure(absl::string_view reason) const { auth_failures_.Add({reason}); }

 private:
  const metrics::Registry& registry_;
  const metrics::Gauges scrape_bytes_;
  const metrics::Counters scrapes_;
  const metrics::Counters auth_failures_;
  const metrics::Gauges certificate_not_after_;
  const metrics::Gauges config_read_;
  const metrics::Gauges config_good_;
};

}  // namespace web

#endif  // EXPORTER_WEB_METRICS_H_
