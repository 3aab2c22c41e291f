// The ledger's file as a run of the exporter uses it.
#ifndef EXPORTER_POLLING_LEDGER_FILE_H_
#define EXPORTER_POLLING_LEDGER_FILE_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "exporter/polling/ledger.h"
#include "exporter/polling/options.h"

namespace polling {

// What the file at --state.path holds; nothing when there is none yet. Errors as of ParseLedger(), and those of the
// file system.
absl::StatusOr<Ledger> ReadLedger(const Options& options);

// Trouble is logged, once, and never more than that. A file of another program is left as it is; one that is damaged,
// or was written under other settings, is set aside under its name and ".set-aside".
class LedgerFile {
 public:
  // Without --state.path nothing is read or written.
  explicit LedgerFile(const Options& options);

  // What an earlier run has left.
  Ledger Load();
  // Writes what has changed, kSaveInterval after the last time at the soonest unless `now_or_never`.
  void Save(const Ledger& ledger, absl::Duration elapsed, bool now_or_never = false);

  // Whether the file can be read and written, without changing it: for the check of a configuration.
  static absl::Status Check(const Options& options);

 private:
  static constexpr absl::Duration kSaveInterval = absl::Minutes(10);

  const Options& options_;
  const std::string path_;
  const std::string settings_;
  std::string saved_;  // text
  absl::Duration next_save_ = absl::ZeroDuration();
  bool is_ours_ = true;
  bool told_error_ = false;
};

}  // namespace polling

#endif  // EXPORTER_POLLING_LEDGER_FILE_H_
