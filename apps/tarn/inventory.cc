// tarn inventory list, reserve, release.
#include <algorithm>
#include <cstdio>

#include "api/json.h"
#include "api/text.h"
#include "crypto/random.h"
#include "model/duration.h"
#include "tarn/inventory_desk.h"
#include "tarn/options.h"
#include "tarn/output.h"
#include "tarn/stopwatch.h"
#include "tarn/time_text.h"

namespace tarn {
namespace {

using api::Json;
using inventory::Reservation;
using Kind = InventoryQuestion::Kind;

constexpr std::int64_t kLatestMs = std::int64_t{10} * 366 * 86'400'000;
constexpr std::string_view kPrefix = "rsv_";

std::string text(const inventory::Id& id) { return std::string(kPrefix) + base::to_hex(id); }

Json json(const Reservation& r) {
  return Json::object({{"id", text(r.id)},
                       {"offer", r.offer},
                       {"units", std::to_string(r.units)},
                       {"from", time_text(r.from_unix_ms)},
                       {"until", time_text(r.until_unix_ms)},
                       {"purpose", r.purpose}});
}

void print(const InventoryAnswer& said) {
  if (json_wanted()) {
    Json offers = Json::array(), reservations = Json::array();
    for (const auto& t : said.totals)
      offers.push(Json::object({{"name", t.offer},
                                {"capacity", std::to_string(t.capacity)},
                                {"free", std::to_string(t.free)},
                                {"held", std::to_string(t.held)},
                                {"leased", std::to_string(t.leased)},
                                {"reserved", std::to_string(t.reserved)},
                                {"reserved_at_most", std::to_string(t.reserved_at_most)}}));
    for (const Reservation& r : said.reservations) reservations.push(json(r));
    const Json all = Json::object({{"offers", std::move(offers)}, {"reservations", std::move(reservations)}});
    return (void)std::printf("%s\n", all.dump().c_str());
  }
  std::vector<std::vector<std::string>> offers{
      {"OFFER", "CAPACITY", "FREE", "HELD", "LEASED", "RESERVED", "MOST RESERVED"}};
  for (const auto& t : said.totals) {
    auto& row = offers.emplace_back(std::vector<std::string>{t.offer});
    for (const auto units : {t.capacity, t.free, t.held, t.leased, t.reserved, t.reserved_at_most})
      row.push_back(std::to_string(units));
  }
  std::printf("%s\n", table(offers).c_str());
  if (said.reservations.empty()) return;
  std::vector<std::vector<std::string>> reservations{{"RESERVATION", "OFFER", "UNITS", "FROM", "UNTIL", "PURPOSE"}};
  for (const Reservation& r : said.reservations)
    reservations.push_back({text(r.id), r.offer, std::to_string(r.units), time_text(r.from_unix_ms),
                            time_text(r.until_unix_ms), r.purpose});
  std::printf("\n%s\n", table(reservations).c_str());
}

void print(const Reservation& r) {
  if (json_wanted())
    std::printf("%s\n", json(r).dump().c_str());
  else
    std::printf("%s\n", text(r.id).c_str());
}

// "2027-01-01T00:00:00Z", "now", or how long from now: "4h".
base::Result<std::int64_t> moment(const std::string& said, const std::string& option, std::int64_t now) {
  if (said == "now") return now;
  if (const auto time = api::from_rfc3339(said)) return *time;
  if (const auto later = model::parse_duration_ms(said, kLatestMs); later.ok()) return now + *later;
  return base::Error{base::Code::kInvalidInput,
                     option + " is a time, 2027-01-01T00:00:00Z, or how long from now: now, 30m, 4h, 7d"};
}

// By its id, or the beginning of it.
base::Result<Reservation> named(const std::vector<Reservation>& all, const std::string& said) {
  const std::string wanted = said.starts_with(kPrefix) ? said : std::string(kPrefix) + said;
  std::vector<Reservation> found;
  std::copy_if(all.begin(), all.end(), std::back_inserter(found),
               [&](const Reservation& r) { return text(r.id).starts_with(wanted); });
  if (found.empty() || wanted == kPrefix)
    return base::Error{base::Code::kNotFound, "there is no such reservation (tarn inventory list shows them)"};
  if (found.size() > 1) return base::Error{base::Code::kInvalidInput, "several reservations begin like this; say more"};
  return found.front();
}

base::Result<Reservation> reserve(const InventoryOptions& options) {
  const std::int64_t now = WallClock().unix_ms();
  InventoryQuestion question{Kind::kReserve, {}};
  Reservation& wanted = question.reservation;
  wanted.offer = options.offer;
  wanted.units = options.units;
  wanted.purpose = options.purpose;
  TARN_ASSIGN(wanted.from_unix_ms, moment(options.from, "--from", now));
  TARN_ASSIGN(wanted.until_unix_ms, moment(options.until, "--until", now));
  crypto::OsRandom random;
  random.fill(wanted.id);
  TARN_ASSIGN(InventoryDesk desk, InventoryDesk::open({options.config, options.state_dir}));
  const auto said = desk.ask(question);
  if (!said.ok()) return said.error();
  return wanted;
}

base::Result<Reservation> release(const InventoryOptions& options) {
  TARN_ASSIGN(InventoryDesk desk, InventoryDesk::open({options.config, options.state_dir}));
  TARN_ASSIGN(const InventoryAnswer before, desk.ask({}));
  TARN_ASSIGN(const Reservation found, named(before.reservations, options.reservation));
  const auto said = desk.ask({Kind::kRelease, found});
  if (!said.ok()) return said.error();
  return found;
}

int shown(const base::Result<Reservation>& done) {
  if (!done.ok()) return report(done.error());
  print(*done);
  return kExitDone;
}

}  // namespace

int run_inventory_list(const InventoryOptions& options) {
  auto desk = InventoryDesk::open({options.config, options.state_dir});
  if (!desk.ok()) return report(desk.error());
  const auto said = desk->ask({});
  if (!said.ok()) return report(said.error());
  print(*said);
  return kExitDone;
}

int run_inventory_reserve(const InventoryOptions& options) { return shown(reserve(options)); }
int run_inventory_release(const InventoryOptions& options) { return shown(release(options)); }

}  // namespace tarn
