// tarn bid create, tarn offer create: from what was typed to signed terms. The key stays here: the market gets what was
// signed, and the signature.
#include <algorithm>
#include <cstdio>
#include <limits>

#include "api/text.h"
#include "auction/clearing/mechanism.h"
#include "base/base64.h"
#include "crypto/identity.h"
#include "crypto/random.h"
#include "market/grid.h"
#include "market/ids.h"
#include "market/terms.h"
#include "model/duration.h"
#include "model/money.h"
#include "tarn/market_options.h"
#include "tarn/output.h"
#include "tarn/signals.h"
#include "tarn/stopwatch.h"

namespace tarn {
namespace {

using api::Json;
using market::Terms;

constexpr std::int64_t kYearsMs = 10LL * 366 * 86'400'000;

base::Error refused(std::string what) { return {base::Code::kInvalidInput, std::move(what)}; }

struct Grid {
  std::int64_t slot_ms = 0, max_duration_ms = 0;
  bool whole_windows = false;  // are all that its mechanism sells, also of offers
  std::int64_t up(std::int64_t time) const { return (time + slot_ms - 1) / slot_ms * slot_ms; }
  std::int64_t down(std::int64_t time) const { return time / slot_ms * slot_ms; }
};

// A duration, or what it is if it was not said.
base::Result<std::int64_t> duration_or(const char* what, const std::string& text, std::int64_t fallback) {
  if (text.empty()) return fallback;
  const auto parsed = model::parse_duration_ms(text, kYearsMs);
  if (!parsed.ok()) return refused(std::string(what) + " " + parsed.error().message);
  return *parsed;
}

// A moment that was said has to be on the grid if it is one, and is brought to it if it is so long from now.
base::Result<std::int64_t> moment_or(const char* what, const std::string& text, std::int64_t now, std::int64_t fallback,
                                     const Grid& grid) {
  if (text.empty()) return fallback;
  TARN_ASSIGN(const std::int64_t at, moment(what, text, now));
  return api::from_rfc3339(text) ? at : grid.up(at);
}

base::Status take_window(const OrderOptions& o, const Grid& grid, std::int64_t now, Terms& terms) {
  TARN_ASSIGN(terms.earliest, moment_or("--from", o.from, now, grid.up(now), grid));
  TARN_ASSIGN(const std::int64_t said, duration_or("--duration", o.duration, 0));
  const std::int64_t length = said > 0 ? grid.up(said) : grid.slot_ms;
  TARN_ASSIGN(terms.latest, moment_or("--until", o.until, now, terms.earliest + length, grid));
  if (terms.latest <= terms.earliest) return refused("--until must be after --from, by a slot at least");
  const std::int64_t window = terms.latest - terms.earliest;
  // A bid without a duration wants the window; an offer's rentals may be as long as it and the market allow.
  terms.max_duration_ms = said > 0 ? said : o.bid ? window : std::min(window, grid.down(grid.max_duration_ms));
  const std::int64_t least =
      o.bid || grid.whole_windows ? terms.max_duration_ms : std::min(grid.slot_ms, terms.max_duration_ms);
  TARN_ASSIGN(terms.min_duration_ms, duration_or("--least-duration", o.least_duration, least));
  const std::int64_t last_start = terms.latest - terms.min_duration_ms;
  TARN_ASSIGN(terms.expires,
              o.expires.empty() ? base::Result<std::int64_t>(last_start) : moment("--expires", o.expires, now));
  terms.expires = std::min(terms.expires, last_start);
  terms.in_force = o.at_once ? market::TimeInForce::kImmediateOrCancel : market::TimeInForce::kGoodTillTime;
  return {};
}

base::Status take_units(const OrderOptions& o, Terms& terms) {
  terms.max_units = o.units;
  terms.min_units = o.all_or_none ? o.units : std::max(o.least_units, 1U);
  if (terms.min_units > terms.max_units) return refused("--least-units is more than --units");
  const auto price = model::parse_credits(o.price);
  if (!price.ok()) return refused("--price: " + price.error().message);
  if (*price > static_cast<std::uint64_t>(market::kMostHourPrice)) return refused("--price is too much");
  terms.price = static_cast<std::int64_t>(*price);
  return {};
}

base::Status take_bid(const OrderOptions& o, Terms& terms) {
  terms.query = o.query;
  terms.same_site = o.same_site;
  TARN_ASSIGN(terms.least_notice_ms, duration_or("--notice", o.notice, 0));
  return {};
}

base::Result<market::Window> window_of(const std::string& text, std::int64_t now, const Grid& grid) {
  const std::size_t slash = text.find('/');
  if (slash == std::string::npos) return refused("--closed is FROM/UNTIL: 2026-12-24T00:00:00Z/2026-12-27T00:00:00Z");
  market::Window out;
  TARN_ASSIGN(out.from, moment_or("--closed", text.substr(0, slash), now, now, grid));
  TARN_ASSIGN(out.until, moment_or("--closed", text.substr(slash + 1), now, now, grid));
  return out;
}

base::Status take_offer(const OrderOptions& o, const Grid& grid, std::int64_t now, Terms& terms) {
  if (o.lot.empty() == o.contract.empty())
    return refused("of what? Say --lot LOT, or --contract CONTRACT to sell it on");
  terms.lot = o.lot;
  if (!o.contract.empty()) {
    TARN_ASSIGN(terms.contract, market::parse_id(market::IdKind::kContract, o.contract));
  }
  for (const std::string& buyer : o.buyers) {
    TARN_ASSIGN(const auto id, market::OrganisationId::parse(buyer));
    terms.buyers.push_back(id);
  }
  terms.groups = o.groups;
  TARN_ASSIGN(terms.notice_ms, duration_or("--notice", o.notice, 0));
  for (const std::string& closed : o.closed) {
    TARN_ASSIGN(const market::Window window, window_of(closed, now, grid));
    terms.closed.push_back(window);
  }
  terms.renewable = o.renewable;
  return {};
}

// Of a mechanism that this program does not know the service says what it takes.
bool whole_windows(const std::string& mechanism) {
  const auto known = auction::clearing::mechanism_named(mechanism);
  if (!known) return false;
  const auction::clearing::Properties& properties = auction::clearing::properties(*known);
  return !properties.windows && !properties.several_orders;
}

base::Result<Terms> terms_of(const OrderOptions& o, const Json& rules, std::int64_t now) {
  Terms terms;
  terms.market = o.market;
  terms.market_revision = static_cast<std::uint32_t>(rules.number("revision"));
  terms.side = o.bid ? market::Side::kBid : market::Side::kOffer;
  const Grid grid{rules.number("slot_ms"), rules.number("max_duration_ms"), whole_windows(rules.text("mechanism"))};
  if (grid.slot_ms < 1) return base::Error{base::Code::kInvalidInput, "the market's rules have no slot"};
  TARN_TRY(take_units(o, terms));
  TARN_TRY(take_window(o, grid, now, terms));
  if (o.bid)
    TARN_TRY(take_bid(o, terms));
  else
    TARN_TRY(take_offer(o, grid, now, terms));
  return terms;
}

std::string base64(base::ByteView bytes) {
  return base::to_base64({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

Json dry(const Terms& terms, const market::SignedTerms& order) {
  return Json::object({{"market", terms.market},
                       {"organisation", terms.organisation.text()},
                       {"price", model::credits_text(static_cast<std::uint64_t>(terms.price))},
                       {"min_units", terms.min_units},
                       {"max_units", terms.max_units},
                       {"earliest", api::rfc3339(terms.earliest)},
                       {"latest", api::rfc3339(terms.latest)},
                       {"min_duration", model::duration_text(terms.min_duration_ms)},
                       {"max_duration", model::duration_text(terms.max_duration_ms)},
                       {"expires", api::rfc3339(terms.expires)},
                       {"document", base64(order.document)}});
}

base::Status run(const OrderOptions& o) {
  WallClock clock;
  TARN_ASSIGN(const std::string file, identity_file(o.home));
  TARN_ASSIGN(const crypto::Identity identity, crypto::Identity::load(file));
  TARN_ASSIGN(const auto client, ServiceClient::open(o.home));
  TARN_ASSIGN(const Json rules, client->call("GET", "/v1/markets/" + api::percent_encoded(o.market)));
  TARN_ASSIGN(Terms terms, terms_of(o, rules, clock.unix_ms()));
  TARN_ASSIGN(const market::OrganisationId service, client->market_key());
  terms.service = service.key;
  terms.organisation = {identity.public_key()};
  crypto::OsRandom random;
  random.fill(terms.nonce);
  TARN_TRY(market::check_terms(terms));
  const market::SignedTerms order = market::sign(terms, identity);
  Json answer;
  if (o.dry_run) {
    answer = dry(terms, order);
  } else {
    const Json body = Json::object({{"document", base64(order.document)}, {"signature", base64(order.signature)}});
    TARN_ASSIGN(answer, client->call("POST", "/v1/orders", &body));
  }
  if (json_wanted())
    std::printf("%s\n", answer.dump().c_str());
  else if (o.dry_run)
    std::printf("%s", whole_text(answer).c_str());
  else
    std::printf("%s %s\n", one_line(answer.text("id")).c_str(), one_line(answer.text("state")).c_str());
  return {};
}

}  // namespace

int run_order_create(const OrderOptions& options) {
  catch_signals();
  const base::Status done = run(options);
  return done.ok() ? kExitDone : report(done.error());
}

}  // namespace tarn
