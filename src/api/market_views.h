// What the market's API shows of its values, as market_schemas.cc has their shapes. Nothing here decides who may see what:
// the rules leave out what one may not. Amounts are decimal credits, ids have their prefix, times are RFC 3339.
// Threads: any.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "api/json.h"
#include "market/rules.h"
#include "market/store.h"

namespace api::market_views {

std::string money(std::int64_t micro_credits);  // "-0.5"
Json time_or_null(std::int64_t unix_ms);        // 0 is null
Json text_or_null(std::string_view text);       // "" is null

std::string_view role_name(market::Role role);
std::optional<market::Role> role_of(std::string_view name);
std::string_view policy_name(market::CreditPolicy::Kind kind);
std::optional<market::CreditPolicy::Kind> policy_of(std::string_view name);
std::string_view lot_kind_name(market::Lot::Kind kind);
std::string_view order_state_name(market::Order::State state);
std::string_view contract_state_name(market::Contract::State state);
std::string_view lease_state_name(market::Lease::State state);
std::string_view reason_name(ledger::Reason reason);
std::string_view account_kind_name(ledger::AccountKind kind);
std::string_view transfer_kind_name(ledger::TransferKind kind);

Json shown(const market::Member& member);
Json shown(const market::ApiToken& token);
Json shown(const market::Group& group);
Json shown(const market::CreditPolicy& policy);
Json shown(const market::Market& market, std::string_view currency);
Json shown(const market::Lot& lot);
Json shown(const market::Order& order);
Json shown(const market::Contract& contract, std::string_view market, bool with_document);
Json shown(const market::Lease& lease);
Json shown(const market::Clearing& clearing);
Json shown(const market::TradeTick& tick);
Json shown(const market::Candle& candle);
Json shown(const market::Depth& depth);
Json shown(const ledger::Account& account, std::string_view currency);
Json shown(const ledger::Transfer& transfer);
Json shown(const market::Statement& statement);
Json shown(const ledger::Invoice& invoice);
Json shown(const market::Event& event);

// Looks up what the row names. kStorage: it is not there.
base::Result<std::string> currency_name(market::Transaction& store, ledger::Id id);
base::Result<std::string> market_name(market::Transaction& store, market::Id id);

}  // namespace api::market_views
