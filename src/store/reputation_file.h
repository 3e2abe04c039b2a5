// ReputationFile: pool/reputation.h in a SQLite database. Scores are also in memory, so that asking for one costs
// nothing; offences are written durably. Evidence is kept with the newest 1,000 offences and 64 MiB of it in all; what
// is longer alone is not kept, though the offence counts. Of peers the 10,000 that offended last are remembered.
// Errors: kStorage. Threads: any.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "pool/reputation.h"
#include "store/sqlite.h"

namespace store {

class ReputationFile final : public pool::Reputation {
 public:
  static constexpr std::size_t kMaxRecords = 1'000, kMaxEvidenceBytes = 64 * 1024 * 1024, kMaxPeers = 10'000;
  static base::Result<std::unique_ptr<ReputationFile>> open(const std::string& path);

  double score(const crypto::PublicKey& key, std::int64_t now) const override;
  base::Status record(const crypto::PublicKey& key, pool::Offence offence, std::int64_t now,
                      base::Bytes evidence) override;
  std::vector<Entry> list(std::int64_t now) const override;

  struct Record {
    pool::Offence offence = pool::Offence::kNamed;
    std::int64_t unix_ms = 0;
    base::Bytes evidence;
  };
  base::Result<std::vector<Record>> records(const crypto::PublicKey& key);  // newest first

 private:
  explicit ReputationFile(std::unique_ptr<Database> database) : database_(std::move(database)) {}
  base::Status load();
  base::Status write(const Entry& entry, base::ByteView evidence);

  mutable std::mutex mutex_;
  std::unique_ptr<Database> database_;
  std::map<crypto::PublicKey, Entry> entries_;  // scores as of last_unix_ms
};

}  // namespace store
