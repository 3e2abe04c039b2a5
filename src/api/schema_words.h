// The small expressions that schemas are written in (schemas.cc, market_schemas.cc). Threads: any.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/json.h"

namespace api::words {

inline Json typed(std::string_view type) { return Json::object({{"type", type}}); }
inline Json text(std::int64_t longest = 4'096) { return typed("string").set("maxLength", longest); }
inline Json name() { return typed("string").set("minLength", 1).set("maxLength", 63); }
inline Json yes_no() { return typed("boolean"); }
inline Json whole(std::int64_t least, std::int64_t most) {
  return typed("integer").set("minimum", least).set("maximum", most);
}
inline Json count() { return whole(0, UINT32_MAX); }
inline Json time() { return text(40).set("format", "date-time"); }
inline Json ref(std::string_view name) { return Json::object({{"$ref", "#/components/schemas/" + std::string(name)}}); }
inline Json any() { return Json::object(); }
inline Json list(Json items, std::int64_t most = 100'000) {
  return typed("array").set("items", std::move(items)).set("maxItems", most);
}
inline Json one_of(std::initializer_list<const char*> choices) {
  Json values = Json::array();
  for (const char* choice : choices) values.push(choice);
  return typed("string").set("enum", std::move(values));
}
// The same, or null.
inline Json or_null(const Json& schema) {
  Json out = Json::object({{"type", Json::array({*schema.find("type")->string(), "null"})}});
  for (const auto& [key, value] : *schema.members())
    if (key != "type") out.set(key, value);
  return out;
}
inline Json map_of(Json values) { return typed("object").set("additionalProperties", std::move(values)); }

struct Member {
  std::string name;  // "name", or "name?" where it may be left out
  Json schema;
};
inline Json object(std::vector<Member> members) {
  Json properties = Json::object(), required = Json::array();
  for (Member& member : members) {
    if (member.name.back() == '?') {
      member.name.pop_back();
    } else {
      required.push(member.name);
    }
    properties.set(member.name, std::move(member.schema));
  }
  Json out = typed("object").set("properties", std::move(properties));
  if (!required.items()->empty()) out.set("required", std::move(required));
  return out.set("additionalProperties", false);
}
inline Json page_of(std::string_view item) {
  return object({{"items", list(ref(item))}, {"next", or_null(text(300))}});
}

// What an error is (problem.h).
inline Json problem() {
  return object({{"type", text()},
                 {"title", text()},
                 {"status", whole(400, 599)},
                 {"code", text()},
                 {"detail", text()},
                 {"field?", text()}});
}
inline Json health() { return object({{"status", one_of({"ok", "failing"})}, {"time", time()}}); }

}  // namespace api::words
