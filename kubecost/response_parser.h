// Bytes of an answer -> rows, one at a time. The only RapidJSON code.
#ifndef KUBECOST_RESPONSE_PARSER_H_
#define KUBECOST_RESPONSE_PARSER_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "kubecost/answer.h"

namespace kubecost {

// Parses {"code":200,"data":[{name: allocation}, ...]} as it streams in, in constant memory, and hands every row to
// `sink`. The rows are only worth something when the result is OK: `code` may come last. Errors: what `source`
// returned; empty_body (nothing but space), html, upstream_code, too_large (a single token, or rows beyond any
// cluster), parse (anything else that is not the one expected JSON document).
absl::StatusOr<ParsedAnswer> ParseAllocations(ByteSource source, Envelope envelope, AllocationSink sink);

// Parses {"code":200,"data":{key: text}}, as the clusterInfo and settings endpoints answer; with an optional envelope a
// bare {key: text} as well. Booleans and numbers become their text; nested values are left out. Errors as above.
absl::StatusOr<TextMap> ParseTextMap(ByteSource source, Envelope envelope);

// The `message` of a JSON error body, shortened and free of control characters and URL credentials; empty when there
// is none. For error texts.
std::string ParseErrorMessage(absl::string_view body);

}  // namespace kubecost

#endif  // KUBECOST_RESPONSE_PARSER_H_
