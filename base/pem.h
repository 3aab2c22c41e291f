// PEM texts with certificates and keys: are they what they must be, and for how long. The only X.509 code.
#ifndef BASE_PEM_H_
#define BASE_PEM_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace base {

// When the first of the certificates in the text expires. An error when there is none, or one is damaged.
absl::StatusOr<absl::Time> EarliestNotAfter(absl::string_view pem);

// OK when the first certificate of the one text belongs to the private key of the other; both may be the same text.
absl::Status CheckKeyPair(absl::string_view certificate_pem, absl::string_view key_pem);

}  // namespace base

#endif  // BASE_PEM_H_
