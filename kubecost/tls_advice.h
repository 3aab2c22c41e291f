// What to do about a failure of TLS, told from the words of libcurl and OpenSSL.
#ifndef KUBECOST_TLS_ADVICE_H_
#define KUBECOST_TLS_ADVICE_H_

#include "absl/strings/string_view.h"

namespace kubecost {

absl::string_view TlsAdvice(absl::string_view detail);

// True when the server has ended an encrypted connection by an alert of TLS.
bool IsTlsAlert(absl::string_view detail);

}  // namespace kubecost

#endif  // KUBECOST_TLS_ADVICE_H_
