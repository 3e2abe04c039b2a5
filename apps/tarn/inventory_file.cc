#include "tarn/inventory_file.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <set>

#include "drivers/yaml/yaml.h"

namespace tarn {
namespace {

using drivers::YamlNode;

// Reads the fields of one entry; remembers the first thing that is wrong, and what was asked for.
class Entry {
 public:
  Entry(const YamlNode& node, std::string kind) : node_(node), kind_(std::move(kind)) {
    if (node.kind != YamlNode::Kind::kFields) complain(node, kind_ + " must have fields: {name: …}");
  }

  std::string text(std::string_view key, bool required, const std::string& otherwise = "") {
    const YamlNode& found = find(key);
    if (found.kind == YamlNode::Kind::kNull) {
      if (required) complain(node_, kind_ + " lacks " + std::string(key));
      return otherwise;
    }
    const bool good = found.kind == YamlNode::Kind::kText && !found.text.empty() && found.text.size() <= 255 &&
                      std::all_of(found.text.begin(), found.text.end(),
                                  [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f; });
    if (!good) complain(found, std::string(key) + " must be a text of 1 to 255 characters on one line");
    return good ? found.text : otherwise;
  }
  // As the service takes names.
  std::string name(std::string_view key, bool required) {
    const std::string text = this->text(key, required);
    if (!text.empty() && !is_name(text))
      complain(find(key), std::string(key) + " must be 1 to 63 of a-z A-Z 0-9 . _ -");
    return text;
  }
  std::vector<std::string> names(std::string_view key) {
    std::vector<std::string> out;
    const YamlNode& found = find(key);
    if (found.kind == YamlNode::Kind::kNull) return out;
    if (found.kind != YamlNode::Kind::kList) complain(found, std::string(key) + " must be a list: [a, b]");
    std::set<std::string> seen;
    for (const YamlNode& item : found.items) {
      if (item.kind != YamlNode::Kind::kText || !is_name(item.text))
        complain(item, std::string(key) + " must be names: 1 to 63 of a-z A-Z 0-9 . _ -");
      else if (!seen.insert(item.text).second)
        complain(item, std::string(key) + " has a name twice");
      out.push_back(item.text);
    }
    return out;
  }
  std::optional<std::uint32_t> count(std::string_view key, std::uint32_t least, std::uint32_t most) {
    const YamlNode& found = find(key);
    if (found.kind == YamlNode::Kind::kNull) return std::nullopt;
    std::uint32_t value = 0;
    const char* const end = found.text.data() + found.text.size();
    const auto [last, failure] = std::from_chars(found.text.data(), end, value);
    const bool good = found.kind == YamlNode::Kind::kText && failure == std::errc{} && last == end;
    if (!good || value < least || value > most)
      complain(found,
               std::string(key) + " must be a whole number, " + std::to_string(least) + " to " + std::to_string(most));
    return value;
  }
  bool flag(std::string_view key) {
    const YamlNode& found = find(key);
    if (found.kind == YamlNode::Kind::kNull) return false;
    if (found.text != "true" && found.text != "false") complain(found, std::string(key) + " must be true or false");
    return found.text == "true";
  }
  const YamlNode& child(std::string_view key) { return find(key); }
  void complain(const YamlNode& where, const std::string& what) {
    if (first_.empty()) first_ = "line " + std::to_string(where.line == 0 ? node_.line : where.line) + ": " + what;
  }
  base::Status finish() {
    for (const auto& [key, value] : node_.fields)
      if (!asked_.contains(key)) complain(value, kind_ + " has a field that is not known here; known: " + known());
    if (first_.empty()) return {};
    return base::Error{base::Code::kInvalidInput, first_};
  }

  static bool is_name(const std::string& text) {
    const auto plain = [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    };
    return !text.empty() && text.size() <= 63 && plain(text.front()) &&
           std::all_of(text.begin(), text.end(), [&](char c) { return plain(c) || c == '.' || c == '_' || c == '-'; });
  }

