#include "kubecost/allocation_handler.h"

#include <algorithm>
#include <charconv>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/day.h"
#include "base/text.h"
#include "kubecost/api_error.h"

namespace kubecost {
namespace {

// Beyond any cluster this project is built for; bounds memory against a body of countless tiny rows.
constexpr size_t kMaxRows = 2'000'000;

std::optional<base::Window> WindowOf(absl::string_view start, absl::string_view end) {
  const std::optional<absl::Time> from = base::ParseRfc3339(start);
  const std::optional<absl::Time> to = base::ParseRfc3339(end);
  if (!from.has_value() || !to.has_value()) return std::nullopt;
  return base::Window{*from, *to};
}

}  // namespace

absl::Status UpstreamCodeError(absl::string_view code, absl::string_view message) {
  return ApiError(ErrorReason::kUpstreamCode,
                  absl::StrCat("the answer's own code is ", code, ", not 200", message.empty() ? "" : ": ", message,
                               "; see Kubecost's own log"));
}

bool AllocationHandler::Fail(absl::string_view message) {
  status_ = ApiError(ErrorReason::kParse, absl::StrCat("unexpected answer: ", message));
  return false;
}

bool AllocationHandler::FailOnNesting(absl::string_view kind) {
  if (state_ == State::kStart) return Fail(absl::StrCat("the document is ", kind, ", not an object with `data`"));
  if (state_ == State::kEnvelopeValue && key_ == EnvelopeKey::kData) {
    return Fail(absl::StrCat("`data` is ", kind,
                             ", not an array of sets; does --kubecost.url or --kubecost.path-prefix lead to another "
                             "endpoint than the Allocation API?"));
  }
  return Fail(absl::StrCat(kind, " where none belongs"));
}

// A value of the envelope that is text or a number.
bool AllocationHandler::EnvelopeText(absl::string_view text) {
  if (key_ == EnvelopeKey::kData) return FailOnNesting("a single value");
  if (key_ == EnvelopeKey::kCode) code_ = base::SanitizeMessage(text);
  if (key_ == EnvelopeKey::kMessage) message_ = base::SanitizeMessage(text);
  state_ = State::kEnvelope;
  return true;
}

bool AllocationHandler::Null() {
  stream_.MarkToken();
  switch (state_) {
    case State::kStart:
      return FailOnNesting("null");
    case State::kEnvelopeValue:
      if (key_ == EnvelopeKey::kData) has_data_ = answer_.data_is_null = true;
      state_ = State::kEnvelope;
      return true;
    case State::kData:
      ++answer_.sets;
      ++answer_.null_sets;
      return true;
    case State::kRow:
      answer_.invalid.null_cost += IsCostField(field_) ? 1 : 0;
      SetUnknown("null");
      return true;
    default:  // a row, a property or a window that is null is left out
      return true;
  }
}

bool AllocationHandler::RawNumber(const char* text, unsigned length, bool) {
  stream_.MarkToken();
  switch (state_) {
    case State::kEnvelopeValue:
      return EnvelopeText(absl::string_view(text, length));
    case State::kRow:
      SetNumber(absl::string_view(text, length));
      return true;
    case State::kProperties:
    case State::kWindow:
      return true;
    default:
      return FailOnNesting("a number");
  }
}

bool AllocationHandler::Bool(bool value) {
  const absl::string_view text = value ? "true" : "false";
  return String(text.data(), static_cast<unsigned>(text.size()), true);
}

bool AllocationHandler::String(const char* text, unsigned length, bool) {
  stream_.MarkToken();
  switch (state_) {
    case State::kEnvelopeValue:
      return EnvelopeText(absl::string_view(text, length));
    case State::kRow:
      if (field_ < RowField::kNumberCount) {
        SetUnknown(absl::StrCat("\"", absl::string_view(text, length), "\""));
        ++answer_.invalid.not_a_number;
      } else if (std::string* const field = TextOfField()) {
        field->assign(text, length);
      }
      return true;
    case State::kProperties:
      if (property_ != nullptr) property_->assign(text, length);
      return true;
    case State::kWindow:
      if (window_text_ != nullptr) window_text_->assign(text, length);
      return true;
    default:
      return FailOnNesting("text");
  }
}

bool AllocationHandler::StartObject() {
  stream_.MarkToken();
  switch (state_) {
    case State::kStart:
      state_ = State::kEnvelope;
      return true;
    case State::kData:
      ++answer_.sets;
      state_ = State::kSet;
      return true;
    case State::kSet:
      StartRow();
      state_ = State::kRow;
      return true;
    case State::kRow:
      if (field_ == RowField::kProperties) {
        state_ = State::kProperties;
        return true;
      }
      if (field_ == RowField::kWindow) {
        window_start_.clear();
        window_end_.clear();
        state_ = State::kWindow;
        return true;
      }
      return FailOnNesting("an object");
    default:
      return FailOnNesting("an object");
  }
}

bool AllocationHandler::Key(const char* text, unsigned length, bool) {
  stream_.MarkToken();
  const absl::string_view key(text, length);
  bool wanted = true;
  switch (state_) {
    case State::kEnvelope:
      key_ = key == "code"      ? EnvelopeKey::kCode
             : key == "data"    ? EnvelopeKey::kData
             : key == "message" ? EnvelopeKey::kMessage
                                : EnvelopeKey::kOther;
      wanted = key_ != EnvelopeKey::kOther;
      state_ = State::kEnvelopeValue;
      break;
    case State::kSet:
      row_.name.assign(text, length);
      break;
    case State::kRow:
      field_ = RowFieldOf(key);
      return TakeRowMembers();
    case State::kProperties:
      property_ = PropertyOf(key);
      wanted = property_ != nullptr;
      break;
    case State::kWindow:
      window_text_ = key == "start" ? &window_start_ : key == "end" ? &window_end_ : nullptr;
      wanted = window_text_ != nullptr;
      break;
    default:
      break;
  }
  if (!wanted) stream_.ReplaceValueByZero();
  return true;
}

// Takes the members of a row from the value of `field_` on, as far as the stream has them whole and plain; the parser
// reads the rest and takes whatever value comes next for that of `field_`.
bool AllocationHandler::TakeRowMembers() {
  absl::string_view text;
  while (true) {
    if (field_ == RowField::kNone) {
      if (!stream_.PassOverValue()) return true;
    } else if (field_ < RowField::kNumberCount && stream_.TakeNumber(text)) {
      SetNumber(text);
    } else if (TextOfField() != nullptr && stream_.TakeText(text)) {
      TextOfField()->assign(text.data(), text.size());
    } else {
      return true;
    }
    if (!stream_.TakeKey(text)) {
      field_ = RowField::kNone;
      stream_.ShowZero();
      return true;
    }
    field_ = RowFieldOf(text);
  }
}

bool AllocationHandler::EndObject(unsigned) {
  stream_.MarkToken();
  switch (state_) {
    case State::kWindow:
      state_ = State::kRow;
      row_.window = ParseWindow();
      return true;
    case State::kProperties:
      state_ = State::kRow;
      return true;
    case State::kRow:
      state_ = State::kSet;
      return EndRow();
    case State::kSet:
      state_ = State::kData;
      return true;
    default:
      return true;
  }
}

bool AllocationHandler::StartArray() {
  stream_.MarkToken();
  const bool bare = state_ == State::kStart && envelope_ == Envelope::kOptional;
  if (!bare && !(state_ == State::kEnvelopeValue && key_ == EnvelopeKey::kData)) return FailOnNesting("an array");
  if (has_data_) return Fail("`data` stands in it twice");
  has_data_ = true;
  state_ = State::kData;
  return true;
}

bool AllocationHandler::EndArray(unsigned) {
  stream_.MarkToken();
  state_ = State::kEnvelope;
  return true;
}

absl::StatusOr<ParsedAnswer> AllocationHandler::Finish() const {
  if (!code_.empty() && code_ != "200") return UpstreamCodeError(code_, message_);
  if (!has_data_) return ApiError(ErrorReason::kParse, "unexpected answer: it has no `data`");
  ParsedAnswer answer = answer_;
  if (!has_several_clusters_) answer.invalid.clusterless_row.clear();
  return answer;
}

std::string* AllocationHandler::PropertyOf(absl::string_view key) {
  for (const PropertyField& property : kPropertyFields) {
    if (key == property.name) return &(row_.properties.*property.text);
  }
  return nullptr;
}

std::string* AllocationHandler::TextOfField() {
  if (field_ == RowField::kStart) return &start_;
  if (field_ == RowField::kEnd) return &end_;
  return nullptr;
}

void AllocationHandler::StartRow() {
  for (const PropertyField& property : kPropertyFields) (row_.properties.*property.text).clear();
  row_.window.reset();
  start_.clear();
  end_.clear();
  row_.has_null_cost = false;
  numbers_.fill(kUnknown);
  // A missing adjustment is 0, a null one unknown.
  std::fill_n(numbers_.begin() + kResourceCount, kResourceCount, 0);
}

void AllocationHandler::SetUnknown(absl::string_view value) {
  if (field_ >= RowField::kNumberCount) return;
  numbers_[static_cast<size_t>(field_)] = kUnknown;
  if (!IsCostField(field_)) return;
  row_.has_null_cost = true;
  if (!answer_.invalid.unknown_cost.empty()) return;
  answer_.invalid.unknown_cost = absl::StrCat("row \"", base::SanitizeMessage(row_.name), "\": ", RowFieldName(field_),
                                              " is ", base::SanitizeMessage(value));
}

void AllocationHandler::NoteCluster() {
  const std::string& cluster = row_.properties.cluster;
  if (cluster.empty()) {
    std::string& row = answer_.invalid.clusterless_row;
    if (row.empty()) row = absl::StrCat("row \"", base::SanitizeMessage(row_.name), "\"");
  } else if (first_cluster_.empty()) {
    first_cluster_ = cluster;
  } else {
    has_several_clusters_ |= cluster != first_cluster_;
  }
}

void AllocationHandler::SetNumber(absl::string_view text) {
  if (field_ >= RowField::kNumberCount) return;
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    SetUnknown(text);
    ++answer_.invalid.not_a_number;
    return;
  }
  numbers_[static_cast<size_t>(field_)] = value;
}

