// The OpenAPI 3.1 document of the whole API, made from the table of its calls and from the schemas that check bodies.
// Threads: any.
#pragma once

#include "api/json.h"

namespace api {

Json openapi();

}  // namespace api
