// A server's answer to the HTTP client's parser: in one piece and in pieces as the input says it is the same answer or
// the same refusal, within the limits; a stream gets what a reply keeps.
#include "fuzz/input.h"
#include "net/http_reply.h"

namespace {

constexpr net::ReplyLimits kLimits{.header_bytes = 512, .body_bytes = 1024};

struct Outcome {
  base::Status status;
  base::HttpReply reply;
  bool reusable = false;
};

Outcome parse(std::string_view text, std::string_view cuts, const net::HttpReplyParser::OnData& on_data = nullptr) {
  net::HttpReplyParser parser(false, kLimits, on_data);
  for (std::size_t i = 0; !text.empty() && !parser.done(); ++i) {
    const std::size_t size = cuts.empty() ? text.size() : 1 + static_cast<unsigned char>(cuts[i % cuts.size()]) % 64;
    const std::string_view piece = text.substr(0, size);
    if (const auto fed = parser.feed(piece); !fed.ok()) return {fed, {}};
    text.remove_prefix(piece.size());
  }
  const bool reusable = parser.done() && text.empty() && parser.reusable();
  if (const auto ended = parser.end(); !ended.ok()) return {ended, {}};
  return {{}, parser.take(), reusable};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input in(data, size);
  const std::string_view cuts = fuzz::text(in.take(in.below(16)));
  const std::string_view text = fuzz::text(in.rest());
  const Outcome whole = parse(text, ""), pieces = parse(text, cuts);
  if (!whole.status.ok()) CHECK(fuzz::printable(whole.status.error().message));
  if (!pieces.status.ok()) CHECK(fuzz::printable(pieces.status.error().message));
  if (whole.status.ok() && pieces.status.ok()) {
    CHECK(whole.reply.status == pieces.reply.status && whole.reply.status >= 200);
    CHECK(whole.reply.body == pieces.reply.body && whole.reply.body.size() <= kLimits.body_bytes);
    CHECK(whole.reply.retry_after_s == pieces.reply.retry_after_s && whole.reply.retry_after_s.value_or(0) >= 0);
    std::string streamed;
    const Outcome stream = parse(text, cuts, [&](std::string_view bytes) {
      streamed += bytes;
      return true;
    });
    CHECK(stream.status.ok());
    CHECK((whole.reply.status == 200 ? streamed : stream.reply.body) == whole.reply.body);
  }
  return 0;
}
