// What the rules share: rows that have to be there, names that can be, the words for those that cannot, and events.
// Threads: as the Transaction. Errors: kNotFound for a name without a row, kInvalidInput for what can be none, kStorage
// for an id without a row, which nothing here leaves behind.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "market/store.h"
#include "market/types.h"

namespace market {

struct Context;

inline constexpr std::size_t kMaxName = 63, kMaxPage = 1'000;
inline constexpr std::size_t kMostReason = 160;  // characters of what a caller says why

std::string named(std::string_view kind, std::string_view name);  // lot "n1"; one short line whatever the name is
base::Error conflict(std::string message);
base::Error not_found(std::string message);
base::Error forbidden(std::string message);
base::Error invalid(std::string_view field, std::string_view why);  // "field: why"

bool is_name(std::string_view name);         // 1–63 of a-z A-Z 0-9 . _ -, the first a letter or digit
bool is_market_name(std::string_view name);  // 1–63 of a-z 0-9 -, the first a letter or digit
base::Status check_name(std::string_view field, std::string_view name);
base::Status check_reason(std::string_view field, std::string_view why);  // at most kMostReason printable characters
Page bounded(Page page);

template <class T>
base::Result<T> need(Found<T> found, std::string_view kind, std::string_view name) {
  if (!found.ok()) return found.error();
  if (!*found) return not_found("There is no " + named(kind, name) + ": look for it in the list");
  return std::move(**found);
}
template <class T>
base::Result<T> need_row(Found<T> found) {
  if (!found.ok()) return found.error();
  if (!*found)
    return base::Error{base::Code::kStorage, "a row that another refers to is missing: restore the database"};
  return std::move(**found);
}

// All rows of a list that comes in pages of `page(Page)`, by id; at most `most`.
template <class T, class NextPage>
Rows<T> all_rows(std::size_t most, NextPage next_page) {
  std::vector<T> all;
  Page page{0, kMaxPage};
  while (all.size() < most) {
    page.limit = std::min(kMaxPage, most - all.size());
    TARN_ASSIGN(std::vector<T> rows, next_page(page));
    const bool last = rows.size() < page.limit;
    if (!rows.empty()) page.after = rows.back().id;
    for (T& row : rows) all.push_back(std::move(row));
    if (last) break;
  }
  return all;
}
inline constexpr std::size_t kAllRows = 10'000'000;  // more than are live at any time

// What an event is about, and in which market; 0: in none.
struct About {
  std::string subject;
  Id market = 0;
};
// To the operator and auditors, and to those who are named. To every member: note_everybody.
base::Status note(Transaction& store, const Context& context, std::string_view kind, About about, std::string detail,
                  std::vector<OrganisationId> visible_to);
base::Status note_everybody(Transaction& store, const Context& context, std::string_view kind, About about,
                            std::string detail);

}  // namespace market
