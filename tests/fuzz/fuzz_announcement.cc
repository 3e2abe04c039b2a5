// A value from the directory. Announcement: what decodes encodes, and signs, to the very same bytes, and is proper; damage
// to signed bytes is noticed. Sightings: takes at most one announcement of a value, and only where it belongs.
#include "crypto/random.h"
#include "discovery/sightings.h"
#include "fuzz/input.h"

namespace {

constexpr std::int64_t kNow = 1'750'000'000'000;

const crypto::Identity& identity() {
  static const crypto::Identity made = [] {
    crypto::SeededRandom random(base::view("fuzz"));
    return crypto::Identity::generate(random);
  }();
  return made;
}

discovery::Announcement ours() {
  discovery::Announcement a;
  a.endpoint = "192.0.2.1:7000";
  a.classes = {*model::ResourceClass::parse("cpu=1 memory=1Gi"),
               *model::ResourceClass::parse("cpu=2 nvidia.com/gpu=1")};
  a.coordinate.position_ms = {12.5, -7};
  a.issued_ms = kNow;
  a.expires_ms = kNow + 600'000;
  a.sequence = 3;
  return a;
}

void read(base::ByteView value) {
  const auto decoded = discovery::Announcement::decode(value);
  discovery::Sightings sightings;
  const auto world = discovery::buckets("namespace", std::vector{discovery::Cell{}}, kNow)[0];
  const bool taken = sightings.add(world, value, kNow) != nullptr;
  CHECK(!taken || (decoded && decoded->live(kNow) && decoded->offers("namespace")));
  CHECK(sightings.add(world, value, kNow) == nullptr && sightings.newest().size() == (taken ? 1U : 0U));
  if (!decoded) return;
  CHECK(decoded->coordinate.valid() && discovery::is_endpoint(decoded->endpoint));
  CHECK(decoded->key == identity().public_key());  // nobody else's key is here to sign with
  discovery::Announcement copy = *decoded;
  const auto again = copy.sign(identity());
  CHECK(again.ok() && *again == fuzz::copy(value));
}

// The damage is done before signing, by the key's owner: what is signed may still be anything.
void signed_damage(fuzz::Input& in) {
  constexpr std::size_t kSignature = 64;
  base::Bytes said = *ours().sign(identity());
  said.resize(said.size() - kSignature);
  said = fuzz::damaged(in, std::move(said));
  base::append(said, identity().sign(said));
  read(said);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input in(data, size);
  if (in.below(2) == 0) {
    read(in.rest());
  } else {
    signed_damage(in);
  }
  return 0;
}
