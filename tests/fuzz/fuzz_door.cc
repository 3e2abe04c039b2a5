// What comes through a provider's door: the first message, read no further than its end and within a limit of its own,
// then what follows, in steps of one message or as a link of a session. The messages are those that a plain reading of
// the frames gives, and then there is one error of the right kind. An arrival that decodes encodes to the same bytes.
#include "fuzz/input.h"
#include "fuzz/tls_pair.h"
#include "net/arrival.h"
#include "net/link.h"

namespace {

constexpr std::size_t kMaxMessage = 300, kMaxFirst = 100;

void arrival(base::ByteView message) {
  const auto decoded = net::decode_arrival(message);
  if (!decoded) return;
  const auto* const call = std::get_if<net::CallArrival>(&*decoded);
  const base::Bytes again =
      call != nullptr ? net::encode_call(call->rest) : net::encode_join(std::get<net::JoinArrival>(*decoded).session);
  CHECK(again == fuzz::copy(message) && message.size() <= net::kMaxArrival);
}

// What the bytes mean, read plainly.
struct Reading {
  std::vector<base::Bytes> messages;
  bool too_long = false;
};
Reading plainly(base::ByteView bytes) {
  Reading out;
  while (bytes.size() >= 4) {
    const std::size_t length =
        bytes[0] | std::size_t{bytes[1]} << 8 | std::size_t{bytes[2]} << 16 | std::size_t{bytes[3]} << 24;
    out.too_long = length > (out.messages.empty() ? kMaxFirst : kMaxMessage);
    if (out.too_long || bytes.size() - 4 < length) break;
    out.messages.push_back(fuzz::copy(bytes.subspan(4, length)));
    bytes = bytes.subspan(4 + length);
  }
  return out;
}

void door(fuzz::Input& in) {
  auto [stream, peer] = fuzz::shaken();
  net::Link link(std::move(stream), std::nullopt, kMaxMessage);
  base::Bytes said;
  std::vector<base::Bytes> heard;
  const auto listen = [&](bool as_session) {
    link.socket_readable();
    do {
      if (as_session && !heard.empty())
        link.read();
      else
        link.read_message(heard.empty() ? kMaxFirst : kMaxMessage);
      while (auto message = link.pop()) heard.push_back(std::move(*message));
    } while (link.has_input());
  };
  while (in.left() > 0 && said.size() < 20'000) {
    const base::ByteView part = in.take(1 + in.u8());
    if (part.empty()) break;
    said.insert(said.end(), part.begin(), part.end());
    std::size_t written = 0;
    CHECK(peer->write(part, written) == net::Io::kDone && written == part.size());
    (void)peer->push();
    if (in.below(3) != 0) listen(in.below(2) == 1);
  }
  peer.reset();
  for (int i = 0; i < 10'000 && link.open(); ++i) listen(false);

  const Reading meant = plainly(said);
  CHECK(!link.open() && heard == meant.messages && !link.error().party);
  CHECK(link.error().code == (meant.too_long ? base::Code::kPeerMisbehaved : base::Code::kUnreachable));
  if (!heard.empty()) arrival(heard.front());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  (void)fuzz::ends();
  fuzz::Input in(data, size);
  if (in.below(2) == 0) {
    arrival(in.rest());
  } else {
    door(in);
  }
  return 0;
}
