// The tables of the market with its ledger, as a list of migrations in the words of one engine (sql_dialect.h). What the
// design calls an invariant and a database can say, it says here: no account below its limit, no transfer of nothing or
// to itself, no key or nonce twice, nothing that names a row which is not there.
// A migration is never changed once it was released; a new one goes to the end (HACKING.md).
#pragma once

#include <span>
#include <string_view>

#include "store/sql_dialect.h"

namespace store {

std::span<const std::string_view> market_migrations(SqlDialect dialect);

}  // namespace store
