// SqlConnection over a PostgreSQL server (13 or newer). The library that talks to it (libpq, and with it Kerberos, LDAP
// and a dozen more) is loaded here and not with the program, as it costs every process milliseconds of the loader's
// time; the module libtarn_postgres.so lies beside the executable or in ../lib/tarn/.
// A writer takes a lock of the whole database first, so that its statements each see all that was committed. Several
// statements go to the server at once wherever no answer is needed in between. A server that went away is kStorage for
// the transaction that needed it; the next begin() connects anew. Waits end: connecting after 5 s (connect_timeout),
// a lock after 10 s, a statement after 30 s, a silent server after 40 s; where tables are raised to a
// newer version, both after a day.
// Errors of opening: kInvalidInput (no module, settings that mean nothing or hold a password), kStorage (the server).
// Threads: open_postgres any; a connection one at a time.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "store/sql.h"

namespace store {

// `where`: a URL or key=value words as libpq has them, without a password.
base::Result<std::unique_ptr<SqlConnection>> open_postgres(const std::string& where);

// Raises the tables of this kind to the newest version, or refuses: kStorage where they are another's, or a newer tarn's.
// What they are is in a table of its own, tarn_store.
base::Status migrate_postgres(SqlConnection& connection, std::string_view kind,
                              std::span<const std::string_view> migrations);

// Whether there are tables of this kind, of whichever version up to the newest; else kStorage where they are another's.
// Changes nothing.
base::Result<bool> is_used_postgres(SqlConnection& connection, std::string_view kind,
                                    std::span<const std::string_view> migrations);

// That they are this kind's and of the newest version, without changing anything; else kStorage.
base::Status check_postgres(SqlConnection& connection, std::string_view kind,
                            std::span<const std::string_view> migrations);

}  // namespace store
