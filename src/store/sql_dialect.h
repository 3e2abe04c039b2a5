// The two engines' words for what a schema needs and they say differently, so that a migration is written once:
//   {id} a key that is never given twice, also after its row is gone; {int} 64 bits; {bytes};
//   {text} compared byte by byte, so that a page goes on where the last one ended whatever the server's language
// Threads: any.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace store {

enum class SqlDialect { kSqlite, kPostgres };
std::string in_dialect(std::string_view sql, SqlDialect dialect);

// Migrations in the words of one engine: the i-th makes version i + 1 of version i; statements, each ended by ";\n".
class Migrations {
 public:
  Migrations(std::span<const std::string_view> sql, SqlDialect dialect) {
    for (const std::string_view one : sql) texts_.push_back(in_dialect(one, dialect));
    views_.assign(texts_.begin(), texts_.end());
  }
  Migrations(const Migrations&) = delete;
  Migrations& operator=(const Migrations&) = delete;
  std::span<const std::string_view> views() const { return views_; }

 private:
  std::vector<std::string> texts_;
  std::vector<std::string_view> views_;
};

}  // namespace store
