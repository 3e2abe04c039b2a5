// The tables of the isolation service, as a list of migrations in the words of one engine: the i-th makes version i + 1
// of version i. What the design calls an invariant and a database can say, it says here.
// A migration is never changed once it was released; a new one goes to the end (HACKING.md).
#pragma once

#include <span>
#include <string_view>

#include "store/sql_dialect.h"

namespace store {

std::span<const std::string_view> isolation_migrations(SqlDialect dialect);

}  // namespace store
