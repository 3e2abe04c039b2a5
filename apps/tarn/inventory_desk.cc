#include "tarn/inventory_desk.h"

#include "net/control_socket.h"
#include "tarn/output.h"
#include "tarn/pool_config.h"
#include "tarn/stopwatch.h"

namespace tarn {

base::Result<InventoryDesk> InventoryDesk::open(const InventoryHome& home) {
  if (home.config.empty() == home.state_dir.empty())
    return base::Error{base::Code::kInvalidInput,
                       "whose inventory? --config FILE, the provider's, or --state-dir DIRECTORY of one that runs"};
  ProviderConfig config;
  config.state_dir = home.state_dir;
  if (!home.config.empty()) {
    TARN_ASSIGN(config, load_provider_config(home.config));
  }
  InventoryDesk out;
  out.socket_ = config.state_dir + "/" + kControlName;
  TARN_ASSIGN(const auto there, net::ControlSocket::ask(out.socket_, InventoryQuestion{}.encode(), kCallMs));
  if (there) return out;
  if (home.config.empty())
    return base::Error{base::Code::kUnreachable, "no provider runs on " + home.state_dir +
                                                     "; start it, or name its configuration instead of its directory"};
  TARN_ASSIGN(out.file_, store::InventoryFile::open(config.state_dir + "/inventory.db", config.offers));
  TARN_ASSIGN(const auto ended, out.file_->expire(WallClock().unix_ms()));  // as a provider would have, each second
  if (!ended.empty()) progress("leases that ended while no provider ran: " + std::to_string(ended.size()));
  return out;
}

base::Result<InventoryAnswer> InventoryDesk::ask(const InventoryQuestion& question) {
  std::optional<InventoryAnswer> said;
  if (file_) {
    said = answer(question, *file_, WallClock().unix_ms());
  } else {
    TARN_ASSIGN(const auto bytes, net::ControlSocket::ask(socket_, question.encode(), kCallMs));
    if (!bytes) return base::Error{base::Code::kStorage, "the provider has just stopped; ask again"};
    said = InventoryAnswer::decode(*bytes);
  }
  if (!said)
    return base::Error{base::Code::kPeerMisbehaved,
                       "the provider that runs is of another version of tarn; restart it after an upgrade"};
  if (said->error) return *said->error;
  return *said;
}

}  // namespace tarn
