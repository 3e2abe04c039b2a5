// Schemas: what bodies look like, by name; the same text checks requests, is served in the OpenAPI document, and checks
// answers in tests, so that the three cannot differ. A subset of JSON Schema 2020-12: type, properties, required,
// additionalProperties, items, enum, minimum, maximum, minLength, maxLength, maxItems and $ref to another name.
// Objects are closed: a member that is not named is refused by name.
// Threads: any.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "api/json.h"

namespace api {

// Where a value is not as it should be: "changes[3].nic", and what is wrong, without the value.
struct Fault {
  std::string field, message;
};

const Json& schemas();  // all of the isolation service's, an object by name
// `name` is one's of `among`; another name is our own bug.
std::optional<Fault> check(const Json& among, std::string_view name, const Json& value);
inline std::optional<Fault> check(std::string_view name, const Json& value) { return check(schemas(), name, value); }

}  // namespace api
