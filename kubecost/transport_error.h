// The words for a request that got no whole answer. A URL is told without its query.
#ifndef KUBECOST_TRANSPORT_ERROR_H_
#define KUBECOST_TRANSPORT_ERROR_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "kubecost/api_error.h"

namespace kubecost {

absl::Status ConnectTimeoutError(absl::string_view url, absl::Duration limit);
absl::Status HandshakeTimeoutError(absl::string_view url, absl::Duration limit);
absl::Status ReadTimeoutError(absl::string_view url, absl::Duration limit);
absl::Status DeadlineError(absl::string_view url, absl::Duration limit, uint64_t received_bytes);
absl::Status TooLargeError(absl::string_view url, uint64_t max_bytes);
// `detail` is what the library says.
absl::Status TransportError(ErrorReason reason, absl::string_view url, absl::string_view detail);

// True when the words of the library say that the server has ended an encrypted connection by an alert of TLS.
bool IsTlsAlert(absl::string_view detail);

}  // namespace kubecost

#endif  // KUBECOST_TRANSPORT_ERROR_H_
