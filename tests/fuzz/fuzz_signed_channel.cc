// SignedChannel::receive against a peer with a key of its own: frames of noise, frames signed with any header, and signed
// frames damaged afterwards. What is accepted is exactly what an honest implementation could send next; everything else
// is an error that names this peer; and having believed a liar never makes an honest party's own frames unacceptable.
#include "fuzz/input.h"
#include "fuzz/scripted_channel.h"

namespace {

constexpr std::size_t kHonest = 0, kLiar = 1, kThird = 2, kMaxBody = 600;
constexpr std::uint32_t kMaxDepth = 10'000;

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::Town town(3);
  fuzz::Input in(data, size);
  fuzz::ScriptedChannel wire(3, kHonest), third_wire(3, kThird);
  mpc::SignedChannel honest(wire, town.ids[kHonest], town.keys), third(third_wire, town.ids[kThird], town.keys);
  fuzz::Signer liar(town, kLiar, kHonest);

  for (int step = 0; step < 8 && in.left() > 0; ++step) {
    const std::size_t kind = in.below(5);
    if (kind == 4) {
      crypto::Digest context{};
      context[0] = in.u8();
      honest.bind_sent(context);
      honest.bind_received(context);
      third.bind_sent(context);
      third.bind_received(context);
      liar.context = context;
      honest.go_online();
      continue;
    }
    fuzz::FrameHeader header{0, static_cast<std::uint16_t>(step + 1), 0, liar.sequence};
    if (kind == 1) header = {in.u8(), in.u16(), in.u16(), liar.sequence + in.u8()};
    const base::Bytes body = fuzz::copy(in.take(in.u16() % kMaxBody));
    base::Bytes frame = liar.frame(header, body);
    bool valid = header.kind <= 2 && header.depth > 0 && header.depth <= kMaxDepth && header.online <= header.depth &&
                 header.sequence == liar.sequence;
    if (kind == 0) frame = body;
    if (kind == 3) frame = fuzz::damaged(in, frame);
    if (kind == 0 || kind == 3) valid = frame == liar.frame(header, body);
    wire.incoming[kLiar].push_back(std::move(frame));
    const auto received = honest.receive(kLiar, kMaxBody);
    CHECK(received.ok() == (valid && header.kind == 0));
    if (valid) liar.accepted();
    if (!received.ok()) {
      const base::Error& error = received.error();
      CHECK(error.party == kLiar && fuzz::printable(error.message));
      CHECK(error.code == (valid ? base::Code::kSomebodyMisbehaved : base::Code::kPeerMisbehaved));
    } else {
      CHECK(*received == body);
    }
    // Whatever the liar's clock said, a third party must not have to refuse the honest one.
    if (!valid) continue;
    CHECK(honest.online_depth() <= honest.depth());
    CHECK(honest.send(kThird, body).ok());
    third_wire.incoming[kHonest].push_back(std::move(wire.outgoing[kThird].front()));
    wire.outgoing[kThird].pop_front();
    const auto passed_on = third.receive(kHonest, kMaxBody);
    CHECK(passed_on.ok() && *passed_on == body);
  }
  honest.abort(in.u8());
  return 0;
}
