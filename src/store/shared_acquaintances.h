// SharedAcquaintances: the acquaintances of one party for many sessions at once. Each session gets a view of its own.
// A peer's acquaintance is lent to one view, from its load() until the view is gone; to every other view meanwhile that
// peer is unknown, they meet anew for their session alone, and what they save of it is dropped. So no state is ever
// ratcheted by two sessions, and no two sessions draw from the same seeds.
// destroy() goes through from every view: a failed proof counts, whoever saw it. What is lent at that time is of another
// meeting, with another lasting choice, which that proof says nothing about; its own session saves it again or not.
// Threads: any number of views, each in its session's thread; the store behind is used by one at a time, and needs a
// source of randomness of its own. The store must outlive this, and this the views.
#pragma once

#include <map>
#include <memory>
#include <mutex>

#include "mpc/acquaintance.h"

namespace store {

class SharedAcquaintances {
 public:
  explicit SharedAcquaintances(mpc::AcquaintanceStore& store) : store_(store) {}
  std::unique_ptr<mpc::AcquaintanceStore> lend();

 private:
  class View;
  mpc::AcquaintanceStore& store_;
  std::mutex mutex_;
  std::map<crypto::PublicKey, const View*> lent_;
};

}  // namespace store
