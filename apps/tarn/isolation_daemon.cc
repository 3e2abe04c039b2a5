#include "tarn/isolation_daemon.h"

#include <algorithm>

#include "api/bmc_calls.h"
#include "crypto/seal.h"
#include "drivers/bmc/drivers.h"
#include "drivers/switch/drivers.h"
#include "store/isolation_store.h"
#include "tarn/isolation_console.h"
#include "tarn/isolation_secrets.h"
#include "tarn/serve.h"
#include "tarn/service_door.h"

namespace tarn {
namespace {

constexpr int kConsoleMs = 10'000;

base::Error storage(const std::string& what) { return {base::Code::kStorage, what}; }

}  // namespace

IsolationDaemon::IsolationDaemon(IsolationConfig config, int listen_fd, base::Log& log)
    : config_(std::move(config)), listen_fd_(listen_fd), log_(log), notifier_(Notifier::from_environment()) {}

IsolationDaemon::~IsolationDaemon() = default;

base::Result<std::unique_ptr<IsolationDaemon>> IsolationDaemon::open(IsolationConfig config, int listen_fd,
                                                                     base::Log& log) {
  std::unique_ptr<IsolationDaemon> out(new IsolationDaemon(std::move(config), listen_fd, log));
  TARN_TRY(check_service_config(out->config_));
  TARN_TRY(out->open_state());
  TARN_TRY(out->open_store());
  out->open_service();
  TARN_TRY(out->open_http());
  return out;
}

base::Status IsolationDaemon::open_state() {
  TARN_ASSIGN(lock_, open_state_directory(config_.state_dir, "isolation service"));
  TARN_ASSIGN(sealing_key_, open_sealing_key(config_.state_dir, random_));
  return {};
}

base::Status IsolationDaemon::open_store() {
  TARN_ASSIGN(store_, store::open_isolation_store(database_of(config_, "isolation.db")));
  authentication_ = std::make_unique<api::Authentication>(*store_, clock_, password_random_);
  const auto hash = [this](std::string_view password) { return authentication_->password_hash(password); };
  TARN_ASSIGN(const bool made, open_administrator(config_.state_dir, *store_, hash, random_, clock_.unix_ms()));
  if (made)
    log_.warning("first_administrator", {{"user", "admin"},
                                         {"password_file", config_.state_dir + "/administrator.password"},
                                         {"token_file", config_.state_dir + "/administrator.token"}});
  return {};
}

base::Result<isolation::BmcTarget> IsolationDaemon::target_of(const isolation::Node& node) const {
  auto plain = crypto::open(sealing_key_, base::view(node.name), node.bmc.sealed_password);
  if (!plain.ok())
    return storage("the password of " + node.name + "'s controller cannot be read: was sealing.key replaced?");
  isolation::BmcTarget out{node.bmc.type, node.bmc.address, node.bmc.user, {}};
  out.password.assign(plain->begin(), plain->end());
  base::wipe(plain->data(), plain->size());
  return out;
}

void IsolationDaemon::open_service() {
  switches_ = drivers::make_switch_drivers();
  bmcs_ = drivers::make_bmc_drivers();
  const isolation::OpenBmc open_bmc =
      [this](const isolation::Node& node) -> base::Result<std::unique_ptr<isolation::Bmc>> {
    TARN_ASSIGN(isolation::BmcTarget target, target_of(node));
    return bmcs_->open(std::move(target));
  };
  IsolationThreads::declare(metrics_);
  threads_ = std::make_unique<IsolationThreads>(
      IsolationThreads::Parts{*store_, *switches_, turns_, open_bmc,
                              [](const isolation::Node&) { return base::Status{}; }, clock_, log_, &metrics_,
                              [this] { service_->changed(); }},
      IsolationPace{config_.engine, config_.reconcile_every_ms, config_.keep_events_ms, config_.keep_replies_ms});
  service_ = std::make_unique<api::IsolationService>(api::IsolationParts{
      .store = *store_,
      .clock = clock_,
      .random = random_,
      .log = log_,
      .turns = turns_,
      .settings = config_.rules,
      .authenticate = [this](const net::HttpRequest& request) { return authentication_->caller(request); },
      .hash_password = [this](std::string_view password) { return authentication_->password_hash(password); },
      .make_token = [this](std::string& token) { return make_token(token); },
      .seal_password = [this](std::string_view node, std::string_view password) { return sealed(node, password); },
      .check_switch = [this](const isolation::SwitchRecord& record) -> base::Status {
        const auto driver = switches_->open(record);
        return driver.ok() ? base::Status{} : base::Status{driver.error()};
      },
      .check_bmc =
          [this](const isolation::BmcAccess& bmc) { return bmcs_->check({bmc.type, bmc.address, bmc.user, {}}); },
      .open_bmc = open_bmc,
      .open_console = [this, open_bmc](const isolation::Node& node) { return console_of(node, open_bmc); },
      .drift = [this](isolation::Id id, bool repair) { return threads_->drift(id, repair); },
      .wake_switch = [this](isolation::Id id) { threads_->wake_switch(id); },
      .look_at_switch = [this](isolation::Id id) { threads_->look_at_switch(id); },
      .wake_releaser = [this] { threads_->wake_releaser(); },
      .metrics = config_.metrics ? &metrics_ : nullptr,
      .healthy = [this] { return threads_->healthy(); },
      .keep_replies_ms = config_.keep_replies_ms,
      .polls = share(config_.threads, 4),
      .slow_calls = share(config_.threads, 2),
      .streams = {config_.streams, std::max<std::size_t>(1, config_.streams / 4)},
      .bmc_timeout_ms = config_.engine.bmc_timeout_ms,
  });
}

base::Bytes IsolationDaemon::make_token(std::string& token) {
  crypto::ApiTokenText made;
  const crypto::Digest hash = authentication_->make_token(made);
  token = made.text;
  return {hash.begin(), hash.end()};
}

base::Result<base::Bytes> IsolationDaemon::sealed(std::string_view node, std::string_view password) const {
  crypto::OsRandom random;
  return crypto::seal(sealing_key_, base::view(node), base::view(password), random);
}

base::Result<api::Stream> IsolationDaemon::console_of(const isolation::Node& node, const isolation::OpenBmc& open_bmc) {
  TARN_ASSIGN(std::shared_ptr<isolation::Bmc> bmc, open_bmc(node));
  auto stream = std::make_shared<ConsoleStream>([this, bmc, name = node.name](const auto& on_data) {
    base::Status ended = bmc->watch_console(on_data, kConsoleMs);
    if (ended.ok()) return ended;
    log_.warning("console_failed", {{"node", name}, {"why", ended.error().message}});
    return base::Status(base::Error{ended.error().code, std::string(api::bmc_trouble(ended.error().code))});
  });
  return api::Stream([stream] { return stream->next(); });
}

base::Status IsolationDaemon::open_http() {
  net::HttpHandler handler = [this](const net::HttpRequest& request) { return service_->handle(request); };
  TARN_ASSIGN(door_, open_door(config_, listen_fd_, std::move(handler), net::ClientKeys::kNone, clock_.unix_ms()));
  return {};
}

base::Status IsolationDaemon::run() {
  threads_->start();
  std::jthread http([this](const std::stop_token& stop) { door_.http->run(stop); });
  log_.info("isolation_started", {{"listen", door_.listening},
                                  {"tls", !config_.development},
                                  {"pin", door_.pin.empty() ? "none" : door_.pin},
                                  {"state_dir", config_.state_dir}});
  notifier_.ready();
  stand_by(config_.state_dir, notifier_, log_);
  notifier_.stopping();
  log_.info("isolation_stopping");
  http.request_stop();
  service_->changed();  // who waits for something is let go
  http.join();
  threads_->stop();
  log_.info("isolation_stopped");
  return {};
}

}  // namespace tarn
