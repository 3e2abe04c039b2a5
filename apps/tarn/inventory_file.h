// InventoryFile: what a datacenter should look like to the isolation service, as a YAML file says it (the format is in
// `tarn isolation import --help` and docs/isolation/operating.md). Strict: a key that is not known, a name twice, a
// reference to what is neither here nor named elsewhere in the file is refused with its line, and nothing of the file is
// used. Passwords are not in it, but in files that it names.
// Errors: kInvalidInput. Pure, any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tarn {

struct InventoryFile {
  static constexpr std::size_t kMaxText = 16 * 1024 * 1024, kMaxNodes = 1'000'000;  // of YAML

  struct Project {
    std::string name;
    std::optional<std::uint32_t> nodes, networks;  // quotas; none: no limit
    bool operator==(const Project&) const = default;
  };
  struct User {
    std::string name, role = "member", password_file;
    std::vector<std::string> projects;
    bool operator==(const User&) const = default;
  };
  struct Switch {
    std::string name, type = "ovsdb";
    std::vector<std::pair<std::string, std::string>> settings;
    std::vector<std::string> ports;
    bool operator==(const Switch&) const = default;
  };
  struct Nic {
    std::string name, mac, switch_name, port;  // the last two together, or neither
    bool operator==(const Nic&) const = default;
  };
  struct Node {
    std::string name, owner, bmc_type = "ipmi", bmc_address, bmc_user, bmc_password_file;
    std::vector<Nic> nics;
    bool operator==(const Node&) const = default;
  };
  struct Network {
    std::string name, owner;
    bool is_public = false;
    std::vector<std::string> access;  // besides the owner
    std::optional<std::uint32_t> vlan;
    bool operator==(const Network&) const = default;
  };

  std::vector<Project> projects;
  std::vector<User> users;
  std::vector<Switch> switches;
  std::vector<Node> nodes;
  std::vector<Network> networks;

  // `directory`: against which the paths of password files are taken.
  static base::Result<InventoryFile> parse(std::string_view text, const std::string& directory);
  bool operator==(const InventoryFile&) const = default;
};

}  // namespace tarn
