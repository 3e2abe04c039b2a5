#include "market/call_builder.h"

#include <algorithm>
#include <functional>
#include <map>
#include <set>

#include "base/check.h"
#include "market/attribute_table.h"
#include "market/grid.h"

namespace market {
namespace {

using auction::clearing::Index;
using auction::clearing::kMaxUnits;
using auction::clearing::Slot;
using auction::clearing::SlotRange;

constexpr std::string_view kSite = "site";

// A part of an ask's window, and what is free there.
struct Part {
  Slot from = 0, to = 0;
  std::uint64_t units = 0;
};

std::int64_t price_of(const Market& market, const Terms& terms) {
  const auto price = price_a_slot(market.slot_ms, terms.price);
  CHECK(price.ok());  // or it had not been admitted
  return *price;
}

// Numbers for organisations and sites that say nothing but whether two are the same.
template <class Key>
class Numbers {
 public:
  std::uint32_t of(const Key& key) {
    return numbers_.emplace(key, static_cast<std::uint32_t>(numbers_.size())).first->second;
  }

 private:
  std::map<Key, std::uint32_t> numbers_;
};

// The supplies' calendars with what the asks of this call have been given, which may be more than is sold.
class Allotment {
 public:
  explicit Allotment(const OpenBook& book) : book_(book) {}

  // What an offer could give within the window: the lesser of what its supply has left and what it has left itself.
  std::uint64_t free(const OpenOffer& offer, std::int64_t from, std::int64_t until) {
    const Supply& supply = book_.supplies[offer.supply];
    if (from < supply.window.from || until > supply.window.until) return 0;
    return std::min(given(offer).free(supply.capacity, from, until),
                    offer.used.free(offer.order.terms.max_units, from, until));
  }
  // The times at which that may change.
  std::set<std::int64_t> changes(const OpenOffer& offer, std::int64_t from, std::int64_t until) {
    std::set<std::int64_t> times{from, until};
    for (const auto& step : given(offer).steps(from, until)) times.insert(step.from);
    for (const auto& step : offer.used.steps(from, until)) times.insert(step.from);
    const Window& window = book_.supplies[offer.supply].window;
    for (const std::int64_t time : {window.from, window.until})
      if (time > from && time < until) times.insert(time);
    return times;
  }
  void give(const OpenOffer& offer, std::int64_t from, std::int64_t until, std::uint64_t units) {
    CHECK(given(offer).add(from, until, units));
  }

 private:
  inventory::Calendar& given(const OpenOffer& offer) {
    return given_.try_emplace(offer.supply, book_.supplies[offer.supply].promised).first->second;
  }
  const OpenBook& book_;
  std::map<std::size_t, inventory::Calendar> given_;  // by supply; those that are asked for
};

bool is_closed(const Terms& terms, std::int64_t from, std::int64_t until) {
  return std::ranges::any_of(terms.closed, [&](const Window& w) { return w.from < until && from < w.until; });
}

bool is_for(const OpenOffer& offer, const OrganisationId& buyer) {
  return offer.everybody || std::ranges::binary_search(offer.buyers, buyer) ||
         std::ranges::any_of(offer.groups,
                             [&](const auto& group) { return std::ranges::binary_search(*group, buyer); });
}

// Whether the offer's own terms allow this bid's organisation and wishes; price and time are the mechanism's.
bool may_serve(const OpenOffer& offer, const Supply& supply, const OpenBid& bid) {
  const Terms& wanted = bid.order.terms;
  const Terms& offered = offer.order.terms;
  if (wanted.organisation == offered.organisation) return false;
  const bool notice_will_do = wanted.least_notice_ms != 0 && offered.notice_ms >= wanted.least_notice_ms;
  if (offered.notice_ms != 0 && !notice_will_do) return false;
  if (bid.site) {
    const auto site = supply.attributes.find(std::string(kSite));
    if (site == supply.attributes.end() || site->second != *bid.site) return false;
  }
  return is_for(offer, wanted.organisation);
}

class Builder {
 public:
  Builder(const Market& market, const OpenBook& book, std::int64_t first_slot)
      : market_(market), book_(book), allotment_(book) {
    out_.first_slot = first_slot;
    out_.call.settings = market.clearing;
  }

