// The isolation service's API, as an administrator or a tenant may ill-use it: any method, path, query and body, and valid
// requests that were damaged. It never crashes, always has a status that the document knows, and its errors are of the
// documented shape; a GET changes nothing.
#include <algorithm>
#include <memory>
#include <set>
#include <string>

#include "api/json.h"
#include "api/routes.h"
#include "api/schema.h"
#include "fuzz/input.h"
#include "support/isolation_samples.h"
#include "support/isolation_town.h"

namespace {

const char* const kMethods[] = {"GET", "PUT", "POST", "DELETE", "PATCH", "HEAD", "OPTIONS", "BREW"};
const std::set<unsigned> kStatuses = {200, 201, 202, 204, 400, 401, 403, 404, 405,
                                      409, 413, 415, 422, 429, 500, 502, 503, 504};

struct Request {
  std::string method, target, body;
};

Request sample(fuzz::Input& in) {
  const support::Sample& chosen = support::kSamples[in.u16() % std::size(support::kSamples)];
  const std::string_view method = chosen.call.substr(0, chosen.call.find(' '));
  const auto spoilt = [&](const std::string& text) {
    const base::ByteView bytes = base::view(text);
    return std::string(fuzz::text(fuzz::damaged(in, fuzz::copy(bytes))));
  };
  return {std::string(method), in.below(4) == 0 ? spoilt(chosen.target) : chosen.target, spoilt(chosen.body)};
}

Request anything(fuzz::Input& in) {
  Request out;
  out.method = kMethods[in.below(std::size(kMethods))];
  out.target = fuzz::text(in.take(in.u8()));
  out.body = fuzz::text(in.take(in.u16()));
  return out;
}

void check_answer(support::IsolationTown& town, const std::string& user, const Request& request,
                  const support::IsolationTown::Headers& headers) {
  const std::size_t writes = town.store.writes();
  const net::HttpResponse response = town.ask(user, request.method, request.target, request.body, headers);
  CHECK(kStatuses.contains(response.status));
  CHECK(request.method != "GET" || request.target.find("/reconcile") != std::string::npos ||
        request.target.find("/drift") != std::string::npos || town.store.writes() == writes);
  if (response.next) (void)response.next();
  if (response.status < 400) return;
  const auto body = api::Json::parse(response.body);
  CHECK(body.ok());
  const bool hil = response.content_type == "application/json";
  if (request.target.rfind("/v1/health", 0) != 0) CHECK(!api::check(hil ? "HilError" : "Problem", *body));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static std::unique_ptr<support::IsolationTown> town;
  static int used = 0;
  if (!town || ++used % 64 == 0) town = std::make_unique<support::IsolationTown>();
  fuzz::Input in(data, size);
  for (int i = 0; i < 4 && in.left() > 0; ++i) {
    const unsigned kind = in.u8();
    support::IsolationTown::Headers headers;
    if (kind & 4) headers.emplace_back("Idempotency-Key", std::string(fuzz::text(in.take(in.below(4)))));
    check_answer(*town, kind & 1 ? "root" : "ann", kind & 2 ? sample(in) : anything(in), headers);
  }
  return 0;
}
