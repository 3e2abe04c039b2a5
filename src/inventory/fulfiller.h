// Fulfiller: what makes a signed lease real and takes it away again: Kubernetes namespaces (drivers/kubernetes), later
// servers. It keeps nothing that it cannot find again where it delivers: whoever starts anew calls the same again.
// Every call is idempotent and may be stopped between any two of its effects; the next call goes on from there. Calls do
// not wait for what takes the other side's time: they say kComing or kLeaving, and are made again.
// Units are free again only once their lease is kGone (deliveries.h drives all this).
// Threads: any, one at a time for a lease. Errors: kUnreachable, kDeadline (ask again), kInvalidInput (this lease cannot
// be delivered, `message` says why), kCancelled. Times: Unix milliseconds.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "inventory/inventory.h"

namespace inventory {

struct Order {
  Id lease{};
  Key requester{};
  model::ResourceClass unit;
  std::uint64_t units = 0;
  std::int64_t end_unix_ms = 0;
  std::uint32_t revision = 0;
};

struct Place {
  enum class State : std::uint8_t { kNone, kComing, kReady, kLeaving, kGone };
  State state = State::kNone;
  std::string detail;  // what is waited for, or what is in the way; for people
};

// How the requester gets in. Made anew at each call; ends by itself, at the latest with the lease.
struct Access {
  std::string credentials;  // a kubeconfig; secret, so it leaves its provider sealed to the requester's key only
  std::int64_t expires_unix_ms = 0;
};

// By resource name as the platform calls it, in its own notation: {"limits.cpu": {"4", "1500m"}}.
struct Used {
  std::string granted, used;
};
using Usage = std::map<std::string, Used>;

class Fulfiller {
 public:
  virtual ~Fulfiller() = default;
  // Brings into being what was bought, or up to date after a renewal. kComing or kReady.
  virtual base::Result<Place> deliver(const Order& order) = 0;
  // Takes it away. kLeaving or kGone. Leases that nothing is there of are kGone.
  virtual base::Result<Place> withdraw(const Id& lease) = 0;
  virtual base::Result<Access> access(const Order& order) = 0;  // of one that is kReady
  virtual base::Result<Usage> usage(const Id& lease) = 0;
  // Every lease of ours that anything is there of, also what is left of ended ones.
  virtual base::Result<std::vector<Id>> present() = 0;
  // Leases that somebody with rights over there has asked to end (kubectl delete poollease …).
  virtual base::Result<std::vector<Id>> recalled() = 0;
};

}  // namespace inventory
