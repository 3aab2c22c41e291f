// `render FILE`: a saved answer of the Allocation API as metrics, for support.
#ifndef EXPORTER_COMMANDS_RENDER_H_
#define EXPORTER_COMMANDS_RENDER_H_

#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "kubecost/allocation.h"

namespace commands {

// Reads `file` ("-": standard input), which holds an answer or its bare `data` array, and hands the exposition text
// of the level's plain families to `write`, block by block. The window is taken as it is.
absl::Status RenderFile(const std::string& file, kubecost::Level level, absl::string_view cluster_name,
                        absl::FunctionRef<void(absl::string_view)> write);

}  // namespace commands

#endif  // EXPORTER_COMMANDS_RENDER_H_
