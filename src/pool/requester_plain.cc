// The same allocation without privacy: every candidate's capacity and price go to the requester, who places in the open.
#include <algorithm>

#include "base/encoding.h"
#include "pool/requester_agreement.h"

namespace pool {

base::Status Requester::run_plain(const Wanted& wanted, RequestResult& result) {
  begin(wanted);
  TARN_TRY(find(wanted, result));
  std::vector<Peer> peers;
  for (const Candidate& c : known_)
    if (peers.size() < wanted.providers) peers.push_back(c.peer);
  const base::Bytes ask =
      base::Writer().u8(static_cast<std::uint8_t>(Message::kPlainAsk)).sized(wanted.unit.encode()).raw(request_).take();
  std::vector<auction::ProviderInput> offers;
  base::Error failure{base::Code::kUnreachable, "not everybody reveals its books"};
  services_.lines.call(peers, std::vector<base::Bytes>(peers.size(), ask), kMaxCallMessage, remaining_ms(),
                       [&](Lines::Reply reply) {
                         if (!reply.message.ok()) failure = reply.message.error();
                         if (!reply.message.ok() || kind_of(*reply.message) != Message::kPlainOffer) return true;
                         base::Reader in(base::ByteView(*reply.message).subspan(1));
                         const std::uint64_t units = in.u64(), price = in.u64();
                         if (in.done()) offers.push_back({units, price});
                         return true;
                       });
  if (offers.size() < peers.size()) return failure;
  (void)auction::place_plain(wanted.mechanism, wanted.width, {wanted.quantity, wanted.max_price}, offers);
  result.total_ms = services_.clock.steady_ms() - begin_ms_;
  return {};
}

}  // namespace pool
