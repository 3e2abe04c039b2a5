// /v1/lots, /v1/groups: what an organisation has to offer, and to whom.
#include "api/market_call.h"
#include "api/market_views.h"

namespace api {

namespace {

using base::Result;
using market::Action;
using market_views::shown;

Result<Reply> list(MarketCall& call) {
  TARN_ASSIGN(const market::Page page, call.page());
  TARN_ASSIGN(auto rows, call.rules().lots(and_one(page)));
  return rows_reply(page, std::move(rows), [](const market::Lot& row) { return shown(row); });
}

Result<Reply> create(MarketCall& call) {
  market::Lot lot;
  lot.name = call.body.text("name");
  lot.kind = call.body.text("kind") == "server" ? market::Lot::Kind::kServer : market::Lot::Kind::kUnits;
  lot.capacity = static_cast<std::uint32_t>(call.body.number("capacity", 1));
  if (const Json* attributes = call.body.find("attributes"))
    for (const auto& [name, value] : *attributes->members()) lot.attributes.emplace(name, *value.string());
  TARN_ASSIGN(lot.from, call.time("from"));
  TARN_ASSIGN(lot.until, call.time("until"));
  lot.inventory_offer = call.body.text("inventory_offer");
  TARN_ASSIGN(const market::Lot made, call.rules().create_lot(lot));
  return Reply{.body = shown(made), .headers = {{"Location", "/v1/lots/" + percent_encoded(made.name)}}};
}

Result<Reply> get(MarketCall& call) {
  TARN_ASSIGN(const market::Lot lot, call.rules().lot(call.at("lot")));
  return Reply{.body = shown(lot)};
}

Result<Reply> withdraw(MarketCall& call) {
  TARN_TRY(call.rules().withdraw_lot(call.at("lot")));
  return Reply{};
}

Result<Reply> groups(MarketCall& call) {
  TARN_ASSIGN(const auto rows, call.rules().groups());
  return all_reply(rows, [](const market::Group& row) { return shown(row); });
}

Result<Reply> put_group(MarketCall& call) {
  market::Group group;
  group.name = call.at("group");
  for (const Json& one : call.body.list("members")) {
    const std::string field = "members[" + std::to_string(group.members.size()) + "]";
    TARN_ASSIGN(const market::OrganisationId member, call.organisation(field, *one.string()));
    group.members.push_back(member);
  }
  TARN_TRY(call.rules().put_group(group.name, group.members));
  return Reply{.body = shown(group)};
}

Result<Reply> drop_group(MarketCall& call) {
  TARN_TRY(call.rules().drop_group(call.at("group")));
  return Reply{};
}

constexpr MarketRoute kRoutes[] = {
    {"GET", "/v1/lots", Kind::kRead, Action::kShowOwn, list, 200,
     "One's own lots, or, for the operator and its auditors, everybody's.", "", "LotPage", "after limit"},
    {"POST", "/v1/lots", Kind::kWrite, Action::kManageLots, create, 201,
     "Promise units of one kind, or one server, for a window; offers in any market draw on it.", "NewLot", "Lot"},
    {"GET", "/v1/lots/{lot}", Kind::kRead, Action::kShowOwn, get, 200, "A lot, by its owner's name of it.", "", "Lot"},
    {"DELETE", "/v1/lots/{lot}", Kind::kWrite, Action::kManageLots, withdraw, 204,
     "No new offers of it, open ones are withdrawn; leases go on.", "", ""},
    {"GET", "/v1/groups", Kind::kRead, Action::kShowOwn, groups, 200, "Whom one sells to under one name.", "",
     "GroupPage"},
    {"PUT", "/v1/groups/{group}", Kind::kWrite, Action::kManageGroups, put_group, 200, "Say who is in a group.",
     "NewGroup", "Group"},
    {"DELETE", "/v1/groups/{group}", Kind::kWrite, Action::kManageGroups, drop_group, 204, "Forget a group.", "", ""},
};

}  // namespace

std::span<const MarketRoute> market_lot_routes() { return kRoutes; }

}  // namespace api
