#include "tarn/config.h"

#define TOML_EXCEPTIONS 0  // errors are values, and nothing is thrown across a library's border
#include <toml++/toml.h>
#include <filesystem>
#include <fstream>
#include <set>

#include "auction/placement/mechanism.h"
#include "model/duration.h"

namespace tarn {
namespace {

constexpr std::size_t kMaxConfig = 16 * 1024;  // sixteen parties take four; the parser recurses

base::Error refused(const std::string& what) { return {base::Code::kInvalidInput, what}; }

// A file's words may go to a terminal: no control characters of it, and not many.
std::string plain(std::string_view text) {
  std::string out(text.substr(0, 100));
  for (char& c : out)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  return out;
}

// Reads one table; remembers the first thing that is wrong, and which keys were asked for.
class Table {
 public:
  Table(const toml::table& table, std::string file, std::string name)
      : table_(table), file_(std::move(file)), name_(std::move(name)) {}

  std::optional<std::string> text(const char* key, bool required, std::size_t max_size = 4096) {
    const toml::node* node = find(key, required);
    if (node == nullptr) return std::nullopt;
    auto value = node->value_exact<std::string>();
    if (!value || value->empty() || value->size() > max_size) {
      complain(*node,
               std::string(key) + " must be a text of 1 to " + std::to_string(max_size) + " characters in quotes");
      return std::nullopt;
    }
    return value;
  }
  std::optional<std::uint64_t> amount(const char* key, bool required) {
    const toml::node* node = find(key, required);
    if (node == nullptr) return std::nullopt;
    const auto value = node->value_exact<std::int64_t>();
    if (!value || *value < 0) {
      complain(*node, std::string(key) + " must be a whole number, 0 or more");
      return std::nullopt;
    }
    return static_cast<std::uint64_t>(*value);
  }
  const toml::table* table(const char* key, bool required) {
    const toml::node* node = find(key, required);
    if (node == nullptr) return nullptr;
    if (!node->is_table()) complain(*node, std::string(key) + " must be a table: [" + key + "]");
    return node->as_table();
  }
  std::vector<const toml::table*> tables(const char* key) {
    std::vector<const toml::table*> out;
    const toml::node* node = find(key, true);
    if (node == nullptr) return out;
    const toml::array* array = node->as_array();
    for (std::size_t i = 0; array != nullptr && i < array->size(); ++i) out.push_back(array->get(i)->as_table());
    if (out.empty() || std::find(out.begin(), out.end(), nullptr) != out.end()) {
      complain(*node, std::string(key) + " must be tables: [[" + key + "]]");
      out.clear();
    }
    return out;
  }
  // Nothing else may be in the table.
  base::Status finish() {
    for (const auto& [key, node] : table_)
      if (!asked_.contains(std::string(key.str())))
        complain(node, "unknown key \"" + plain(key.str()) + "\"; known here: " + known());
    if (first_.empty()) first_ = missing_;  // a misspelt key is told before the one that it should have been
    if (!first_.empty()) return refused(first_);
    return {};
  }
  void complain(const toml::node& node, const std::string& what) {
    if (first_.empty()) first_ = file_ + " line " + std::to_string(node.source().begin.line) + ": " + what;
  }
  const toml::node& node() const { return table_; }

