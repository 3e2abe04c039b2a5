#include "tarn/market_daemon.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include "crypto/api_token.h"
#include "market/recording_fulfiller.h"
#include "market/signing_key.h"
#include "model/organisation.h"
#include "tarn/signals.h"
#include "tarn/storage_check.h"
#include "tarn/tenant_access.h"

namespace tarn {
namespace {

constexpr std::int64_t kCheckMs = 5'000, kTroubleMs = 1'000, kLongestRestMs = 60'000;

api::Places::Limit share(std::size_t threads, std::size_t one_in) {
  const std::size_t all = std::max<std::size_t>(1, threads / one_in);
  return {all, std::max<std::size_t>(1, all / 2)};
}

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
    : config_(std::move(config)), listen_fd_(listen_fd), log_(log), notifier_(Notifier::from_environment()) {}

MarketDaemon::~MarketDaemon() = default;

base::Result<std::unique_ptr<MarketDaemon>> MarketDaemon::open(MarketConfig config, int listen_fd, base::Log& log) {
  std::unique_ptr<MarketDaemon> out(new MarketDaemon(std::move(config), listen_fd, log));
  TARN_TRY(check_service_config(out->config_));
  TARN_ASSIGN(out->lock_, open_state_directory(out->config_.state_dir, "market"));
  TARN_TRY(out->open_key());
  TARN_TRY(out->open_store());
  TARN_TRY(out->open_operator());
  TARN_TRY(out->open_service());
  return out;
}

base::Status MarketDaemon::open_key() {
  const std::string path = config_.state_dir + "/market.key";
  TARN_ASSIGN(const bool there, is_secret_there(path));
  if (there) {
    TARN_ASSIGN(signer_, crypto::Identity::load(path));
    return {};
  }
  signer_ = crypto::Identity::generate(api_random_);
  return signer_->save(path);
}

base::Status MarketDaemon::open_store() {
  if (config_.postgres.empty())
    settings_.path = config_.state_dir + "/market.db";
  else
    settings_.connection = config_.postgres;
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
  metrics_.declare_counter("tarn_market_work_total", "What happened by itself: pieces of work, by how they ended.");
  metrics_.declare_gauge("tarn_market_leads", "Whether this process runs the clock: 1, or 0.");
  if (config_.fulfiller == MarketConfig::Fulfiller::kRecording)
    fulfiller_ = std::make_unique<market::RecordingFulfiller>();
  else
    fulfiller_ = std::make_unique<market::ManualFulfiller>();
  const market::Context context{.random = &clock_random_, .signer = &*signer_, .limits = &config_.limits};
  clock_ = std::make_unique<market::Clock>(*store_, *fulfiller_, context, config_.clock, log_);
  service_ = std::make_unique<api::MarketService>(api::MarketParts{
      .store = *store_,
      .clock = time_,
      .random = api_random_,
      .log = log_,
      .signer = *signer_,
      .limits = config_.limits,
      .metrics = config_.metrics ? &metrics_ : nullptr,
      .healthy = [this] { return clock_well_.load(); },
      .wake = [this] { bell_.ring(); },
      .keep_replies_ms = config_.clock.keep_replies_ms,
      .polls = share(config_.threads, 4),
      .streams = {config_.streams, std::max<std::size_t>(1, config_.streams / 4)},
  });
  net::HttpHandler handler = [this](const net::HttpRequest& request) { return service_->handle(request); };
  TARN_ASSIGN(door_, open_door(config_, listen_fd_, std::move(handler), net::ClientKeys::kAsked, time_.unix_ms()));
  return {};
}

std::int64_t MarketDaemon::clock_round() {
  const std::int64_t now = time_.unix_ms();
  const auto turn = leader_->lead();
  const std::optional<std::int64_t> number = turn.ok() ? *turn : std::nullopt;
  if (number != turn_) {
    log_.info(number ? "market_leads" : "market_follows", {{"turn", number ? std::to_string(*number) : "none"}});
    turn_ = number;
  }
  metrics_.set("tarn_market_leads", {}, turn_ ? 1 : 0);
  if (!turn.ok()) {
    if (clock_well_.exchange(false)) log_.error("market_clock", {{"reason", turn.error().message}});
    return kTroubleMs;
  }
  if (!turn_) {
    clock_well_ = true;
    return config_.clock.tick_ms;
  }
  const auto round = clock_->run_once(now, turn_);
  const bool taken_over = !round.ok() && round.error().code == base::Code::kCancelled;
  if (taken_over) leader_->resign();
  if (!round.ok()) {
    if (clock_well_.exchange(taken_over) && !taken_over)
      log_.error("market_clock", {{"reason", round.error().message}});
    return kTroubleMs;
  }
  clock_well_ = true;
  metrics_.add("tarn_market_work_total", {{"ended", "done"}}, static_cast<double>(round->done));
  metrics_.add("tarn_market_work_total", {{"ended", "failed"}}, static_cast<double>(round->failed));
  if (round->done > 0) service_->changed();
  return std::clamp<std::int64_t>(round->next - time_.unix_ms(), 1, kLongestRestMs);
}

void MarketDaemon::run_clock(const std::stop_token& stop) {
  while (!stop.stop_requested()) bell_.wait(stop, clock_round());
  leader_->resign();
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
  bool well = true;
  for (std::int64_t checked_at = 0; !interrupted();) {
    const std::int64_t now = time_.steady_ms();
    if (checked_at == 0 || now - checked_at >= kCheckMs) {
      const auto storage = check_writable(config_.state_dir);
      if (!storage.ok() && well) log_.error("storage", {{"error", storage.error().message}});
      well = storage.ok();
      checked_at = now;
    }
    notifier_.alive();
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
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
