// The Allocation API: a question in, rows out, or one error with a reason.
#ifndef KUBECOST_ALLOCATION_CLIENT_H_
#define KUBECOST_ALLOCATION_CLIENT_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "kubecost/allocation_query.h"
#include "kubecost/http_client.h"
#include "kubecost/response_parser.h"

namespace kubecost {

// Whose API it is; decides the path: Kubecost has /model/allocation, OpenCost /allocation.
enum class Api { kAuto, kKubecost, kOpenCost };
inline constexpr absl::string_view kApiNames[] = {"auto", "kubecost", "opencost"};
inline absl::string_view ApiName(Api api) { return kApiNames[static_cast<size_t>(api)]; }

struct EndpointSettings {
  // Scheme, host, port and perhaps a path, without a slash at the end.
  std::string url = "http://kubecost-cost-analyzer.kubecost:9090";
  Api api = Api::kAuto;
  // What stands before /allocation and /clusterInfo in place of the product's own prefix.
  std::optional<std::string> path_prefix;
};

// One HTTP request that was made, for counting. `code` is 0 when no status line arrived.
struct RequestRecord {
  absl::string_view path;
  int code = 0;
  uint64_t bytes = 0;
  absl::Status status;
  // When the headers arrived, by Clock::Elapsed().
  absl::Duration arrived;
  // When the answer was made, by the server's clock: nothing when it does not say, or the answer comes out of a cache.
  std::optional<absl::Time> date;
};

// Makes requests one after the other; no retry, no sleep, no log. Used by one thread. Errors carry an ErrorReason
// and a text that names endpoint, cause and remedy, except Cancelled.
class AllocationClient {
 public:
  AllocationClient(HttpClient& http, const base::Clock& clock, EndpointSettings endpoint, QuerySettings query,
                   std::function<void(const RequestRecord&)> on_request);

  // Rows go to `sink` as they arrive and are worth nothing unless the result is OK. Every row has a window
  // that lies within the asked one, and may be a part of it. An answer without rows is an error (empty) that names the
  // window.
  absl::StatusOr<ParsedAnswer> GetAllocations(const AllocationQuery& query, AllocationSink sink, std::stop_token stop);

  absl::StatusOr<TextMap> GetClusterInfo(std::stop_token stop);

  // `currencyCode` of Kubecost's settings (getConfigs, in later versions productConfigs); empty where it leaves it so,
  // which means USD. NotFound when the server has neither.
  absl::StatusOr<std::string> GetCurrency(std::stop_token stop);

  // Path of the Allocation API as found; empty until then.
  std::string path() const;
  // The API in force: as configured, or as found; kAuto until the first answer, and for a path prefix of its own.
  Api api() const;

 private:
  struct Candidate {
    Api api;
    std::string prefix;
  };

  absl::StatusOr<TextMap> GetTextMap(absl::string_view endpoint, Envelope envelope, std::stop_token stop);
  // Asks the path that answered before, else every candidate until one does not answer 404.
  absl::Status Request(absl::string_view endpoint, absl::FunctionRef<std::string(Api)> query,
                       absl::FunctionRef<absl::StatusOr<uint64_t>()> read_body, std::stop_token stop);
  absl::Status RequestPath(const std::string& path, absl::string_view query,
                           absl::FunctionRef<absl::StatusOr<uint64_t>()> read_body, std::stop_token stop);
  absl::Status StatusOfHead(const std::string& path, const HttpHead& head, absl::Duration retry_after);
  // The next piece of the body, whose beginning is kept.
  absl::StatusOr<absl::string_view> Read();
  // A status of reason parse with what the body says in place of an answer.
  absl::Status Quoted(const absl::Status& status);

  HttpClient& http_;
  const base::Clock& clock_;
  const EndpointSettings endpoint_;
  const QuerySettings query_;
  const std::function<void(const RequestRecord&)> on_request_;
  std::vector<Candidate> candidates_;
  std::optional<size_t> found_;
  std::string beginning_;  // of the body
};

}  // namespace kubecost

#endif  // KUBECOST_ALLOCATION_CLIENT_H_
