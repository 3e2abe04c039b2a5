// AcquaintanceFiles: a party's state directory. One file a peer, sealed under a key derived from our identity; written
// beside, synced, renamed, so a crash leaves the old or the new state whole. The directory is ours alone: mode 0700,
// and locked, so that two processes never ratchet the same seeds.
// After failed proofs a peer has to wait, twice as long each time, before public-key work is done for it again.
// Errors: kStorage with the file and what to do. One thread.
#pragma once

#include <memory>
#include <string>

#include "base/clock.h"
#include "base/random.h"
#include "mpc/acquaintance.h"

namespace store {

class AcquaintanceFiles final : public mpc::AcquaintanceStore {
 public:
  // Makes the directory if it is not there. The references must outlive the store.
  static base::Result<std::unique_ptr<AcquaintanceFiles>> open(const std::string& directory,
                                                               const crypto::Identity& identity, base::Random& random,
                                                               const base::Clock& clock);
  ~AcquaintanceFiles() override;

  base::Result<std::optional<mpc::Acquaintance>> load(const crypto::PublicKey& peer) override;
  base::Status save(const std::vector<std::pair<crypto::PublicKey, const mpc::Acquaintance*>>& entries,
                    mpc::Durability durability) override;
  base::Status destroy(const crypto::PublicKey& peer) override;
  base::Status may_meet(const crypto::PublicKey& peer) override;

 private:
  struct Failures {
    std::uint32_t count = 0;
    std::int64_t last_unix_ms = 0;
  };
  AcquaintanceFiles(std::string directory, int directory_fd, base::Secret<32> key, base::Random& random,
                    const base::Clock& clock)
      : directory_(std::move(directory)),
        directory_fd_(directory_fd),
        key_(std::move(key)),
        random_(random),
        clock_(clock) {}
  base::Error failed(const std::string& name, const std::string& what) const;
  base::Status write(const std::string& name, base::ByteView content, mpc::Durability durability);
  base::Result<std::optional<base::Bytes>> read(const std::string& name, std::size_t max_size);
  base::Status remove(const std::string& name);
  base::Status sync_directory();
  base::Result<Failures> failures(const crypto::PublicKey& peer);

  std::string directory_;
  int directory_fd_;  // also holds the lock
  base::Secret<32> key_;
  base::Random& random_;
  const base::Clock& clock_;
};

}  // namespace store
