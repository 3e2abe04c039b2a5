// The way of a released node: claim() → power_off() → isolate() → clean_ → leave() → free(), each looked at again on every
// pass, so that it does not matter where the last process died.
#include <algorithm>
#include <array>
#include <limits>

#include "isolation/engine_port.h"
#include "isolation/lookup.h"
#include "isolation/release.h"

namespace isolation {
namespace {

const std::string kEngine = "tarn";
constexpr std::size_t kLoansAtOnce = 100;
constexpr std::int64_t kBmcCalls = 3;  // of one pass: off, is it off, and is it still
constexpr std::int64_t kForEver = std::numeric_limits<std::int64_t>::max();

// When a release or the end of a loan is due next; 0: none is known.
base::Result<std::int64_t> next_due(Transaction& store) {
  TARN_ASSIGN(const std::vector<Node> releasing, store.nodes_releasing(kForEver, 1));
  TARN_ASSIGN(const std::vector<Node> lent, store.nodes_lent_until(kForEver, 1));
  if (releasing.empty()) return lent.empty() ? 0 : *lent[0].lent_until;
  return lent.empty() ? releasing[0].try_again : std::min(releasing[0].try_again, *lent[0].lent_until);
}

base::Result<bool> has_open_changes(Transaction& store, Id nic) {
  ChangeFilter filter;
  filter.nic = nic;
  filter.open = true;
  filter.limit = 1;
  TARN_ASSIGN(const std::vector<Change> open, store.changes(filter));
  return !open.empty();
}

// Nothing on its way, nothing attached, and the switch was seen to let nothing through.
base::Result<bool> is_isolated(Transaction& store, const Nic& nic) {
  TARN_ASSIGN(const bool changing, has_open_changes(store, nic.id));
  TARN_ASSIGN(const std::vector<Attachment> attachments, store.attachments_of_nic(nic.id));
  if (changing || !attachments.empty()) return false;
  if (!nic.port) return true;
  TARN_ASSIGN(const std::optional<Port> port, store.find_port(*nic.port));
  return !port || (port->observed && port->observed->isolated());
}
base::Result<bool> is_isolated(Transaction& store, const Node& node) {
  TARN_ASSIGN(const std::vector<Nic> nics, store.nics_of(node.id));
  for (const Nic& nic : nics) {
    TARN_ASSIGN(const bool isolated, is_isolated(store, nic));
    if (!isolated) return false;
  }
  return true;
}

// The node as it is now, if its release still goes on.
base::Result<std::optional<Node>> releasing(Transaction& store, Id id) {
  TARN_ASSIGN(std::optional<Node> node, store.find_node(id));
  if (node && node->state != NodeState::kReleasing) node.reset();
  return node;
}

}  // namespace

Releaser::Releaser(Store& store, Turns& turns, OpenBmc open_bmc, Clean clean, const EngineLimits& limits,
                   base::Random& random, base::Log& log)
    : store_(store),
      turns_(turns),
      open_bmc_(std::move(open_bmc)),
      clean_(std::move(clean)),
      limits_(limits),
      random_(random),
      log_(log) {}

base::Result<Releaser::Outcome> Releaser::run_once(std::int64_t now) {
  Outcome outcome;
  TARN_TRY(store_.read([&](Transaction& store) -> base::Status {
    TARN_ASSIGN(outcome.next, next_due(store));
    return {};
  }));
  if (outcome.next == 0 || outcome.next > now) return outcome;
  TARN_ASSIGN(const std::optional<Node> node, claim(now));
  if (node) {
    TARN_ASSIGN(const bool freed, work_on(*node, now));
    ++(freed ? outcome.freed : outcome.waiting);
  }
  TARN_TRY(store_.read([&](Transaction& store) -> base::Status {
    TARN_ASSIGN(outcome.next, next_due(store));
    return {};
  }));
  return outcome;
}

// Begins the release of nodes whose loan has ended, and takes a node: nobody else works on it for as long as its BMC may
// need, nor after this process has died.
base::Result<std::optional<Node>> Releaser::claim(std::int64_t now) {
  std::optional<Node> claimed;
  const base::Status written = store_.write([&](Transaction& store) -> base::Status {
    claimed.reset();
    TARN_ASSIGN(std::vector<Node> ended, store.nodes_lent_until(now, kLoansAtOnce));
    for (Node& node : ended) TARN_TRY(begin_release(store, node, now, kEngine));
    TARN_ASSIGN(const std::vector<Node> due, store.nodes_releasing(now, 1));
    if (due.empty()) return {};
    claimed = due[0];
    claimed->bmc_enabled = false;
    claimed->try_again = now + (kBmcCalls + 1) * limits_.bmc_timeout_ms;
    return store.update_node(*claimed);
  });
  if (!written.ok()) return written.error();
  return claimed;
}

// Within the node's turn. Who had it before may have been another Releaser, that took longer than it should have, and
// freed the node: then it may be somebody's again, and is left alone.
base::Result<bool> Releaser::work_on(const Node& claimed, std::int64_t now) {
  const std::optional<Turn> turn = Turn::take(turns_, claimed.id, 0);
  std::optional<Node> node;
  TARN_TRY(store_.write([&](Transaction& store) -> base::Status {
    TARN_ASSIGN(node, releasing(store, claimed.id));
    if (turn || !node) return {};
    node->try_again = now + limits_.first_retry_ms;  // a call that its project made is not over yet
    return store.update_node(*node);
  }));
  if (!turn || !node) return false;
  return finish(*node, now);
}

base::Result<bool> Releaser::finish(const Node& node, std::int64_t now) {
  if (const base::Status off = power_off(node); !off.ok()) {
    TARN_TRY(fail(node, off.error(), now));
    return false;
  }
  TARN_ASSIGN(const bool isolated, isolate(node, now));
  if (!isolated) return false;
  if (const base::Status cleaned = guarded([&]() -> base::Status { return clean_(node); }); !cleaned.ok()) {
    TARN_TRY(fail(node, cleaned.error(), now));
    return false;
  }
  if (const base::Status left = leave(node); !left.ok()) {
    TARN_TRY(fail(node, left.error(), now));
    return false;
  }
  return free(node, now);
}

base::Status Releaser::power_off(const Node& node) {
  return guarded([&]() -> base::Status {
    TARN_ASSIGN(const std::unique_ptr<Bmc> bmc, open_bmc_(node));
    TARN_TRY(bmc->power_off(true, limits_.bmc_timeout_ms));
    TARN_ASSIGN(const bool on, bmc->powered(limits_.bmc_timeout_ms));
    if (!on) return {};
    return base::Error{base::Code::kUnreachable,
                       "The server is still on after it was turned off: look at it, and at its BMC"};
  });
}

// Cleaning may take long, and may need the server on: what counts is how it is when it is given away.
base::Status Releaser::leave(const Node& node) {
  return guarded([&]() -> base::Status {
    TARN_ASSIGN(const std::unique_ptr<Bmc> bmc, open_bmc_(node));
    bmc->end_console();
    TARN_ASSIGN(const bool on, bmc->powered(limits_.bmc_timeout_ms));
    if (!on) return {};
    return base::Error{base::Code::kUnreachable,
                       "The server is on again since it was turned off: look for who else has its BMC"};
  });
}

// Has the switches take everything off its ports, and waits for them.
base::Result<bool> Releaser::isolate(const Node& node, std::int64_t now) {
  bool isolated = false;
  const base::Status written = store_.write([&](Transaction& store) -> base::Status {
    isolated = false;
    TARN_ASSIGN(std::optional<Node> current, releasing(store, node.id));
    if (!current) return {};
    TARN_ASSIGN(isolated, is_isolated(store, *current));
    if (isolated) return {};
    std::vector<Change> reverts;
    TARN_ASSIGN(const std::vector<Nic> nics, store.nics_of(node.id));
    for (const Nic& nic : nics) {
      TARN_ASSIGN(const bool changing, has_open_changes(store, nic.id));
      TARN_ASSIGN(const bool done, is_isolated(store, nic));
      if (changing || done) continue;
      Change& revert = reverts.emplace_back();
      revert.nic = nic.id;
      revert.kind = Change::Kind::kRevert;
      revert.try_again = now;
      revert.give_up = now + limits_.settings.give_up_ms;
    }
    if (!reverts.empty()) {
      current->problem.clear();
      const Operation operation{0, make_uuid(random_), node.project, kEngine, now, 0};
      TARN_ASSIGN(const Id id, store.insert_operation(operation));
      for (Change& revert : reverts) {
        revert.operation = id;
        TARN_TRY(store.insert_change(revert));
      }
    }
    current->try_again = now + back_off_ms(limits_, std::max(current->attempts, 1U));
    return store.update_node(*current);
  });
  if (!written.ok()) return written.error();
  return isolated;
}

base::Result<bool> Releaser::free(const Node& node, std::int64_t now) {
  bool freed = false;
  const base::Status written = store_.write([&](Transaction& store) -> base::Status {
    freed = false;
    TARN_ASSIGN(std::optional<Node> current, releasing(store, node.id));
    if (!current) return {};
    TARN_ASSIGN(const bool isolated, is_isolated(store, *current));
    if (!isolated) return {};  // the next pass sees to it
    freed = true;
    Event event{
        0,       now, current->owner ? "node.returned" : "node.freed", current->project, "node/" + current->name,
        kEngine, ""};
    current->state = NodeState::kIdle;
    current->project.reset();
    current->lent_until.reset();
    current->problem.clear();
    current->try_again = 0;
    current->attempts = 0;
    TARN_TRY(store.update_node(*current));
    TARN_TRY(store.insert_event(event));
    if (!current->owner || current->owner == event.project) return {};
    event.project = current->owner;  // both may see it
    return store.insert_event(event);
  });
  if (!written.ok()) return written.error();
  return freed;
}

base::Status Releaser::fail(const Node& node, const base::Error& error, std::int64_t now) {
  log_.warning("release_failed", {{"node", node.name}, {"why", error.message}});
  return store_.write([&](Transaction& store) -> base::Status {
    TARN_ASSIGN(std::optional<Node> current, releasing(store, node.id));
    if (!current) return {};
    current->problem = error.message;
    current->try_again = now + back_off_ms(limits_, ++current->attempts);
    return store.update_node(*current);
  });
}

}  // namespace isolation
