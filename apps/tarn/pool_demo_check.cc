#include <algorithm>
#include <utility>

#include "pool/lease.h"
#include "tarn/pool_demo.h"

namespace tarn {

bool equals_plain(const PoolDemo& demo, auction::Mechanism mechanism) {
  std::vector<const PoolDemoProvider*> drawn;
  for (const PoolDemoProvider& p : demo.providers)
    if (p.fate == Fate::kWon || p.fate == Fate::kLost) drawn.push_back(&p);
  if (drawn.empty()) return false;
  const auto rank = [](const PoolDemoProvider& p) { return !p.lease ? 2 : p.lease->units < p.book.capacity ? 1 : 0; };
  std::sort(drawn.begin(), drawn.end(),
            [&](const auto* a, const auto* b) { return std::pair(rank(*a), a) < std::pair(rank(*b), b); });
  std::vector<auction::ProviderInput> inputs;
  for (const PoolDemoProvider* p : drawn) inputs.push_back({p->book.capacity, p->price});
  const auction::Outcome plain =
      place_plain(mechanism, auction::kDefaultWidth, {demo.books.quantity, demo.books.max_price}, inputs);
  bool same = plain.requester.awards.size() == demo.request.leases.size();
  for (const auction::Award& award : plain.requester.awards) {
    const auto& lease = drawn[award.provider]->lease;
    same = same && lease && lease->units == award.quantity &&
           lease->hourly_payment == pool::hourly_payment(award.payment, award.quantity);
  }
  for (const PoolDemoProvider& p : demo.providers) same = same && (p.fate == Fate::kWon) == p.lease.has_value();
  return same;
}

}  // namespace tarn
