#include "tarn/requester_home.h"

#include <cstdlib>
#include <filesystem>

#include "model/organisation.h"
#include "tarn/output.h"

namespace tarn {
namespace {

namespace fs = std::filesystem;

// $VARIABLE/tarn, or ~/OTHERWISE/tarn; empty without a home.
std::string own_directory(const char* variable, const char* otherwise) {
  const char* const set = std::getenv(variable);  // NOLINT(concurrency-mt-unsafe): no other thread yet
  if (set != nullptr && fs::path(set).is_absolute()) return (fs::path(set) / "tarn").string();
  const char* const home = std::getenv("HOME");  // NOLINT(concurrency-mt-unsafe)
  if (home == nullptr || !fs::path(home).is_absolute()) return "";
  return (fs::path(home) / otherwise / "tarn").string();
}

base::Result<RequesterConfig> configuration(const HomeOptions& options) {
  std::string file = options.config;
  if (file.empty()) {
    file = own_directory("XDG_CONFIG_HOME", ".config") + "/requester.toml";
    std::error_code failed;
    if (!fs::exists(file, failed)) file.clear();
  }
  RequesterConfig out;
  if (!file.empty()) {
    TARN_ASSIGN(out, load_requester_config(file));
  }
  out.dht.bootstrap.insert(out.dht.bootstrap.end(), options.bootstrap.begin(), options.bootstrap.end());
  if (out.state_dir.empty()) out.state_dir = own_directory("XDG_STATE_HOME", ".local/state");
  if (out.state_dir.empty() || out.state_dir.front() != '/')
    out.state_dir = fs::absolute(out.state_dir.empty() ? "tarn-state" : out.state_dir).string();
  if (out.identity.empty()) out.identity = out.state_dir + "/identity.key";
  return out;
}

base::Result<crypto::Identity> identity_of(const RequesterConfig& config, base::Random& random) {
  std::error_code failed;
  if (fs::exists(config.identity, failed) || !config.identity.starts_with(config.state_dir))
    return crypto::Identity::load(config.identity);
  crypto::Identity made = crypto::Identity::generate(random);
  TARN_TRY(made.save(config.identity));
  progress("made an identity for you: " + config.identity + " (" + model::OrganisationId{made.public_key()}.text() +
           ")");
  return made;
}

}  // namespace

base::Result<std::unique_ptr<RequesterHome>> RequesterHome::open(const HomeOptions& options) {
  std::unique_ptr<RequesterHome> out(new RequesterHome);
  TARN_ASSIGN(out->config_, configuration(options));
  const std::string& directory = out->config_.state_dir;
  std::error_code failed;
  const bool made = fs::create_directories(directory, failed);
  if (made && !failed) fs::permissions(directory, fs::perms::owner_all, failed);
  if (failed) return base::Error{base::Code::kStorage, directory + ": " + failed.message()};
  TARN_ASSIGN(out->identity_, identity_of(out->config_, out->random_));
  TARN_ASSIGN(out->leases_, store::LeaseBook::open(directory + "/leases.db"));
  TARN_ASSIGN(out->reputation_, store::ReputationFile::open(directory + "/reputation.db"));
  return out;
}

base::Result<std::unique_ptr<store::AcquaintanceFiles>> RequesterHome::acquaintances() {
  return store::AcquaintanceFiles::open(config_.state_dir + "/acquaintances", *identity_, random_, clock_);
}

}  // namespace tarn
