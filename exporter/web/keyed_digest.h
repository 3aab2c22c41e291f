// A digest for passwords that were right.
#ifndef EXPORTER_WEB_KEYED_DIGEST_H_
#define EXPORTER_WEB_KEYED_DIGEST_H_

#include <string>

#include "absl/strings/string_view.h"

namespace web {

// HMAC-SHA256 with a random key of its own: equal texts have equal digests, and a digest tells nobody the text.
class KeyedDigest {
 public:
  KeyedDigest();
  std::string Of(absl::string_view text) const;

 private:
  std::string key_;
};

}  // namespace web

#endif  // EXPORTER_WEB_KEYED_DIGEST_H_
