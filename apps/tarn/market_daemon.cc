#include "tarn/market_daemon.h"

#include <algorithm>
#include <thread>

#include "crypto/api_token.h"
#include "market/recording_fulfiller.h"
#include "market/signing_key.h"
#include "model/organisation.h"
#include "tarn/serve.h"
#include "tarn/tenant_access.h"

namespace tarn {
namespace {

base::Result<bool> has_operator(market::Store& store, std::int64_t now) {
  bool found = false;
  TARN_TRY(store.read([&](market::Transaction& all) -> base::Status {
    TARN_ASSIGN(const auto tokens, all.tokens(std::nullopt));
    found = std::ranges::any_of(tokens, [&](const market::ApiToken& one) {
      return one.role == market::Role::kOperator && (!one.expires || *one.expires > now);
    });
    return {};
  }));
  return found;
}

}  // namespace

MarketDaemon::MarketDaemon(MarketConfig config, int listen_fd, base::Log& log)
    : config_(std::move(config)),
      listen_fd_(listen_fd),
      log_(log),
      notifier_(Notifier::from_environment()),
      settings_(database_of(config_, "market.db")),
      key_file_(config_.state_dir + "/market.key") {}

MarketDaemon::~MarketDaemon() = default;

base::Result<std::unique_ptr<MarketDaemon>> MarketDaemon::open(MarketConfig config, int listen_fd, base::Log& log) {
  std::unique_ptr<MarketDaemon> out(new MarketDaemon(std::move(config), listen_fd, log));
  TARN_TRY(check_service_config(out->config_));
  TARN_TRY(out->check_key());
  TARN_ASSIGN(out->lock_, open_state_directory(out->config_.state_dir, "market"));
  TARN_TRY(out->open_key());
  TARN_TRY(out->open_store());
  TARN_TRY(out->open_operator());
  TARN_TRY(out->open_service());
  return out;
}

// Before anything is written: a first start makes the key before the tables, so where there are tables it was lost, or is
// in another process's directory, and a new one would only be in the way of it.
base::Status MarketDaemon::check_key() const {
  TARN_ASSIGN(const bool there, is_secret_there(key_file_));
  if (there) return {};
  TARN_ASSIGN(const bool kept, store::market_store_exists(settings_));
  if (!kept) return {};
  return base::Error{base::Code::kStorage,
                     key_file_ +
                         ": is not there, but the market's database is: copy market.key from the state "
                         "directory of the market's first process, or restore it from a backup"};
}

base::Status MarketDaemon::open_key() {
  TARN_ASSIGN(const bool there, is_secret_there(key_file_));
  if (there) {
    TARN_ASSIGN(signer_, crypto::Identity::load(key_file_));
    return {};
  }
  signer_ = crypto::Identity::generate(api_random_);
  return signer_->save(key_file_);
}

base::Status MarketDaemon::open_store() {
  TARN_ASSIGN(store_, store::open_market_store(settings_));
  leader_ = std::make_unique<store::MarketLeader>(settings_, *store_);
  return store_->write([&](market::Transaction& all) { return market::claim_signing_key(all, signer_->public_key()); });
}

// The file first: whoever is cut off in between begins anew, and an operator whose token nobody knows is worse.
base::Status MarketDaemon::open_operator() {
  TARN_ASSIGN(const bool there, has_operator(*store_, time_.unix_ms()));
  if (there) return {};
  crypto::ApiTokenText token;
  crypto::make_api_token(api_random_, token);
  const std::string path = config_.state_dir + "/operator.token";
  TARN_TRY(write_secret_file(path, token.text + "\n"));
  const auto hash = crypto::api_token_hash(token.text);
  CHECK(hash.has_value());
  base::Status kept = store_->write([&](market::Transaction& all) -> base::Status {
    market::ApiToken first;
    first.role = market::Role::kOperator;
    first.label = "first start";
    first.hash.assign(hash->begin(), hash->end());
    first.created = time_.unix_ms();
    TARN_TRY(all.insert_token(first));
    return {};
  });
  if (!kept.ok()) return kept;
  log_.warning("first_operator", {{"token_file", path}});
  return {};
}

base::Status MarketDaemon::open_service() {
  if (config_.fulfiller == MarketConfig::Fulfiller::kRecording)
    fulfiller_ = std::make_unique<market::RecordingFulfiller>();
  else
    fulfiller_ = std::make_unique<market::ManualFulfiller>();
  const market::Context context{.random = &clock_random_, .signer = &*signer_, .limits = &config_.limits};
  clock_ = std::make_unique<market::Clock>(*store_, *fulfiller_, context, config_.clock, log_);
  TARN_ASSIGN(const std::int64_t done_until, last_deed(*store_));
  watched_ = std::make_unique<MarketTime>(config_.max_clock_step_ms, done_until, read_two_clocks, log_, metrics_);
  turns_ = std::make_unique<MarketTurns>(MarketTurns::Parts{.wall = time_,
                                                            .time = *watched_,
                                                            .leader = *leader_,
                                                            .clock = *clock_,
                                                            .metrics = metrics_,
                                                            .log = log_,
                                                            .tick_ms = config_.clock.tick_ms,
                                                            .changed = [this] { service_->changed(); }});
  service_ = std::make_unique<api::MarketService>(api::MarketParts{
      .store = *store_,
      .clock = time_,
      .random = api_random_,
      .log = log_,
      .signer = *signer_,
      .limits = config_.limits,
      .metrics = config_.metrics ? &metrics_ : nullptr,
      .healthy = [this] { return turns_->well(); },
      .wake = [this] { bell_.ring(); },
      .may_decide = [this] { return watched_->right(); },
      .keep_replies_ms = config_.clock.keep_replies_ms,
      .polls = share(config_.threads, 4),
      .streams = {config_.streams, std::max<std::size_t>(1, config_.streams / 4)},
  });
  net::HttpHandler handler = [this](const net::HttpRequest& request) { return service_->handle(request); };
  TARN_ASSIGN(door_, open_door(config_, listen_fd_, std::move(handler), net::ClientKeys::kAsked, time_.unix_ms()));
  return {};
}

void MarketDaemon::run_clock(const std::stop_token& stop) {
  while (!stop.stop_requested()) bell_.wait(stop, turns_->run_one());
  turns_->resign();
}

base::Status MarketDaemon::run() {
  std::jthread clock([this](const std::stop_token& stop) { run_clock(stop); });
  std::jthread http([this](const std::stop_token& stop) { door_.http->run(stop); });
  log_.info("market_started", {{"listen", door_.listening},
                               {"tls", !config_.development},
                               {"pin", door_.pin.empty() ? "none" : door_.pin},
                               {"market", model::OrganisationId{signer_->public_key()}.text()},
                               {"state_dir", config_.state_dir}});
  notifier_.ready();
  stand_by(config_.state_dir, notifier_, log_);
  notifier_.stopping();
  log_.info("market_stopping");
  http.request_stop();
  clock.request_stop();
  service_->changed();  // who waits for something is let go
  http.join();
  clock.join();
  log_.info("market_stopped");
  return {};
}

}  // namespace tarn
