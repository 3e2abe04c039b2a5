// What the dearest queries of one member cost a call in which everything else is plain:
//   ./run bench queries [--bids 100] [--lots 5000] [--repeat 3]
// Every lot has 63 attributes whose values no other lot has; every bid compares all 63, as many as a query can, and each
// comparison holds, so that none settles the answer. The call takes windows, so it has a list of who may serve whom;
// `one by one` is Query::matches for each bid and lot, the same answers without a call around them. Processor time.
#include <algorithm>
#include <cstdio>
#include <ctime>
#include <string>

#include "market/call_builder.h"
#include "market/grid.h"
#include "settings.h"

namespace {

using bench::Settings;

constexpr std::size_t kAttributes = 63;

market::Market hours() {
  market::Market market;
  market.clearing.mechanism = market::Mechanism::kCombinatorial;
  return market;
}

market::Order order(std::size_t id, market::Side side, std::uint8_t member) {
  market::Order order;
  order.id = static_cast<market::Id>(id);
  order.terms.side = side;
  order.terms.organisation.key = {member};
  order.units_left = 1;
  order.terms.latest = 24 * market::kHourMs;
  order.terms.min_duration_ms = order.terms.max_duration_ms = market::kHourMs;
  return order;
}

std::string name(std::size_t attribute) { return "node.a" + std::to_string(10 + attribute); }

market::Attributes attributes(std::size_t lot) {
  market::Attributes out;
  for (std::size_t i = 0; i < kAttributes; ++i)
    out[name(i)] = std::to_string(1'000'000 + lot * 7'919 % 100'000 * kAttributes + i) + "Ki";
  return out;
}

std::string query(std::size_t bid) {
  std::string out = name(0) + ">" + std::to_string(bid);
  for (std::size_t i = 1; i < kAttributes; ++i) out += " and " + name(i) + ">1";
  return out;
}

market::OpenBook book(const Settings& settings) {
  market::OpenBook out;
  for (std::size_t lot = 0; lot < settings["lots"]; ++lot) {
    out.supplies.push_back({1, {0, 24 * market::kHourMs}, {}, attributes(lot)});
    out.offers.push_back({order(1 + lot, market::Side::kOffer, 1), lot});
  }
  for (std::size_t bid = 0; bid < settings["bids"]; ++bid) {
    out.bids.push_back({order(1'000'000 + bid, market::Side::kBid, 2)});
    out.bids.back().order.terms.query = query(bid);
  }
  return out;
}

template <class Work>
double least_ms(std::size_t repeat, Work work) {
  double least = 1e300;
  for (; repeat > 0; --repeat) {
    const std::clock_t start = std::clock();
    work();
    least = std::min(least, 1e3 * static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC);
  }
  return least;
}

std::size_t pairs_one_by_one(const market::OpenBook& book) {
  std::size_t pairs = 0;
  for (const market::OpenBid& bid : book.bids) {
    const market::Query query = market::Query::parse(bid.order.terms.query).value();
    for (const market::Supply& supply : book.supplies) pairs += std::size_t{query.matches(supply.attributes)};
  }
  return pairs;
}

std::size_t pairs_of_a_call(const market::OpenBook& book) {
  const market::BuiltCall built = market::whole_call(hours(), book, 0);
  if (built.call.eligible.empty()) return built.call.bids.size() * built.call.asks.size();
  std::size_t pairs = 0;
  for (const auto& asks : built.call.eligible) pairs += asks.size();
  return pairs;
}

}  // namespace

int main(int argc, char** argv) {
  Settings settings{{{"bids", 100}, {"lots", 5'000}, {"repeat", 3}}};
  if (!bench::parse(argc, argv, settings)) {
    std::fputs("usage: bench_queries [--bids N] [--lots N] [--repeat N]\n", stderr);
    return 2;
  }
  const market::OpenBook asked = book(settings);
  market::OpenBook unasked = asked;
  for (market::OpenBid& bid : unasked.bids) bid.order.terms.query.clear();
  std::size_t expected = 0, pairs = 0;
  const double slow = least_ms(1, [&] { expected = pairs_one_by_one(asked); });
  const double call = least_ms(settings["repeat"], [&] { pairs = pairs_of_a_call(asked); });
  const double plain = least_ms(settings["repeat"], [&] { pairs_of_a_call(unasked); });
  const double each = 1e6 / static_cast<double>(settings["bids"] * settings["lots"]);
  std::printf("%zu bids, %zu lots; the least of %zu\n", settings["bids"], settings["lots"], settings["repeat"]);
  std::printf("  %-36s %10s  %16s\n", "", "ms", "ns a bid and lot");
  std::printf("  %-36s %10.1f  %16.0f\n", "one by one", slow, slow * each);
  std::printf("  %-36s %10.1f  %16.0f\n", "the call, built", call, call * each);
  std::printf("  %-36s %10.1f  %16.0f\n", "the same call without queries", plain, plain * each);
  if (pairs == expected) return 0;
  std::fprintf(stderr, "bench_queries: %zu pairs in the call, %zu one by one\n", pairs, expected);
  return 1;
}
