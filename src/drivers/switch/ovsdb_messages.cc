#include "drivers/switch/ovsdb_messages.h"

#include <charconv>
#include <nlohmann/json.hpp>

#include "base/json_string.h"
#include "drivers/switch/ovsdb_endpoint.h"

namespace drivers {

namespace {

using base::Code;
using base::Error;
using base::Result;
using Json = nlohmann::json;
using Kind = OvsdbMessage::Kind;

constexpr char kRevalidators[] = "n-revalidator-threads";

Error strange(const std::string& what) { return {Code::kUnreachable, "what answers is no Open vSwitch: " + what}; }

std::string quoted(const std::string& text) { return base::json_string(text.substr(0, 200)); }

std::string request(std::uint64_t id, std::string_view method, Json params) {
  return Json{{"id", id}, {"method", method}, {"params", std::move(params)}}.dump(-1, ' ', true,
                                                                                  Json::error_handler_t::replace);
}

const Json* member(const Json& object, const char* name) {
  if (!object.is_object()) return nullptr;
  const auto at = object.find(name);
  return at == object.end() ? nullptr : &*at;
}

std::optional<std::int64_t> integer(const Json* value) {
  if (value == nullptr || !value->is_number_integer()) return std::nullopt;
  if (value->is_number_unsigned() && value->get<std::uint64_t>() > std::uint64_t{INT64_MAX}) return std::nullopt;
  return value->get<std::int64_t>();
}

// The elements of a set: RFC 7047 writes one of one element as that element.
std::optional<std::vector<const Json*>> elements(const Json* value) {
  if (value == nullptr) return std::nullopt;
  std::vector<const Json*> all;
  if (value->is_array() && value->size() == 2 && (*value)[0] == "set") {
    if (!(*value)[1].is_array()) return std::nullopt;
    for (const Json& element : (*value)[1]) all.push_back(&element);
  } else {
    all.push_back(value);
  }
  return all;
}

std::optional<std::string> uuid(const Json* value) {
  if (value == nullptr || !value->is_array() || value->size() != 2 || (*value)[0] != "uuid" || !(*value)[1].is_string())
    return std::nullopt;
  return (*value)[1].get<std::string>();
}

std::optional<std::set<int>> vlans(const Json* value) {
  const auto all = elements(value);
  if (!all) return std::nullopt;
  std::set<int> ids;
  for (const Json* element : *all) {
    const auto id = integer(element);
    if (!id || *id < 0 || *id > 4095) return std::nullopt;
    ids.insert(static_cast<int>(*id));
  }
  return ids;
}

std::optional<PortColumns> columns_of(const Json& row) {
  const auto tag = vlans(member(row, "tag"));
  const auto trunks = vlans(member(row, "trunks")), cvlans = vlans(member(row, "cvlans"));
  const auto mode = elements(member(row, "vlan_mode"));
  const Json* const is_protected = member(row, "protected");
  if (!tag || tag->size() > 1 || !trunks || !cvlans || !mode || mode->size() > 1 || is_protected == nullptr ||
      !is_protected->is_boolean() || (!mode->empty() && !(*mode)[0]->is_string()))
    return std::nullopt;
  PortColumns columns{std::nullopt, *trunks, *cvlans, "", is_protected->get<bool>()};
  if (!tag->empty()) columns.tag = *tag->begin();
  if (!mode->empty()) columns.vlan_mode = (*mode)[0]->get<std::string>();
  return columns;
}

Json set_of(const std::set<int>& ids) { return Json::array({"set", ids}); }

Json row_of(const PortColumns& columns) {
  const std::set<int> tag = columns.tag ? std::set<int>{*columns.tag} : std::set<int>{};
  return {{"tag", set_of(tag)},
          {"trunks", set_of(columns.trunks)},
          {"cvlans", set_of(columns.cvlans)},
          {"vlan_mode", columns.vlan_mode.empty() ? set_of({}) : Json(columns.vlan_mode)},
          {"protected", columns.is_protected}};
}

Json raise_next_cfg() {
  return {{"op", "mutate"},
          {"table", "Open_vSwitch"},
          {"where", Json::array()},
          {"mutations", Json::array({Json::array({"next_cfg", "+=", 1})})}};
}

Json select(const char* table, Json where, Json columns) {
  return {{"op", "select"}, {"table", table}, {"where", std::move(where)}, {"columns", std::move(columns)}};
}

Json named(std::string_view name) { return Json::array({Json::array({"name", "==", name})}); }

// The results of a transaction of so many operations, or what went wrong in it.
Result<const Json*> results(const OvsdbMessage& reply, std::size_t operations) {
  if (!reply.error.empty()) return Error{Code::kInvalidInput, "the server refuses: " + reply.error};
  const Json& all = *reply.result;
  if (!all.is_array()) return strange("a transaction without results");
  for (const Json& one : all) {
    const Json* const error = member(one, "error");
    if (error == nullptr) continue;
    if (!error->is_string()) return strange("an error that is no text");
    const Json* const details = member(one, "details");
    const std::string more =
        details != nullptr && details->is_string() ? ", " + quoted(details->get<std::string>()) : "";
    return Error{Code::kInvalidInput, "the server refuses: " + quoted(error->get<std::string>()) + more};
  }
  if (all.size() != operations) return strange("a transaction with other results than operations");
  return &all;
}

const Json* rows(const Json& result) {
  const Json* const all = member(result, "rows");
  return all != nullptr && all->is_array() ? all : nullptr;
}

Result<std::int64_t> wanted(const Json& result) {
  const Json* const all = rows(result);
  const auto value = all != nullptr && all->size() == 1 ? integer(member((*all)[0], "next_cfg")) : std::nullopt;
  if (!value) return strange("no next_cfg");
  return *value;
}

std::optional<int> revalidators(const Json& result) {
  const Json* const map = member((*rows(result))[0], "other_config");
  if (map == nullptr || !map->is_array() || map->size() != 2 || !(*map)[1].is_array()) return std::nullopt;
  for (const Json& entry : (*map)[1]) {
    if (!entry.is_array() || entry.size() != 2 || entry[0] != kRevalidators || !entry[1].is_string()) continue;
    const std::string text = entry[1].get<std::string>();
    int count = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), count);
    if (read.ec == std::errc() && count >= 1 && count <= 1024) return count;
  }
  return std::nullopt;
}

