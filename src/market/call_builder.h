// From open orders to plain numbers, and back: the calls of a clearing (auction/clearing/order.h), with maps from their
// bids and asks to the orders. Pure: what is free comes in as calendars (open_book.h reads them), and take() keeps them up
// to date from one call to the next.
// A mechanism with windows gets one call of everything. For the others a clearing is a call for each product, a window that
// somebody bids for and some offer covers, the earliest first: bids of exactly that window, and every offer that covers it
// with units that are still free, so that longer offers serve shorter bids. Of more windows than a clearing takes those in
// which somebody pays what somebody asks come first, and each gets its turn: the next clearing begins with the next ones.
// What an ask has, of the time that bids want: as many units as make the most units × time in pieces in which a bid fits,
// closed where fewer are free. A lot that is offered twice is there once: what an earlier ask was given, a later one of the
// same call is not.
// Threads: any. No errors.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "auction/clearing/order.h"
#include "inventory/calendar.h"
#include "market/query.h"
#include "market/types.h"

namespace market {

// What offers draw on: a lot, or a contract that is resold.
struct Supply {
  std::uint64_t capacity = 0;
  Window window;                   // nothing outside of it
  inventory::Calendar promised{};  // of that
  Attributes attributes{};
};
struct OpenOffer {
  Order order;
  std::size_t supply = 0;
  std::vector<OrganisationId> buyers{};  // ascending
  bool everybody = true;                 // neither buyers nor groups
  inventory::Calendar used{};            // of the order's own units: its live contracts
  // Its groups, ascending too, each of them once for all offers: one may have a thousand members, an offer 16 of them.
  std::vector<std::shared_ptr<const std::vector<OrganisationId>>> groups{};
};
struct OpenBid {
  Order order;
  std::optional<Window> begun = {};      // it has units already: the rest comes at the same time
  std::optional<std::string> site = {};  // and, if it said so, at the same site
};
struct OpenBook {
  std::vector<OpenBid> bids;
  std::vector<OpenOffer> offers;
  std::vector<Supply> supplies;
};

struct BuiltCall {
  auction::clearing::Call call;
  std::int64_t first_slot = 0;            // of the market's grid: the call's slot 0
  std::vector<std::size_t> bids, offers;  // of the book, for each bid and ask
};

// Whether what begins with the first whole slot after `now` can still be served.
bool is_servable(const Market& market, const OpenBid& bid, std::int64_t now);
bool is_servable(const Market& market, const OpenOffer& offer, std::int64_t now);

// Of a book in which all orders are servable.
BuiltCall whole_call(const Market& market, const OpenBook& book, std::int64_t now);
std::vector<Window> products_of(const OpenBook& book, std::size_t most, std::uint64_t clearing);  // earliest first
BuiltCall product_call(const Market& market, const OpenBook& book, const Window& window);

Window window_of(const Market& market, const BuiltCall& call, const auction::clearing::Trade& trade);
// The trade is made: less is free, and the bid wants less.
void take(const Market& market, const BuiltCall& call, const auction::clearing::Trade& trade, OpenBook& book);

// How many units of an offer could still be had at once, at some time from `now` on, if its lot had them.
std::uint32_t units_left(const Market& market, const OpenOffer& offer, std::int64_t now);

}  // namespace market
