// Provider: one organisation's side of the pool. serve() takes a line and its first message and does all that follows:
// an invitation (refuse or accept, check the draw, hold, compute, deliver or release) or a call about a lease.
// Whatever way a session ends, its hold ends: by lease, by release, or at the latest by the hold's own time limit.
// Threads: serve() blocks; the caller gives each line a thread and its own Random. Everything here is locked.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "inventory/inventory.h"
#include "mpc/acquaintance.h"
#include "pool/admission.h"
#include "pool/delivery_desk.h"
#include "pool/draw.h"
#include "pool/lease.h"
#include "pool/lines.h"
#include "pool/placement_session.h"
#include "pool/reputation.h"

namespace pool {

// How a served line ended; for logs and metrics. Never an amount or a price.
struct ProviderEvent {
  enum class Kind {
    kRefused,      // `reason`
    kNotDrawn,     // accepted, and the draw fell on others
    kNoDraw,       // accepted, and no valid draw came: `error`
    kWon,          // lease signed by both
    kUnconfirmed,  // won, and the countersignature did not come: the offer runs out by itself
    kDeclined,     // won, and the requester did not want it (another winner of a split failed)
    kLost,
    kFailed,  // the session: `error`
    kRenewed,
    kReleased,
    kShown,
    kLetIn,  // the requester of a lease got its credentials
  };
  Kind kind = Kind::kRefused;
  crypto::PublicKey requester{};
  std::string from;  // numeric address
  Reason reason = Reason::kMalformed;
  std::optional<base::Error> error{};
  std::optional<crypto::PublicKey> named{};  // whom this party is certain about
  std::string lease{};
  std::int64_t session_ms = 0;  // from the draw to the end
};

struct ProviderRules {
  AdmissionRules admission;
  unsigned extension_k = 4;
  int draw_wait_ms = 5'000;  // from our acceptance
  int connect_ms = 5'000;    // from the draw until all the drawn are connected
  int delivery_ms = 10'000;  // from the result to the countersignature
  std::uint32_t max_renewals = 100;
  int access_wait_ms = 4'000;           // how long a call that asks for credentials waits for them
  bool reveal_for_measurement = false;  // answers kPlainAsk with capacity and price; benches only
};

class Provider {
 public:
  struct Services {
    const crypto::Identity& identity;
    Lines& lines;
    inventory::Inventory& inventory;
    Reputation& reputation;
    const base::Clock& clock;
    std::function<std::unique_ptr<mpc::AcquaintanceStore>()> acquaintances;  // a session's view; any thread
    // Whom we see around us offering this class, ourselves left out; any thread.
    std::function<std::set<crypto::PublicKey>(const model::ResourceClass&)> seen;
    std::function<void(const ProviderEvent&)> on_event;  // any thread
    DeliveryDesk* deliveries = nullptr;                  // null: leases are documents, and nothing is handed over
  };
  Provider(Services services, const ProviderRules& rules);

  void serve(std::unique_ptr<Line> line, const base::Bytes& first, base::Random& random);
  std::size_t sessions() const;
  // No more sessions: invitations are refused as busy. Running ones go on.
  void stop();

 private:
  struct Session;
  void serve_invitation(std::unique_ptr<Line> line, const base::Bytes& first, base::Random& random);
  void serve_lease_call(Line& line, const base::Bytes& first, base::Random& random);
  void serve_plain(Line& line, const base::Bytes& first);
  std::optional<Refusal> admit(const Invitation& invitation, const crypto::PublicKey& requester);
  void refuse(Line& line, Refusal refusal);

  Services services_;
  ProviderRules rules_;
  mutable std::mutex mutex_;  // guards what follows
  Admission admission_;
  bool stopped_ = false;
};

}  // namespace pool