// cur_cfg in the updates of a table, if it is there: {TABLE: {UUID: {"new": {"cur_cfg": N}}}}.
std::optional<std::int64_t> forwarded(const Json& updates) {
  const Json* const table = member(updates, "Open_vSwitch");
  if (table == nullptr || !table->is_object()) return std::nullopt;
  for (const Json& row : *table)
    if (const Json* const now = member(row, "new"); now != nullptr)
      if (const auto value = integer(member(*now, "cur_cfg"))) return value;
  return std::nullopt;
}

std::string error_text(const Json& error) {
  if (error.is_string()) return quoted(error.get<std::string>());
  const Json* const name = member(error, "error");
  return name != nullptr && name->is_string() ? quoted(name->get<std::string>()) : "an error without a name";
}

Result<OvsdbMessage> read_request(const Json& message, const std::string& method) {
  OvsdbMessage read;
  const Json* const params = member(message, "params");
  const Json* const id = member(message, "id");
  if (method == "echo" && params != nullptr && id != nullptr) {
    read.kind = Kind::kEcho;
    read.answer =
        Json{{"id", *id}, {"result", *params}, {"error", nullptr}}.dump(-1, ' ', true, Json::error_handler_t::replace);
  } else if (method == "update" && params != nullptr && params->is_array() && params->size() == 2) {
    read.kind = Kind::kUpdate;
    read.forwarded = forwarded((*params)[1]);
  }
  return read;
}

}  // namespace

Result<OvsdbMessage> OvsdbMessage::parse(std::string_view text) {
  const auto message = std::make_shared<const Json>(Json::parse(text, nullptr, false));
  if (!message->is_object()) return strange("what came is not JSON");
  if (const Json* const method = member(*message, "method"); method != nullptr && method->is_string())
    return read_request(*message, method->get<std::string>());

  OvsdbMessage read;
  const auto id = integer(member(*message, "id"));
  const Json* const result = member(*message, "result");
  const Json* const error = member(*message, "error");
  if (!id || *id < 0 || (result == nullptr && error == nullptr)) return strange("neither a request nor an answer");
  read.kind = Kind::kReply;
  read.id = static_cast<std::uint64_t>(*id);
  if (error != nullptr && !error->is_null()) {
    read.error = error_text(*error);
  } else if (result == nullptr) {
    return strange("an answer without a result");
  }
  read.result = std::shared_ptr<const Json>(message, result == nullptr ? error : result);
  return read;
}

std::string monitor_request(std::uint64_t id) {
  return request(id, "monitor",
                 Json::array({"Open_vSwitch", "tarn", {{"Open_vSwitch", {{"columns", Json::array({"cur_cfg"})}}}}}));
}

Result<std::optional<std::int64_t>> monitored(const OvsdbMessage& reply) {
  if (!reply.error.empty()) return Error{Code::kInvalidInput, "the server refuses to be watched: " + reply.error};
  return forwarded(*reply.result);
}

std::string bridge_request(std::uint64_t id, std::string_view bridge, bool barrier) {
  Json params = Json::array({"Open_vSwitch"});
  if (barrier) params.push_back(raise_next_cfg());
  params.push_back(select("Open_vSwitch", Json::array(), Json::array({"next_cfg", "other_config"})));
  params.push_back(select("Bridge", named(bridge), Json::array({"ports", "controller"})));
  params.push_back(select("Port", Json::array(),
                          Json::array({"_uuid", "name", "tag", "trunks", "vlan_mode", "cvlans", "protected"})));
  return request(id, "transact", std::move(params));
}

