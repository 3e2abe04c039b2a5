#include "inventory/deliveries.h"

#include <algorithm>

namespace inventory {
namespace {

using Kind = DeliveryEvent::Kind;

Order order_of(const Lease& lease) {
  return {lease.id, lease.requester, lease.unit, lease.units, lease.end_unix_ms, lease.revision};
}

bool ours(const Lease& lease) { return lease.delivered && lease.state != Lease::State::kOffered; }

}  // namespace

// The right to call the fulfiller about a lease, which nobody else has at the time.
class Deliveries::Turn {
 public:
  Turn(Deliveries& all, const Id& lease) : all_(all), lease_(lease) {
    const std::lock_guard lock(all_.mutex_);
    taken_ = all_.busy_.insert(lease).second;
  }
  ~Turn() {
    const std::lock_guard lock(all_.mutex_);
    if (taken_) all_.busy_.erase(lease_);
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  bool taken() const { return taken_; }

 private:
  Deliveries& all_;
  const Id lease_;
  bool taken_ = false;
};

Deliveries::Deliveries(Inventory& inventory, Fulfiller& fulfiller, const base::Clock& clock, DeliveryPace pace,
                       std::function<void(const DeliveryEvent&)> on_event)
    : inventory_(inventory),
      fulfiller_(fulfiller),
      clock_(clock),
      pace_(pace),
      on_event_(std::move(on_event)),
      look_due_(clock.steady_ms()),
      recall_due_(look_due_) {}

std::int64_t Deliveries::run_once() {
  const std::int64_t now = clock_.steady_ms();
  const std::vector<Lease> leases = inventory_.leases();
  take_in(leases, now);
  work(leases, now);
  bool ended = false;
  if (recall_due_ <= now) {
    recall_due_ = now + pace_.recall_ms;
    ended = recall();
  }
  if (look_due_ <= now) {
    look_due_ = now + pace_.look_ms;
    look_around(now);
  }
  if (ended) return 0;
  std::int64_t next = std::min(look_due_, recall_due_);
  for (const auto& [id, item] : items_) next = std::min(next, item.due);
  return std::max<std::int64_t>(next - clock_.steady_ms(), 0);
}

void Deliveries::take_in(const std::vector<Lease>& leases, std::int64_t now) {
  const auto due_now = [&](Item& item) {
    item.since = item.due = now;
    item.pause = 0;
  };
  std::set<Id> wanted = orphans_;
  const std::lock_guard lock(mutex_);
  for (const Lease& lease : leases) {
    if (!ours(lease)) continue;
    wanted.insert(lease.id);
    orphans_.erase(lease.id);
    const auto [at, fresh] = items_.try_emplace(lease.id);
    Item& item = at->second;
    const bool leaving = lease.state == Lease::State::kReturning;
    if (!fresh && item.revision == lease.revision && item.leaving == leaving) continue;
    item.revision = lease.revision;
    item.leaving = leaving;
    if (fresh || leaving) item.delivery = {{leaving ? Place::State::kLeaving : Place::State::kComing, ""}, ""};
    due_now(item);
  }
  for (const Id& id : orphans_) {
    const auto [at, fresh] = items_.try_emplace(id);
    at->second.leaving = true;
    if (fresh) due_now(at->second);
  }
  std::erase_if(items_, [&](const auto& entry) { return !wanted.contains(entry.first); });
}

// What has waited longest comes first, so that no lease can keep the others from their turn.
void Deliveries::work(const std::vector<Lease>& leases, std::int64_t now) {
  std::map<Id, const Lease*> by_id;
  for (const Lease& lease : leases) by_id[lease.id] = &lease;
  std::vector<std::pair<std::int64_t, Id>> due;
  for (const auto& [id, item] : items_)
    if (item.due <= now) due.emplace_back(item.due, id);
  std::sort(due.begin(), due.end());
  if (due.size() > pace_.calls) due.resize(pace_.calls);
  for (const auto& [when, id] : due) {
    const Turn turn(*this, id);
    Item item = items_.at(id);
    const auto lease = by_id.find(id);
    bool gone = false;
    if (!turn.taken())
      item.due = clock_.steady_ms() + pace_.ask_first_ms;
    else if (item.leaving)
      gone = withdraw(id, lease != by_id.end(), item);
    else
      deliver(*lease->second, item);
    const std::lock_guard lock(mutex_);
    if (gone)
      items_.erase(id);
    else
      items_[id] = std::move(item);
  }
}

void Deliveries::deliver(const Lease& lease, Item& item) {
  auto place = fulfiller_.deliver(order_of(lease));
  if (!place.ok()) return fail(lease.id, place.error(), item);
  reached(true);
  const bool is_ready = place->state == Place::State::kReady;
  if (!is_ready) place->state = Place::State::kComing;  // also where what is in the way has to leave first
  item.delivery = {std::move(*place), ""};
  if (!is_ready) return ask_again(item);
  if (item.made != lease.revision)
    on_event_({item.made ? Kind::kRenewed : Kind::kReady, lease.id, clock_.steady_ms() - item.since});
  item.made = lease.revision;
  item.pause = 0;
  item.due = clock_.steady_ms() + pace_.repair_ms;
}

bool Deliveries::withdraw(const Id& id, bool promised, Item& item) {
  auto place = fulfiller_.withdraw(id);
  if (!place.ok()) {
    fail(id, place.error(), item);
    return false;
  }
  reached(true);
  if (place->state != Place::State::kGone) {
    place->state = Place::State::kLeaving;
    item.delivery = {std::move(*place), ""};
    ask_again(item);
    return false;
  }
  if (promised) {
    if (const base::Status returned = inventory_.returned(id); !returned.ok()) {
      fail(id, returned.error(), item);
      return false;
    }
  }
  orphans_.erase(id);
  on_event_({promised ? Kind::kGone : Kind::kOrphan, id, clock_.steady_ms() - item.since});
  return true;
}

void Deliveries::fail(const Id& id, const base::Error& error, Item& item) {
  if (error.code == base::Code::kUnreachable || error.code == base::Code::kDeadline) reached(false);
  DeliveryEvent event{Kind::kFailed, id};
  event.error = error;
  event.again = item.delivery.error == error.message;
  item.delivery.error = error.message;
  item.pause = std::clamp(2 * item.pause, pace_.retry_first_ms, pace_.retry_last_ms);
  if (error.code == base::Code::kInvalidInput) item.pause = pace_.retry_last_ms;
  item.due = clock_.steady_ms() + item.pause;
  on_event_(event);
}

void Deliveries::ask_again(Item& item) const {
  item.pause = std::clamp(item.pause + item.pause / 2, pace_.ask_first_ms, pace_.ask_last_ms);
  item.due = clock_.steady_ms() + item.pause;
}

bool Deliveries::recall() {
  const auto recalled = fulfiller_.recalled();
  if (!recalled.ok()) {
    reached(false);
    return false;
  }
  bool any = false;
  for (const Id& id : *recalled) {
    const auto lease = inventory_.find(id);
    if (!lease || lease->state != Lease::State::kActive || !lease->delivered) continue;
    const base::Status ended = inventory_.end_lease(id, clock_.unix_ms());
    DeliveryEvent event{ended.ok() ? Kind::kRecalled : Kind::kFailed, id};
    if (!ended.ok()) event.error = ended.error();
    any |= ended.ok();
    on_event_(event);
  }
  return any;
}

void Deliveries::look_around(std::int64_t now) {
  const auto present = fulfiller_.present();
  reached(present.ok());
  if (!present.ok()) {
    DeliveryEvent event;
    event.kind = Kind::kFailed;
    event.error = present.error();
    return on_event_(event);
  }
  const std::set<Id> there(present->begin(), present->end());
  find_orphans(there, now);
  find_vanished(there, now);
}

void Deliveries::find_orphans(const std::set<Id>& there, std::int64_t now) {
  std::map<Id, std::int64_t> unknown;
  std::set<Id> orphans;
  for (const Id& id : there) {
    const auto lease = inventory_.find(id);
    if (lease) {
      if (lease->state == Lease::State::kEnded) orphans.insert(id);
      continue;
    }
    const auto known = unknown_since_.find(id);
    const std::int64_t since = unknown[id] = known == unknown_since_.end() ? now : known->second;
    if (now - since >= pace_.grace_ms)
      orphans.insert(id);
    else
      look_due_ = std::min(look_due_, since + pace_.grace_ms);
  }
  unknown_since_ = std::move(unknown);
  orphans_ = std::move(orphans);
  const std::lock_guard lock(mutex_);
  for (const Id& id : orphans_) {
    const auto [at, fresh] = items_.try_emplace(id);
    at->second.leaving = true;
    if (fresh) at->second.since = at->second.due = now;
  }
}

void Deliveries::find_vanished(const std::set<Id>& there, std::int64_t now) {
  std::vector<Id> vanished;
  {
    const std::lock_guard lock(mutex_);
    for (auto& [id, item] : items_) {
      if (!item.made || item.leaving || there.contains(id)) continue;
      item.made.reset();
      item.delivery.place = {Place::State::kComing, "it has vanished, and is made again"};
      item.since = item.due = now;
      item.pause = 0;
      vanished.push_back(id);
    }
  }
  for (const Id& id : vanished) on_event_({Kind::kVanished, id});
}

void Deliveries::reached(bool reachable) {
  const std::lock_guard lock(mutex_);
  reachable_ = reachable;
}

Deliveries::Delivery Deliveries::find(const Id& lease) const {
  const std::lock_guard lock(mutex_);
  const auto found = items_.find(lease);
  return found == items_.end() ? Delivery{} : found->second.delivery;
}

Deliveries::Counts Deliveries::counts() const {
  const std::lock_guard lock(mutex_);
  Counts out;
  for (const auto& [id, item] : items_) {
    ++(item.leaving ? out.leaving : item.delivery.place.state == Place::State::kReady ? out.ready : out.coming);
    out.failing += !item.delivery.error.empty();
  }
  out.reachable = reachable_;
  return out;
}

base::Result<Lease> Deliveries::ready(const Id& id) const {
  auto lease = inventory_.find(id);
  if (!lease || !lease->delivered || lease->state != Lease::State::kActive || lease->end_unix_ms <= clock_.unix_ms())
    return base::Error{base::Code::kInvalidInput, "there is no such lease"};
  if (find(id).place.state != Place::State::kReady) return base::Error{base::Code::kDeadline, "it is not ready yet"};
  return std::move(*lease);
}

base::Result<Access> Deliveries::access(const Id& id) {
  const Turn turn(*this, id);
  if (!turn.taken()) return base::Error{base::Code::kDeadline, "it is being worked on"};
  TARN_ASSIGN(const Lease lease, ready(id));
  return fulfiller_.access(order_of(lease));
}

base::Result<Usage> Deliveries::usage(const Id& id) {
  const Turn turn(*this, id);
  if (!turn.taken()) return base::Error{base::Code::kDeadline, "it is being worked on"};
  TARN_ASSIGN(const Lease lease, ready(id));
  return fulfiller_.usage(id);
}

}  // namespace inventory
