// Which days have been served long enough to have arrived downstream, and a file that remembers it over a restart.
#ifndef EXPORTER_POLLING_DELIVERY_FILE_H_
#define EXPORTER_POLLING_DELIVERY_FILE_H_

#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "exporter/polling/options.h"

namespace polling {

// By the start of the day: whether its pods were served as well.
using Delivered = std::map<absl::Time, bool>;

// What decides the numbers: days delivered under other settings are to be delivered again.
std::string DeliverySettings(const Options& options);

// The text of a state file.
std::string FormatDelivered(const Delivered& delivered, absl::string_view settings);
// InvalidArgument when the text is not a state file, DataLoss when it is damaged, FailedPrecondition when it was
// written under other settings.
absl::StatusOr<Delivered> ParseDelivered(absl::string_view text, absl::string_view settings);

// Reads the file at `path`; one that is not there yet holds nothing. Errors as above, and those of the file system.
absl::StatusOr<Delivered> LoadDelivered(const std::string& path, absl::string_view settings);
// Replaces the file in one step: a reader finds the old text or the new one, whatever happens meanwhile.
absl::Status SaveDelivered(const std::string& path, const Delivered& delivered, absl::string_view settings);

// The file as a run of the exporter uses it: trouble is logged, once, and never more than that.
class DeliveryFile {
 public:
  // Without --state.path nothing is read or written.
  explicit DeliveryFile(const Options& options);

  // What an earlier run has delivered.
  Delivered Load();
  // Writes what has changed since the last time. A file that was none of ours is left as it is.
  void Save(const Delivered& delivered);

 private:
  const std::string path_;
  const std::string settings_;
  Delivered saved_;
  bool is_ours_ = true;
  bool told_error_ = false;
};

}  // namespace polling

#endif  // EXPORTER_POLLING_DELIVERY_FILE_H_
