// The exporter about itself: family D of the metric contract. The only prometheus-cpp code.
#ifndef EXPORTER_SELF_METRICS_H_
#define EXPORTER_SELF_METRICS_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "exporter/options.h"
#include "kubecost/allocation.h"
#include "kubecost/allocation_client.h"
#include "kubecost/api_error.h"
#include "kubecost/credentials.h"
#include "metrics/snapshot.h"

namespace exporter {

// Why the server did not let somebody in.
enum class AuthFailure { kNoPassword, kWrongPassword, kBusy, kNoCertificate, kBadCertificate };

// As in label reason: "wrong_password".
absl::string_view AuthFailureName(AuthFailure reason);

// All methods are safe from any thread.
class SelfMetrics {
 public:
  explicit SelfMetrics(const Options& options);
  ~SelfMetrics();
  SelfMetrics(const SelfMetrics&) = delete;
  SelfMetrics& operator=(const SelfMetrics&) = delete;

  // What the poller tells.
  void SetApi(kubecost::Api api);
  void SetUp(bool up);
  void CountRequest(const kubecost::RequestRecord& request);
  void CountError(kubecost::ErrorReason reason);
  void SetCurrency(absl::string_view currency);
  // Nothing for a view that is off.
  void SetViewUp(absl::string_view view, std::optional<bool> up);
  void CountPoll(absl::string_view view, bool success, absl::Duration duration, absl::Time finished);
  void CountInvalidValues(const kubecost::InvalidValues& values);
  void SetSnapshot(const metrics::Snapshot& snapshot);
  void SetMergedRows(size_t rows);
  // What the HTTP client tells of its files.
  void SetFile(const kubecost::FileEvent& event, const kubecost::Access& access);

  // What the server tells.
  void CountScrape(uint64_t bytes);
  // A good reading of --web.config.file; from then on its families are shown. The time is until when the server's
  // certificate is valid, if it has one.
  void SetWebConfig(absl::Time read, std::optional<absl::Time> certificate_not_after);
  void SetWebConfigBroken();
  void CountAuthFailure(AuthFailure reason);

  // All families as exposition text, fresh.
  std::string Serialize() const;

 private:
  struct Families;
  std::unique_ptr<Families> families_;
};

}  // namespace exporter

#endif  // EXPORTER_SELF_METRICS_H_