  void add_bid(std::size_t place, std::int64_t from, std::int64_t until) {
    const OpenBid& bid = book_.bids[place];
    const Terms& terms = bid.order.terms;
    auction::clearing::Order order = common(bid.order, from, until);
    order.min_units = bid.begun ? 1 : terms.min_units;
    order.max_units = bid.order.units_left;
    order.min_slots = bid.begun ? order.latest_end - order.earliest : slots(terms.min_duration_ms);
    order.max_slots = std::min(slots(terms.max_duration_ms), order.latest_end - order.earliest);
    order.same_site = terms.same_site;
    wanted_ = {std::min(wanted_.from, from), std::max(wanted_.until, until)};
    shortest_ = std::min(shortest_, order.min_slots);
    out_.call.bids.push_back(order);
    out_.bids.push_back(place);
  }

  // A window of one product: all of it, or nothing.
  void add_ask(std::size_t place, const Window& window) {
    const OpenOffer& offer = book_.offers[place];
    const std::uint64_t free = allotment_.free(offer, window.from, window.until);
    if (free == 0) return;
    auction::clearing::Order order = common(offer.order, window.from, window.until);
    order.min_slots = order.max_slots = order.latest_end - order.earliest;
    order.max_units = static_cast<std::uint32_t>(std::min<std::uint64_t>(free, kMaxUnits / order.max_slots));
    if (order.max_units == 0) return;
    allotment_.give(offer, window.from, window.until, order.max_units);
    push(order, place);
  }

  // After all bids, and only of the time that they want.
  void add_windowed_ask(std::size_t place, std::int64_t from, std::int64_t until) {
    const OpenOffer& offer = book_.offers[place];
    from = std::max(from, wanted_.from);
    until = std::min(until, wanted_.until);
    if (until - from < offer.order.terms.min_duration_ms) return;
    auction::clearing::Order order = common(offer.order, from, until);
    order.min_slots = slots(offer.order.terms.min_duration_ms);
    const std::vector<Part> parts = parts_of(offer, from, until);
    order.max_units = static_cast<std::uint32_t>(
        std::min<std::uint64_t>(best_level(parts, std::max(order.min_slots, shortest_)), kMaxUnits / order.min_slots));
    if (order.max_units == 0) return;
    const Slot longest = std::min(slots(std::min(offer.order.terms.max_duration_ms, market_.max_duration_ms)),
                                  order.latest_end - order.earliest);
    order.max_slots = std::min(longest, static_cast<Slot>(kMaxUnits / order.max_units));
    std::vector<SlotRange> closed;
    for (const Part& part : parts) {
      if (part.units >= order.max_units)
        allotment_.give(offer, time(part.from), time(part.to), order.max_units);
      else if (!closed.empty() && closed.back().to == part.from)
        closed.back().to = part.to;
      else
        closed.push_back({part.from, part.to});
    }
    push(order, place);
    out_.call.closed.push_back(std::move(closed));
  }

  // Who may serve whom, with each query asked once of all supplies.
  void add_eligible() {
    std::vector<const Attributes*> supplies;
    for (const Supply& supply : book_.supplies) supplies.push_back(&supply.attributes);
    AttributeTable table(supplies);
    std::map<std::string_view, AttributeTable::Answers> answers;  // by query
    for (const std::size_t bid : out_.bids) {
      const OpenBid& wanted = book_.bids[bid];
      const std::string& query = wanted.order.terms.query;
      const auto [entry, fresh] = answers.try_emplace(query);
      if (fresh) entry->second = table.matching(Query::parse(query).value());
      std::vector<Index> eligible;
      for (Index ask = 0; ask < out_.offers.size(); ++ask) {
        const OpenOffer& offer = book_.offers[out_.offers[ask]];
        const bool will_do = entry->second[offer.supply] != 0;
        if (will_do && may_serve(offer, book_.supplies[offer.supply], wanted)) eligible.push_back(ask);
      }
      out_.call.eligible.push_back(std::move(eligible));
    }
    const bool all =
        std::ranges::all_of(out_.call.eligible, [&](const auto& list) { return list.size() == out_.offers.size(); });
    if (all) out_.call.eligible.clear();
    const bool open = std::ranges::all_of(out_.call.closed, [](const auto& list) { return list.empty(); });
    if (open) out_.call.closed.clear();
  }

  BuiltCall take() { return std::move(out_); }

 private:
  Slot slots(std::int64_t duration) const { return static_cast<Slot>(duration / market_.slot_ms); }
  Slot slot(std::int64_t time) const { return static_cast<Slot>(slot_of(market_.slot_ms, time) - out_.first_slot); }
  std::int64_t time(Slot slot) const { return (out_.first_slot + slot) * market_.slot_ms; }