 private:
  const toml::node* find(const char* key, bool required) {
    asked_.insert(key);
    const toml::node* node = table_.get(key);
    if (node == nullptr && required && missing_.empty())
      missing_ = file_ + ": " + name_ + " lacks the key \"" + key + "\"";
    return node;
  }
  std::string known() const {
    std::string out;
    for (const std::string& key : asked_) out += (out.empty() ? "" : ", ") + key;
    return out;
  }
  const toml::table& table_;
  std::string file_, name_, first_, missing_;
  std::set<std::string> asked_;
};

// The parser's words without the numbers that it quotes of the file: they may be amounts.
std::string without_numbers(std::string_view description) {
  const std::size_t first = description.find('\''), last = description.rfind('\'');
  if (first == last) return plain(description.substr(0, first));
  const std::string_view quoted = description.substr(first, last - first + 1);
  const bool number = std::any_of(quoted.begin(), quoted.end(), [](char c) { return c >= '0' && c <= '9'; });
  return plain(description.substr(0, first)) + (number ? "…" : plain(quoted)) + plain(description.substr(last + 1));
}

base::Result<toml::table> parse(const std::string& text, const std::string& file) {
  toml::parse_result result = toml::parse(text, file);
  if (result) return std::move(result).table();
  const toml::parse_error& e = result.error();
  return refused(file + " line " + std::to_string(e.source().begin.line) +
                 ": not valid TOML: " + without_numbers(e.description()));
}

bool printable(const std::string& text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f; });
}

std::string resolved(const std::string& path, const std::string& directory) {
  return (std::filesystem::path(directory) / path).lexically_normal().string();
}

base::Status read_input(Table& top, const std::string& file, PartyConfig& out) {
  const toml::table* input = top.table("input", false);
  if (input == nullptr) return {};
  Table in(*input, file, "[input]");
  const auto quantity = in.amount("quantity", false), max_price = in.amount("max_price", false);
  const auto capacity = in.amount("capacity", false), price = in.amount("price", false);
  TARN_TRY(in.finish());
  const bool request = quantity || max_price, offer = capacity || price;
  if (request == offer || (request && !(quantity && max_price)) || (offer && !(capacity && price)))
    return refused(file + ": [input] of the requester is quantity and max_price, of a provider capacity and price");
  if (request) out.request = auction::RequesterInput{*quantity, *max_price};
  if (offer) out.offer = auction::ProviderInput{*capacity, *price};
  return {};
}

base::Status read_parties(Table& top, const std::string& file, PartyConfig& out) {
  std::set<model::OrganisationId> seen;
  for (const toml::table* entry : top.tables("parties")) {
    Table party(*entry, file, "[[parties]]");
    const auto id = party.text("id", true), address = party.text("address", true, 300),
               name = party.text("name", false, 100);
    if (name && !printable(*name)) party.complain(party.node(), "name must be one printable line");
    TARN_TRY(party.finish());
    auto parsed = model::OrganisationId::parse(*id);
    if (!parsed.ok())
      party.complain(party.node(), parsed.error().message);
    else if (!seen.insert(*parsed).second)
      party.complain(party.node(), *id + " is named twice; a party takes part once");
    TARN_TRY(party.finish());
    out.parties.push_back({*parsed, *address, name.value_or("")});
  }
  if (!out.parties.empty() && (out.parties.size() < 2 || out.parties.size() > 16))
    return refused(file + ": a session has 2 to 16 parties, this file names " + std::to_string(out.parties.size()));
  return {};
}

}  // namespace

base::Result<PartyConfig> parse_party_config(const std::string& text, const std::string& file,
                                             const std::string& directory) {
  TARN_ASSIGN(const toml::table parsed, parse(text, file));
  Table top(parsed, file, "the file");
  PartyConfig out;
  const auto identity = top.text("identity", true), state_dir = top.text("state_dir", true);
  out.listen = top.text("listen", false, 300).value_or("");
  out.mechanism = top.text("mechanism", false, 64).value_or("second-price");
  out.resource_class = top.text("class", true, 200).value_or("");
  const auto width = top.amount("width", false), k = top.amount("extension_k", false);
  const auto deadline = top.text("deadline", false, 32);
  TARN_TRY(read_parties(top, file, out));
  TARN_TRY(read_input(top, file, out));
  TARN_TRY(top.finish());
  out.identity = resolved(*identity, directory);
  out.state_dir = resolved(*state_dir, directory);
  if (!printable(out.resource_class)) return refused(file + ": class must be one printable line");
  if (width && (*width < 2 || *width > auction::kMaxWidth))
    return refused(file + ": width must be 2 to " + std::to_string(auction::kMaxWidth) + " bits");
  if (k && *k != 1 && *k != 2 && *k != 4 && *k != 8)
    return refused(file +
                   ": extension_k must be 1, 2, 4 (the default) or 8 (fewer bytes for more work, for slow links)");
  out.width = static_cast<std::uint32_t>(width.value_or(32));
  out.extension_k = static_cast<std::uint32_t>(k.value_or(4));
  if (deadline) {
    TARN_ASSIGN(out.deadline_ms, parse_duration_ms(*deadline));
  }
  return out;
}

