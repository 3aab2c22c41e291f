// Bytes of an answer -> rows, one at a time. The only RapidJSON code.
#ifndef KUBECOST_RESPONSE_PARSER_H_
#define KUBECOST_RESPONSE_PARSER_H_

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

// Parses {"code":200,"data":[{name: allocation}, ...]} as it streams in, in constant memory, and hands every row to
// `sink`. The rows are only worth something when the result is OK: `code` may come last. Errors: what `source`
// returned; empty (no byte at all), html, upstream_code, too_large (a single token, or rows beyond any cluster),
// parse (anything else that is not the one expected JSON document).
absl::StatusOr<ParsedAnswer> ParseAllocations(ByteSource source, Envelope envelope, AllocationSink sink);

// Parses {"code":200,"data":{key: text}}, as the clusterInfo and settings endpoints answer; with an optional envelope a
// bare {key: text} as well. Booleans and numbers become their text; nested values are left out. Errors as above.
absl::StatusOr<TextMap> ParseTextMap(ByteSource source, Envelope envelope);

// The `message` of a JSON error body, shortened and free of control characters and URL credentials; empty when there
// is none. For error texts.
std::string ParseErrorMessage(absl::string_view body);

}  // namespace kubecost

#endif  // KUBECOST_RESPONSE_PARSER_H_
