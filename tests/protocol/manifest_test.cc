// Agreeing on a manifest among several: whoever cheats there, or disagrees, is named or nobody is, and never an honest
// party that passed on its end.
#include "pool/manifest.h"

#include <gtest/gtest.h>

#include <thread>

#include "crypto/random.h"
#include "mpc/circuit_builder.h"
#include "pool/placement_session.h"
#include "support/memory_hub.h"
#include "support/memory_store.h"

namespace {

using base::Bytes;
using base::Code;

constexpr std::size_t kParties = 3, kCheater = 2;

mpc::Circuit small_circuit() {
  mpc::CircuitBuilder builder(kParties);
  std::vector<mpc::Bit> inputs;
  for (std::size_t p = 0; p < kParties; ++p) inputs.push_back(builder.input(p));
  const mpc::Bit product = inputs[0] & inputs[1];
  const mpc::Bit value = product ^ inputs[2];
  for (std::size_t p = 0; p < kParties; ++p) builder.output(p, value);
  return std::move(builder).build();
}

// Frames of the cheater to a receiver, counted from 0: 0 is the greeting, 1 the signature of the manifest.
using Wire = std::function<std::vector<Bytes>(std::size_t to, std::size_t number, Bytes frame)>;

std::vector<base::Result<pool::SessionResult>> run(const Wire& wire,
                                                   const std::function<void(pool::Manifest&)>& differ = {}) {
  const mpc::Circuit circuit = small_circuit();
  std::vector<crypto::Identity> identities;
  pool::Manifest manifest;
  for (std::size_t i = 0; i < kParties; ++i) {
    crypto::SeededRandom random(base::view("identity " + std::to_string(i)));
    identities.push_back(crypto::Identity::generate(random));
    manifest.parties.push_back(identities[i].public_key());
  }
  manifest.circuit = circuit.hash();
  manifest.mechanism = "test";
  support::MemoryHub hub(kParties, std::chrono::seconds(30));
  std::vector<support::MemoryStore> stores(kParties);
  std::vector<base::Result<pool::SessionResult>> ends(kParties, base::Error{Code::kCancelled, "did not run"});
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < kParties; ++i)
    threads.emplace_back([&, i] {
      support::MemoryChannel channel(hub, i);
      std::vector<std::size_t> sent(kParties, 0);
      if (i == kCheater && wire)
        channel.wire = [&](std::size_t to, Bytes frame) { return wire(to, sent[to]++, std::move(frame)); };
      pool::Manifest mine = manifest;
      if (i == kCheater && differ) differ(mine);
      crypto::SeededRandom random(base::view("random " + std::to_string(i)));
      ends[i] = pool::run_session(circuit, mine, {1}, {identities[i], channel, stores[i], random, [](pool::Phase) {}});
      hub.leave(i);
    });
  for (std::thread& t : threads) t.join();
  return ends;
}

TEST(Manifest, HonestPartiesAgreeAndCompute) {
  for (const auto& end : run({})) {
    ASSERT_TRUE(end.ok()) << end.error().message;
    EXPECT_EQ(end->outputs, (mpc::Bits{0}));
    EXPECT_EQ(end->hops, 14U);
    EXPECT_EQ(end->hops_online, 3U);
  }
}

// One honest party hears a bad signature and ends; the other, which heard a good one, must not blame it for that.
TEST(Manifest, ASignatureThatOnlyOneHearsNamesNobodyHonest) {
  for (const bool withhold : {false, true}) {
    const auto ends = run([&](std::size_t to, std::size_t number, Bytes frame) -> std::vector<Bytes> {
      if (to != 0 || number == 0) return {std::move(frame)};
      if (withhold) return {};
      if (number == 1) frame[0] ^= 1;
      return {std::move(frame)};
    });
    for (std::size_t p : {std::size_t{0}, std::size_t{1}}) {
      ASSERT_FALSE(ends[p].ok());
      if (ends[p].error().code == Code::kPeerMisbehaved) {
        EXPECT_EQ(ends[p].error().party, kCheater) << p << ": " << ends[p].error().message;
      }
    }
  }
}

TEST(Manifest, WhoDiffersIsToldInWhichRespect) {
  const std::vector<std::pair<std::function<void(pool::Manifest&)>, std::string>> cases{
      {[](pool::Manifest& m) { m.mechanism = "other"; }, "mechanism"},
      {[](pool::Manifest& m) { m.resource_class = "other"; }, "class"},
      {[](pool::Manifest& m) { m.width = 31; }, "31 bits"},
      {[](pool::Manifest& m) { m.deadline_ms = 1; }, "deadline of 1 ms"},
      {[](pool::Manifest& m) { m.extension_k = 8; }, "extension_k"}};
  for (const auto& [differ, words] : cases) {
    const auto ends = run({}, differ);
    for (std::size_t p : {std::size_t{0}, std::size_t{1}}) {
      ASSERT_FALSE(ends[p].ok());
      EXPECT_EQ(ends[p].error().code, Code::kInvalidInput);
      EXPECT_EQ(ends[p].error().party, kCheater);
      EXPECT_NE(ends[p].error().message.find(words), std::string::npos) << ends[p].error().message;
    }
  }
}

}  // namespace
