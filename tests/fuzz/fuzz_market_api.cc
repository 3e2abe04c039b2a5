// The market's API, as its operator, a member or nobody may ill-use it: any method, path, query and body, and valid
// requests that were damaged. It never crashes, always has a status that the document knows, its errors are problems,
// and a GET changes nothing.
#include <memory>
#include <set>
#include <string>

#include "api/schema.h"
#include "fuzz/input.h"
#include "support/market_api_samples.h"

namespace {

const char* const kMethods[] = {"GET", "PUT", "POST", "DELETE", "PATCH", "HEAD", "OPTIONS", "BREW"};
const char* const kCallers[] = {"", "trader", "administrator", "blue", "operator", "auditors", "operator", "trader"};
const std::set<unsigned> kStatuses = {200, 201, 204, 400, 401, 403, 404, 405, 409, 413, 415, 422, 429, 503};

struct Request {
  std::string method, target, body;
};

std::string spoilt(fuzz::Input& in, const std::string& text) {
  return std::string(fuzz::text(fuzz::damaged(in, fuzz::copy(base::view(text)))));
}

Request sample(fuzz::Input& in, support::MarketApi& market) {
  const auto& chosen = support::kMarketSamples[in.u16() % std::size(support::kMarketSamples)];
  const std::string_view method = chosen.call.substr(0, chosen.call.find(' '));
  const std::string target = support::filled(market, chosen.target), body = support::filled(market, chosen.body);
  return {std::string(method), in.below(4) == 0 ? spoilt(in, target) : target,
          in.below(4) == 0 ? body : spoilt(in, body)};
}

Request anything(fuzz::Input& in) {
  Request out;
  out.method = kMethods[in.below(std::size(kMethods))];
  out.target = fuzz::text(in.take(in.u8()));
  out.body = fuzz::text(in.take(in.u16()));
  return out;
}

void check_answer(support::MarketApi& market, const std::string& who, const Request& request,
                  std::vector<std::pair<std::string, std::string>> headers) {
  const std::size_t writes = market.town.memory.writes();
  const net::HttpResponse response = market.ask(who, request.method, request.target, request.body, std::move(headers));
  CHECK(kStatuses.contains(response.status));
  CHECK(request.method != "GET" || market.town.memory.writes() == writes);
  if (response.next) (void)response.next();
  if (response.status < 400 || request.target.rfind("/healthz", 0) == 0) return;
  const auto body = api::Json::parse(response.body);
  CHECK(body.ok());
  CHECK(!api::check(api::market_schemas(), "Problem", *body));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static std::unique_ptr<support::MarketApi> market;
  static int used = 0;
  if (!market || ++used % 64 == 0) market = std::make_unique<support::MarketApi>();
  fuzz::Input in(data, size);
  for (int i = 0; i < 4 && in.left() > 0; ++i) {
    const unsigned kind = in.u8();
    std::vector<std::pair<std::string, std::string>> headers;
    if (kind & 1) headers.emplace_back("Idempotency-Key", std::string(fuzz::text(in.take(in.below(4)))));
    // A token may have been taken back by an earlier request: then its caller is nobody.
    const char* const who = kCallers[(kind >> 2) % std::size(kCallers)];
    check_answer(*market, who, kind & 2 ? sample(in, *market) : anything(in), std::move(headers));
  }
  return 0;
}
