// What Kubecost is shown and what it is believed by: certificates and credentials, out of files that may change.
#ifndef KUBECOST_CREDENTIALS_H_
#define KUBECOST_CREDENTIALS_H_

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "kubecost/api_error.h"

namespace kubecost {

// File names, never what is in them. Empty: not used.
struct AccessSettings {
  // Authorities in place of the system's.
  std::string ca_file;
  // Both or none.
  std::string cert_file;
  std::string key_file;
  // Name that the server's certificate must hold, in place of the URL's host.
  std::string server_name;
  bool tls_verify = true;

  // Both or none, and not together with token_file.
  std::string username;
  std::string password_file;
  std::string token_file;
  // Lines "Name: value".
  std::string header_file;

  bool HasCredentials() const { return !password_file.empty() || !token_file.empty() || !header_file.empty(); }
  // The flags that give them, for people: "--kubecost.token-file and --kubecost.header-file".
  std::string CredentialFlags() const;
};

// What the files hold.
struct Access {
  std::string ca_pem;
  std::optional<absl::Time> ca_not_after;  // of the certificate that ends first
  std::string cert_pem;
  std::string key_pem;
  std::string secret;                // the password or token
  std::string authorization;         // the value of that header, made of it
  std::vector<std::string> headers;  // each "Name: value"

  // The text with *** in place of every secret in it, and of the beginning of one that SanitizeMessage() has cut.
  std::string WithoutSecrets(absl::string_view text) const;
};

// A file, or two that belong together, was read for the first time, changed, became unusable or usable again.
struct FileEvent {
  std::vector<absl::string_view> flags;  // without dashes
  std::vector<std::string> paths;
  // Why it cannot be used; what it held before stays in force.
  absl::Status status;
  bool is_first = false;
  bool is_changed = false;
};

// Used by one thread.
class AccessFiles {
 public:
  // Reads the files; an error of one is told by status().
  AccessFiles(AccessSettings settings, std::function<void(const FileEvent&, const Access&)> on_event);

  // Reads them again, and takes what is new and good; what is not good is told once and changes nothing. True when
  // access() has changed.
  bool Refresh();

  // Not OK as long as a file has never been usable.
  absl::Status status() const;
  // One text for each file that cannot be used as it is now, beginning with its flag.
  std::vector<std::string> Problems() const;

  const AccessSettings& settings() const { return settings_; }
  const Access& access() const { return access_; }

 private:
  // Texts of the files -> the part of an Access that they make.
  using Take = std::function<absl::Status(const std::vector<std::string>&, const AccessSettings&, Access&)>;
  struct Part {
    std::vector<absl::string_view> flags;
    std::vector<std::string> paths;
    ErrorReason reason;
    Take take;
    bool is_secret;  // all of the file, so that even a mistaken name may be

    std::vector<std::string> texts = {};  // as last read and taken
    absl::Status status = {};             // of the last reading
    bool is_taken = false;                // at least once
  };

  // True when the part's access has changed.
  bool RefreshPart(Part& part);
  absl::Status Read(const Part& part, std::vector<std::string>& texts) const;
  // The texts of the files as they are, taken into access() where they are new.
  absl::Status ReadAndTake(const Part& part, std::vector<std::string>& texts);

  const AccessSettings settings_;
  const std::function<void(const FileEvent&, const Access&)> on_event_;
  std::vector<Part> parts_;
  Access access_;
};

}  // namespace kubecost

#endif  // KUBECOST_CREDENTIALS_H_
