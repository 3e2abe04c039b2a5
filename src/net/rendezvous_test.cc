#include "net/rendezvous.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include "net/loopback.h"

namespace net {
namespace {

const TlsContext& context() {
  static const TlsContext made = std::move(TlsContext::create(identity(1))).value();
  return made;
}

std::unique_ptr<Link> link() {
  Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  return std::make_unique<Link>(
      std::make_unique<TlsStream>(context(), std::move(socket), Role::kListens, AllowedKeys{}), std::nullopt, 100);
}

crypto::PublicKey key(std::size_t number) {
  return {static_cast<std::uint8_t>(number), static_cast<std::uint8_t>(number >> 8)};
}
crypto::Digest session(std::size_t number) { return key(number); }
bool readable(const Rendezvous::Seat& seat) {
  pollfd entry{seat.fd(), POLLIN, 0};
  return poll(&entry, 1, 0) == 1;
}

constexpr Time kNow{}, kLimit = kNow + std::chrono::seconds(5);

TEST(Rendezvous, GivesALinkToTheSeatOfItsSessionAndKeyOnly) {
  Rendezvous rendezvous;
  rendezvous.arrive(session(1), key(1), link(), kLimit);  // before anybody expects it
  Rendezvous::Seat seat(rendezvous, session(1), {key(1), key(2)});
  Rendezvous::Seat other(rendezvous, session(2), {key(1), key(2)});
  EXPECT_EQ(other.take(key(1)), nullptr);
  EXPECT_EQ(seat.take(key(2)), nullptr);
  EXPECT_NE(seat.take(key(1)), nullptr);
  EXPECT_EQ(seat.take(key(1)), nullptr);
  EXPECT_FALSE(readable(seat));
  rendezvous.arrive(session(1), key(3), link(), kLimit);  // not of this session
  EXPECT_FALSE(readable(seat));
  rendezvous.arrive(session(1), key(2), link(), kLimit);
  EXPECT_TRUE(readable(seat));
  EXPECT_FALSE(readable(other));
  seat.woken();
  EXPECT_FALSE(readable(seat));
  EXPECT_NE(seat.take(key(2)), nullptr);
  EXPECT_EQ(rendezvous.waiting(), 1U);
}

TEST(Rendezvous, WhoJoinsTwiceMeansTheSecondTime) {
  Rendezvous rendezvous;
  rendezvous.arrive(session(1), key(1), link(), kLimit);
  auto second = link();
  const Link* const meant = second.get();
  rendezvous.arrive(session(1), key(1), std::move(second), kLimit);
  EXPECT_EQ(rendezvous.waiting(), 1U);
  Rendezvous::Seat seat(rendezvous, session(1), {key(1)});
  EXPECT_EQ(seat.take(key(1)).get(), meant);
}

TEST(Rendezvous, ForgetsTheLate) {
  Rendezvous rendezvous;
  EXPECT_EQ(rendezvous.drop_late(kNow), Time::max());
  rendezvous.arrive(session(1), key(1), link(), kLimit);
  rendezvous.arrive(session(1), key(2), link(), kLimit + std::chrono::seconds(1));
  EXPECT_EQ(rendezvous.drop_late(kNow), kLimit);
  EXPECT_EQ(rendezvous.waiting(), 2U);
  EXPECT_EQ(rendezvous.drop_late(kLimit), kLimit + std::chrono::seconds(1));
  EXPECT_EQ(rendezvous.waiting(), 1U);
}

TEST(Rendezvous, TheOldestOfACrowdedSessionMakesPlace) {
  Rendezvous rendezvous;
  Rendezvous::Seat seat(rendezvous, session(1), {key(0)});
  rendezvous.arrive(session(1), key(0), link(), kLimit);  // expected, so in nobody's way
  rendezvous.arrive(session(2), key(0), link(), kLimit);
  for (std::size_t i = 1; i <= Rendezvous::kMaxOfSession + 1; ++i)
    rendezvous.arrive(session(1), key(i), link(), kLimit);
  EXPECT_EQ(rendezvous.waiting(), Rendezvous::kMaxOfSession + 2);
  Rendezvous::Seat later(rendezvous, session(1), {key(1), key(2)});
  EXPECT_EQ(later.take(key(1)), nullptr);
  EXPECT_NE(later.take(key(2)), nullptr);
  EXPECT_NE(seat.take(key(0)), nullptr);
}

TEST(Rendezvous, TheOldestOfAllMakesPlaceButNotTheExpected) {
  Rendezvous rendezvous;
  Rendezvous::Seat seat(rendezvous, session(0), {key(0)});
  rendezvous.arrive(session(0), key(0), link(), kLimit);
  for (std::size_t i = 1; i <= Rendezvous::kMaxWaiting + 1; ++i) rendezvous.arrive(session(i), key(i), link(), kLimit);
  EXPECT_EQ(rendezvous.waiting(), Rendezvous::kMaxWaiting + 1);
  EXPECT_NE(seat.take(key(0)), nullptr);
  EXPECT_EQ(Rendezvous::Seat(rendezvous, session(1), {key(1)}).take(key(1)), nullptr);
  EXPECT_NE(Rendezvous::Seat(rendezvous, session(2), {key(2)}).take(key(2)), nullptr);
}

TEST(Rendezvous, IsEmptyOnceClosed) {
  Rendezvous rendezvous;
  Rendezvous::Seat seat(rendezvous, session(1), {key(1)});
  rendezvous.arrive(session(1), key(1), link(), kLimit);
  rendezvous.close();
  EXPECT_EQ(rendezvous.waiting(), 0U);
  rendezvous.arrive(session(1), key(1), link(), kLimit);
  EXPECT_EQ(seat.take(key(1)), nullptr);
}

}  // namespace
}  // namespace net
