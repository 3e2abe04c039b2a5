// InventoryDesk: a command's way to an inventory. Where a provider runs on the state directory, it is asked; where none
// runs, the files are opened, and are this process's alone until the desk is gone: then the configuration has to be
// there, which says what is offered.
// Errors: those of inventory.h, and kStorage, if a provider starts or stops at this very moment: again will do.
// One thread; a call takes at most kCallMs.
#pragma once

#include <memory>
#include <string>

#include "store/inventory_file.h"
#include "tarn/inventory_control.h"

namespace tarn {

// Exactly one of the two.
struct InventoryHome {
  std::string config;     // the provider's
  std::string state_dir;  // of one that runs
};

class InventoryDesk {
 public:
  static constexpr int kCallMs = 10'000;

  static base::Result<InventoryDesk> open(const InventoryHome& home);

  // How things stand after it; an error of the inventory is this one's.
  base::Result<InventoryAnswer> ask(const InventoryQuestion& question);

 private:
  std::string socket_;                          // where a provider runs
  std::unique_ptr<store::InventoryFile> file_;  // else
};

}  // namespace tarn
