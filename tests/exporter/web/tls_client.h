// Certificates, and a client that shows and sees them, for tests of the server over TLS.
#ifndef TESTS_EXPORTER_WEB_TLS_CLIENT_H_
#define TESTS_EXPORTER_WEB_TLS_CLIENT_H_

#include <optional>
#include <string>

namespace web {

// PEM texts of a new certificate that signs itself, and of its key.
struct Identity {
  std::string certificate;
  std::string key;
};

Identity NewIdentity(const std::string& name);

struct TlsAnswer {
  std::string server_name;  // of the server's certificate
  int status = 0;           // of HTTP
  std::string text;         // head and body
};

// GET over a connection of its own to 127.0.0.1, showing the client's certificate if there is one; nothing when no
// answer came. `headers` with their ends of line.
std::optional<TlsAnswer> GetOverTls(int port, const std::string& path, const Identity* client = nullptr,
                                    const std::string& headers = "");

}  // namespace web

#endif  // TESTS_EXPORTER_WEB_TLS_CLIENT_H_