Result<OvsdbBridge> bridge_of(const OvsdbMessage& reply) {
  const std::size_t operations =
      reply.result->is_array() && reply.result->size() == 4 ? 4 : 3;  // with a barrier, or not
  TARN_ASSIGN(const Json* const all, results(reply, operations));
  OvsdbBridge bridge;
  TARN_ASSIGN(bridge.wanted, wanted((*all)[operations - 3]));
  bridge.revalidators = revalidators((*all)[operations - 3]);
  const Json* const bridges = rows((*all)[operations - 2]);
  const Json* const ports = rows((*all)[operations - 1]);
  if (bridges == nullptr || ports == nullptr || bridges->size() > 1) return strange("a question without an answer");
  if (bridges->empty()) return Error{Code::kNotFound, "it has no such bridge"};
  const auto controllers = elements(member((*bridges)[0], "controller"));
  const auto members = elements(member((*bridges)[0], "ports"));
  if (!controllers || !members) return strange("a bridge without ports");
  if (!controllers->empty())
    return Error{Code::kConflict, "an OpenFlow controller runs the bridge, so that VLANs at its ports mean nothing"};
  std::set<std::string> own;
  for (const Json* const one : *members) {
    const auto id = uuid(one);
    if (!id) return strange("a port without an id");
    own.insert(*id);
  }
  for (const Json& row : *ports) {
    const auto id = uuid(member(row, "_uuid"));
    const Json* const name = member(row, "name");
    if (!id || name == nullptr || !name->is_string()) return strange("a port without a name");
    if (!own.contains(*id)) continue;
    const auto columns = columns_of(row);
    if (!columns) return strange("a port with other columns");
    bridge.ports.emplace(name->get<std::string>(), OvsdbPort{*id, *columns});
  }
  bridge.port_uuids.assign(own.begin(), own.end());
  return bridge;
}

std::string change_request(std::uint64_t id, std::string_view bridge, const OvsdbBridge& seen,
                           std::span<const OvsdbChange> changes) {
  Json uuids = Json::array();
  for (const std::string& one : seen.port_uuids) uuids.push_back(Json::array({"uuid", one}));
  Json params = Json::array({"Open_vSwitch"});
  params.push_back({{"op", "wait"},
                    {"timeout", 0},
                    {"table", "Bridge"},
                    {"where", named(bridge)},
                    {"columns", Json::array({"ports"})},
                    {"until", "=="},
                    {"rows", Json::array({Json{{"ports", Json::array({"set", std::move(uuids)})}}})}});
  params.push_back(raise_next_cfg());
  params.push_back(select("Open_vSwitch", Json::array(), Json::array({"next_cfg"})));
  for (const OvsdbChange& change : changes)
    params.push_back({{"op", "update"},
                      {"table", "Port"},
                      {"where", Json::array({Json::array({"_uuid", "==", Json::array({"uuid", change.uuid})})})},
                      {"row", row_of(change.columns)}});
  return request(id, "transact", std::move(params));
}

Result<OvsdbChanged> changed(const OvsdbMessage& reply, std::size_t changes) {
  if (reply.error.empty() && reply.result->is_array() && !reply.result->empty()) {
    const Json* const error = member((*reply.result)[0], "error");
    if (error != nullptr && *error == "timed out") return OvsdbChanged{.bridge_differs = true, .wanted = 0};
  }
  TARN_ASSIGN(const Json* const all, results(reply, changes + 3));
  OvsdbChanged done;
  TARN_ASSIGN(done.wanted, wanted((*all)[2]));
  for (std::size_t i = 3; i < all->size(); ++i)
    if (integer(member((*all)[i], "count")) != 1) return strange("a port of the bridge that is not there");
  return done;
}

std::string flush_request(std::uint64_t id, int revalidators) {
  const Json keys = Json::array({"set", Json::array({kRevalidators})});
  const Json entries = Json::array({"map", Json::array({Json::array({kRevalidators, std::to_string(revalidators)})})});
  Json params = Json::array({"Open_vSwitch"});
  params.push_back(
      {{"op", "mutate"},
       {"table", "Open_vSwitch"},
       {"where", Json::array()},
       {"mutations", Json::array({Json::array({"next_cfg", "+=", 1}), Json::array({"other_config", "delete", keys}),
                                  Json::array({"other_config", "insert", entries})})}});
  params.push_back(select("Open_vSwitch", Json::array(), Json::array({"next_cfg"})));
  return request(id, "transact", std::move(params));
}

Result<std::int64_t> flushed(const OvsdbMessage& reply) {
  TARN_ASSIGN(const Json* const all, results(reply, 2));
  return wanted((*all)[1]);
}

Result<OvsdbSettings> OvsdbSettings::parse(std::string_view text) {
  const Json json = Json::parse(text, nullptr, false);
  const Json* const endpoint = member(json, "endpoint");
  const Json* const bridge = member(json, "bridge");
  if (endpoint == nullptr || !endpoint->is_string() || bridge == nullptr || !bridge->is_string() || json.size() != 2 ||
      bridge->get<std::string>().empty())
    return Error{
        Code::kInvalidInput,
        R"(the settings of an ovsdb switch are {"endpoint": "unix:PATH" or "tcp:ADDRESS:PORT", "bridge": NAME})"};
  OvsdbSettings settings;
  settings.endpoint = endpoint->get<std::string>();
  settings.bridge = bridge->get<std::string>();
  TARN_TRY(read_endpoint(settings));
  return settings;
}

}  // namespace drivers
