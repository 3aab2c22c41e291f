#include "kubecost/response_parser.h"

#include <rapidjson/document.h>
#include <rapidjson/error/en.h>
#include <rapidjson/reader.h>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/text.h"
#include "kubecost/allocation_handler.h"
#include "kubecost/api_error.h"
#include "kubecost/body_stream.h"

namespace kubecost {
namespace {

// The largest answer that is read whole: clusterInfo.
constexpr size_t kMaxSmallBodyBytes = size_t{1} << 20;

absl::Status HtmlError() {
  return ApiError(ErrorReason::kHtml,
                  "the answer is an HTML page instead of JSON: a login page, or a proxy's or Kubecost's own page");
}

absl::Status EmptyBodyError() {
  return ApiError(ErrorReason::kEmptyBody,
                  "the answer has no body: Kubecost failed to encode it, perhaps because it is too big, or a proxy "
                  "lost it; see their logs");
}

absl::Status JsonError(const rapidjson::ParseResult& result) {
  return ApiError(ErrorReason::kParse, absl::StrCat("not one valid JSON document, at byte ", result.Offset(), ": ",
                                                    rapidjson::GetParseError_En(result.Code())));
}

// Numbers become text, so that the exact digits reach std::from_chars. Iterative: no depth overflows the stack.
constexpr unsigned kDocumentFlags = rapidjson::kParseNumbersAsStringsFlag | rapidjson::kParseIterativeFlag;
constexpr unsigned kStreamFlags = rapidjson::kParseNumbersAsStringsFlag;

absl::string_view Trimmed(absl::string_view body) {
  absl::ConsumePrefix(&body, kByteOrderMark);
  return absl::StripAsciiWhitespace(body);
}

const rapidjson::Value* Member(const rapidjson::Value& object, const char* name) {
  if (!object.IsObject()) return nullptr;
  const auto member = object.FindMember(name);
  return member == object.MemberEnd() ? nullptr : &member->value;
}

absl::string_view Text(const rapidjson::Value* value) {
  if (value == nullptr || !value->IsString()) return "";
  return absl::string_view(value->GetString(), value->GetStringLength());
}

}  // namespace

std::string ParsedAnswer::EmptyShape() const {
  if (data_is_null) return "null";
  if (sets == 0) return "[]";
  return null_sets == sets ? "[null]" : "[{}]";
}

absl::StatusOr<ParsedAnswer> ParseAllocations(ByteSource source, Envelope envelope, AllocationSink sink) {
  BodyStream stream(source);
  stream.SkipToValue();
  if (!stream.status().ok()) return stream.status();
  if (stream.at_end()) return EmptyBodyError();
  if (stream.Peek() == '<') return HtmlError();

  AllocationHandler handler(stream, envelope, sink);
  rapidjson::Reader reader;
  const rapidjson::ParseResult result = reader.Parse<kStreamFlags>(stream, handler);
  if (!handler.status().ok()) return handler.status();
  if (!stream.status().ok()) return stream.status();
  if (result.IsError()) return JsonError(result);
  absl::StatusOr<ParsedAnswer> answer = handler.Finish();
  if (answer.ok()) answer->bytes = stream.bytes();
  return answer;
}

absl::StatusOr<TextMap> ParseTextMap(ByteSource source, Envelope envelope) {
  std::string body;
  while (true) {
    const absl::StatusOr<absl::string_view> piece = source();
    if (!piece.ok()) return piece.status();
    if (piece->empty()) break;
    if (body.size() + piece->size() > kMaxSmallBodyBytes) {
      return ApiError(ErrorReason::kTooLarge, absl::StrCat("larger than ", kMaxSmallBodyBytes, " bytes"));
    }
    absl::StrAppend(&body, *piece);
  }
  const absl::string_view text = Trimmed(body);
  if (text.empty()) return EmptyBodyError();
  if (text[0] == '<') return HtmlError();

  rapidjson::Document document;
  document.Parse<kDocumentFlags>(text.data(), text.size());
  if (document.HasParseError()) return JsonError(document);
  const rapidjson::Value* code = Member(document, "code");
  if (code != nullptr && Text(code) != "200") {
    return UpstreamCodeError(base::SanitizeMessage(Text(code)),
                             base::SanitizeMessage(Text(Member(document, "message"))));
  }
  const rapidjson::Value* data = Member(document, "data");
  if (data == nullptr && envelope == Envelope::kOptional) data = &document;
  if (data == nullptr || !data->IsObject()) {
    return ApiError(ErrorReason::kParse, "unexpected answer: `data` is not an object");
  }
  TextMap info;
  for (const auto& member : data->GetObject()) {
    const std::string key(member.name.GetString(), member.name.GetStringLength());
    if (member.value.IsString()) info[key] = std::string(Text(&member.value));
    if (member.value.IsBool()) info[key] = member.value.GetBool() ? "true" : "false";
  }
  return info;
}

std::string ParseErrorMessage(absl::string_view body) {
  const absl::string_view text = Trimmed(body);
  rapidjson::Document document;
  document.Parse<kDocumentFlags>(text.data(), text.size());
  if (document.HasParseError()) return "";
  return base::SanitizeMessage(Text(Member(document, "message")));
}

}  // namespace kubecost
