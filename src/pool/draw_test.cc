#include "pool/draw.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "crypto/random.h"

namespace pool {
namespace {

struct Town {
  explicit Town(std::size_t providers, std::string_view seed = "draw") : random(base::view(seed)) {
    requester.emplace(crypto::Identity::generate(random));
    for (std::size_t i = 0; i < providers; ++i) ids.push_back(crypto::Identity::generate(random));
    std::sort(ids.begin(), ids.end(), [](const auto& a, const auto& b) { return a.public_key() < b.public_key(); });
    invitation.unit = *model::ResourceClass::parse("cpu=1 memory=1Gi");
    invitation.mechanism = "second-price";
    invitation.drawn = 4;
    invitation.lease_seconds = 3600;
    invitation.session_ms = 2000;
    for (const auto& id : ids) invitation.candidates.push_back(id.public_key());
  }
  Draw::Accepted accept(std::size_t i) {
    std::array<std::uint8_t, 32> nonce{};
    random.fill(nonce);
    return {static_cast<std::uint8_t>(i), Acceptance::make(hash(), nonce, ids[i])};
  }
  std::vector<Draw::Accepted> accept_all() {
    std::vector<Draw::Accepted> out;
    for (std::size_t i = 0; i < ids.size(); ++i) out.push_back(accept(i));
    return out;
  }
  crypto::Digest hash() const { return invitation.hash(requester->public_key()); }
  Draw draw(std::vector<Draw::Accepted> accepted) const {
    return make_draw(invitation, *requester, std::move(accepted),
                     [](std::size_t i) { return "host:" + std::to_string(i + 1); });
  }
  base::Result<std::vector<std::size_t>> check(const Draw& d, std::size_t self, const Acceptance& own) const {
    return check_draw(invitation, requester->public_key(), d, self, own, 3);
  }
  crypto::SeededRandom random;
  std::optional<crypto::Identity> requester;
  std::vector<crypto::Identity> ids;
  Invitation invitation;
};

TEST(Draw, IsTheSameForEverybodyAndAsLargeAsAsked) {
  Town town(8);
  const auto accepted = town.accept_all();
  const Draw draw = town.draw(accepted);
  const auto decoded = Draw::decode(draw.encode());
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->encode(), draw.encode());
  std::optional<std::vector<std::size_t>> first;
  for (std::size_t i = 0; i < 8; ++i) {
    const auto order = town.check(*decoded, i, accepted[i].acceptance);
    ASSERT_TRUE(order.ok()) << order.error().message;
    EXPECT_EQ(order->size(), 4u);
    EXPECT_EQ(std::set<std::size_t>(order->begin(), order->end()).size(), 4u);
    EXPECT_EQ(first.value_or(*order), *order);
    first = *order;
  }
}

TEST(Draw, FreshNoncesMakeAnotherDraw) {
  Town town(15);
  std::set<std::vector<std::size_t>> orders;
  for (int i = 0; i < 8; ++i)
    orders.insert(order_of(town.invitation, town.requester->public_key(), town.draw(town.accept_all())).value());
  EXPECT_GT(orders.size(), 4u);
}

TEST(Draw, EverybodyIsDrawnAboutEquallyOften) {
  Town town(8);
  std::vector<int> times(8);
  for (int i = 0; i < 400; ++i) {
    const auto order = order_of(town.invitation, town.requester->public_key(), town.draw(town.accept_all()));
    for (const std::size_t c : order.value()) ++times[c];
  }
  for (const int t : times) {  // 200 expected, standard deviation 10
    EXPECT_GT(t, 140);
    EXPECT_LT(t, 260);
  }
}

TEST(Draw, ARequesterCannotChooseWho) {
  Town town(8);
  const auto accepted = town.accept_all();
  const Draw honest = town.draw(accepted);
  const auto order = *order_of(town.invitation, town.requester->public_key(), honest);
  const std::size_t self = order[0];
  const Acceptance& own = accepted[self].acceptance;

  Draw proof = honest;
  proof.proof.bytes[40] ^= 1;
  EXPECT_FALSE(town.check(proof, self, own).ok());

  Draw nonce = honest;  // somebody's nonce is not what it gave
  const std::size_t other = self == 0 ? 1 : 0;
  nonce.accepted[other].acceptance.nonce[0] ^= 1;
  EXPECT_FALSE(town.check(nonce, self, own).ok());

  Draw another_key = honest;  // proved under a key that is not the requester's
  another_key.proof = crypto::vrf_prove(town.ids[0], base::view("anything"));
  EXPECT_FALSE(town.check(another_key, self, own).ok());

  Draw fewer = honest;
  fewer.addresses.pop_back();
  EXPECT_FALSE(town.check(fewer, self, own).ok());
}

TEST(Draw, LeavingOutMostOfTheListIsRefused) {
  Town town(8);
  auto accepted = town.accept_all();
  const Acceptance own = accepted[0].acceptance;
  accepted.resize(4);
  EXPECT_TRUE(town.check(town.draw(accepted), 0, own).ok());
  accepted.resize(3);
  EXPECT_FALSE(town.check(town.draw(accepted), 0, own).ok());
}

TEST(Draw, AnInventedAcceptanceIsRefused) {
  Town town(8);
  auto accepted = town.accept_all();
  const Acceptance own = accepted[2].acceptance;
  accepted[5].acceptance = Acceptance::make(town.hash(), accepted[5].acceptance.nonce, town.ids[4]);
  EXPECT_FALSE(town.check(town.draw(accepted), 2, own).ok());
}

TEST(Draw, WithoutOurAcceptanceOrWithAnOldOneItIsRefused) {
  Town town(8);
  auto accepted = town.accept_all();
  const Acceptance own = accepted[0].acceptance;
  auto without = accepted;
  without.erase(without.begin());
  EXPECT_FALSE(town.check(town.draw(without), 0, own).ok());
  auto old = accepted;
  old[0] = town.accept(0);  // signed by us, but for another draw
  EXPECT_FALSE(town.check(town.draw(old), 0, own).ok());
}

TEST(Draw, ASmallerOneThanTheQuorumIsRefused) {
  Town town(4);
  town.invitation.drawn = 2;
  const auto accepted = town.accept_all();
  EXPECT_FALSE(town.check(town.draw(accepted), 0, accepted[0].acceptance).ok());
}

TEST(Draw, NamesASessionOfItsOwn) {
  Town town(8);
  const Draw a = town.draw(town.accept_all()), b = town.draw(town.accept_all());
  EXPECT_NE(a.session(town.hash()), b.session(town.hash()));
}

TEST(Invitation, OpensOnlyAsSealedByItsRequester) {
  Town town(5);
  const base::Bytes sealed = town.invitation.seal(*town.requester);
  const auto opened = Invitation::open(sealed, town.requester->public_key());
  ASSERT_TRUE(opened.ok());
  EXPECT_EQ(opened->seal(*town.requester), sealed);
  EXPECT_FALSE(Invitation::open(sealed, town.ids[0].public_key()).ok());
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    base::Bytes changed = sealed;
    changed[i] ^= 1;
    EXPECT_FALSE(Invitation::open(changed, town.requester->public_key()).ok()) << "byte " << i;
    EXPECT_FALSE(Invitation::open(base::ByteView(sealed).first(i), town.requester->public_key()).ok());
  }
}

TEST(Invitation, AListIsSortedAndNamesNobodyTwice) {
  Town town(5);
  std::swap(town.invitation.candidates[0], town.invitation.candidates[1]);
  EXPECT_FALSE(Invitation::open(town.invitation.seal(*town.requester), town.requester->public_key()).ok());
  town.invitation.candidates[0] = town.invitation.candidates[1];
  EXPECT_FALSE(Invitation::open(town.invitation.seal(*town.requester), town.requester->public_key()).ok());
}

TEST(Invitation, AnotherClassIsAnotherInvitation) {
  Town a(5), b(5);
  a.invitation.unit = *model::ResourceClass::parse("cpu=1 memory=28Gi");
  b.invitation.unit = *model::ResourceClass::parse("cpu=12 memory=8Gi");
  EXPECT_NE(a.hash(), b.hash());
}

}  // namespace
}  // namespace pool
