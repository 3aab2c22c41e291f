#include "exporter/web/basic_auth.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"

namespace web {
namespace {

// One for each user, of the same cost.
std::vector<std::string> UnknownHashes(const std::map<std::string, std::string>& users) {
  std::vector<std::string> hashes;
  hashes.reserve(users.size());
  for (const auto& [name, hash] : users) hashes.push_back(UnknownPasswordHash(BcryptCost(hash)));
  return hashes;
}

void Wipe(std::string& secret) { explicit_bzero(secret.data(), secret.size()); }

}  // namespace

BasicAuth::BasicAuth(std::map<std::string, std::string> users, int max_checks, BasicAuth* former)
    : users_(std::move(users)),
      unknown_hashes_(UnknownHashes(users_)),
      max_checks_(static_cast<size_t>(std::max(max_checks, 1))),
      digest_(former != nullptr ? former->digest_ : KeyedDigest()) {
  if (former == nullptr) return;
  const base::MutexLock former_lock(former->mutex_);
  const base::MutexLock lock(mutex_);
  for (const auto& [user, hash] : users_) {
    const auto known = former->users_.find(user);
    const auto right = former->right_.find(user);
    if (known != former->users_.end() && known->second == hash && right != former->right_.end()) right_.insert(*right);
  }
}

Login BasicAuth::Check(absl::string_view authorization, const std::string& client) {
  constexpr absl::string_view kScheme = "Basic ";
  if (authorization.empty()) return Login::kMissing;
  if (!absl::StartsWithIgnoreCase(authorization, kScheme)) return Login::kWrong;
  std::string decoded;
  std::string user;
  std::string password;
  const absl::Cleanup wiping = [&] {
    Wipe(decoded);
    Wipe(password);
  };
  if (!absl::Base64Unescape(absl::StripAsciiWhitespace(authorization.substr(kScheme.size())), &decoded)) {
    return Login::kWrong;
  }
  const size_t colon = decoded.find(':');
  if (colon == std::string::npos) return Login::kWrong;
  user = decoded.substr(0, colon);
  password = decoded.substr(colon + 1);
  return CheckPassword(user, password, client);
}

// An unknown user always gets the same hash, of a cost that a known one may have: the time tells nothing.
const std::string& BasicAuth::HashOf(const std::string& user) const {
  const auto found = users_.find(user);
  if (found != users_.end()) return found->second;
  return unknown_hashes_[static_cast<unsigned char>(digest_.Of(user)[0]) % unknown_hashes_.size()];
}

bool BasicAuth::IsRight(const std::string& user, const std::string& digest) const {
  const auto found = right_.find(user);
  return found != right_.end() && found->second == digest;
}

bool BasicAuth::MayWait(const std::string& client) const {
  const auto of_client = static_cast<size_t>(std::count(clients_.begin(), clients_.end(), client));
  if (of_client == 0) return clients_.size() < max_checks_;
  return of_client < max_checks_ / 2 && clients_.size() < max_checks_ - max_checks_ / 4;
}

Login BasicAuth::CheckPassword(const std::string& user, const std::string& password, const std::string& client) {
  const bool is_known = users_.count(user) > 0;
  // No user's name has a colon in it.
  std::string pair = user + ":" + password;
  const std::string digest = digest_.Of(pair);
  Wipe(pair);

  bool is_good = false;
  {
    const base::MutexLock lock(mutex_);
    if (IsRight(user, digest)) return Login::kGood;
    if (!MayWait(client)) return Login::kBusy;
    clients_.push_back(client);
    while (is_checking_) turn_.wait(mutex_);
    is_checking_ = true;
    is_good = IsRight(user, digest);  // another one's check may have told meanwhile
  }
  if (!is_good) is_good = PasswordMatches(password, HashOf(user)) && is_known;
  {
    const base::MutexLock lock(mutex_);
    is_checking_ = false;
    if (is_good) right_[user] = digest;
    clients_.erase(std::find(clients_.begin(), clients_.end(), client));
  }
  turn_.notify_one();
  return is_good ? Login::kGood : Login::kWrong;
}

}  // namespace web
