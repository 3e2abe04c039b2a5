#include "net/switchboard.h"

#include <algorithm>

#include "net/arrival.h"
#include "net/assembly.h"
#include "net/calling.h"

namespace net {

namespace {

base::Error invalid(const std::string& what) { return {base::Code::kInvalidInput, what}; }

}  // namespace

base::Result<std::unique_ptr<Switchboard>> Switchboard::create(const crypto::Identity& identity, FrontDoor* door,
                                                               LineOptions options) {
  TARN_ASSIGN(TlsContext context, TlsContext::create(identity));
  return std::unique_ptr<Switchboard>(
      new Switchboard(std::move(context), identity.public_key(), door, std::move(options)));
}

void Switchboard::call(std::span<const pool::Peer> peers, std::span<const base::Bytes> messages, std::size_t max_reply,
                       int timeout_ms, const std::function<bool(Reply)>& on_reply) {
  CHECK(peers.size() == messages.size());
  Calling calling(context_, options_, max_reply, on_reply);
  for (std::size_t i = 0; i < peers.size(); ++i) calling.dial(peers[i], messages[i]);
  calling.run(timeout_ms);
}

base::Result<std::unique_ptr<pool::SessionMesh>> Switchboard::mesh(const pool::MeshPlan& plan,
                                                                   std::vector<std::unique_ptr<pool::Line>> lines,
                                                                   int timeout_ms) {
  lines.resize(std::max(lines.size(), plan.parties.size()));
  TARN_TRY(check(plan, lines));
  Assembly assembly(options_, plan.parties.size());
  std::vector<crypto::PublicKey> awaited;
  for (std::size_t i = 0; i < plan.parties.size(); ++i) {
    if (i == plan.self) continue;
    auto* const line = dynamic_cast<TlsLine*>(lines[i].get());
    CHECK((line != nullptr) == (lines[i] != nullptr));
    if (line != nullptr)
      assembly.add(i, *line);
    else if (i < plan.self)
      assembly.dial(i, std::make_unique<Dial>(context_, plan.parties[i], encode_join(plan.session), options_));
    else
      awaited.push_back(plan.parties[i].key);
  }
  if (!awaited.empty()) assembly.await(door_->rendezvous(), plan, std::move(awaited));
  TARN_ASSIGN(auto links, assembly.run(timeout_ms));
  return std::unique_ptr<pool::SessionMesh>(
      std::make_unique<Mesh>(plan.self, std::move(links), options_.one_way_delay_ms, options_.cancelled));
}

base::Status Switchboard::check(const pool::MeshPlan& plan,
                                const std::vector<std::unique_ptr<pool::Line>>& lines) const {
  const auto& parties = plan.parties;
  if (parties.size() < 2 || parties.size() > kMaxParties) return invalid("a mesh has 2 to 16 parties");
  if (plan.self >= parties.size() || parties[plan.self].key != key_) return invalid("we are not the party that we are");
  if (lines.size() != parties.size() || lines[plan.self]) return invalid("the lines are not one a party");
  for (std::size_t i = 0; i < parties.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (parties[i].key == parties[j].key) return invalid("two parties have the same key");
    }
    if (lines[i] && lines[i]->peer() != parties[i].key) return invalid("a line leads to another party");
    if (i > plan.self && !lines[i] && door_ == nullptr) return invalid("nobody can join a party without a door");
  }
  return {};
}

}  // namespace net
