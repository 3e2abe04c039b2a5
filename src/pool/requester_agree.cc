// Invite, draw, connect: from candidates to a mesh of those who will compute.
#include <algorithm>

#include "base/check.h"
#include "pool/requester_agreement.h"

namespace pool {
namespace {

constexpr int kMinSessionMs = 1'000, kSlackMs = 400;
constexpr int kLateMs = 200;  // to read from the others what is here already, when somebody has let the time run out

std::string refusals(const Attempt& report) {
  std::string out;
  for (const auto& [reason, count] : report.refused)
    out += (out.empty() ? "" : ", ") + std::to_string(count) + " " + std::string(text(reason));
  return out;
}

// Long enough for two round trips of connecting and one of asking; a dead candidate costs a request no more than this.
int invitation_ms(const std::vector<Candidate>& asked, int remaining) {
  double farthest = 0;
  for (const Candidate& c : asked) farthest = std::max(farthest, c.rtt_ms);
  return std::min(static_cast<int>(4 * farthest) + kSlackMs, remaining / 3);
}

base::Result<Readiness> hear(SessionMesh& mesh, std::size_t party) {
  TARN_ASSIGN(const base::Bytes message, mesh.receive(party, kMaxCallMessage));
  const auto readiness = read_readiness(message);
  if (!readiness || readiness->missing >= mesh.parties())
    return base::Error{base::Code::kPeerMisbehaved, "answered a draw with something else", party};
  // It lacks us, and says so over a line to us: of no use to us, whatever the reason.
  if (readiness->missing == std::size_t{0})
    return base::Error{base::Code::kInvalidInput, "says that it does not reach the requester", party};
  return *readiness;
}

}  // namespace

base::Result<Requester::Agreement> Requester::agree(const Wanted& wanted, Attempt& report) {
  std::vector<Candidate> asked;
  for (const Candidate& c : known_)
    if (!left_out_.contains(c.peer.key)) asked.push_back(c);
  std::sort(asked.begin(), asked.end(), [](const auto& a, const auto& b) { return a.peer.key < b.peer.key; });
  Agreement agreement;
  Invitation& invitation = agreement.invitation;
  invitation.request = request_;
  invitation.attempt = number_;
  invitation.unit = wanted.unit;
  invitation.mechanism = auction::name(wanted.mechanism);
  invitation.width = wanted.width;
  invitation.drawn = static_cast<std::uint8_t>(std::min(wanted.providers, asked.size()));
  invitation.lease_seconds = wanted.lease_seconds;
  // Half of what is left, so that a session that hangs leaves time for another.
  invitation.session_ms = static_cast<std::uint32_t>(std::max(remaining_ms() / 2, kMinSessionMs));
  for (const Candidate& c : asked) invitation.candidates.push_back(c.peer.key);
  report.candidates = asked.size();
  TARN_TRY(invite(asked, wanted.min_providers, agreement, report));

  const Draw draw = make_draw(invitation, services_.identity, agreement.accepted,
                              [&](std::size_t candidate) { return agreement.addresses[candidate]; });
  const auto order = order_of(invitation, services_.identity.public_key(), draw);
  CHECK(order.has_value());
  report.drawn = order->size();
  const base::Bytes message = draw.encode();
  for (const Draw::Accepted& a : draw.accepted) (void)agreement.lines[a.candidate]->send(message);
  agreement.plan = plan_of(invitation, services_.identity.public_key(), draw, *order, 0);
  agreement.drawn_lines.resize(1 + order->size());
  for (std::size_t i = 0; i < order->size(); ++i)
    agreement.drawn_lines[1 + i] = std::move(agreement.lines[(*order)[i]]);
  agreement.lines.clear();  // the others are free again
  return agreement;
}

base::Status Requester::invite(const std::vector<Candidate>& asked, std::size_t quorum, Agreement& agreement,
                               Attempt& report) {
  const Invitation& invitation = agreement.invitation;
  services_.on_step(Step::kInviting, std::to_string(asked.size()));
  std::vector<Peer> peers;
  for (const Candidate& c : asked) {
    peers.push_back(c.peer);
    agreement.addresses.push_back(c.peer.address);
  }
  agreement.lines.resize(peers.size());
  const crypto::Digest hash = invitation.hash(services_.identity.public_key());
  const std::vector<base::Bytes> messages(peers.size(), invitation.seal(services_.identity));
  std::optional<base::Error> cancelled;
  const auto on_reply = [&](Lines::Reply reply) {
    const crypto::PublicKey& key = peers[reply.peer].key;
    if (!reply.message.ok()) {
      const base::Error& error = reply.message.error();
      if (error.code == base::Code::kCancelled)
        cancelled = error;
      else
        leave_out(key, std::nullopt, {}, report);
      return !cancelled;
    }
    const auto acceptance = Acceptance::decode(*reply.message);
    const auto refusal = Refusal::decode(*reply.message);
    if (acceptance && acceptance->valid(hash, key)) {
      agreement.accepted.push_back({static_cast<std::uint8_t>(reply.peer), *acceptance});
      agreement.lines[reply.peer] = std::move(reply.line);
    } else if (refusal) {
      ++report.refused[refusal->reason];
      leave_out(key, std::nullopt, {}, report);
    } else {
      leave_out(key, Offence::kNamed, words("answered an invitation with something else"), report);
    }
    return true;
  };
  services_.lines.call(peers, messages, kMaxCallMessage, invitation_ms(asked, remaining_ms()), on_reply);
  report.accepted = agreement.accepted.size();
  if (cancelled) return *cancelled;
  if (report.accepted >= quorum && 2 * report.accepted >= peers.size()) return {};
  const std::string why = refusals(report);
  return base::Error{base::Code::kUnreachable, "only " + std::to_string(report.accepted) + " of " +
                                                   std::to_string(peers.size()) + " providers take part" +
                                                   (why.empty() ? "" : " (" + why + ")")};
}

// All the drawn say that they are connected, or whom they lack.
base::Result<std::unique_ptr<SessionMesh>> Requester::connect(Agreement& agreement, Attempt& report) {
  services_.on_step(Step::kConnecting, std::to_string(report.drawn));
  // Longer than the drawn wait for each other, so that we hear from all the others whom they lack.
  const int wait_ms = connect_ms(agreement.invitation) * 5 / 4 + kSlackMs;
  auto mesh = services_.lines.mesh(agreement.plan, agreement.drawn_lines, wait_ms);
  if (!mesh.ok()) {
    blame(mesh.error(), agreement, report);
    return mesh.error();
  }
  (*mesh)->set_deadline_ms(wait_ms);
  std::vector<std::optional<Readiness>> heard(agreement.plan.parties.size());
  std::optional<base::Error> failure;
  for (std::size_t i = 1; i < heard.size(); ++i) {
    auto readiness = hear(**mesh, i);
    if (readiness.ok()) {
      heard[i] = *readiness;
      continue;
    }
    failure = readiness.error();
    if (failure->code == base::Code::kCancelled) return *failure;
    if (failure->code == base::Code::kDeadline) (*mesh)->set_deadline_ms(kLateMs);
    blame(*failure, agreement, report);
  }
  if (!failure) failure = judge(heard, agreement, report);
  if (failure) return *failure;
  return mesh;
}

// When everybody has spoken: who is lacked by others though it says that all is well is in dispute with them. One
// against one, both stay out of this request; against several, it alone. Who lacks somebody itself has left because of
// that, and is therefore lacked in turn, which means nothing.
std::optional<base::Error> Requester::judge(const std::vector<std::optional<Readiness>>& heard,
                                            const Agreement& agreement, Attempt& report) {
  const auto& parties = agreement.plan.parties;
  std::vector<std::vector<std::size_t>> lacked_by(parties.size());
  std::optional<base::Error> failure;
  for (std::size_t i = 1; i < heard.size(); ++i) {
    if (!heard[i]->missing) continue;
    failure = base::Error{base::Code::kUnreachable, "could not be reached by another provider", heard[i]->missing};
    lacked_by[*heard[i]->missing].push_back(i);
  }
  for (std::size_t i = 1; i < parties.size(); ++i) {
    if (lacked_by[i].empty() || heard[i]->missing) continue;
    leave_out(parties[i].key, std::nullopt, {}, report);
    if (lacked_by[i].size() == 1) leave_out(parties[lacked_by[i][0]].key, std::nullopt, {}, report);
  }
  // They only lack each other, or us: one of them has to make room for another attempt.
  if (failure && report.left_out.empty() && failure->party != 0)
    leave_out(parties[*failure->party].key, std::nullopt, {}, report);
  return failure;
}

}  // namespace pool
