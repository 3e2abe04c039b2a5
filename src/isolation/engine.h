// SwitchQueue: carries out what is pending on one switch, as one batch after the other. Of each change, at the time that
// it is applied: the project may still use the network (else it ends in error, and nothing was connected); then the port's
// whole wanted state goes to the switch; what the switch then says it has, becomes the observed state; only then the
// change is done. Nothing of this is kept outside the store, so a process that dies at any point leaves work that the
// next one does again: apply() is idempotent.
// A switch that does not answer is tried again, later each time, until a change's give_up; then the change is in error,
// its attachment kUncertain: counted as attached until the port was read. Other switches have queues of their own.
// Reconciler: reads all ports of one switch, tells where they differ from what is wanted (drift), and sets them right;
// settles what was kUncertain: what the port holds is kConnected, what it does not is gone.
// Releaser: what is left to do for nodes that were released (see finish() in engine_release.cc): power off → everything
// off its ports → read back → cleaned → its console ended, and off still → idle, in the pool or with its owner; loans
// whose time has come start so, too. It has the node's turn (turns.h) meanwhile, so nobody else acts on that server.
// A step that fails is tried again with back-off, and is the node's `problem` meanwhile; no step is skipped. Ports are
// left to the queue of their switch, as changes of kind kRevert.
// A driver may fail in any way, throw even: that is its switch's or its server's trouble, and no error of the engine.
// Threads: one caller at a time for each object; one SwitchQueue a switch; of Releasers there may be several, so that a
// controller that does not answer holds up no other node: one takes a node for itself (its try_again, and its turn)
// before it talks to it. Time is an argument.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/random.h"
#include "isolation/bmc.h"
#include "isolation/rules.h"
#include "isolation/store.h"
#include "isolation/switch.h"
#include "isolation/turns.h"

namespace isolation {

struct EngineLimits {
  std::size_t batch = 1'000;
  int switch_timeout_ms = 5'000, bmc_timeout_ms = 10'000;
  std::int64_t first_retry_ms = 200, longest_retry_ms = 15'000;
  Settings settings =
      {};  // as the rules have them: how long a change may take that leaves the line, or that a release makes
};

class SwitchQueue {
 public:
  SwitchQueue(Store& store, SwitchDrivers& drivers, Id switch_id, const EngineLimits& limits, base::Log& log);
  struct Outcome {
    std::size_t done = 0, failed = 0, postponed = 0;
    std::int64_t next = 0;  // when something is due again; 0: nothing that is known of
  };
  base::Result<Outcome> run_once(std::int64_t now);  // kStorage only
  struct Drift {
    std::string port;
    PortState wanted, observed;
  };
  // What differed before anything was repaired; ports with a change on its way are left to it. kUnreachable, kDeadline:
  // the switch could not be read, or not be set right.
  base::Result<std::vector<Drift>> reconcile(std::int64_t now, bool repair);

 private:
  struct Answer {
    base::Status status;
    std::optional<PortState> seen;
  };
  base::Status open(const SwitchRecord& record);
  base::Result<std::vector<std::optional<PortState>>> look(const SwitchRecord& record,
                                                           const std::vector<std::string>& ports);
  // Applies, then reads back.
  base::Result<std::vector<Answer>> bring(const SwitchRecord& record, const std::vector<PortSetting>& settings);

  Store& store_;
  SwitchDrivers& drivers_;
  Id switch_id_;
  EngineLimits limits_;
  base::Log& log_;
  std::unique_ptr<Switch> switch_;
};

// Opens a node's controller; the password comes out of its seal here (apps).
using OpenBmc = std::function<base::Result<std::unique_ptr<Bmc>>(const Node& node)>;
// What has to be done to a server that nobody holds any more, before somebody else may have it. An error: not yet.
using Clean = std::function<base::Status(const Node& node)>;

class Releaser {
 public:
  Releaser(Store& store, Turns& turns, OpenBmc open_bmc, Clean clean, const EngineLimits& limits, base::Random& random,
           base::Log& log);
  struct Outcome {
    std::size_t freed = 0, waiting = 0;
    std::int64_t next = 0;  // as above; now: another node is waiting already
  };
  base::Result<Outcome> run_once(std::int64_t now);  // begins what is due, and works on one node. kStorage only

 private:
  base::Result<std::optional<Node>> claim(std::int64_t now);
  base::Result<bool> work_on(const Node& claimed, std::int64_t now);  // whether it is free now
  base::Result<bool> finish(const Node& node, std::int64_t now);      // whether it is free now
  base::Status power_off(const Node& node);
  base::Status leave(const Node& node);                            // the last look
  base::Result<bool> isolate(const Node& node, std::int64_t now);  // whether it is so already
  base::Result<bool> free(const Node& node, std::int64_t now);     // false: not yet
  base::Status fail(const Node& node, const base::Error& error, std::int64_t now);

  Store& store_;
  Turns& turns_;
  OpenBmc open_bmc_;
  Clean clean_;
  EngineLimits limits_;
  base::Random& random_;
  base::Log& log_;
};

}  // namespace isolation