bool AllocationHandler::EndRow() {
  if (++answer_.rows > kMaxRows) {
    status_ = ApiError(ErrorReason::kTooLarge,
                       absl::StrCat("the answer has more than ", kMaxRows, " rows; narrow it with --filter"));
    return false;
  }
  row_.total_cost = Number(RowField::kTotalCost);
  for (size_t i = 0; i < kResourceCount; ++i) row_.costs[i] = AddCosts(numbers_[i], numbers_[kResourceCount + i]);
  row_.efficiency = {Number(RowField::kCpuEfficiency), Number(RowField::kMemoryEfficiency),
                     Number(RowField::kTotalEfficiency)};
  row_.usage = {Number(RowField::kMinutes), Number(RowField::kCpuRequest), Number(RowField::kCpuUsage),
                Number(RowField::kMemoryRequest), Number(RowField::kMemoryUsage)};
  row_.extent = WindowOf(start_, end_);
  if (row_.usage.minutes < 0) ++answer_.invalid.negative_minutes;
  answer_.has_known_cost =
      answer_.has_known_cost || IsKnown(row_.total_cost) || std::any_of(row_.costs.begin(), row_.costs.end(), IsKnown);
  NoteCluster();
  status_ = sink_(row_);
  return status_.ok();
}

std::optional<base::Window> AllocationHandler::ParseWindow() {
  if (window_start_ == parsed_start_ && window_end_ == parsed_end_) return parsed_window_;
  parsed_start_ = window_start_;
  parsed_end_ = window_end_;
  parsed_window_ = WindowOf(window_start_, window_end_);
  return parsed_window_;
}

}  // namespace kubecost
