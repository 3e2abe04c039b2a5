// Client commands of a table: from the service's answer to what a person reads.
#include <algorithm>

#include "tarn/client_commands.h"
#include "tarn/output.h"

namespace tarn {

using api::Json;

std::string cell_text(const Json& value) {
  if (value.is_null()) return "-";
  if (const bool* const yes = value.boolean()) return *yes ? "yes" : "no";
  if (const std::string* const text = value.string()) return text->empty() ? "-" : one_line(*text);
  const Json::Array* const items = value.items();
  if (items == nullptr) return value.dump();
  const bool plain =
      std::all_of(items->begin(), items->end(), [](const Json& item) { return item.members() == nullptr; });
  if (!plain) return std::to_string(items->size());
  std::string out;
  for (const Json& item : *items) out += (out.empty() ? "" : ", ") + cell_text(item);
  return out.empty() ? "-" : out;
}

std::string cell_text(const Json& object, const char* member) {
  const Json* const value = object.find(member);
  return value == nullptr ? "-" : cell_text(*value);
}

std::string whole_text(const Json& object) {
  std::vector<std::vector<std::string>> lines;
  std::string below;
  for (const auto& [name, value] : *object.members()) {
    const Json::Array* const items = value.items();
    if (items != nullptr && !items->empty() && items->front().members() != nullptr) {
      std::vector<std::vector<std::string>> rows(1);
      for (const auto& [head, unused] : *items->front().members()) rows[0].push_back(head);
      for (const Json& item : *items) {
        auto& row = rows.emplace_back();
        for (const std::string& head : rows[0]) row.push_back(cell_text(item, head.c_str()));
      }
      below += "\n" + name + "\n" + table(rows);
    } else {
      lines.push_back({name, cell_text(value)});
    }
  }
  return lines.empty() && !below.empty() ? below.substr(1) : table(lines) + below;
}

namespace {

// Those members that are columns; all, if there are none.
Json some_of(const Json& object, const std::vector<ClientColumn>& columns) {
  if (columns.empty()) return object;
  Json out = Json::object();
  for (const ClientColumn& column : columns)
    if (const Json* const value = object.find(column.member)) out.set(column.head, *value);
  return out;
}

}  // namespace

std::string list_text(const std::vector<ClientColumn>& columns, const Json::Array& items) {
  std::vector<std::vector<std::string>> rows(1);
  for (const ClientColumn& column : columns) rows[0].emplace_back(column.head);
  for (const Json& item : items) {
    auto& row = rows.emplace_back();
    for (const ClientColumn& column : columns) row.push_back(cell_text(item, column.member));
  }
  return table(rows);
}

std::string shown_text(const ClientCommand& command, const Json& answer) {
  using Shows = ClientCommand::Shows;
  switch (command.shows) {
    case Shows::kList: return list_text(command.columns, *answer.items());
    case Shows::kName: return one_line(answer.text("name"));
    case Shows::kNames: {
      std::string out;
      for (const Json& item : *answer.items()) out += cell_text(item) + "\n";
      return out;
    }
    case Shows::kObject: return answer.members() == nullptr ? "" : whole_text(some_of(answer, command.columns));
    case Shows::kOperation:
    case Shows::kRelease: return answer.members() == nullptr ? "" : whole_text(answer);
    default: return "";
  }
}

}  // namespace tarn
