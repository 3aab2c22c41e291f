// Basic authentication against bcrypt hashes.
#ifndef EXPORTER_WEB_BASIC_AUTH_H_
#define EXPORTER_WEB_BASIC_AUTH_H_

#include <condition_variable>
#include <map>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/string_view.h"
#include "base/mutex.h"
#include "exporter/web/password_hash.h"

namespace web {

enum class Login { kGood, kMissing, kWrong, kBusy };

// A password that was right is remembered as a digest, and costs nothing from then on. All others are checked one at a
// time, an unknown user's like a known one's, and only so many may wait: guessing takes at most one core and never all
// threads. All methods are safe from any thread.
class BasicAuth {
 public:
  // `users`: name -> bcrypt hash, at least one. `max_checks` is how many may be checked or wait at once: half of them
  // for one client, and the last quarter for clients that have none there yet. What `former`, if any, remembers of
  // users whose hash is the same is taken over.
  BasicAuth(std::map<std::string, std::string> users, int max_checks, BasicAuth* former = nullptr);

  // `authorization` is the header's value, empty for none; `client` the address it came from. May take as long as
  // `max_checks` hashes.
  Login Check(absl::string_view authorization, const std::string& client);

  const std::map<std::string, std::string>& users() const { return users_; }

 private:
  Login CheckPassword(const std::string& user, const std::string& password, const std::string& client);
  bool IsRight(const std::string& user, const std::string& digest) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool MayWait(const std::string& client) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  const std::string& HashOf(const std::string& user) const;

  const std::map<std::string, std::string> users_;
  const std::vector<std::string> unknown_hashes_;
  const size_t max_checks_;
  const KeyedDigest digest_;

  base::Mutex mutex_;
  std::condition_variable_any turn_;
  // user -> digest of the last right user and password
  std::map<std::string, std::string> right_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::string> clients_ ABSL_GUARDED_BY(mutex_);  // of those being checked or waiting
  bool is_checking_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace web

#endif  // EXPORTER_WEB_BASIC_AUTH_H_
