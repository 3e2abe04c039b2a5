#include "tarn/config.h"

#include <filesystem>
#include <fstream>
#include <set>

#include "auction/placement/mechanism.h"
#include "model/duration.h"
#include "tarn/toml_table.h"

namespace tarn {
namespace {

constexpr std::size_t kMaxConfig = 16 * 1024;  // sixteen parties take four; the parser recurses

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
  TARN_ASSIGN(const toml::table parsed, parse_toml(text, file));
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
  TARN_ASSIGN(const toml::table parsed, parse_toml(text, file));
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
