// The one function between the program and libtarn_postgres.so. Its name has the interface's version: raise it when
// sql.h changes, so that a program never runs with a module of another build.
#pragma once

#include <string>

#include "store/sql.h"

namespace store {

inline constexpr char kPostgresModuleFile[] = "libtarn_postgres.so";
inline constexpr char kPostgresModuleSymbol[] = "tarn_postgres_open_2";
// Null, and why; `mistake`: the settings are wrong, not the server.
using PostgresModuleOpen = SqlConnection* (*)(const std::string& where, std::string& why, bool& mistake);

}  // namespace store
