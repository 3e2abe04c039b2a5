// Where a request comes from, as far as browsers say: a browser that was given a user's password sends it along with
// whatever any page asks for. Other clients say nothing of it, and need not.
// Source: Fetch Metadata Request Headers (W3C); RFC 6454, section 7. Threads: any.
#pragma once

#include "net/http_server.h"

namespace api {

// A page of another origin than this service asks, by Sec-Fetch-Site, or by Origin and Host where a browser is older.
bool from_another_origin(const net::HttpRequest& request);

// Content-Type is application/json, whatever its parameters: what a page cannot send elsewhere without being let.
bool says_json(const net::HttpRequest& request);

}  // namespace api
