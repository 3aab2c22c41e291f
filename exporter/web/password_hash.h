// Passwords hashed: with bcrypt, as they are configured, and as digests, as they are remembered. The only libcrypt
// code.
#ifndef EXPORTER_WEB_PASSWORD_HASH_H_
#define EXPORTER_WEB_PASSWORD_HASH_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace web {

// Each step doubles the time of one check: at 10 some 70 ms, at 15 over two seconds.
inline constexpr int kMinBcryptCost = 4;
inline constexpr int kMaxBcryptCost = 15;

// OK for a bcrypt hash ($2a$, $2b$, $2y$) of a bearable cost. The message does not repeat the hash.
absl::Status CheckPasswordHash(absl::string_view hash);

// The cost of a hash that is OK.
int BcryptCost(absl::string_view hash);

// Whether `password` is the one hashed; takes the same time either way. False for one with a NUL byte, or longer than
// 511 bytes, which bcrypt cannot take whole.
bool PasswordMatches(const std::string& password, const std::string& hash);

// A hash of that cost that nobody knows a password for: a check against it costs what any other does.
std::string UnknownPasswordHash(int cost);

// HMAC-SHA256 with a random key of its own: equal texts have equal digests, and a digest tells nobody the text.
class KeyedDigest {
 public:
  KeyedDigest();
  std::string Of(absl::string_view text) const;

 private:
  std::string key_;
};

}  // namespace web

#endif  // EXPORTER_WEB_PASSWORD_HASH_H_
