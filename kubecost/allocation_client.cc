#include "kubecost/allocation_client.h"

#include <algorithm>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/day.h"
#include "base/text.h"
#include "kubecost/api_error.h"
#include "kubecost/login_error.h"

namespace kubecost {
namespace {

constexpr absl::string_view kAllocation = "/allocation";
constexpr absl::string_view kClusterInfo = "/clusterInfo";
constexpr absl::string_view kConfigs = "/getConfigs";
constexpr absl::string_view kProductConfigs = "/productConfigs";
constexpr absl::string_view kKubecostPrefix = "/model";

// A server is not obeyed for longer.
constexpr absl::Duration kLongestRetryAfter = absl::Hours(1);

// An error body is read this far to find its message.
constexpr size_t kMaxErrorBodyBytes = size_t{64} << 10;

std::string ReadErrorBody(HttpClient& http) {
  std::string body;
  while (body.size() < kMaxErrorBodyBytes) {
    const absl::StatusOr<absl::string_view> piece = http.Read();
    if (!piece.ok() || piece->empty()) break;
    body.append(piece->data(), piece->size());
  }
  return body;
}

// What an error body says: the message of a JSON one, the first line of a plain one.
std::string MessageOf(absl::string_view body, bool is_plain) {
  const std::string message = ParseErrorMessage(body);
  if (!message.empty() || !is_plain) return message;
  return base::SanitizeMessage(body.substr(0, body.find('\n')));
}

// OpenCost fails to add up the sets of a window when a filter leaves none.
bool MeansNothing(absl::string_view message) {
  return absl::StrContains(message, "accumulat") &&
         (absl::StrContains(message, "empty AssetSet") || absl::StrContains(message, "empty AllocationSet"));
}

// All forms of RFC 9110, 5.6.7; the year of the second has two digits.
std::optional<absl::Time> ParseHttpDate(absl::string_view text) {
  if (absl::StartsWith(text, "infinite")) return std::nullopt;  // absl's own words
  absl::Time time;
  for (const char* form : {"%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %d %H:%M:%S %Y"}) {
    if (absl::ParseTime(form, text, &time, nullptr)) return time;
  }
  return std::nullopt;
}

// How long the server wants not to be asked again (RFC 9110, 10.2.3): seconds, or a date by its own clock.
absl::Duration RetryAfter(const HttpHead& head, absl::Time now) {
  if (head.status != 429 && head.status != 503) return absl::ZeroDuration();
  absl::Duration wait;
  double seconds = 0;
  const bool is_number = head.retry_after.find_first_not_of("0123456789") == std::string::npos;
  if (is_number && absl::SimpleAtod(head.retry_after, &seconds)) {
    wait = absl::Seconds(seconds);
  } else if (const std::optional<absl::Time> date = ParseHttpDate(head.retry_after)) {
    wait = *date - ParseHttpDate(head.date).value_or(now);
  }
  return std::clamp(wait, absl::ZeroDuration(), kLongestRetryAfter);
}

absl::Status CheckWindow(const Allocation& row, const base::Window& asked) {
  if (row.window.has_value() && asked.Contains(*row.window)) return absl::OkStatus();
  const std::string trouble =
      row.window.has_value() ? absl::StrCat("the window ", WindowText(*row.window),
                                            "; --day.utc-offset must equal the UTC offset Kubecost is configured with")
                             : "no window that can be read: the server does not say of which time its costs are; does "
                               "an API of Kubecost or "
                               "OpenCost answer, and does no proxy change what it says?";
  return ApiError(ErrorReason::kWindowMismatch, absl::StrCat("asked for the window ", WindowText(asked), ", but row \"",
                                                             base::SanitizeMessage(row.name), "\" has ", trouble));
}

// The same status with `prefix` before its message; keeps code and reason.
absl::Status Prefixed(absl::string_view prefix, const absl::Status& status) {
  const std::optional<ErrorReason> reason = ReasonOf(status);
  // The transport's texts begin with the words their users search for and name the endpoint themselves.
  const bool from_transport =
      absl::StartsWith(status.message(), "GET ") || absl::StartsWith(status.message(), "Timed out waiting");
  if (!reason.has_value() || from_transport) return status;
  if (*reason == ErrorReason::kEmpty) return ApiError(*reason, absl::StrCat(status.message(), " (", prefix, ")"));
  return ApiError(*reason, absl::StrCat(prefix, ": ", status.message()));
}

}  // namespace

AllocationClient::AllocationClient(HttpClient& http, const base::Clock& clock, EndpointSettings endpoint,
                                   QuerySettings query, std::function<void(const RequestRecord&)> on_request)
    : http_(http),
      clock_(clock),
      endpoint_(std::move(endpoint)),
      query_(std::move(query)),
      on_request_(std::move(on_request)) {
  if (endpoint_.path_prefix.has_value()) {
    candidates_.push_back({endpoint_.api, *endpoint_.path_prefix});
    return;
  }
  if (endpoint_.api != Api::kOpenCost) candidates_.push_back({Api::kKubecost, std::string(kKubecostPrefix)});
  if (endpoint_.api != Api::kKubecost) candidates_.push_back({Api::kOpenCost, ""});
}

Api AllocationClient::api() const {
  if (candidates_.size() == 1) return candidates_.front().api;
  return found_.has_value() ? candidates_[*found_].api : Api::kAuto;
}

absl::StatusOr<ParsedAnswer> AllocationClient::GetAllocations(const AllocationQuery& query, AllocationSink sink,
                                                              std::stop_token stop) {
  ParsedAnswer answer;
  const auto read_body = [&]() -> absl::StatusOr<uint64_t> {
    absl::StatusOr<ParsedAnswer> parsed = ParseAllocations([this] { return Read(); }, Envelope::kRequired,
                                                           [&](const Allocation& row) {
                                                             const absl::Status window = CheckWindow(row, query.window);
                                                             return window.ok() ? sink(row) : window;
                                                           });
    if (!parsed.ok()) return parsed.status();
    if (parsed->rows == 0) {
      return ApiError(ErrorReason::kEmpty,
                      absl::StrCat("API response appears to be empty. Kubecost has no ",
                                   kLevelNames[static_cast<size_t>(query.level)], " rows for the window ",
                                   WindowText(query.window), ": its data is ", parsed->EmptyShape(),
                                   ". Was the cluster running then, has Kubecost restarted, does --filter match?"));
    }
    if (!parsed->has_known_cost) {
      const std::string& example = parsed->invalid.unknown_cost;
      return ApiError(ErrorReason::kParse,
                      absl::StrCat("unexpected answer: not one cost in its ", parsed->rows, " rows is a number",
                                   example.empty() ? "" : ", as in ", example,
                                   "; does an API of Kubecost or OpenCost answer, and does no proxy change what it "
                                   "says?"));
    }
    answer = *parsed;
    return parsed->bytes;
  };
  const auto text = [&](Api api) { return QueryString(query, query_, api != Api::kOpenCost); };
  const absl::Status status = Request(kAllocation, text, read_body, std::move(stop));
  if (!status.ok()) return status;
  return answer;
}

std::string AllocationClient::path() const {
  return found_.has_value() ? absl::StrCat(candidates_[*found_].prefix, kAllocation) : "";
}

absl::StatusOr<TextMap> AllocationClient::GetTextMap(absl::string_view endpoint, Envelope envelope,
                                                     std::stop_token stop) {
  TextMap texts;
  const auto read_body = [&]() -> absl::StatusOr<uint64_t> {
    uint64_t bytes = 0;
    absl::StatusOr<TextMap> parsed = ParseTextMap(
        [&]() -> absl::StatusOr<absl::string_view> {
          // No error quotes the body: settings hold secrets.
          absl::StatusOr<absl::string_view> piece = http_.Read();
          if (piece.ok()) bytes += piece->size();
          return piece;
        },
        envelope);
    if (!parsed.ok()) return parsed.status();
    texts = *std::move(parsed);
    return bytes;
  };
  const absl::Status status = Request(
      endpoint, [](Api) { return std::string(); }, read_body, std::move(stop));
  if (!status.ok()) return status;
  return texts;
}

absl::StatusOr<TextMap> AllocationClient::GetClusterInfo(std::stop_token stop) {
  absl::StatusOr<TextMap> info = GetTextMap(kClusterInfo, Envelope::kRequired, std::move(stop));
  if (ReasonOf(info.status()) == ErrorReason::kNotFound) {
    return ApiError(ErrorReason::kNotFound,
                    absl::StrCat(info.status().message(), "; --cluster-info=off does without kubecost_cluster_info"));
  }
  return info;
}

absl::StatusOr<std::string> AllocationClient::GetCurrency(std::stop_token stop) {
  absl::StatusOr<TextMap> settings = GetTextMap(kConfigs, Envelope::kOptional, stop);
  if (ReasonOf(settings.status()) == ErrorReason::kNotFound) {
    settings = GetTextMap(kProductConfigs, Envelope::kOptional, std::move(stop));
  }
  if (!settings.ok()) return settings.status();
  const auto currency = settings->find("currencyCode");
  return currency == settings->end() ? "" : currency->second;
}

absl::Status AllocationClient::Request(absl::string_view endpoint, absl::FunctionRef<std::string(Api)> query,
                                       absl::FunctionRef<absl::StatusOr<uint64_t>()> read_body, std::stop_token stop) {
  std::vector<std::string> tried;
  if (found_.has_value()) {
    tried.push_back(absl::StrCat(candidates_[*found_].prefix, endpoint));
    const absl::Status status = RequestPath(tried.back(), query(candidates_[*found_].api), read_body, stop);
    // Only allocations are searched for anew: a product without clusterInfo is no reason to ask the other's path.
    if (ReasonOf(status) != ErrorReason::kNotFound || endpoint != kAllocation) return status;
  }
  for (size_t i = 0; i < candidates_.size(); ++i) {
    if (i == found_) continue;
    const std::string path = absl::StrCat(candidates_[i].prefix, endpoint);
    const absl::Status status = RequestPath(path, query(candidates_[i].api), read_body, stop);
    // Only a good answer proves that this is the path: an error may come from whatever stands there instead.
    if (status.ok()) found_ = i;
    const std::optional<ErrorReason> reason = ReasonOf(status);
    if (!reason.has_value()) return status;
    if (*reason != ErrorReason::kNotFound) {
      if (tried.empty()) return status;
      return WithMessage(status,
                         absl::StrCat(status.message(), "; before it, HTTP 404 on ", absl::StrJoin(tried, ", ")));
    }
    tried.push_back(path);
  }
  return ApiError(ErrorReason::kNotFound,
                  absl::StrCat("GET ", endpoint_.url, ": HTTP 404 on every path tried: ", absl::StrJoin(tried, ", "),
                               "; set --kubecost.url, --kubecost.api or --kubecost.path-prefix to where the API is"));
}

absl::Status AllocationClient::RequestPath(const std::string& path, absl::string_view query,
                                           absl::FunctionRef<absl::StatusOr<uint64_t>()> read_body,
                                           std::stop_token stop) {
  const absl::Cleanup close = [this] { http_.Close(); };
  RequestRecord record;
  record.path = path;
  const std::string url = absl::StrCat(endpoint_.url, path, query.empty() ? "" : "?", query);
  const absl::StatusOr<HttpHead> head = http_.Get(url, std::move(stop));
  record.status = head.status();
  record.arrived = clock_.Elapsed();
  if (head.ok()) {
    const absl::Duration retry_after = RetryAfter(*head, clock_.Now());
    if (!head->has_age) record.date = ParseHttpDate(head->date);
    record.code = head->status;
    record.status = StatusOfHead(path, *head, retry_after);
    if (!record.status.ok()) record.status = WithHttpStatus(record.status, head->status);
    if (retry_after > absl::ZeroDuration()) record.status = WithRetryAfter(record.status, retry_after);
    if (record.status.ok()) {
      beginning_.clear();
      const absl::StatusOr<uint64_t> bytes = read_body();
      if (bytes.ok()) record.bytes = *bytes;
      // Only what the server may have said is searched for secrets: our own words and the URL may look like one.
      record.status = Quoted(WithMessage(bytes.status(), http_.WithoutSecrets(bytes.status().message())));
      record.status = Prefixed(absl::StrCat("GET ", endpoint_.url, path), record.status);
      if (ReasonOf(record.status) == ErrorReason::kHtml) {
        record.status = ApiError(ErrorReason::kHtml, absl::StrCat(record.status.message(), "; ", HtmlAdvice(*head)));
      }
    }
  }
  on_request_(record);
  return record.status;
}

absl::StatusOr<absl::string_view> AllocationClient::Read() {
  const absl::StatusOr<absl::string_view> piece = http_.Read();
  if (piece.ok() && beginning_.size() < kMaxErrorBodyBytes) absl::StrAppend(&beginning_, *piece);
  return piece;
}

absl::Status AllocationClient::Quoted(const absl::Status& status) {
  if (ReasonOf(status) != ErrorReason::kParse) return status;
  const size_t first = beginning_.find_first_not_of(" \t\r\n\xEF\xBB\xBF");
  const bool is_json = first == std::string::npos || beginning_[first] == '{' || beginning_[first] == '[';
  // The parser gives up at the first byte.
  while (!is_json && beginning_.size() < kMaxErrorBodyBytes && beginning_.find('\n', first) == std::string::npos) {
    const absl::StatusOr<absl::string_view> piece = Read();
    if (!piece.ok() || piece->empty()) break;
  }
  beginning_.erase(0, first);
  const std::string said = http_.WithoutSecrets(MessageOf(http_.WithoutSecrets(beginning_), !is_json));
  if (said.empty()) return status;
  if (is_json) return WithMessage(status, absl::StrCat(status.message(), ", but says \"", said, "\""));
  return WithMessage(status, absl::StrCat("unexpected answer: not JSON, but \"", said,
                                          "\"; is Kubecost still starting, does --kubecost.url lead to it?"));
}

absl::Status AllocationClient::StatusOfHead(const std::string& path, const HttpHead& head, absl::Duration retry_after) {
  if (head.status == 200) return absl::OkStatus();
  const std::string url = absl::StrCat(endpoint_.url, path);
  const std::string what = absl::StrCat("GET ", url, ": HTTP ", head.status);
  const std::optional<absl::Status> refusal = RefusalOf(url, head);
  if (refusal.has_value()) return *refusal;
  const std::string body = ReadErrorBody(http_);
  const std::optional<absl::Status> told_in_body = RefusalInBody(url, head, body);
  if (told_in_body.has_value()) return *told_in_body;
  const bool is_plain = absl::StartsWith(head.content_type, "text/plain");
  // Before it is cut, and after escapes of JSON are gone.
  const std::string message = http_.WithoutSecrets(MessageOf(http_.WithoutSecrets(body), is_plain));
  std::string text = message.empty() ? what : absl::StrCat(what, ", \"", message, "\"");
  if (head.status == 500 && MeansNothing(message)) {
    return ApiError(ErrorReason::kEmpty, absl::StrCat("API response appears to be empty: ", text));
  }
  const bool is_filtered = !query_.filter.empty() && absl::EndsWith(path, kAllocation);
  if (is_filtered && (head.status == 400 || head.status == 500)) {
    absl::StrAppend(&text, "; is --filter right (v2 syntax)?");
  }
  if (retry_after > absl::ZeroDuration()) {
    absl::StrAppend(&text, "; it is not asked again within ", absl::FormatDuration(retry_after),
                    ", as its Retry-After wants");
  }
  if (head.status == 404) return ApiError(ErrorReason::kNotFound, text);
  if (head.status == 429) {
    return ApiError(ErrorReason::kHttp4xx, absl::StrCat(text, "; the server limits how often it is asked"));
  }
  if (head.status >= 500) {
    const bool gateway = head.status >= 502 && head.status <= 504;
    return ApiError(ErrorReason::kHttp5xx,
                    absl::StrCat(text, gateway ? "; a proxy before Kubecost gave up waiting or found it gone"
                                               : "; see Kubecost's own log"));
  }
  if (head.status >= 400) return ApiError(ErrorReason::kHttp4xx, text);
  return ApiError(ErrorReason::kParse, absl::StrCat(text, ", which the Allocation API never gives"));
}

}  // namespace kubecost
