#include "exporter/web/handler.h"

#include <memory>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/url.h"
#include "metrics/prometheus_text.h"
#include "metrics/text_format.h"

namespace web {
namespace {

// No name is longer; more of it is not searched for.
constexpr size_t kMaxSearchBytes = 511;

constexpr std::pair<int, absl::string_view> kReasonPhrases[] = {
    {200, "OK"},        {400, "Bad Request"},        {401, "Unauthorized"},      {403, "Forbidden"},
    {404, "Not Found"}, {405, "Method Not Allowed"}, {429, "Too Many Requests"}, {503, "Service Unavailable"}};

absl::string_view ReasonPhrase(int status) {
  for (const auto& [known, phrase] : kReasonPhrases) {
    if (known == status) return phrase;
  }
  return "";
}

std::string SearchOf(absl::string_view query) {
  for (auto& [name, value] : base::QueryParameters(query)) {
    if (absl::EqualsIgnoreCase(name, "search")) return value.size() <= kMaxSearchBytes ? std::move(value) : "";
  }
  return "";
}

bool IsHttp10(const Request& request) { return request.version == "1.0"; }

// Puts a header into the head of an answer, in place of one of ours.
void SetHeader(absl::string_view name, absl::string_view value, std::string& head) {
  const size_t ours = head.find(absl::StrCat("\r\n", name, ":"));
  if (ours != std::string::npos) head.erase(ours, head.find("\r\n", ours + 2) - ours);
  absl::StrAppend(&head, name, ": ", value, "\r\n");
}

}  // namespace

// A request on its way.
struct Handler::Exchange {
  const Request& request;
  const WebState& state;
  bool keep_alive;
  const base::Clock& clock;
  Send send;

  std::string Head(int status, absl::string_view content_type, absl::string_view more) const {
    std::string head =
        absl::StrCat("HTTP/1.1 ", status, " ", ReasonPhrase(status), "\r\nContent-Type: ", content_type,
                     "\r\nDate: ", absl::FormatTime("%a, %d %b %Y %H:%M:%S GMT", clock.Now(), absl::UTCTimeZone()),
                     "\r\nX-Content-Type-Options: nosniff\r\nCache-Control: no-store\r\nConnection: ",
                     keep_alive ? "keep-alive" : "close", "\r\n", more);
    for (const auto& [name, value] : state.config.headers) SetHeader(name, value, head);
    return head + "\r\n";
  }

  int SendAnswer(const Answer& answer) const {
    std::string text = Head(answer.status, answer.content_type,
                            absl::StrCat("Content-Length: ", answer.body.size(), "\r\n", answer.headers));
    if (request.method != "HEAD") absl::StrAppend(&text, answer.body);
    send(text);
    return answer.status;
  }

