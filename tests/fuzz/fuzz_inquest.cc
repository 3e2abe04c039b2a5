// What comes from outside in an inquest: openings and evidence, damaged. What decodes encodes to the same bytes; whatever
// the others open, an honest party is not named; and damaged evidence convicts nobody but the one who did deviate.
#include <algorithm>

#include "crypto/start.h"
#include "fuzz/input.h"
#include "mpc/circuit_builder.h"
#include "support/man_in_the_middle.h"
#include "support/session_lab.h"

namespace {

constexpr std::size_t kParties = 3, kCheater = 1;

mpc::Circuit one_gate() {
  mpc::CircuitBuilder builder(kParties);
  const mpc::Bit product = builder.input(0) & builder.input(1);
  builder.output(2, product ^ builder.input(2));
  return std::move(builder).build();
}

// A session in which the cheater announces a wrong e to party 0, as party 2 can prove.
struct Failure {
  Failure() {
    CHECK(crypto::start());
    lab.k = 2;
    lab.cheater = kCheater;
    lab.wrapper = [](mpc::Conversation& inner) {
      auto middle = std::make_unique<support::Middle>(inner);
      const std::size_t announcement = support::Placement{one_gate(), 2, kCheater, 0, true}.number(mpc::kHopAnnounce);
      middle->outgoing = [announcement](std::size_t peer, std::size_t number, base::Bytes message) {
        if (peer == 0 && number == announcement) message[0] ^= 1;
        return std::vector<base::Bytes>{std::move(message)};
      };
      return middle;
    };
    auto ends = lab.run(circuit, {{1}, {1}, {0}});
    CHECK(ends[2].verdict.evidence.size() == 1);
    evidence = std::move(ends[2].verdict.evidence[0]);
    CHECK(evidence.accused == kCheater && judge(terms(), evidence));
  }
  mpc::Terms terms() const { return lab.terms(circuit); }

  const mpc::Circuit circuit = one_gate();
  support::SessionLab lab{kParties};
  mpc::Evidence evidence;
};

void one_opening(fuzz::Input& in, const Failure& failure) {
  const std::size_t owner = in.below(kParties);
  const base::Bytes bytes = fuzz::damaged(in, failure.evidence.openings[owner]);
  const auto opening = mpc::Opening::decode(bytes, owner, kParties);
  CHECK(opening.has_value() || bytes != failure.evidence.openings[owner]);
  if (opening) CHECK(opening->encode(owner) == bytes);
}

void all_but_one(fuzz::Input& in, const Failure& failure) {
  const std::size_t honest = in.below(2) * 2;
  std::vector<mpc::Opening> openings;
  for (std::size_t p = 0; p < kParties; ++p) {
    const base::Bytes& truth = failure.evidence.openings[p];
    const auto opening = mpc::Opening::decode(p == honest ? truth : fuzz::damaged(in, truth), p, kParties);
    if (!opening) return;
    openings.push_back(*opening);
  }
  const auto found = examine(failure.terms(), openings).named;
  CHECK(std::find(found.begin(), found.end(), honest) == found.end());
}

void evidence(fuzz::Input& in, const Failure& failure) {
  const base::Bytes bytes = fuzz::damaged(in, failure.evidence.encode());
  const auto evidence = mpc::Evidence::decode(bytes);
  if (!evidence) return;
  CHECK(evidence->encode() == bytes);
  CHECK(evidence->accused == kCheater || !judge(failure.terms(), *evidence));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Failure failure;
  fuzz::Input in(data, size);
  switch (in.below(3)) {
    case 0: one_opening(in, failure); break;
    case 1: all_but_one(in, failure); break;
    default: evidence(in, failure); break;
  }
  return 0;
}
