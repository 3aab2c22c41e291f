// What a parse of an answer is given, and what it gives besides the rows.
#ifndef KUBECOST_ANSWER_H_
#define KUBECOST_ANSWER_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "kubecost/allocation.h"

namespace kubecost {

// Gives the next piece of the body, valid until the next call; empty at the end.
using ByteSource = absl::FunctionRef<absl::StatusOr<absl::string_view>()>;
// Takes one row; an error ends the parse and becomes its result.
using AllocationSink = absl::FunctionRef<absl::Status(const Allocation&)>;

// What stands around the rows.
struct ParsedAnswer {
  // Elements of `data`: sets, of which `null_sets` were null. A `data` of null has none.
  size_t sets = 0;
  size_t null_sets = 0;
  bool data_is_null = false;
  size_t rows = 0;
  uint64_t bytes = 0;
  // Whether any cost of any row is known.
  bool has_known_cost = false;
  InvalidValues invalid;

  // How an answer without rows looks, for the error text: "null", "[]", "[null]", "[{}]".
  std::string EmptyShape() const;
};

// Keys and values as Kubecost spells them.
using TextMap = std::map<std::string, std::string>;

enum class Envelope {
  kRequired,  // {"code":200,"data":[...]}
  kOptional,  // a bare `data` array as well, as people save it
};

}  // namespace kubecost

#endif  // KUBECOST_ANSWER_H_
