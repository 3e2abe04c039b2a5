// tarn lot create, withdraw, with the owner's inventory: what the market is promised is reserved there first, and given
// back once no contract needs it any more (lot_inventory.h). Without an inventory they are what the table says.
#include <algorithm>
#include <cstdio>

#include "api/text.h"
#include "model/organisation.h"
#include "tarn/inventory_desk.h"
#include "tarn/lot_inventory.h"
#include "tarn/market_commands.h"
#include "tarn/output.h"
#include "tarn/signals.h"
#include "tarn/stopwatch.h"

namespace tarn {
namespace {

using api::Json;

std::string given(const ClientCall& call, const char* parameter) {
  const auto found = call.given.find(parameter);
  return found == call.given.end() || found->second.empty() ? "" : found->second.front();
}

InventoryHome inventory_of(const ClientCall& call) {
  return {.config = given(call, "--inventory-config"), .state_dir = given(call, "--inventory-state-dir")};
}
bool named(const InventoryHome& home) { return !home.config.empty() || !home.state_dir.empty(); }

base::Result<crypto::PublicKey> owner(ServiceClient& client) {
  TARN_ASSIGN(const Json who, client.call("GET", "/v1/whoami"));
  auto id = model::OrganisationId::parse(who.text("organisation"));
  if (!id.ok())
    return base::Error{base::Code::kForbidden, "lots are an organisation's: come in with its identity or its token"};
  return id->key;
}

base::Result<LotUnits> units_of(ServiceClient& client, const Json& lot) {
  LotUnits out;
  TARN_ASSIGN(out.owner, owner(client));
  out.lot = lot.text("name");
  out.offer = lot.text("inventory_offer");
  out.units = static_cast<std::uint64_t>(std::max<std::int64_t>(0, lot.number("capacity", 1)));
  out.from_unix_ms = api::from_rfc3339(lot.text("from")).value_or(0);
  out.until_unix_ms = api::from_rfc3339(lot.text("until")).value_or(0);
  return out;
}

base::Status create(const ClientCall& call) {
  const InventoryHome home = inventory_of(call);
  const bool reserved = !given(call, "--inventory-offer").empty();
  if (reserved != named(home))
    return base::Error{base::Code::kInvalidInput,
                       "--inventory-offer, and --inventory-state-dir or --inventory-config: they say together which "
                       "units are reserved, and where"};
  TARN_ASSIGN(const auto client, ServiceClient::open(call.home));
  TARN_ASSIGN(const ClientRequest request, make_request(call, {}, WallClock().unix_ms()));
  TARN_ASSIGN(const LotUnits units, units_of(*client, request.body));
  TARN_ASSIGN(InventoryDesk desk, InventoryDesk::open(home));
  return reserve_for_lot([&](const InventoryQuestion& question) { return desk.ask(question); }, units,
                         [&]() -> base::Status {
                           TARN_TRY(client->call("POST", request.target, &request.body));
                           return {};
                         });
}

bool occupies(const Json& lease) {
  const std::string state = lease.text("state");
  return state != "ended" && (state != "failed" || lease.text("freed").empty());
}

// Whether something is still delivered of a lot, or not cleaned yet. No offer of it is open any more.
base::Result<bool> is_needed(ServiceClient& client, const std::string& lot) {
  const std::string all = "/v1/contracts?lot=" + api::percent_encoded(lot);
  TARN_ASSIGN(const Json::Array live, client.list(all + "&live=true"));
  if (!live.empty()) return true;
  TARN_ASSIGN(const Json::Array over, client.list(all));
  for (const Json& contract : over) {
    TARN_ASSIGN(const Json view, client.call("GET", "/v1/contracts/" + api::percent_encoded(contract.text("id"))));
    for (const Json& lease : view.list("leases"))
      if (occupies(lease)) return true;
  }
  return false;
}

base::Status withdraw(const ClientCall& call) {
  const std::string lot = given(call, "LOT"), target = "/v1/lots/" + api::percent_encoded(lot);
  TARN_ASSIGN(const auto client, ServiceClient::open(call.home));
  TARN_ASSIGN(const crypto::PublicKey whose, owner(*client));
  TARN_ASSIGN(InventoryDesk desk, InventoryDesk::open(inventory_of(call)));
  TARN_TRY(client->call("DELETE", target));
  TARN_ASSIGN(const Json withdrawn, client->call("GET", target));
  TARN_ASSIGN(const bool needed, is_needed(*client, withdrawn.text("id")));
  if (needed)
    return base::Error{base::Code::kConflict,
                       "the lot is withdrawn, and its units stay reserved: contracts of it go on, or what they had is "
                       "not cleaned yet (tarn contract list); do the same again then"};
  return release_for_lot([&](const InventoryQuestion& question) { return desk.ask(question); }, whose, lot);
}

int shown(const base::Status& done) {
  if (!done.ok()) return report(done.error());
  if (json_wanted()) std::printf("{}\n");
  return kExitDone;
}

}  // namespace

int run_lot_create(const ClientCall& call) {
  if (given(call, "--inventory-offer").empty() && !named(inventory_of(call))) return run_client_command(call);
  catch_signals();
  return shown(create(call));
}

int run_lot_withdraw(const ClientCall& call) {
  if (!named(inventory_of(call))) return run_client_command(call);
  catch_signals();
  return shown(withdraw(call));
}

}  // namespace tarn
