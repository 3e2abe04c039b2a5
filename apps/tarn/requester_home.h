// RequesterHome: where a requester keeps what is its own: identity, acquaintances, leases, reputation; from the
// configuration, or by default under the user's directories, made when first needed:
//   $XDG_CONFIG_HOME/tarn/requester.toml    (~/.config)        if it is there
//   $XDG_STATE_HOME/tarn/                   (~/.local/state)   identity.key and everything else
// One process at a time asks (the acquaintances are locked); looking at leases needs no lock. One thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "crypto/identity.h"
#include "crypto/random.h"
#include "store/acquaintance_files.h"
#include "store/lease_book.h"
#include "store/reputation_file.h"
#include "tarn/options.h"
#include "tarn/pool_config.h"
#include "tarn/stopwatch.h"

namespace tarn {

class RequesterHome {
 public:
  static base::Result<std::unique_ptr<RequesterHome>> open(const HomeOptions& options);

  const crypto::Identity& identity() const { return *identity_; }
  const RequesterConfig& config() const { return config_; }
  const std::string& directory() const { return config_.state_dir; }
  store::LeaseBook& leases() { return *leases_; }
  store::ReputationFile& reputation() { return *reputation_; }
  const WallClock& clock() const { return clock_; }
  crypto::OsRandom& random() { return random_; }
  base::Result<std::unique_ptr<store::AcquaintanceFiles>> acquaintances();

 private:
  RequesterHome() = default;
  RequesterConfig config_;
  WallClock clock_;
  crypto::OsRandom random_;
  std::optional<crypto::Identity> identity_;
  std::unique_ptr<store::LeaseBook> leases_;
  std::unique_ptr<store::ReputationFile> reputation_;
};

}  // namespace tarn