 private:
  const YamlNode& find(std::string_view key) {
    asked_.emplace(key);
    return node_.at(key);
  }
  std::string known() const {
    std::string out;
    for (const std::string& key : asked_) out += (out.empty() ? "" : ", ") + key;
    return out;
  }
  const YamlNode& node_;
  std::string kind_, first_;
  std::set<std::string> asked_;
};

std::string beside(const std::string& directory, const std::string& file) {
  return file.empty() ? "" : (std::filesystem::path(directory) / file).lexically_normal().string();
}

base::Result<InventoryFile::Project> read_project(const YamlNode& node, const std::string&) {
  Entry entry(node, "a project");
  InventoryFile::Project out;
  out.name = entry.name("name", true);
  out.nodes = entry.count("nodes", 0, UINT32_MAX);
  out.networks = entry.count("networks", 0, UINT32_MAX);
  TARN_TRY(entry.finish());
  return out;
}

base::Result<InventoryFile::User> read_user(const YamlNode& node, const std::string& directory) {
  Entry entry(node, "a user");
  InventoryFile::User out;
  out.name = entry.name("name", true);
  out.role = entry.text("role", false, out.role);
  out.password_file = beside(directory, entry.text("password_file", false));
  out.projects = entry.names("projects");
  constexpr std::array kRoles{"member", "broker", "auditor", "administrator"};
  if (std::find(kRoles.begin(), kRoles.end(), out.role) == kRoles.end())
    entry.complain(entry.child("role"), "role must be member, broker, auditor or administrator");
  TARN_TRY(entry.finish());
  return out;
}

base::Result<InventoryFile::Switch> read_switch(const YamlNode& node, const std::string&) {
  Entry entry(node, "a switch");
  InventoryFile::Switch out;
  out.name = entry.name("name", true);
  out.type = entry.name("type", false).empty() ? out.type : entry.name("type", false);
  const YamlNode& settings = entry.child("settings");
  for (const auto& [key, value] : settings.fields) {
    if (value.kind != YamlNode::Kind::kText) entry.complain(value, "settings must be texts");
    out.settings.emplace_back(key, value.text);
  }
  if (settings.kind != YamlNode::Kind::kFields)
    entry.complain(settings, "settings must be fields: {endpoint: …, bridge: …}");
  out.ports = entry.names("ports");
  TARN_TRY(entry.finish());
  return out;
}

bool is_mac(const std::string& text) {
  if (text.size() != 17) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    if (i % 3 == 2 ? c != ':' : !hex) return false;
  }
  return true;
}

base::Result<InventoryFile::Nic> read_nic(const YamlNode& node, const std::string&) {
  Entry entry(node, "a NIC");
  InventoryFile::Nic out;
  out.name = entry.name("name", true);
  out.mac = entry.text("mac", true);
  out.switch_name = entry.name("switch", false);
  out.port = entry.name("port", !out.switch_name.empty());
  if (!out.mac.empty() && !is_mac(out.mac))
    entry.complain(entry.child("mac"), "mac must be like \"52:54:00:12:34:56\"");
  if (out.switch_name.empty() && !out.port.empty()) entry.complain(node, "a port is one of a switch: name it, too");
  std::transform(out.mac.begin(), out.mac.end(), out.mac.begin(),
                 [](char c) { return c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c; });
  TARN_TRY(entry.finish());
  return out;
}

template <class T>
base::Status read_list(const YamlNode& list, const std::string& directory, const std::string& key,
                       base::Result<T> (*read)(const YamlNode&, const std::string&), std::vector<T>& out) {
  const auto refused = [&](const YamlNode& where, const std::string& what) {
    return base::Error{base::Code::kInvalidInput, "line " + std::to_string(where.line) + ": " + what};
  };
  if (list.kind == YamlNode::Kind::kNull) return {};
  if (list.kind != YamlNode::Kind::kList) return refused(list, key + " must be a list");
  std::set<std::string> seen;
  for (const YamlNode& item : list.items) {
    TARN_ASSIGN(T made, read(item, directory));
    if (!seen.insert(made.name).second) return refused(item, key + " has " + made.name + " twice");
    out.push_back(std::move(made));
  }
  return {};
}

base::Result<InventoryFile::Node> read_node(const YamlNode& node, const std::string& directory) {
  Entry entry(node, "a node");
  InventoryFile::Node out;
  out.name = entry.name("name", true);
  out.owner = entry.name("owner", false);
  const YamlNode& bmc = entry.child("bmc");
  const YamlNode& nics = entry.child("nics");
  TARN_TRY(entry.finish());
  Entry access(bmc.kind == YamlNode::Kind::kNull ? node : bmc, "bmc");
  if (bmc.kind == YamlNode::Kind::kNull) access.complain(node, "a node lacks bmc");
  out.bmc_type = access.text("type", false, out.bmc_type);
  out.bmc_address = access.text("address", true);
  out.bmc_user = access.text("user", true);
  out.bmc_password_file = beside(directory, access.text("password_file", true));
  TARN_TRY(access.finish());
  TARN_TRY(read_list(nics, directory, "nics", read_nic, out.nics));
  return out;
}

base::Result<InventoryFile::Network> read_network(const YamlNode& node, const std::string&) {
  Entry entry(node, "a network");
  InventoryFile::Network out;
  out.name = entry.name("name", true);
  out.owner = entry.name("owner", false);
  out.is_public = entry.flag("public");
  out.access = entry.names("access");
  out.vlan = entry.count("vlan", 1, 4094);
  if (out.is_public && (!out.owner.empty() || !out.access.empty()))
    entry.complain(node, "a public network is the administrator's and everybody's: no owner, no access");
  if (!out.is_public && out.owner.empty() && out.access.empty())
    entry.complain(node, "whose is this network? Say owner, access, or public: true");
  TARN_TRY(entry.finish());
  return out;
}

// A NIC hangs on one port, a port has one NIC, and it is a port of the file if its switch is.
base::Status check_ports(const InventoryFile& file) {
  std::set<std::pair<std::string, std::string>> taken;
  for (const auto& node : file.nodes) {
    for (const auto& nic : node.nics) {
      if (nic.port.empty()) continue;
      const std::string place = nic.switch_name + "/" + nic.port;
      if (!taken.emplace(nic.switch_name, nic.port).second)
        return base::Error{base::Code::kInvalidInput, "two NICs are on port " + place};
      const auto found = std::find_if(file.switches.begin(), file.switches.end(),
                                      [&](const auto& one) { return one.name == nic.switch_name; });
      if (found != file.switches.end() &&
          std::find(found->ports.begin(), found->ports.end(), nic.port) == found->ports.end())
        return base::Error{base::Code::kInvalidInput, "NIC " + node.name + "/" + nic.name + " is on " + place +
                                                          ", which that switch does not list"};
    }
  }
  return {};
}

}  // namespace

base::Result<InventoryFile> InventoryFile::parse(std::string_view text, const std::string& directory) {
  TARN_ASSIGN(const YamlNode root, drivers::parse_yaml(text, {kMaxText, kMaxNodes}));
  Entry top(root, "an inventory");
  const YamlNode &projects = top.child("projects"), &users = top.child("users"), &switches = top.child("switches"),
                 &nodes = top.child("nodes"), &networks = top.child("networks");
  TARN_TRY(top.finish());
  InventoryFile out;
  TARN_TRY(read_list(projects, directory, "projects", read_project, out.projects));
  TARN_TRY(read_list(users, directory, "users", read_user, out.users));
  TARN_TRY(read_list(switches, directory, "switches", read_switch, out.switches));
  TARN_TRY(read_list(nodes, directory, "nodes", read_node, out.nodes));
  TARN_TRY(read_list(networks, directory, "networks", read_network, out.networks));
  TARN_TRY(check_ports(out));
  return out;
}

}  // namespace tarn
