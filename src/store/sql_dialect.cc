#include "store/sql_dialect.h"

#include <array>
#include <utility>

namespace store {
namespace {

using Words = std::array<std::pair<std::string_view, std::string_view>, 4>;
constexpr Words kSqliteWords{
    {{"{id}", "INTEGER PRIMARY KEY AUTOINCREMENT"}, {"{int}", "INTEGER"}, {"{text}", "TEXT"}, {"{bytes}", "BLOB"}}};
constexpr Words kPostgresWords{{{"{id}", "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY"},
                                {"{int}", "BIGINT"},
                                {"{text}", "TEXT COLLATE \"C\""},
                                {"{bytes}", "BYTEA"}}};

}  // namespace

std::string in_dialect(std::string_view sql, SqlDialect dialect) {
  std::string out(sql);
  for (const auto& [word, meaning] : dialect == SqlDialect::kSqlite ? kSqliteWords : kPostgresWords)
    for (std::size_t at = 0; (at = out.find(word, at)) != std::string::npos; at += meaning.size())
      out.replace(at, word.size(), meaning);
  return out;
}

}  // namespace store