  auction::clearing::Order common(const Order& order, std::int64_t from, std::int64_t until) {
    auction::clearing::Order out;
    out.id = out.arrival = static_cast<std::uint64_t>(order.id);
    out.price = price_of(market_, order.terms);
    out.organisation = organisations_.of(order.terms.organisation);
    out.earliest = slot(from);
    out.latest_end = slot(until);
    return out;
  }

  void push(auction::clearing::Order& order, std::size_t place) {
    const OpenOffer& offer = book_.offers[place];
    const Attributes& attributes = book_.supplies[offer.supply].attributes;
    const auto site = attributes.find(std::string(kSite));
    // Nobody knows where it is: at a site of its own, as far as anybody can rely on it.
    order.site = sites_.of(site != attributes.end() ? "at " + site->second : "lot " + std::to_string(offer.supply));
    out_.call.asks.push_back(order);
    out_.offers.push_back(place);
  }

  // Whole slots, as other markets may have another grid: what is free all through them.
  std::vector<Part> parts_of(const OpenOffer& offer, std::int64_t from, std::int64_t until) {
    std::set<std::int64_t> cuts;
    std::set<std::int64_t> times = allotment_.changes(offer, from, until);
    for (const Window& window : offer.order.terms.closed) times.insert({window.from, window.until});
    for (const std::int64_t at : times) {
      if (at < from || at > until) continue;
      cuts.insert(at / market_.slot_ms * market_.slot_ms);
      cuts.insert(first_whole_slot(market_.slot_ms, at) * market_.slot_ms);
    }
    std::vector<Part> parts;
    for (auto cut = cuts.begin(); std::next(cut) != cuts.end(); ++cut) {
      const std::int64_t end = *std::next(cut);
      const bool closed = is_closed(offer.order.terms, *cut, end);
      parts.push_back({slot(*cut), slot(end), closed ? 0 : allotment_.free(offer, *cut, end)});
    }
    return parts;
  }

  // The number of units with which the most units × slots are there, in pieces in which some bid fits.
  static std::uint64_t best_level(const std::vector<Part>& parts, Slot shortest) {
    std::set<std::uint64_t> levels;
    for (const Part& part : parts) levels.insert(part.units);
    std::uint64_t best = 0, most = 0;
    for (const std::uint64_t level : levels) {
      std::uint64_t slots = 0, piece = 0;
      for (const Part& part : parts) {
        piece = part.units >= level ? piece + part.to - part.from : 0;
        if (part.units < level || piece < shortest) continue;
        slots += piece - (piece - (part.to - part.from) >= shortest ? piece - (part.to - part.from) : 0);
      }
      if (level * slots <= most) continue;
      most = level * slots;
      best = level;
    }
    return best;
  }