base::Result<PartyConfig> load_party_config(const std::string& file) {
  TARN_ASSIGN(const std::string text, read_text_file(file, kMaxConfig));
  return parse_party_config(text, file, std::filesystem::path(file).parent_path().string());
}

base::Result<DemoConfig> parse_demo_config(const std::string& text, const std::string& file) {
  TARN_ASSIGN(const toml::table parsed, parse(text, file));
  Table top(parsed, file, "the file");
  DemoConfig out;
  out.mechanism = top.text("mechanism", false, 64).value_or(out.mechanism);
  out.resource_class = top.text("class", false, 200).value_or(out.resource_class);
  if (const toml::table* entry = top.table("requester", true)) {
    Table requester(*entry, file, "[requester]");
    out.requester_name = requester.text("name", false, 40).value_or(out.requester_name);
    const auto quantity = requester.amount("quantity", true), max_price = requester.amount("max_price", true);
    if (!printable(out.requester_name)) requester.complain(requester.node(), "name must be one printable line");
    TARN_TRY(requester.finish());
    out.request = {*quantity, *max_price};
  }
  for (const toml::table* entry : top.tables("providers")) {
    Table provider(*entry, file, "[[providers]]");
    const auto name = provider.text("name", false, 40);
    const auto capacity = provider.amount("capacity", true), price = provider.amount("price", true);
    if (name && !printable(*name)) provider.complain(provider.node(), "name must be one printable line");
    TARN_TRY(provider.finish());
    out.providers.push_back(
        {name.value_or("provider " + std::to_string(out.providers.size() + 1)), {*capacity, *price}});
  }
  TARN_TRY(top.finish());
  if (!printable(out.resource_class)) return refused(file + ": class must be one printable line");
  if (out.providers.size() > pool::kMaxProviders)
    return refused(file + ": at most " + std::to_string(pool::kMaxProviders) + " providers");
  return out;
}

base::Result<DemoConfig> load_demo_config(const std::string& file) {
  TARN_ASSIGN(const std::string text, read_text_file(file, kMaxConfig));
  return parse_demo_config(text, file);
}

base::Result<int> parse_duration_ms(const std::string& text) {
  const auto parsed = model::parse_duration_ms(text, 86'400'000);
  if (!parsed.ok()) return refused("\"" + text.substr(0, 40) + "\" " + parsed.error().message);
  return static_cast<int>(*parsed);
}

base::Result<std::string> read_text_file(const std::string& file, std::size_t max_size) {
  std::error_code failed;
  if (!std::filesystem::exists(file, failed)) return refused(file + ": no such file");
  if (!std::filesystem::is_regular_file(file, failed)) return refused(file + ": is not a regular file");
  std::ifstream in(file, std::ios::binary);
  if (!in) return refused(file + ": cannot be opened");
  std::string text;
  char buffer[65536];
  while (in.read(buffer, sizeof buffer), in.gcount() > 0) {
    text.append(buffer, static_cast<std::size_t>(in.gcount()));
    if (text.size() > max_size) return refused(file + ": longer than " + std::to_string(max_size) + " bytes");
  }
  if (in.bad()) return refused(file + ": cannot be read");
  return text;
}

}  // namespace tarn
