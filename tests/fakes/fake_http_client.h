// A server in memory: answers by path, hands out bodies in small pieces, records what was asked.
#ifndef TESTS_FAKES_FAKE_HTTP_CLIENT_H_
#define TESTS_FAKES_FAKE_HTTP_CLIENT_H_

#include <algorithm>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_replace.h"
#include "kubecost/http_client.h"

namespace fakes {

struct FakeAnswer {
  int status = 200;
  std::string body;
  std::string content_type = "application/json";
  std::string location;
  // Instead of an answer, or instead of the body's end.
  absl::Status get_error;
  absl::Status read_error;
  // See HttpHead.
  std::string wanted_scheme = {};
  std::string credential_flags = {};
  std::string date = {};
  std::string retry_after = {};
  bool has_age = false;
};

class FakeHttpClient : public kubecost::HttpClient {
 public:
  using Handler = std::function<FakeAnswer(const std::string& url)>;

  // `handler` answers every URL.
  explicit FakeHttpClient(Handler handler, size_t piece = 7) : handler_(std::move(handler)), piece_(piece) {}

  absl::StatusOr<kubecost::HttpHead> Get(const std::string& url, std::stop_token stop) override {
    urls.push_back(url);
    if (stop.stop_requested()) return absl::CancelledError("stopped");
    answer_ = handler_(url);
    position_ = 0;
    open = true;
    if (!answer_.get_error.ok()) return answer_.get_error;
    return kubecost::HttpHead{answer_.status, answer_.content_type, answer_.location, answer_.wanted_scheme,
                              answer_.date,   answer_.retry_after,  answer_.has_age,  answer_.credential_flags};
  }

  absl::StatusOr<absl::string_view> Read() override {
    const size_t size = std::min(piece_, answer_.body.size() - position_);
    if (size == 0 && !answer_.read_error.ok()) return answer_.read_error;
    const absl::string_view piece = absl::string_view(answer_.body).substr(position_, size);
    position_ += size;
    return piece;
  }

  void Close() override { open = false; }

  std::string WithoutSecrets(absl::string_view text) const override {
    return absl::StrReplaceAll(text, {{"fake-secret", "***"}});
  }

  std::vector<std::string> urls;
  bool open = false;

 private:
  Handler handler_;
  const size_t piece_;
  FakeAnswer answer_;
  size_t position_ = 0;
};

}  // namespace fakes

#endif  // TESTS_FAKES_FAKE_HTTP_CLIENT_H_
