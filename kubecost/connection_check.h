// Whether the settings of the connection to Kubecost make sense. Each text names its flag.
#ifndef KUBECOST_CONNECTION_CHECK_H_
#define KUBECOST_CONNECTION_CHECK_H_

#include <string>
#include <vector>

#include "kubecost/allocation_client.h"
#include "kubecost/curl_http_client.h"

namespace kubecost {

// Every problem of the values together. The range of a number stands at its flag, and no file is read.
std::vector<std::string> ConnectionProblems(const EndpointSettings& endpoint, const CurlOptions& http);

// What works but is unsafe, each a sentence for the log.
std::vector<std::string> ConnectionWarnings(const EndpointSettings& endpoint, const CurlOptions& http);

}  // namespace kubecost

#endif  // KUBECOST_CONNECTION_CHECK_H_
