// Probes over loopback. Times are only ever compared with what they must at least be.
#include <gtest/gtest.h>

#include "net/loopback.h"
#include "net/probe_responder.h"
#include "net/udp_prober.h"

namespace net {
namespace {

using Clock = std::chrono::steady_clock;
using discovery::ProbeAnswer;
using discovery::ProbeTarget;

discovery::Coordinate somewhere() {
  discovery::Coordinate at;
  at.position_ms = {1, -2, 3, 0, 0, 0, 0, 70};
  at.height_ms = 5;
  at.error = 0.25;
  return at;
}

Endpoint loopback6() {
  Endpoint endpoint;
  auto* const v6 = reinterpret_cast<sockaddr_in6*>(&endpoint.storage);
  v6->sin6_family = AF_INET6;
  v6->sin6_addr = in6addr_loopback;
  endpoint.size = sizeof(sockaddr_in6);
  return endpoint;
}

// A provider's port, answered by a thread.
struct Provider {
  explicit Provider(std::uint64_t seed, const ProbeResponderOptions& options = {},
                    const Endpoint& at = loopback_endpoint())
      : id(identity(seed)) {
    auto bound = bind_datagrams(at);
    CHECK(bound.ok());
    address = local_endpoint(*bound)->text();
    responder = std::make_unique<ProbeResponder>(id, std::move(*bound), options);
    responder->set_coordinate(somewhere());
    thread = std::jthread([this](const std::stop_token& stop) { responder->run(stop); });
  }
  ProbeTarget target() const { return {id.public_key(), address}; }

  crypto::Identity id;
  std::string address;
  std::unique_ptr<ProbeResponder> responder;
  std::jthread thread;
};

std::vector<ProbeAnswer> probe(const std::vector<ProbeTarget>& targets, int timeout_ms = kPatienceMs,
                               std::size_t enough = 1000, int delay_ms = 0) {
  SeededRandom random(9);
  UdpProber prober(random, delay_ms);
  std::vector<ProbeAnswer> answers;
  prober.probe(targets, timeout_ms, [&](const ProbeAnswer& answer) {
    answers.push_back(answer);
    return answers.size() < enough;
  });
  return answers;
}

// A port where the test itself answers: `act` gets each request's nonce and sends what it likes.
struct Stranger {
  explicit Stranger(std::function<void(Stranger&, const Endpoint&, const ProbeNonce&)> act) {
    auto bound = bind_datagrams(loopback_endpoint());
    CHECK(bound.ok());
    address = local_endpoint(*bound)->text();
    port = std::make_unique<Datagrams>(std::move(*bound), 0);
    thread = std::jthread([this, act](const std::stop_token& stop) {
      while (!stop.stop_requested()) {
        pollfd watched{port->fd(), POLLIN, 0};
        (void)wait_for(&watched, 1, Clock::now() + std::chrono::milliseconds(20), false);
        for (const Datagram& datagram : port->receive(kProbeRequestSize))
          if (const auto nonce = decode_probe_request(datagram.bytes)) {
            ++requests;
            act(*this, datagram.peer, *nonce);
          }
      }
    });
  }
  std::string address;
  std::unique_ptr<Datagrams> port;
  std::atomic<int> requests = 0;
  std::jthread thread;
};

TEST(Probe, MeasuresAndHearsWhereThePeerIs) {
  const Provider one(1), two(2);
  const auto answers = probe({one.target(), two.target()});
  ASSERT_EQ(answers.size(), 2U);
  EXPECT_NE(answers[0].target, answers[1].target);
  for (const ProbeAnswer& answer : answers) {
    EXPECT_EQ(answer.coordinate, somewhere());
    EXPECT_GT(answer.rtt_ms, 0);
  }
}

TEST(Probe, SpeaksIpv6) {
  if (!bind_datagrams(loopback6()).ok()) GTEST_SKIP() << "no IPv6 here";
  const Provider provider(1, {}, loopback6());
  EXPECT_EQ(probe({provider.target()}).size(), 1U);
}

TEST(Probe, LooksUpNames) {
  const Provider provider(1);
  const std::string name = "localhost" + provider.address.substr(provider.address.rfind(':'));
  EXPECT_EQ(probe({{provider.id.public_key(), name}}).size(), 1U);
}

TEST(Probe, StopsWhenTheCallerHasEnough) {
  const Provider one(1), two(2), three(3);
  EXPECT_EQ(probe({one.target(), two.target(), three.target()}, kPatienceMs, 1).size(), 1U);
}

TEST(Probe, SilenceEndsWithTheTime) {
  Stranger silent([](Stranger&, const Endpoint&, const ProbeNonce&) {});
  const auto start = Clock::now();
  EXPECT_TRUE(probe({{identity(1).public_key(), silent.address}}, 500).empty());
  EXPECT_GE(Clock::now() - start, std::chrono::milliseconds(500));
}

TEST(Probe, WhatIsNoAddressDoesNotHoldUpTheRest) {
  const Provider provider(1);
  const auto answers = probe({{identity(2).public_key(), "nonsense"}, provider.target()});
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].target, 1U);
}

TEST(Probe, ALostRequestIsSentAnewAndTimedByItself) {
  const crypto::Identity id = identity(1);
  int seen = 0;
  Stranger forgetful([&](Stranger& self, const Endpoint& from, const ProbeNonce& nonce) {
    if (++seen == 3) self.port->send(from, ProbeReply::make(id, nonce, somewhere()).encode());
  });
  const auto start = Clock::now();
  const auto answers = probe({{id.public_key(), forgetful.address}});
  const double passed_ms = std::chrono::duration<double, std::milli>(Clock::now() - start).count();
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_GE(passed_ms, 400);
  EXPECT_LE(answers[0].rtt_ms, passed_ms - 399);  // since the third, not since the first
}

