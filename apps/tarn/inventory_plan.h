// What has to be asked of an isolation service so that it is as an inventory says: one call of /v1 a step, in an order in
// which each finds what it needs. What is there already is left alone, and so is what the inventory does not name; where
// the two cannot both be right (a network that is somebody else's), there is no plan.
// A plan of a service that is as the inventory says is empty, so importing twice is importing once.
// Passwords of users and servers cannot be compared: they are set when their owner is made, and not again.
// Errors: kConflict, with everything that is in the way. Pure, any thread.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "api/json.h"
#include "base/result.h"
#include "tarn/inventory_file.h"

namespace tarn {

// What of the service concerns an inventory, as it was found.
struct ServiceState {
  struct Nic {
    std::string mac, switch_name, port;
  };
  struct Node {
    std::string owner;
    std::map<std::string, Nic> nics;
  };
  struct Network {
    std::string owner;
    bool is_public = false;
    std::set<std::string> access;
  };
  struct User {
    std::string role;
    std::set<std::string> projects;
  };
  std::map<std::string, InventoryFile::Project> projects;
  std::map<std::string, User> users;
  std::map<std::string, std::set<std::string>> switches;  // and their ports
  std::map<std::string, Node> nodes;
  std::map<std::string, Network> networks;
};

struct InventoryStep {
  std::string what;  // "create project physics"
  std::string method, target;
  api::Json body;             // null: none
  std::string password_file;  // whose content goes into the body as …
  std::string password_at;    // "password", or "bmc.password"
};

base::Result<std::vector<InventoryStep>> plan_inventory(const InventoryFile& wanted, const ServiceState& found);

}  // namespace tarn
