#include "tarn/provider_daemon.h"

#include <filesystem>
#include <thread>

#include "model/organisation.h"
#include "tarn/inventory_control.h"
#include "tarn/report.h"
#include "tarn/signals.h"

namespace tarn {
namespace {

constexpr std::int64_t kLookMs = 60'000, kLookSoonMs = 5'000, kLearnMs = 10'000, kCheckMs = 5'000, kSaveMs = 60'000;
constexpr std::size_t kProbesAtOnce = 8;
constexpr int kLookForMs = 3'000, kLearnForMs = 1'000, kGraceMs = 15'000, kFarewellMs = 500;

base::Status make_directory(const std::string& path) {
  std::error_code failed;
  std::filesystem::create_directories(path, failed);
  if (!failed) std::filesystem::permissions(path, std::filesystem::perms::owner_all, failed);
  if (failed) return base::Error{base::Code::kStorage, path + ": " + failed.message()};
  return {};
}

std::string_view word(pool::ProviderEvent::Kind kind) {
  using Kind = pool::ProviderEvent::Kind;
  switch (kind) {
    case Kind::kRefused: return "invitation_refused";
    case Kind::kNotDrawn: return "not_drawn";
    case Kind::kNoDraw: return "no_draw";
    case Kind::kWon: return "lease_signed";
    case Kind::kUnconfirmed: return "lease_unconfirmed";
    case Kind::kDeclined: return "lease_declined";
    case Kind::kLost: return "not_selected";
    case Kind::kFailed: return "session_failed";
    case Kind::kRenewed: return "lease_renewed";
    case Kind::kReleased: return "lease_released";
    case Kind::kShown: return "lease_shown";
    case Kind::kLetIn: return "credentials_given";
  }
  return "event";
}

std::optional<SessionOutcome> outcome(const pool::ProviderEvent& event) {
  using Kind = pool::ProviderEvent::Kind;
  switch (event.kind) {
    case Kind::kWon: return SessionOutcome::kWon;
    case Kind::kUnconfirmed: return SessionOutcome::kUnconfirmed;
    case Kind::kDeclined: return SessionOutcome::kDeclined;
    case Kind::kLost: return SessionOutcome::kLost;
    case Kind::kNotDrawn: return SessionOutcome::kNotDrawn;
    case Kind::kNoDraw: return SessionOutcome::kNoDraw;
    case Kind::kFailed: return outcome_of(*event.error);
    default: return std::nullopt;
  }
}

}  // namespace

ProviderDaemon::ProviderDaemon(ProviderConfig config, DaemonOptions options, base::Log& log)
    : config_(std::move(config)),
      options_(options),
      log_(log),
      notifier_(Notifier::from_environment()),
      metrics_(TARN_VERSION),
      health_(clock_.unix_ms()) {
  config_.rules.reveal_for_measurement = options.reveal_for_measurement;
}

ProviderDaemon::~ProviderDaemon() = default;

std::string ProviderDaemon::id() const { return model::OrganisationId{identity_->public_key()}.text(); }

base::Result<std::unique_ptr<ProviderDaemon>> ProviderDaemon::open(ProviderConfig config, DaemonOptions options,
                                                                   const MakeFulfiller& fulfiller, base::Log& log) {
  std::unique_ptr<ProviderDaemon> out(new ProviderDaemon(std::move(config), options, log));
  TARN_ASSIGN(out->identity_, crypto::Identity::load(out->config_.identity));
  TARN_TRY(out->open_stores());
  if (fulfiller) {
    TARN_ASSIGN(out->fulfiller_, fulfiller(out->identity_->public_key()));
    out->open_delivery();
  }
  TARN_TRY(out->open_network());
  TARN_TRY(out->open_http());
  out->open_control();
  return out;
}

base::Status ProviderDaemon::open_stores() {
  const std::string& directory = config_.state_dir;
  TARN_TRY(make_directory(directory));
  TARN_ASSIGN(acquaintance_files_,
              store::AcquaintanceFiles::open(directory + "/acquaintances", *identity_, random_, clock_));
  acquaintances_ = std::make_unique<store::SharedAcquaintances>(*acquaintance_files_);
  TARN_ASSIGN(inventory_, store::InventoryFile::open(directory + "/inventory.db", config_.offers));
  TARN_ASSIGN(reputation_, store::ReputationFile::open(directory + "/reputation.db"));
  return {};
}

void ProviderDaemon::open_delivery() {
  delivery_ = std::make_unique<DeliveryThread>(*inventory_, *fulfiller_, clock_, inventory::DeliveryPace{},
                                               [this](const inventory::DeliveryEvent& event) { on_delivery(event); });
}

base::Status ProviderDaemon::open_network() {
  TARN_ASSIGN(node_,
              PoolNode::open({config_.dht, config_.state_dir, config_.coordinate, options_.one_way_delay_ms}, clock_));
  net::LineOptions lines;
  lines.one_way_delay_ms = options_.one_way_delay_ms;
  lines.cancelled = [this] { return cutting_off_.load(); };
  net::FrontDoorOptions door;
  door.listen = config_.listen;
  door.lines = lines;
  door.max_from_one_place = config_.from_one_place;
  door.on_call = [this](std::unique_ptr<pool::Line> line, base::Bytes first) {
    on_call(std::move(line), std::move(first));
  };
  TARN_ASSIGN(door_, net::FrontDoor::open(*identity_, std::move(door)));
  TARN_ASSIGN(switchboard_, net::Switchboard::create(*identity_, door_.get(), lines));
  TARN_ASSIGN(const net::Address at, net::Address::parse(config_.listen));
  TARN_ASSIGN(const auto endpoints, net::resolve(at));
  TARN_ASSIGN(net::Fd datagrams, net::bind_datagrams(endpoints.front()));
  responder_ = std::make_unique<net::ProbeResponder>(*identity_, std::move(datagrams),
                                                     net::ProbeResponderOptions{2000, options_.one_way_delay_ms});
  announcer_ = std::make_unique<discovery::Announcer>(*identity_, config_.endpoint, node_->dht());
  view_ = std::make_unique<discovery::View>(node_->dht(), identity_->public_key());
  provider_ = std::make_unique<pool::Provider>(
      pool::Provider::Services{*identity_, *switchboard_, *inventory_, *reputation_, clock_,
                               [this] { return acquaintances_->lend(); },
                               [this](const model::ResourceClass& unit) { return seen(unit); },
                               [this](const pool::ProviderEvent& event) { on_event(event); }, delivery_.get()},
      config_.rules);
  workers_ = std::make_unique<Workers>(2 * config_.rules.admission.max_sessions + 8);
  return {};
}

base::Status ProviderDaemon::open_http() {
  if (config_.http.empty()) return {};
  TARN_ASSIGN(const net::Address at, net::Address::parse(config_.http));
  TARN_ASSIGN(net::Fd bound, net::bind_at(at));
  TARN_ASSIGN(auto server, net::HttpServer::open(std::move(bound), status_pages(metrics_, health_, clock_)));
  http_ = std::make_unique<net::HttpServer>(std::move(server));
  return {};
}

// Not every file system takes sockets; a provider can do without commands.
void ProviderDaemon::open_control() {
  auto socket = net::ControlSocket::open(config_.state_dir + "/" + kControlName);
  if (!socket.ok()) return log_.warning("no_control", {{"error", socket.error().message}});
  control_ = std::make_unique<net::ControlSocket>(std::move(*socket));
}

base::Bytes ProviderDaemon::on_control(const base::Bytes& question) {
  const auto asked = InventoryQuestion::decode(question);
  InventoryAnswer said;
  if (asked)
    said = answer(*asked, *inventory_, clock_.unix_ms());
  else
    said.error = base::Error{base::Code::kInvalidInput, "the provider that runs does not understand this command"};
  const char* const event = !asked                                             ? "control_refused"
                            : asked->kind == InventoryQuestion::Kind::kReserve ? "reserve"
                            : asked->kind == InventoryQuestion::Kind::kRelease ? "release_reservation"
                                                                               : nullptr;
  if (event != nullptr && said.error) log_.warning(event, {{"error", said.error->message}});
  if (event != nullptr && !said.error)
    log_.info(event, {{"reservation", asked->reservation.id}, {"offer", asked->reservation.offer}});
  return said.encode();
}

void ProviderDaemon::on_call(std::unique_ptr<pool::Line> line, base::Bytes first) {
  metrics_.line_accepted();
  auto shared = std::make_shared<std::unique_ptr<pool::Line>>(std::move(line));
  const bool started = workers_->start([this, shared, first = std::move(first)] {
    crypto::OsRandom random;
    provider_->serve(std::move(*shared), first, random);
  });
  if (started) return;
  metrics_.line_refused("busy");
  (void)(*shared)->send(pool::Refusal{pool::Reason::kBusy, 1000}.encode());
}

void ProviderDaemon::wake_delivery() {
  if (delivery_) delivery_->wake();
}

void ProviderDaemon::on_delivery(const inventory::DeliveryEvent& event) {
  using Kind = inventory::DeliveryEvent::Kind;
  metrics_.delivery(event);
  const std::string lease = pool::text(event.lease);
  switch (event.kind) {
    case Kind::kReady: return log_.info("delivery_ready", {{"lease", lease}, {"ms", event.took_ms}});
    case Kind::kRenewed: return log_.info("delivery_renewed", {{"lease", lease}});
    case Kind::kGone: return log_.info("delivery_gone", {{"lease", lease}, {"ms", event.took_ms}});
    case Kind::kVanished: return log_.warning("delivery_vanished", {{"lease", lease}});
    case Kind::kRecalled: return log_.warning("lease_recalled", {{"lease", lease}});
    case Kind::kOrphan: return log_.warning("orphan_removed", {{"lease", lease}});
    case Kind::kFailed: break;
  }
  if (event.again)
    log_.debug("delivery_failed", {{"lease", lease}, {"error", event.error->message}});
  else
    log_.warning("delivery_failed", {{"lease", lease}, {"error", event.error->message}});
}

void ProviderDaemon::on_event(const pool::ProviderEvent& event) {
  using Kind = pool::ProviderEvent::Kind;
  if (event.kind == Kind::kWon || event.kind == Kind::kRenewed || event.kind == Kind::kReleased) wake_delivery();
  if (event.kind == pool::ProviderEvent::Kind::kRefused) {
    metrics_.session_refused(pool::word(event.reason));
    log_.info("refused", {{"peer", event.requester}, {"from", event.from}, {"reason", pool::word(event.reason)}});
    return;
  }
  if (const auto ended = outcome(event)) metrics_.session_ended(*ended);
  if (event.session_ms > 0) metrics_.session_phase("session", static_cast<double>(event.session_ms) / 1000);
  if (event.error && event.named) {
    log_.warning(word(event.kind),
                 {{"requester", event.requester}, {"named", *event.named}, {"error", event.error->message}});
  } else if (event.error) {
    log_.warning(word(event.kind), {{"requester", event.requester}, {"error", event.error->message}});
  } else if (event.lease.empty()) {
    log_.info(word(event.kind), {{"requester", event.requester}, {"ms", event.session_ms}});
  } else {
    log_.info(word(event.kind), {{"requester", event.requester}, {"lease", event.lease}, {"ms", event.session_ms}});
  }
}

std::set<crypto::PublicKey> ProviderDaemon::seen(const model::ResourceClass& unit) {
  const std::lock_guard lock(view_mutex_);
  std::set<crypto::PublicKey> out;
  for (const auto& announcement : around_)
    if (announcement.covers(unit)) out.insert(announcement.key);
  return out;
}

// All of them, nearest first: among many that are equally near a requester names others than we would.
void ProviderDaemon::look_around(std::int64_t now) {
  std::set<std::string> families;
  for (const auto& offer : inventory_->offers()) families.insert(offer.unit.family());
  const discovery::Coordinate own = node_->coordinate();
  std::vector<discovery::Announcement> live;
  for (const std::string& family : families) {
    view_->refresh(family, own, now, kLookForMs);
    for (auto& announcement : view_->live(family, clock_.unix_ms())) live.push_back(std::move(announcement));
  }
  std::sort(live.begin(), live.end(), [&](const auto& a, const auto& b) {
    return discovery::distance_ms(own, a.coordinate) < discovery::distance_ms(own, b.coordinate);
  });
  const std::lock_guard lock(view_mutex_);
  around_ = std::move(live);
}

void ProviderDaemon::announce(std::int64_t now) {
  std::vector<model::ResourceClass> classes;
  for (const auto& offer : inventory_->offers()) classes.push_back(offer.unit);
  const auto put = announcer_->run_once(now, node_->coordinate(), classes);
  if (!put.ok()) return log_.error("announcement_failed", {{"error", put.error().message}});
  if (*put == 0) return;
  announced_at_ = now;
  metrics_.announced(*put);
  log_.debug("announced", {{"values", *put}});
}

void ProviderDaemon::expire(std::int64_t now) {
  const auto ended = inventory_->expire(now);
  storage_well_ = ended.ok();
  if (!ended.ok()) return log_.error("storage", {{"error", ended.error().message}});
  for (const auto& lease : *ended)
    log_.info("lease_ended", {{"lease", pool::text(lease.id)}, {"requester", lease.requester}});
  if (!ended->empty()) wake_delivery();
}

void ProviderDaemon::measure() {
  metrics_.inventory(inventory_->totals(clock_.unix_ms()), inventory_->leases());
  if (delivery_) metrics_.deliveries(delivery_->counts());
  for (; probes_counted_ < responder_->answered(); ++probes_counted_) metrics_.probe_answered();
  metrics_.dht_nodes(node_->dht().nodes().good);
  metrics_.coordinate_error(node_->coordinate().error);
  metrics_.sessions_running(provider_->sessions());
  std::size_t excluded = 0;
  for (const auto& entry : reputation_->list(clock_.unix_ms())) excluded += pool::excluded(entry.score);
  metrics_.excluded(excluded);
}

void ProviderDaemon::keep_house() {
  const std::int64_t now = clock_.unix_ms();
  expire(now);
  const auto due = [&](std::int64_t& last, std::int64_t period) {
    if (now >= last && now - last < period) return false;
    last = now;
    return true;
  };
  announce(now);
  responder_->set_coordinate(node_->coordinate());
  std::vector<discovery::Announcement> around;
  {
    const std::lock_guard lock(view_mutex_);
    around = around_;
  }
  around.resize(std::min(around.size(), pool::kMaxCandidates / 2));
  if (due(looked_at_, around.empty() ? kLookSoonMs : kLookMs)) look_around(now);
  if (!around.empty() && due(learned_at_, node_->settled() ? kLearnMs : kLearnMs / 10)) {
    // Somebody else each time: the near ones tell most, the choice among them is chance's.
    std::vector<discovery::Announcement> some;
    for (std::size_t i = 0; i < kProbesAtOnce; ++i) {
      std::array<std::uint8_t, 4> draw{};
      random_.fill(draw);
      const std::size_t pick = (draw[0] | std::size_t{draw[1]} << 8 | std::size_t{draw[2]} << 16) % around.size();
      some.push_back(around[pick]);
      around.erase(around.begin() + static_cast<std::ptrdiff_t>(pick));
      if (around.empty()) break;
    }
    node_->learn(some, kLearnForMs);
  }
  measure();
  if (due(checked_at_, kCheckMs)) check(now);
  if (due(saved_at_, kSaveMs)) (void)node_->save();
}

void ProviderDaemon::check(std::int64_t now) {
  const auto storage = check_writable(config_.state_dir);
  health_.report(Check::kStorage, storage.ok() && storage_well_, now, storage.ok() ? "" : storage.error().message);
  health_.report(Check::kDht, node_->dht().nodes().good > 0 || config_.dht.bootstrap.empty(), now);
  health_.report(Check::kClock, clock_watch_.good(now, clock_.steady_ms()), now);
  const bool reachable = !delivery_ || delivery_->counts().reachable;
  health_.report(Check::kDelivery, reachable, now, reachable ? "" : "what delivers does not answer; see the log");
  const bool announced = announced_at_ > 0 && now - announced_at_ < 2 * discovery::Announcer::kPeriodMs;
  health_.report(Check::kAnnounced, announced || inventory_->offers().empty(), now);
}

base::Status ProviderDaemon::run() {
  std::jthread door([this](const std::stop_token& stop) { door_->run(stop); });
  std::jthread probes([this](const std::stop_token& stop) { responder_->run(stop); });
  std::jthread http;
  if (http_) http = std::jthread([this](const std::stop_token& stop) { http_->run(stop); });
  std::jthread control;
  if (control_)
    control = std::jthread([this](const std::stop_token& stop) {
      control_->run(stop, [this](const base::Bytes& question) { return on_control(question); });
    });
  expire(clock_.unix_ms());  // nothing is delivered for which the time has come meanwhile
  if (delivery_) delivery_->start();
  log_.info("provider_started", {{"id", identity_->public_key()},
                                 {"endpoint", config_.endpoint},
                                 {"dht_port", node_->dht().bound_port()},
                                 {"offers", inventory_->offers().size()}});
  bool told = false;
  while (!interrupted()) {
    keep_house();
    if (!told && announced_at_ > 0) {
      notifier_.ready();
      told = true;
    }
    notifier_.alive();
    for (int i = 0; i < 10 && !interrupted(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  return close();
}

base::Status ProviderDaemon::close() {
  notifier_.stopping();
  health_.stopping();
  log_.info("provider_stopping", {{"sessions", provider_->sessions()}});
  provider_->stop();
  announcer_->withdraw(clock_.unix_ms());
  // The withdrawal needs a moment to reach others; sessions get more.
  const std::int64_t begin = clock_.steady_ms();
  while (clock_.steady_ms() - begin < (provider_->sessions() > 0 ? kGraceMs : kFarewellMs))
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  cutting_off_ = true;
  workers_->join();
  if (delivery_) delivery_->stop();
  (void)node_->save();
  node_->dht().stop();
  log_.info("provider_stopped");
  return {};
}

}  // namespace tarn
