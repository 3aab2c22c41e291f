// Texts from outside made fit to be shown.
#ifndef BASE_TEXT_H_
#define BASE_TEXT_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace base {

bool IsValidUtf8(absl::string_view text);

bool HasControl(absl::string_view text);

bool HasSpaceOrControl(absl::string_view text);

// `text` with U+FFFD in place of every byte that does not belong to valid UTF-8.
std::string ReplaceInvalidUtf8(absl::string_view text);

// A JSON string with its quotes, valid UTF-8 whatever `text` holds. logfmt quotes in the same way.
std::string JsonString(absl::string_view text);

// What stands at the end of a text that was cut.
inline constexpr absl::string_view kCutMark = "...";

// A text from upstream made fit for one line of a log: no control characters, no credentials of a URL, short.
std::string SanitizeMessage(absl::string_view text);

// Tells texts apart, in files too: FNV-1a, 64 bits. That of several texts begins with that of those before.
inline constexpr uint64_t kNoFingerprint = 0xcbf29ce484222325;
uint64_t Fingerprint(absl::string_view text, uint64_t before = kNoFingerprint);

}  // namespace base

#endif  // BASE_TEXT_H_