TEST(Probe, DelaysOfBothSidesAddUp) {
  const Provider provider(1, {.one_way_delay_ms = 30});
  const auto answers = probe({provider.target()}, kPatienceMs, 1000, 20);
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_GE(answers[0].rtt_ms, 50);
}

// What a cheater sends instead of the right answer; none is taken, and the honest one after it is.
TEST(Probe, TakesOnlyThePeersAnswerToThisQuestion) {
  const crypto::Identity honest = identity(1), cheater = identity(2);
  base::Bytes earlier;
  const std::vector<std::function<base::Bytes(const ProbeNonce&)>> forgeries{
      [&](const ProbeNonce& nonce) { return ProbeReply::make(cheater, nonce, somewhere()).encode(); },
      [&](const ProbeNonce& nonce) {  // another place than was signed
        ProbeReply reply = ProbeReply::make(honest, nonce, somewhere());
        reply.coordinate.height_ms = 1;
        return reply.encode();
      },
      [&](const ProbeNonce& nonce) {  // a question that nobody asked
        ProbeNonce other = nonce;
        other[0] ^= 1;
        return ProbeReply::make(honest, other, somewhere()).encode();
      },
      [&](const ProbeNonce&) { return earlier; },
      [&](const ProbeNonce& nonce) {  // an old signature under the new question
        ProbeReply reply = *ProbeReply::decode(earlier);
        reply.nonce = nonce;
        return reply.encode();
      },
      [&](const ProbeNonce& nonce) {
        base::Bytes cut = ProbeReply::make(honest, nonce, somewhere()).encode();
        cut.pop_back();
        return cut;
      },
      [&](const ProbeNonce&) { return base::Bytes(kProbeRequestSize, 0xff); },
      [&](const ProbeNonce&) { return base::Bytes(); },
  };
  earlier = ProbeReply::make(honest, ProbeNonce{}, somewhere()).encode();
  for (const auto& forgery : forgeries) {
    Stranger liar(
        [&](Stranger& self, const Endpoint& from, const ProbeNonce& nonce) { self.port->send(from, forgery(nonce)); });
    do {
      EXPECT_TRUE(probe({{honest.public_key(), liar.address}}, 100).empty());
    } while (liar.requests == 0);  // it may not have had its turn yet
    Stranger both([&](Stranger& self, const Endpoint& from, const ProbeNonce& nonce) {
      self.port->send(from, forgery(nonce));
      self.port->send(from, ProbeReply::make(honest, nonce, somewhere()).encode());
    });
    EXPECT_EQ(probe({{honest.public_key(), both.address}}).size(), 1U);
  }
}

TEST(Probe, TheSameAnswerTwiceCountsOnce) {
  const crypto::Identity id = identity(1);
  const Provider other(2, {.one_way_delay_ms = 100});  // keeps the round open meanwhile
  Stranger eager([&](Stranger& self, const Endpoint& from, const ProbeNonce& nonce) {
    for (int i = 0; i < 5; ++i) self.port->send(from, ProbeReply::make(id, nonce, somewhere()).encode());
  });
  EXPECT_EQ(probe({{id.public_key(), eager.address}, other.target()}).size(), 2U);
}

// Everything is sent before anything is answered, so the limit is met whatever the machine does.
TEST(ProbeResponder, LimitsItsSignatures) {
  constexpr int kRequests = 200;
  const crypto::Identity id = identity(1);
  auto bound = bind_datagrams(loopback_endpoint());
  ASSERT_TRUE(bound.ok());
  const Endpoint at = *local_endpoint(*bound);
  auto own = bind_datagrams(loopback_endpoint());
  ASSERT_TRUE(own.ok());
  Datagrams flood(std::move(*own), 0);
  for (int i = 0; i < kRequests; ++i) {
    ProbeNonce nonce{};
    nonce[0] = static_cast<std::uint8_t>(i);
    flood.send(at, encode_probe_request(nonce));
  }
  ProbeResponder responder(id, std::move(*bound), {.answers_per_s = 10});
  const auto start = Clock::now();
  {
    std::jthread thread([&](const std::stop_token& stop) { responder.run(stop); });
    while (responder.answered() + responder.dropped() < kRequests)
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  const double passed_s = std::chrono::duration<double>(Clock::now() - start).count();
  EXPECT_GE(responder.answered(), 1U);
  EXPECT_LE(static_cast<double>(responder.answered()), 1 + 10 * passed_s);
}

TEST(ProbeResponder, AnswersNothingElse) {
  const Provider provider(1);
  auto bound = bind_datagrams(loopback_endpoint());
  ASSERT_TRUE(bound.ok());
  Datagrams port(std::move(*bound), 0);
  const auto address = Address::parse(provider.address);
  const Endpoint to = resolve(*address)->front();
  base::Bytes request = encode_probe_request({});
  for (std::size_t size : {std::size_t{0}, std::size_t{1}, request.size() - 1, request.size() + 1})
    port.send(to, base::Bytes(size));
  for (const std::size_t damaged : {std::size_t{0}, std::size_t{4}, request.size() - 1}) {
    base::Bytes other = request;
    other[damaged] ^= 1;
    port.send(to, other);
  }
  EXPECT_EQ(probe({provider.target()}).size(), 1U);  // sent last, so the rest has been looked at
  EXPECT_GE(provider.responder->answered(), 1U);
  EXPECT_TRUE(port.receive(4096).empty());
}

TEST(ProbeMessage, TheAnswerIsNeverTheLongerOne) {
  EXPECT_LE(ProbeReply::make(identity(1), {}, somewhere()).encode().size(), encode_probe_request({}).size());
}

}  // namespace
}  // namespace net
