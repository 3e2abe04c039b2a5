#include "store/sql_rows.h"

namespace store {
namespace {

std::string joined(std::string_view table, std::string_view columns) {
  std::string out = std::string(table) + ".id";
  for (std::size_t at = 0; at < columns.size();) {
    const std::size_t end = std::min(columns.find(", ", at), columns.size());
    out += ", " + std::string(table) + "." + std::string(columns.substr(at, end - at));
    at = end + 2;
  }
  return out;
}

std::string places(std::string_view columns) {
  std::string out = "?";
  for (auto commas = std::ranges::count(columns, ','); commas > 0; --commas) out += ", ?";
  return out;
}

}  // namespace

TableSql::TableSql(std::string_view table, std::string_view names) : columns(joined(table, names)) {
  const std::string name(table), list(names);
  select = "SELECT " + columns + " FROM " + name;
  insert = "INSERT INTO " + name + " (" + list + ") VALUES (" + places(names) + ") RETURNING id";
  update = "UPDATE " + name + " SET (" + list + ") = (" + places(names) + ") WHERE id = ?";
  erase = "DELETE FROM " + name + " WHERE id = ?";
}

}  // namespace store
