// A fake of an API server, for what a real one cannot be made to do when a test wants it: a base::HttpClient that gives
// the answers of a list, one a call, in order, and remembers what it was asked. `ManualClock` is moved by pauses alone.
#pragma once

#include <deque>
#include <mutex>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/clock.h"
#include "base/http.h"

namespace support {

struct ManualClock final : base::Clock {
  std::int64_t now = 1'000'000;
  std::int64_t unix_ms() const override { return now; }
};

class ScriptedHttp final : public base::HttpClient {
 public:
  using Answer = base::Result<base::HttpReply>;

  void answer(unsigned status, std::string body = "{}", std::optional<int> retry_after_s = std::nullopt) {
    answers_.emplace_back(base::HttpReply{status, retry_after_s, std::move(body)});
  }
  void fail(base::Code code) { answers_.emplace_back(base::Error{code, "the fake says so"}); }
  // A stream of status 200, piece by piece.
  void pieces(std::vector<std::string> pieces) { streams_.push_back(std::move(pieces)); }

  Answer send(const base::HttpRequest& request, int timeout_ms) override {
    asked.push_back(request);
    timeouts.push_back(timeout_ms);
    CHECK(!answers_.empty());
    Answer answer = std::move(answers_.front());
    answers_.pop_front();
    return answer;
  }
  Answer stream(const base::HttpRequest& request, int timeout_ms,
                const std::function<bool(std::string_view)>& on_data) override {
    if (streams_.empty()) return send(request, timeout_ms);
    asked.push_back(request);
    const auto pieces = std::move(streams_.front());
    streams_.pop_front();
    for (const auto& piece : pieces)
      if (!on_data(piece)) break;
    return base::HttpReply{200, std::nullopt, ""};
  }
  bool used_up() const { return answers_.empty() && streams_.empty(); }

  std::vector<base::HttpRequest> asked;
  std::vector<int> timeouts;

 private:
  std::deque<Answer> answers_;
  std::deque<std::vector<std::string>> streams_;
};

}  // namespace support
