#include "api/schema.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/check.h"

namespace api {

namespace {

std::string_view type_of(const Json& value) {
  if (value.is_null()) return "null";
  if (value.boolean() != nullptr) return "boolean";
  if (value.integer() != nullptr) return "integer";
  if (value.real() != nullptr) return "number";
  if (value.string() != nullptr) return "string";
  return value.items() != nullptr ? "array" : "object";
}

bool is_of(const Json& value, std::string_view type) {
  const std::string_view actual = type_of(value);
  return actual == type || (type == "number" && actual == "integer");
}

std::string below(const std::string& field, std::string_view member) {
  return field.empty() ? std::string(member) : field + "." + std::string(member);
}

std::optional<Fault> check_at(const Json& among, const Json& schema, const Json& value, const std::string& field);

std::optional<Fault> check_type(const Json& schema, const Json& value, const std::string& field) {
  const Json* type = schema.find("type");
  if (type == nullptr) return std::nullopt;
  Json::Array wanted = type->items() != nullptr ? *type->items() : Json::Array{*type};
  std::string names;
  for (const Json& one : wanted) {
    if (is_of(value, *one.string())) return std::nullopt;
    names += (names.empty() ? "" : " or ") + *one.string();
  }
  return Fault{field, "must be of type " + names};
}

std::optional<Fault> check_size(const Json& schema, const Json& value, const std::string& field) {
  if (const std::int64_t* number = value.integer()) {
    if (schema.has("minimum") && *number < schema.number("minimum"))
      return Fault{field, "must be at least " + std::to_string(schema.number("minimum"))};
    if (schema.has("maximum") && *number > schema.number("maximum"))
      return Fault{field, "must be at most " + std::to_string(schema.number("maximum"))};
  } else if (const std::string* text = value.string()) {
    const auto size = static_cast<std::int64_t>(text->size());
    if (size < schema.number("minLength")) return Fault{field, "must not be empty"};
    if (schema.has("maxLength") && size > schema.number("maxLength"))
      return Fault{field, "must be at most " + std::to_string(schema.number("maxLength")) + " bytes"};
  } else if (const Json::Array* items = value.items()) {
    const auto size = static_cast<std::int64_t>(items->size());
    if (size < schema.number("minItems")) return Fault{field, "must not be empty"};
    if (schema.has("maxItems") && size > schema.number("maxItems"))
      return Fault{field, "must have at most " + std::to_string(schema.number("maxItems")) + " items"};
  }
  return std::nullopt;
}

std::optional<Fault> check_enum(const Json& schema, const Json& value, const std::string& field) {
  const Json::Array& choices = schema.list("enum");
  if (choices.empty() || std::find(choices.begin(), choices.end(), value) != choices.end()) return std::nullopt;
  std::string names;
  for (const Json& choice : choices) names += (names.empty() ? "" : ", ") + choice.dump();
  return Fault{field, "must be one of " + names};
}

std::optional<Fault> check_members(const Json& among, const Json& schema, const Json& value, const std::string& field) {
  for (const Json& required : schema.list("required"))
    if (value.find(*required.string()) == nullptr) return Fault{below(field, *required.string()), "is missing"};
  const Json* properties = schema.find("properties");
  const Json* others = schema.find("additionalProperties");
  for (const auto& [name, member] : *value.members()) {
    const Json* property = properties == nullptr ? nullptr : properties->find(name);
    if (property == nullptr && others != nullptr && others->boolean() == nullptr) property = others;
    if (property == nullptr && others != nullptr && others->boolean() != nullptr && !*others->boolean())
      return Fault{below(field, name.substr(0, 64)), "is not known here"};
    if (property == nullptr) continue;
    if (auto fault = check_at(among, *property, member, below(field, name.substr(0, 64)))) return fault;
  }
  return std::nullopt;
}

std::optional<Fault> check_at(const Json& among, const Json& schema, const Json& value, const std::string& field) {
  if (const Json* reference = schema.find("$ref")) {
    const std::string& path = *reference->string();
    const Json* target = among.find(path.substr(path.rfind('/') + 1));
    CHECK(target != nullptr);
    return check_at(among, *target, value, field);
  }
  if (auto fault = check_type(schema, value, field)) return fault;
  if (auto fault = check_size(schema, value, field)) return fault;
  if (auto fault = check_enum(schema, value, field)) return fault;
  if (value.members() != nullptr) return check_members(among, schema, value, field);
  const Json* item = schema.find("items");
  if (value.items() == nullptr || item == nullptr) return std::nullopt;
  for (std::size_t i = 0; i < value.items()->size(); ++i)
    if (auto fault = check_at(among, *item, (*value.items())[i], field + "[" + std::to_string(i) + "]")) return fault;
  return std::nullopt;
}

}  // namespace

std::optional<Fault> check(const Json& among, std::string_view name, const Json& value) {
  const Json* schema = among.find(name);
  CHECK(schema != nullptr);
  return check_at(among, *schema, value, "");
}

}  // namespace api
