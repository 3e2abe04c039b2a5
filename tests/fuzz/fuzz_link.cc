// Link and TlsStream over a real socket: a peer that shakes hands and then sends any bytes, and a stranger that sends
// any bytes at once. A link gives exactly the messages that a plain reading of the frames gives, in order, and then one
// error of the right kind that names the peer; a stranger never gets through.
#include "fuzz/input.h"
#include "fuzz/tls_pair.h"
#include "net/link.h"

namespace {

using net::Io;

constexpr std::size_t kMaxMessage = 300, kParty = 5;

void stranger(fuzz::Input& in) {
  fuzz::Wire wire;
  const auto stream = fuzz::listener(std::move(wire.here));
  while (in.left() > 0) {
    const base::ByteView part = in.take(1 + in.u16() % 2000);
    if (send(wire.there.get(), part.data(), part.size(), MSG_NOSIGNAL) < 0) break;
    stream->socket_readable();
    const Io result = stream->handshake();
    CHECK(result != Io::kDone && !stream->peer_key());
    if (result != Io::kAgain) break;
    (void)stream->push();
  }
  wire.there.reset();
  stream->socket_readable();
  CHECK(stream->handshake() == Io::kBroken && fuzz::printable(stream->failure()));
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
    out.too_long = length > kMaxMessage;
    if (out.too_long || bytes.size() - 4 < length) break;
    out.messages.push_back(fuzz::copy(bytes.subspan(4, length)));
    bytes = bytes.subspan(4 + length);
  }
  return out;
}

void party(fuzz::Input& in) {
  auto [stream, peer] = fuzz::shaken();
  net::Link link(std::move(stream), kParty, kMaxMessage);
  const bool goodbye = in.below(2) == 1;
  base::Bytes said;
  std::vector<base::Bytes> heard;
  const auto listen = [&](bool patient) {
    do {
      link.on_readable();
      while (patient || in.u8() % 4 != 0) {
        auto message = link.pop();
        if (!message) break;
        heard.push_back(std::move(*message));
      }
    } while (patient && link.has_input());
  };
  while (in.left() > 0 && said.size() < 20'000) {
    const base::ByteView part = in.take(1 + in.u8());
    if (part.empty()) break;
    said.insert(said.end(), part.begin(), part.end());
    std::size_t written = 0;
    CHECK(peer->write(part, written) == Io::kDone && written == part.size());
    (void)peer->push();
    listen(false);
  }
  if (goodbye) peer->shut_down();
  peer.reset();
  for (int i = 0; i < 10'000 && link.open(); ++i) listen(true);
  listen(true);

  const Reading meant = plainly(said);
  CHECK(!link.open() && heard == meant.messages);
  CHECK(link.error().party == kParty && fuzz::printable(link.error().message));
  CHECK(link.error().code == (meant.too_long ? base::Code::kPeerMisbehaved : base::Code::kUnreachable));
  CHECK(link.broken() == (meant.too_long || !goodbye));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  (void)fuzz::ends();
  fuzz::Input in(data, size);
  if (in.below(4) == 0) {
    stranger(in);
  } else {
    party(in);
  }
  return 0;
}
