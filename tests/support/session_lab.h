// A laboratory for sessions: n parties as threads over memory, each with an identity, a store and a seed, so that the
// same seed gives the same bytes. A test may put a wrapper between one party's session and its signatures: what it
// changes is signed by the cheater, as a cheater would; or change what a party puts on the wire below its signatures.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "mpc/session.h"
#include "support/memory_hub.h"
#include "support/memory_store.h"

namespace support {

using Wrapper = std::function<std::unique_ptr<mpc::Conversation>(mpc::Conversation&)>;

struct PartyEnd {
  base::Result<mpc::Bits> result = base::Error{base::Code::kCancelled, "did not run"};
  std::uint32_t depth_prepared = 0, depth = 0;
  std::size_t sent_bytes = 0;
  mpc::Verdict verdict;           // of an inquest
  std::vector<base::Bytes> sent;  // every message on the wire, in order, if recorded
};

class SessionLab {
 public:
  explicit SessionLab(std::size_t parties, const std::string& seed = "lab") : seed_(seed), stores(parties) {
    for (std::size_t i = 0; i < parties; ++i) {
      crypto::SeededRandom random(base::view("identity " + std::to_string(i)));
      identities.push_back(crypto::Identity::generate(random));
      keys.push_back(identities.back().public_key());
    }
  }

  std::vector<PartyEnd> run(const mpc::Circuit& circuit, const std::vector<mpc::Bits>& inputs) {
    const std::size_t n = stores.size();
    ++session;
    MemoryHub hub(n, deadline);
    std::vector<PartyEnd> ends(n);
    std::vector<std::unique_ptr<MemoryChannel>> channels;
    for (std::size_t i = 0; i < n; ++i) channels.push_back(std::make_unique<MemoryChannel>(hub, i));
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < n; ++i)
      threads.emplace_back([&, i] {
        MemoryChannel& channel = *channels[i];
        channel.on_send = [&](std::size_t to, const base::Bytes& m) {
          if (record) ends[i].sent.push_back(m);
          if (on_send) on_send(i, to, m);
        };
        if (wire) channel.wire = [&](std::size_t to, base::Bytes m) { return wire(i, to, std::move(m)); };
        run_party(i, circuit, inputs[i], channel, ends[i]);
        ends[i].sent_bytes = channel.sent_bytes;
        hub.leave(i);
      });
    for (std::thread& t : threads) t.join();
    return ends;
  }

  // Of the running or last session.
  mpc::Terms terms(const mpc::Circuit& circuit) const { return {circuit, sid(), k, keys, {}}; }
  crypto::Digest sid() const { return crypto::sha256(base::view(seed_ + std::to_string(session))); }
  crypto::SeededRandom randomness(std::size_t party) const {
    const std::string& seed = entropy.empty() ? seed_ : entropy;
    return crypto::SeededRandom(base::view(seed + " " + std::to_string(session) + " " + std::to_string(party)));
  }

  std::string seed_;
  std::vector<MemoryStore> stores;
  std::vector<std::shared_ptr<mpc::AcquaintanceStore>> lent;  // if any, one a party, used in place of `stores`
  std::vector<crypto::Identity> identities;
  std::vector<crypto::PublicKey> keys;
  std::size_t cheater = SIZE_MAX;
  Wrapper wrapper;
  std::function<void(std::size_t from, std::size_t to, const base::Bytes&)> on_send;  // in the sender's thread
  std::function<std::vector<base::Bytes>(std::size_t from, std::size_t to, base::Bytes)> wire;
  std::string entropy;  // if set, the parties draw from this seed, while `seed_` makes the session's id
  unsigned k = 4;
  bool record = false;
  int session = 0;
  std::chrono::milliseconds deadline = std::chrono::seconds(60);

 private:
  void run_party(std::size_t i, const mpc::Circuit& circuit, const mpc::Bits& input, MemoryChannel& channel,
                 PartyEnd& end) {
    crypto::SeededRandom random = randomness(i);
    mpc::SignedChannel honest(channel, identities[i], keys);
    std::unique_ptr<mpc::Conversation> wrapped = i == cheater && wrapper ? wrapper(honest) : nullptr;
    mpc::Conversation& conversation = wrapped ? *wrapped : honest;
    mpc::AcquaintanceStore& store = lent.empty() ? stores[i] : *lent[i];
    auto meetings = mpc::Meetings::open(store, keys, i, random);
    if (!meetings.ok()) {
      end.result = meetings.error();
      return;
    }
    for (std::size_t j = 0; j < stores.size(); ++j)
      if (j != i) (void)conversation.send(j, meetings->introduction(j));
    for (std::size_t j = 0; j < stores.size(); ++j) {
      if (j == i) continue;
      auto introduction = conversation.receive(j, mpc::Introduction::kSize);
      if (introduction.ok())
        if (auto status = meetings->introduced(j, *introduction); !status.ok()) introduction = status.error();
      if (!introduction.ok()) {
        end.result = introduction.error();
        return;
      }
    }
    mpc::Session party(circuit, sid(), k, std::move(*meetings), conversation, random);
    end.result = run_phases(party, input, honest, end);
    end.depth = honest.depth();
    end.verdict = party.verdict();
  }
  static base::Result<mpc::Bits> run_phases(mpc::Session& party, const mpc::Bits& input,
                                            const mpc::SignedChannel& channel, PartyEnd& end) {
    TARN_TRY(party.acquaint());
    TARN_TRY(party.prepare());
    end.depth_prepared = channel.depth();
    TARN_TRY(party.garble(input));
    return party.evaluate();
  }
};

}  // namespace support
