// Client commands of a table: from the service's answer to what a person reads.
#include <algorithm>

#include "tarn/client_commands.h"
#include "tarn/output.h"

namespace tarn {

using api::Json;

namespace {

bool is_list_of_objects(const Json& value) {
  const Json::Array* const items = value.items();
  return items != nullptr &&
         std::any_of(items->begin(), items->end(), [](const Json& item) { return item.members() != nullptr; });
}

std::string joined(const Json::Array& items, const char* separator) {
  std::string out;
  for (const Json& item : items) out += (out.empty() ? "" : separator) + cell_text(item);
  return out.empty() ? "-" : out;
}

// cpu=4 gpu.model=a100; of a list within, the items are closer together than the members are.
std::string pairs_text(const Json::Members& members) {
  std::string out;
  for (const auto& [name, value] : members) {
    const bool list = value.items() != nullptr && !is_list_of_objects(value);
    const bool object = value.members() != nullptr && !value.members()->empty();
    if (!out.empty()) out += ' ';
    out += one_line(name);
    out += object ? "=(" : "=";
    out += list ? joined(*value.items(), ",") : cell_text(value);
    if (object) out += ')';
  }
  return out.empty() ? "-" : out;
}

}  // namespace

std::string cell_text(const Json& value) {
  if (value.is_null()) return "-";
  if (const bool* const yes = value.boolean()) return *yes ? "yes" : "no";
  if (const std::string* const text = value.string()) return text->empty() ? "-" : one_line(*text);
  if (const Json::Members* const members = value.members()) return pairs_text(*members);
  const Json::Array* const items = value.items();
  if (items == nullptr) return value.dump();
  return is_list_of_objects(value) ? std::to_string(items->size()) : joined(*items, ", ");
}

std::string cell_text(const Json& object, const char* member) {
  const Json* const value = object.find(member);
  return value == nullptr ? "-" : cell_text(*value);
}

namespace {

// A row a member.
std::string members_text(const Json::Members& members) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& [name, value] : members) rows.push_back({one_line(name), cell_text(value)});
  return table(rows);
}

// A row an item, with the first one's members as columns.
std::string items_text(const Json::Array& items) {
  std::vector<ClientColumn> columns;
  for (const auto& [name, unused] : *items.front().members()) columns.push_back({name.c_str(), name.c_str()});
  return list_text(columns, items);
}

}  // namespace

std::string whole_text(const Json& object) {
  Json::Members lines;
  std::string below;
  for (const auto& [name, value] : *object.members()) {
    const bool rows = is_list_of_objects(value) && value.items()->front().members() != nullptr;
    const bool members = value.members() != nullptr && !value.members()->empty();
    if (!rows && !members)
      lines.emplace_back(name, value);
    else
      below += "\n" + one_line(name) + "\n" + (rows ? items_text(*value.items()) : members_text(*value.members()));
  }
  return lines.empty() && !below.empty() ? below.substr(1) : members_text(lines) + below;
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
  for (const ClientColumn& column : columns) rows[0].push_back(one_line(column.head));
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