  // A piece of a body of unknown length.
  bool SendPart(absl::string_view part) const {
    // An empty chunk would end the body.
    if (part.empty()) return true;
    if (IsHttp10(request)) return send(part);
    return send(absl::StrCat(absl::Hex(part.size()), "\r\n")) && send(part) && send("\r\n");
  }
};

Handler::Handler(const Options& options, const metrics::SnapshotStore& store, metrics::ScrapeLog& scrapes,
                 const Metrics& self_metrics, WebAccess& access, const base::Clock& clock, HealthCheck health,
                 PageMaker page)
    : options_(options),
      store_(store),
      scrapes_(scrapes),
      self_metrics_(self_metrics),
      access_(access),
      clock_(clock),
      health_(std::move(health)),
      page_(std::move(page)) {}

Handler::Outcome Handler::Handle(const Request& request, Send send) {
  const std::shared_ptr<const WebState> state = access_.Current();
  const Exchange exchange = {request, *state, MayKeepAlive(request, *state), clock_, send};
  const std::optional<Answer> answer = AnswerTo(request, *state);
  return {answer.has_value() ? exchange.SendAnswer(*answer) : SendScrape(exchange), exchange.keep_alive};
}

std::optional<Answer> Handler::AnswerTo(const Request& request, const WebState& state) {
  const absl::string_view path = request.path;
  const bool is_health = path == "/healthz" || path == "/-/healthy" || path == "/readyz" || path == "/-/ready";
  if (!is_health) {
    const char* authorization = request.header("Authorization");
    std::optional<Answer> refusal =
        access_.Refuse(state, authorization != nullptr ? authorization : "", request.client, request.has_certificate);
    if (refusal.has_value()) return refusal;
  }
  const bool is_scrape = path == options_.telemetry_path;
  if (!is_scrape && !is_health && path != "/") {
    return Answer{404, absl::StrCat("no such page; the metrics are at ", options_.telemetry_path, "\n")};
  }
  if (request.method != "GET" && request.method != "HEAD") {
    return Answer{405, "only GET and HEAD\n", "Allow: GET, HEAD\r\n"};
  }
  if (is_scrape) return std::nullopt;
  if (!is_health) return page_(SearchOf(request.query));
  const absl::Status health = health_();
  return health.ok() ? Answer{200, "ok\n"} : Answer{503, absl::StrCat(health.message(), "\n")};
}

// Whether the connection may be used for another request. One that was let in by a client certificate is not: the
// certificate is checked in the handshake alone, and the rules may change. Neither is one with a body: civetweb
// would read it to its end, however slowly it comes.
bool Handler::MayKeepAlive(const Request& request, const WebState& state) const {
  const char* connection = request.header("Connection");
  const bool asks_close = connection != nullptr && absl::EqualsIgnoreCase(connection, "close");
  const char* length = request.header("Content-Length");
  const bool has_body =
      (length != nullptr && absl::string_view(length) != "0") || request.header("Transfer-Encoding") != nullptr;
  const bool knows_client = state.tls != nullptr && state.config.tls->client_auth != ClientAuth::kNone;
  return options_.web_keep_alive_timeout > absl::ZeroDuration() && !IsHttp10(request) && !asks_close && !has_body &&
         !knows_client;
}

int Handler::SendScrape(const Exchange& exchange) {
  const Request& request = exchange.request;
  const absl::StatusOr<metrics::Selection> selection = ParseCollect(request.query);
  if (!selection.ok()) return exchange.SendAnswer({400, absl::StrCat(selection.status().message(), "\n")});
  const absl::Cleanup leave = [this] { --scrapes_in_flight_; };
  if (++scrapes_in_flight_ > options_.web_max_requests) {
    return exchange.SendAnswer(
        {503, absl::StrCat("more than ", options_.web_max_requests, " scrapes at once (--web.max-requests)\n"),
         "Retry-After: 1\r\n"});
  }
  const char* accept_encoding = request.header("Accept-Encoding");
  const bool is_gzip = accept_encoding != nullptr && AcceptsGzip(accept_encoding);
  // Chunks show a client that a scrape was cut short; HTTP/1.0 does not know them.
  const std::string headers = absl::StrCat("Vary: Accept-Encoding\r\n", is_gzip ? "Content-Encoding: gzip\r\n" : "",
                                           IsHttp10(request) ? "" : "Transfer-Encoding: chunked\r\n");
  if (!exchange.send(exchange.Head(200, metrics::kTextContentType, headers)) || request.method == "HEAD") return 200;
  const SharedSnapshot snapshot = store_.Current();
  const std::optional<uint64_t> bytes =
      is_gzip ? SendCompressed(exchange, snapshot, *selection) : SendPlain(exchange, snapshot, *selection);
  if (!bytes.has_value() || (!IsHttp10(request) && !exchange.send("0\r\n\r\n"))) return 200;
  self_metrics_.CountScrape(*bytes);
  scrapes_.Add(snapshot->daily, *selection, NamesConsumer(request.query), clock_.Elapsed());
  return 200;
}

// What the exporter says of itself, where it is asked for.
std::string Handler::OwnMetrics(metrics::Selection selection) const {
  return selection.Has(metrics::Collector::kExporter) ? self_metrics_.Serialize() : "";
}

std::optional<uint64_t> Handler::SendPlain(const Exchange& exchange, const SharedSnapshot& snapshot,
                                           metrics::Selection selection) {
  // Blocks keep memory small and let a client that has stalled be noticed; its connection is given up then.
  uint64_t bytes = 0;
  metrics::BlockWriter out([&](absl::string_view block) {
    bytes += block.size();
    return exchange.SendPart(block);
  });
  metrics::WritePrometheusText(*snapshot, selection, out);
  if (out.is_wanted()) out.Append(OwnMetrics(selection));
  return out.Flush() ? std::optional(bytes) : std::nullopt;
}

std::optional<uint64_t> Handler::SendCompressed(const Exchange& exchange, const SharedSnapshot& snapshot,
                                                metrics::Selection selection) {
  const std::shared_ptr<const metrics::CompressedText> facts = compressed_.Get(snapshot, selection);
  for (absl::string_view rest = facts->bytes; !rest.empty();) {
    const absl::string_view block = rest.substr(0, metrics::BlockWriter::kBlockBytes);
    if (!exchange.SendPart(block)) return std::nullopt;
    rest.remove_prefix(block.size());
  }
  const std::string own = OwnMetrics(selection);
  if (!exchange.SendPart(metrics::EndCompressed(*facts, own))) return std::nullopt;
  return facts->text_bytes + own.size();
}

}  // namespace web
