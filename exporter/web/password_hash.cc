#include "exporter/web/password_hash.h"

#include <crypt.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace web {
namespace {

// "$2y$10$", 22 characters of salt, 31 of hash.
constexpr size_t kPrefixSize = 7;
constexpr size_t kHashSize = 60;

bool IsDigit(char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); }

bool IsRadix64(char c) { return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '/'; }

bool HasForm(absl::string_view hash) {
  return hash.size() == kHashSize && hash[0] == '$' && hash[1] == '2' &&
         absl::string_view("aby").find(hash[2]) != absl::string_view::npos && hash[3] == '$' && IsDigit(hash[4]) &&
         IsDigit(hash[5]) && hash[6] == '$' && std::all_of(hash.begin() + kPrefixSize, hash.end(), IsRadix64);
}

}  // namespace

absl::Status CheckPasswordHash(absl::string_view hash) {
  if (!HasForm(hash)) {
    return absl::InvalidArgumentError("not a bcrypt hash, such as htpasswd -nBC 10 \"\" makes: $2y$10$ and 53 more");
  }
  const int cost = BcryptCost(hash);
  if (cost < kMinBcryptCost || cost > kMaxBcryptCost) {
    return absl::InvalidArgumentError(absl::StrCat("a bcrypt hash of cost ", cost, ", which must be ", kMinBcryptCost,
                                                   " to ", kMaxBcryptCost, "; 10 is usual"));
  }
  return absl::OkStatus();
}

int BcryptCost(absl::string_view hash) { return 10 * (hash[4] - '0') + (hash[5] - '0'); }

bool PasswordMatches(const std::string& password, const std::string& hash) {
  const bool fits = password.size() < CRYPT_MAX_PASSPHRASE_SIZE && password.find('\0') == std::string::npos;
  // The work is done for one that does not fit as well: how long it takes tells nothing.
  const auto data = std::make_unique<crypt_data>();
  const char* computed = crypt_rn(fits ? password.c_str() : "", hash.c_str(), data.get(), sizeof(crypt_data));
  // Not the salt: its last character has unused bits, which crypt clears and other programs may not.
  constexpr size_t kBehindSalt = kPrefixSize + 22;
  const bool is_equal = computed != nullptr && strlen(computed) == kHashSize && hash.size() == kHashSize &&
                        CRYPTO_memcmp(computed + kBehindSalt, &hash[kBehindSalt], kHashSize - kBehindSalt) == 0;
  explicit_bzero(data.get(), sizeof(crypt_data));
  return is_equal && fits;
}

std::string UnknownPasswordHash(int cost) {
  return absl::StrCat("$2b$", absl::StrFormat("%02d", cost), "$", std::string(kHashSize - kPrefixSize, '.'));
}

KeyedDigest::KeyedDigest() : key_(32, '\0') {
  if (RAND_bytes(reinterpret_cast<unsigned char*>(key_.data()), static_cast<int>(key_.size())) != 1) std::abort();
}

std::string KeyedDigest::Of(absl::string_view text) const {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned size = 0;
  HMAC(EVP_sha256(), key_.data(), static_cast<int>(key_.size()), reinterpret_cast<const unsigned char*>(text.data()),
       text.size(), digest.data(), &size);
  return std::string(reinterpret_cast<const char*>(digest.data()), size);
}

}  // namespace web
