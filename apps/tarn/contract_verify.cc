// tarn contract verify: the three signatures of a contract, checked here rather than believed.
#include <algorithm>
#include <cstdio>

#include "api/text.h"
#include "base/base64.h"
#include "market/contract_document.h"
#include "market/ids.h"
#include "tarn/config.h"
#include "tarn/market_options.h"
#include "tarn/output.h"
#include "tarn/signals.h"

namespace tarn {
namespace {

using api::Json;

constexpr std::size_t kMaxFile = 1024 * 1024;

base::Error refused(std::string what) { return {base::Code::kInvalidInput, std::move(what)}; }

base::Result<Json> contract_in(const ContractVerifyOptions& o, ServiceClient* client) {
  if (client != nullptr) return client->call("GET", "/v1/contracts/" + api::percent_encoded(o.contract));
  TARN_ASSIGN(const std::string text, read_text_file(o.file, kMaxFile));
  return Json::parse(text);
}

base::Result<market::OrganisationId> key_of(const ContractVerifyOptions& o, ServiceClient* client) {
  if (client != nullptr) return client->market_key();
  TARN_ASSIGN(const auto pinned, pinned_market_key(o.home));
  if (!pinned) return refused("whose signature? Say --market-key org_…, as the market printed it at its start");
  return *pinned;
}

base::Result<market::ContractTerms> verified(const Json& contract, const market::OrganisationId& key) {
  const auto document = base::from_base64(contract.text("document"));
  const auto signature = base::from_base64(contract.text("signature"));
  market::Signature signed_by_market{};
  if (!document || !signature || signature->size() != signed_by_market.size())
    return refused("this is no contract with its document: tarn contract show --output json prints one");
  std::ranges::copy(*signature, signed_by_market.begin());
  return market::verify_contract(base::view(*document), signed_by_market, key.key);
}

// A renewal from the service comes with what it renews; of a file there is only itself.
base::Status check_renewed(const market::ContractTerms& terms, ServiceClient* client,
                           const market::OrganisationId& key) {
  if (!terms.renewal_of || client == nullptr) return {};
  const std::string name = market::id_text(market::IdKind::kContract, *terms.renewal_of);
  TARN_ASSIGN(const Json contract, client->call("GET", "/v1/contracts/" + name));
  TARN_ASSIGN(const market::ContractTerms renewed, verified(contract, key));
  return market::verify_renewal(terms, renewed);
}

base::Status run(const ContractVerifyOptions& o) {
  if (o.contract.empty() == o.file.empty()) return refused("which contract? Say its id, or --file FILE");
  std::unique_ptr<ServiceClient> client;
  if (o.file.empty()) {
    TARN_ASSIGN(client, ServiceClient::open(o.home));
  }
  TARN_ASSIGN(const Json contract, contract_in(o, client.get()));
  TARN_ASSIGN(const market::OrganisationId key, key_of(o, client.get()));
  TARN_ASSIGN(const market::ContractTerms terms, verified(contract, key));
  TARN_TRY(check_renewed(terms, client.get(), key));
  const Json shown = Json::object({{"verified", true},
                                   {"market", terms.market},
                                   {"signed_by", key.text()},
                                   {"buyer", terms.buyer.text()},
                                   {"seller", terms.seller.text()},
                                   {"units", terms.units},
                                   {"start", api::rfc3339(terms.start)},
                                   {"end", api::rfc3339(terms.end)},
                                   {"made", api::rfc3339(terms.made)}});
  std::printf("%s", json_wanted() ? (shown.dump() + "\n").c_str() : whole_text(shown).c_str());
  return {};
}

}  // namespace

int run_contract_verify(const ContractVerifyOptions& options) {
  catch_signals();
  const base::Status done = run(options);
  return done.ok() ? kExitDone : report(done.error());
}

}  // namespace tarn