  const Market& market_;
  const OpenBook& book_;
  Allotment allotment_;
  Numbers<OrganisationId> organisations_;
  Numbers<std::string> sites_;
  Window wanted_{INT64_MAX, 0};  // from the first to the last moment that any bid wants
  Slot shortest_ = auction::clearing::kMaxSlots;
  BuiltCall out_;
};

std::int64_t first_time(const Market& market, std::int64_t now) {
  return first_whole_slot(market.slot_ms, now) * market.slot_ms;
}
Window window_within(const Market& market, const OpenBid& bid, std::int64_t now) {
  if (bid.begun) return bid.begun->from >= now ? *bid.begun : Window{now, now};
  return {std::max(bid.order.terms.earliest, first_time(market, now)), bid.order.terms.latest};
}
Window window_within(const Market& market, const OpenOffer& offer, std::int64_t now) {
  return {std::max(offer.order.terms.earliest, first_time(market, now)), offer.order.terms.latest};
}

bool covers(const OpenOffer& offer, const Window& window) {
  const Terms& terms = offer.order.terms;
  const std::int64_t duration = window.until - window.from;
  return terms.earliest <= window.from && window.until <= terms.latest && terms.min_duration_ms <= duration &&
         duration <= terms.max_duration_ms && !is_closed(terms, window.from, window.until);
}

// At most so many of them, of n such rounds the one whose turn it is.
void keep_turn(std::vector<Window>& windows, std::size_t most, std::uint64_t clearing) {
  if (windows.size() <= most) return;
  const std::size_t first = clearing % windows.size() * most % windows.size();
  std::ranges::rotate(windows, windows.begin() + static_cast<std::ptrdiff_t>(first));
  windows.resize(most);
}

}  // namespace

bool is_servable(const Market& market, const OpenBid& bid, std::int64_t now) {
  const Window window = window_within(market, bid, now);
  return window.until - window.from >= bid.order.terms.min_duration_ms;
}
bool is_servable(const Market& market, const OpenOffer& offer, std::int64_t now) {
  const Window window = window_within(market, offer, now);
  return window.until - window.from >= offer.order.terms.min_duration_ms;
}

BuiltCall whole_call(const Market& market, const OpenBook& book, std::int64_t now) {
  Builder builder(market, book, first_whole_slot(market.slot_ms, now));
  for (std::size_t i = 0; i < book.bids.size(); ++i) {
    const Window window = window_within(market, book.bids[i], now);
    builder.add_bid(i, window.from, window.until);
  }
  for (std::size_t i = 0; i < book.offers.size(); ++i) {
    const Window window = window_within(market, book.offers[i], now);
    builder.add_windowed_ask(i, window.from, window.until);
  }
  builder.add_eligible();
  return builder.take();
}

std::vector<Window> products_of(const OpenBook& book, std::size_t most, std::uint64_t clearing) {
  std::map<std::pair<std::int64_t, std::int64_t>, std::int64_t> best;  // what is bid at most for a window
  for (const OpenBid& bid : book.bids) {
    const Terms& terms = bid.order.terms;
    std::int64_t& price = best.try_emplace({terms.earliest, terms.latest}, terms.price).first->second;
    price = std::max(price, terms.price);
  }
  std::vector<Window> out, idle;
  for (const auto& [times, price] : best) {
    const Window window{times.first, times.second};
    const auto serves = [&](const OpenOffer& offer) {
      return offer.order.terms.price <= price && covers(offer, window);
    };
    if (std::ranges::any_of(book.offers, serves))
      out.push_back(window);
    else if (std::ranges::any_of(book.offers, [&](const OpenOffer& offer) { return covers(offer, window); }))
      idle.push_back(window);
  }
  keep_turn(out, most, clearing);
  keep_turn(idle, most - out.size(), clearing);
  out.insert(out.end(), idle.begin(), idle.end());
  std::ranges::sort(out, {}, [](const Window& window) { return std::pair(window.from, window.until); });
  return out;
}

BuiltCall product_call(const Market& market, const OpenBook& book, const Window& window) {
  Builder builder(market, book, slot_of(market.slot_ms, window.from));
  for (std::size_t i = 0; i < book.bids.size(); ++i) {
    const Terms& terms = book.bids[i].order.terms;
    if (terms.earliest == window.from && terms.latest == window.until) builder.add_bid(i, window.from, window.until);
  }
  for (std::size_t i = 0; i < book.offers.size(); ++i)
    if (covers(book.offers[i], window)) builder.add_ask(i, window);
  return builder.take();
}

Window window_of(const Market& market, const BuiltCall& call, const auction::clearing::Trade& trade) {
  const std::int64_t from = (call.first_slot + trade.start) * market.slot_ms;
  return {from, from + std::int64_t{trade.slots} * market.slot_ms};
}

void take(const Market& market, const BuiltCall& call, const auction::clearing::Trade& trade, OpenBook& book) {
  OpenBid& bid = book.bids[call.bids[trade.bid]];
  OpenOffer& offer = book.offers[call.offers[trade.ask]];
  const Window window = window_of(market, call, trade);
  CHECK(trade.units > 0 && trade.units <= bid.order.units_left);
  CHECK(book.supplies[offer.supply].promised.add(window.from, window.until, trade.units));
  CHECK(offer.used.add(window.from, window.until, trade.units));
  bid.order.units_left -= trade.units;
}

std::uint32_t units_left(const Market& market, const OpenOffer& offer, std::int64_t now) {
  const Window window = window_within(market, offer, now);
  const Terms& terms = offer.order.terms;
  std::set<std::uint64_t, std::greater<>> levels;
  for (const auto& step : offer.used.steps(window.from, window.until))
    if (step.units < terms.max_units) levels.insert(terms.max_units - step.units);
  for (const std::uint64_t level : levels)
    for (const auto& gap : offer.used.gaps(terms.max_units, level, window.from, window.until))
      if (gap.until - gap.from >= terms.min_duration_ms) return static_cast<std::uint32_t>(level);
  return 0;
}

}  // namespace market
