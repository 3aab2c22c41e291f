#include "exporter/web/web_config.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <exception>
#include <functional>
#include <set>

#include "absl/functional/function_ref.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "base/files.h"
#include "base/text.h"
#include "exporter/web/password_hash.h"

namespace web {
namespace {

using NamePair = std::pair<absl::string_view, absl::string_view>;

// As Go and the RFCs name them, and as OpenSSL does. Those that Go does not call insecure; the ones of TLS 1.3 are
// always on, there as here.
constexpr NamePair kCipherSuites[] = {
    {"TLS_AES_128_GCM_SHA256", ""},
    {"TLS_AES_256_GCM_SHA384", ""},
    {"TLS_CHACHA20_POLY1305_SHA256", ""},
    {"TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA", "ECDHE-ECDSA-AES128-SHA"},
    {"TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA", "ECDHE-ECDSA-AES256-SHA"},
    {"TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", "ECDHE-RSA-AES128-SHA"},
    {"TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA", "ECDHE-RSA-AES256-SHA"},
    {"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "ECDHE-ECDSA-AES128-GCM-SHA256"},
    {"TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "ECDHE-ECDSA-AES256-GCM-SHA384"},
    {"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "ECDHE-RSA-AES128-GCM-SHA256"},
    {"TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "ECDHE-RSA-AES256-GCM-SHA384"},
    {"TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", "ECDHE-RSA-CHACHA20-POLY1305"},
    {"TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", "ECDHE-ECDSA-CHACHA20-POLY1305"},
};

constexpr NamePair kGroups[] = {
    {"CurveP256", "P-256"}, {"CurveP384", "P-384"}, {"CurveP521", "P-521"}, {"X25519", "X25519"}};

constexpr std::pair<absl::string_view, ClientAuth> kClientAuths[] = {
    {"NoClientCert", ClientAuth::kNone},
    {"RequestClientCert", ClientAuth::kRequest},
    {"RequireAnyClientCert", ClientAuth::kRequireAny},
    {"VerifyClientCertIfGiven", ClientAuth::kVerifyIfGiven},
    {"RequireAndVerifyClientCert", ClientAuth::kRequireAndVerify},
    {"RequireClientCert", ClientAuth::kRequireAny},  // the former name of RequireAnyClientCert
};

constexpr std::pair<absl::string_view, TlsVersion> kVersions[] = {{"TLS12", TlsVersion::k12},
                                                                  {"TLS13", TlsVersion::k13}};

// Headers that may be set, and the values of those that have only some.
constexpr NamePair kHeaders[] = {{"Content-Security-Policy", ""},
                                 {"Strict-Transport-Security", ""},
                                 {"X-Content-Type-Options", "nosniff"},
                                 {"X-Frame-Options", "deny or sameorigin"},
                                 {"X-XSS-Protection", ""}};

template <typename Table>
auto Find(const Table& table, absl::string_view name) {
  return std::find_if(std::begin(table), std::end(table), [name](const auto& row) { return row.first == name; });
}

template <typename Table>
std::string NamesOf(const Table& table) {
  return absl::StrJoin(table, ", ", [](std::string* out, const auto& row) { absl::StrAppend(out, row.first); });
}

// What a value was, where it can be no secret.
std::string Quoted(absl::string_view text) {
  return absl::StrCat("\"", base::SanitizeMessage(text.substr(0, 100)), "\"");
}

class Reader {
 public:
  Reader(const std::string& path, WebConfigResult& result) : path_(path), result_(result), config_(result.config) {}

  void Document(const YAML::Node& root) {
    Section(root, "",
            {{"tls_server_config", [this](const YAML::Node& node) { Tls(node); }},
             {"http_server_config", [this](const YAML::Node& node) { Http(node); }},
             {"basic_auth_users", [this](const YAML::Node& node) { Users(node); }},
             {"rate_limit", [this](const YAML::Node& node) { Rate(node); }}});
  }

  void Problem(const YAML::Mark& mark, absl::string_view what) {
    result_.problems.push_back(mark.is_null() ? absl::StrCat(path_, ": ", what)
                                              : absl::StrCat(path_, ":", mark.line + 1, ": ", what));
  }

 private:
  using Key = std::pair<absl::string_view, std::function<void(const YAML::Node&)>>;

  // Calls `each` for the pairs of a mapping whose keys are text and given once. Nothing at all is as good as empty.
  void Pairs(const YAML::Node& node, absl::string_view name,
             absl::FunctionRef<void(const YAML::Node& key, const YAML::Node& value)> each) {
    if (!node.IsDefined() || node.IsNull()) return;
    const std::string where = name.empty() ? "the file" : std::string(name);
    if (!node.IsMap()) return Problem(node.Mark(), absl::StrCat(where, " must be a mapping (key: value)"));
    if (node.size() > kMaxWebConfigEntries) {
      return Problem(node.Mark(), absl::StrCat(where, " has more than ", kMaxWebConfigEntries, " entries"));
    }
    std::set<std::string> seen;
    for (const auto& pair : node) {
      if (!pair.first.IsScalar()) {
        Problem(pair.first.Mark(), absl::StrCat(where, " has a key that is no text"));
      } else if (!seen.insert(pair.first.Scalar()).second) {
        Problem(pair.first.Mark(), absl::StrCat(where, " has the same key twice"));
      } else {
        each(pair.first, pair.second);
      }
    }
  }

  // A mapping with these keys and no others.
  void Section(const YAML::Node& node, absl::string_view name, const std::vector<Key>& keys) {
    Pairs(node, name, [&](const YAML::Node& key, const YAML::Node& value) {
      const auto known = Find(keys, key.Scalar());
      if (known != keys.end()) return known->second(value);
      Problem(key.Mark(), absl::StrCat(name, name.empty() ? "" : ": ", "unknown key ", Quoted(key.Scalar()),
                                       "; there are ", NamesOf(keys)));
    });
  }

  // A value's text; empty for nothing, or with a problem.
  std::string Text(const YAML::Node& node, absl::string_view name) {
    if (node.IsNull()) return "";
    if (node.IsScalar()) return node.Scalar();
    Problem(node.Mark(), absl::StrCat(name, " must be text"));
    return "";
  }

  Key TextKey(absl::string_view name, std::string& out) {
    return {name, [this, name, &out](const YAML::Node& node) { out = Text(node, name); }};
  }

  Key FileKey(absl::string_view name, std::string& out) {
    return {name, [this, name, &out](const YAML::Node& node) {
              const std::string file = Text(node, name);
              if (absl::StrContains(file, "-----BEGIN") || base::HasControl(file)) {
                // Not repeated: it may be the key itself.
                return Problem(node.Mark(), absl::StrCat(name, " must name a file; PEM text belongs into ",
                                                         name.substr(0, name.rfind("_file"))));
              }
              out = file.empty() || file[0] == '/' ? file : absl::StrCat(Folder(), file);
            }};
  }

  std::string Folder() const {
    const size_t slash = path_.rfind('/');
    return slash == std::string::npos ? "" : path_.substr(0, slash + 1);
  }

  Key BoolKey(absl::string_view name, bool& out) {
    return {name, [this, name, &out](const YAML::Node& node) {
              if (!YAML::convert<bool>::decode(node, out))
                Problem(node.Mark(), absl::StrCat(name, " must be true or false"));
            }};
  }

  // The value that the table has for a text; null, with a problem unless the text is empty, when it has none.
  template <typename Value, size_t N>
  const Value* Choice(const YAML::Node& node, absl::string_view name, absl::string_view text,
                      const std::pair<absl::string_view, Value> (&table)[N]) {
    const auto row = Find(table, text);
    if (row != std::end(table)) return &row->second;
    if (!text.empty()) {
      Problem(node.Mark(), absl::StrCat(name, ": ", Quoted(text), " is not one of ", NamesOf(table)));
    }
    return nullptr;
  }

  template <typename Table, typename Value>
  Key ChoiceKey(absl::string_view name, const Table& table, Value& out) {
    return {name, [this, name, &table, &out](const YAML::Node& node) {
              if (const Value* value = Choice(node, name, Text(node, name), table)) out = *value;
            }};
  }

  Key VersionKey(absl::string_view name, TlsVersion& out) {
    return {name, [this, name, choose = ChoiceKey(name, kVersions, out).second](const YAML::Node& node) {
              const bool is_old = node.IsScalar() && (node.Scalar() == "TLS10" || node.Scalar() == "TLS11");
              if (!is_old) return choose(node);
              Problem(node.Mark(), absl::StrCat(name, ": ", node.Scalar(), " is not secure: TLS12 is the least"));
            }};
  }

  Key ListKey(absl::string_view name, std::function<void(const YAML::Node&, const std::string&)> each) {
    return {name, [this, name, each = std::move(each)](const YAML::Node& node) {
              if (node.IsNull()) return;
              if (!node.IsSequence() || node.size() > kMaxWebConfigEntries) {
                return Problem(node.Mark(), absl::StrCat(name, " must be a list of at most ", kMaxWebConfigEntries));
              }
              for (const YAML::Node& item : node) {
                const std::string text = Text(item, name);
                if (!text.empty()) each(item, text);
              }
            }};
  }

  void AddCipherSuite(const YAML::Node& node, const std::string& name) {
    const auto suite = Find(kCipherSuites, name);
    if (suite == std::end(kCipherSuites)) {
      return Problem(node.Mark(),
                     absl::StrCat("cipher_suites: ", Quoted(name),
                                  " is not known, or not secure; see docs/web-config.md for those that are"));
    }
    if (!tls_.cipher_suites.has_value()) tls_.cipher_suites.emplace();
    if (!suite->second.empty()) tls_.cipher_suites->emplace_back(suite->second);
  }

  void AddGroup(const YAML::Node& node, const std::string& name) {
    if (const auto* group = Choice(node, "curve_preferences", name, kGroups)) tls_.groups.emplace_back(*group);
  }

  void Tls(const YAML::Node& node) {
    const size_t problems_before = result_.problems.size();
    Section(
        node, "tls_server_config",
        {TextKey("cert", tls_.certificate.text), FileKey("cert_file", tls_.certificate.file),
         TextKey("key", tls_.key.text), FileKey("key_file", tls_.key.file), TextKey("client_ca", tls_.client_ca.text),
         FileKey("client_ca_file", tls_.client_ca.file), ChoiceKey("client_auth_type", kClientAuths, tls_.client_auth),
         ListKey("client_allowed_sans",
                 [this](const YAML::Node&, const std::string& san) { tls_.client_allowed_sans.push_back(san); }),
         VersionKey("min_version", tls_.min_version), VersionKey("max_version", tls_.max_version),
         ListKey("cipher_suites", [this](const auto& item, const auto& name) { AddCipherSuite(item, name); }),
         BoolKey("prefer_server_cipher_suites", tls_.prefer_server_cipher_suites),
         ListKey("curve_preferences", [this](const auto& item, const auto& name) { AddGroup(item, name); })});
    if (!node.IsMap() || node.size() == 0) return;
    // What is missing is seen only where nothing was misunderstood.
    if (result_.problems.size() == problems_before) CheckTls(node.Mark());
    config_.tls = tls_;
  }

  void CheckTls(const YAML::Mark& mark) {
    const auto check = [&](bool is_bad, absl::string_view what) {
      if (is_bad) Problem(mark, absl::StrCat("tls_server_config: ", what));
    };
    for (const auto& [name, source] : {std::pair("cert", &tls_.certificate), std::pair("key", &tls_.key)}) {
      check(source->empty(), absl::StrCat(name, "_file is missing"));
    }
    for (const auto& [name, source] :
         {std::pair("cert", &tls_.certificate), std::pair("key", &tls_.key), std::pair("client_ca", &tls_.client_ca)}) {
      check(!source->file.empty() && !source->text.empty(),
            absl::StrCat("either ", name, " or ", name, "_file, not both"));
    }
    check(tls_.verifies_clients() && tls_.client_ca.empty(),
          "this client_auth_type needs client_ca_file: without it any public authority could let clients in");
    check(tls_.client_auth == ClientAuth::kNone && !tls_.client_ca.empty(),
          "client_ca_file is not looked at without a client_auth_type; RequireAndVerifyClientCert uses it");
    check(!tls_.requires_certificate() && !tls_.client_allowed_sans.empty(),
          "client_allowed_sans needs client_auth_type RequireAndVerifyClientCert or RequireAnyClientCert");
    check(tls_.min_version > tls_.max_version, "min_version is above max_version");
    check(tls_.max_version == TlsVersion::k12 && tls_.cipher_suites.has_value() && tls_.cipher_suites->empty(),
          "max_version is TLS12, and cipher_suites has none for it");
  }

  void Http(const YAML::Node& node) {
    const auto header = [this](const YAML::Node& key, const YAML::Node& value) { Header(key, value); };
    const auto headers = [&](const YAML::Node& value) { Pairs(value, "headers", header); };
    Section(node, "http_server_config", {BoolKey("http2", config_.wants_http2), {"headers", headers}});
  }

  void Header(const YAML::Node& key, const YAML::Node& node) {
    const std::string& name = key.Scalar();
    const auto rule = Find(kHeaders, name);
    if (rule == std::end(kHeaders)) {
      return Problem(key.Mark(), absl::StrCat("headers: ", Quoted(name), " cannot be set, only ", NamesOf(kHeaders)));
    }
    const std::string value = Text(node, name);
    if (value.empty()) return;
    const std::vector<absl::string_view> known = absl::StrSplit(rule->second, " or ", absl::SkipEmpty());
    if (!known.empty() && std::find(known.begin(), known.end(), value) == known.end()) {
      return Problem(node.Mark(), absl::StrCat(name, ": ", Quoted(value), " is not ", rule->second));
    }
    if (base::HasControl(value) || value.size() > 4096) {
      return Problem(node.Mark(), absl::StrCat(name, " must be one line of at most 4096 bytes"));
    }
    config_.headers.emplace_back(name, value);
  }

  // Neither names nor hashes are repeated in a problem.
  void Users(const YAML::Node& node) {
    Pairs(node, "basic_auth_users", [this](const YAML::Node& key, const YAML::Node& value) {
      const std::string& name = key.Scalar();
      if (name.empty() || name.size() > 255 || absl::StrContains(name, ":") || base::HasControl(name)) {
        Problem(key.Mark(),
                "basic_auth_users: a user's name must be 1 to 255 bytes without a colon or control character");
      }
      const absl::Status status = CheckPasswordHash(Text(value, "basic_auth_users: a hash"));
      if (!status.ok()) Problem(value.Mark(), absl::StrCat("basic_auth_users: ", status.message()));
      config_.users[name] = Text(value, "");
    });
  }

  void Rate(const YAML::Node& node) {
    RateLimit limit;
    Section(node, "rate_limit",
            {{"interval",
              [&](const YAML::Node& value) {
                const std::string text = Text(value, "interval");
                if (!absl::ParseDuration(text, &limit.interval) || limit.interval < absl::ZeroDuration() ||
                    limit.interval > absl::Hours(1)) {
                  Problem(value.Mark(), "interval must be a duration such as 500ms or 1s, at most 1h; 0s is no limit");
                }
              }},
             {"burst", [&](const YAML::Node& value) {
                const bool is_number = absl::SimpleAtoi(Text(value, "burst"), &limit.burst);
                if (is_number && limit.burst >= 0 && limit.burst <= 1'000'000) return;
                Problem(value.Mark(), "burst must be a whole number from 0 to 1000000");
                limit.burst = 1;  // told already
              }}});
    if (limit.interval == absl::ZeroDuration()) return;
    if (limit.burst == 0) return Problem(node.Mark(), "rate_limit: a burst of 0 lets no request through");
    config_.rate_limit = limit;
  }

  const std::string& path_;
  WebConfigResult& result_;
  WebConfig& config_;
  TlsSettings tls_;
};

}  // namespace

WebConfigResult ParseWebConfig(absl::string_view text, const std::string& path) {
  WebConfigResult result;
  Reader reader(path, result);
  try {
    const std::vector<YAML::Node> documents = YAML::LoadAll(std::string(text));
    if (documents.size() > 1) reader.Problem(documents[1].Mark(), "must be one YAML document");
    if (!documents.empty()) reader.Document(documents[0]);
  } catch (const YAML::Exception& error) {
    // What follows a colon is a piece of the file, and may be one of a secret.
    const absl::string_view what = error.msg;
    reader.Problem(error.mark, absl::StrCat("not valid YAML: ", what.substr(0, what.find(':'))));
  } catch (const std::exception&) {
    reader.Problem(YAML::Mark::null_mark(), "not valid YAML");
  }
  return result;
}

WebConfigResult ReadWebConfig(const std::string& path) {
  const absl::StatusOr<std::string> text = base::ReadSmallFile(path);
  if (text.ok()) return ParseWebConfig(*text, path);
  WebConfigResult result;
  result.problems.emplace_back(text.status().message());
  return result;
}

}  // namespace web
