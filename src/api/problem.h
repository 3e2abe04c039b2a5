// How an error looks from outside: for /v1 a problem document (RFC 9457) that names the field, for /v0 HIL's
// {"type", "msg"} with the statuses that HIL gave. Each version maps each code once, here.
// What is our own trouble (storage) is told without its details, which are logged.
// Threads: any.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "net/http_server.h"

namespace api {

unsigned status_of(base::Code code);      // /v1
unsigned hil_status_of(base::Code code);  // /v0

// One that no code stands for: 405, 413, 422 …
net::HttpResponse problem(unsigned status, std::string_view code, std::string_view detail, std::string_view field = {});
net::HttpResponse problem(const base::Error& error, std::string_view field = {});

// `creates`: what is there already is HIL's DuplicateError, else what is in the way its BlockedError.
net::HttpResponse hil_error(unsigned status, std::string_view type, std::string_view message);
net::HttpResponse hil_error(const base::Error& error, std::string_view field, bool creates);

}  // namespace api
