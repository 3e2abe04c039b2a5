// ProviderDaemon: the threads of `tarn provider` around pool::Provider.
//   door       accepts lines; each gets a worker, which serves it to its end
//   probes     answers measurements
//   house      announces, learns the coordinate, looks around, frees what has run out, every second what is due
//   http       metrics and health
//   control    answers commands of the same machine and user, about the inventory
//   delivery   makes real what is leased and takes away what has ended, where there is a fulfiller
// run() returns when the user interrupts: the announcement is withdrawn, running sessions end or are cut off after a
// grace, everything is written. Killed at any point, the next start finds a sound inventory.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "base/log.h"
#include "discovery/announcer.h"
#include "discovery/view.h"
#include "net/control_socket.h"
#include "net/front_door.h"
#include "net/http_server.h"
#include "net/probe_responder.h"
#include "net/switchboard.h"
#include "pool/provider.h"
#include "store/acquaintance_files.h"
#include "store/inventory_file.h"
#include "store/reputation_file.h"
#include "store/shared_acquaintances.h"
#include "tarn/delivery_thread.h"
#include "tarn/health.h"
#include "tarn/notify.h"
#include "tarn/pool_node.h"
#include "tarn/service_metrics.h"
#include "tarn/status_pages.h"
#include "tarn/stopwatch.h"
#include "tarn/storage_check.h"
#include "tarn/workers.h"

namespace tarn {

struct DaemonOptions {
  int one_way_delay_ms = 0;             // benches
  bool reveal_for_measurement = false;  // benches
};

// What delivers, made once the provider's key is known; null: leases are documents.
using MakeFulfiller =
    std::function<base::Result<std::unique_ptr<inventory::Fulfiller>>(const crypto::PublicKey& provider)>;

class ProviderDaemon {
 public:
  static base::Result<std::unique_ptr<ProviderDaemon>> open(ProviderConfig config, DaemonOptions options,
                                                            const MakeFulfiller& fulfiller, base::Log& log);
  ~ProviderDaemon();
  base::Status run();

  std::string id() const;
  // While it runs, from any thread: an operator changes the offers, and counts.
  inventory::Inventory& inventory() { return *inventory_; }
  ServiceMetrics& metrics() { return metrics_; }

 private:
  ProviderDaemon(ProviderConfig config, DaemonOptions options, base::Log& log);
  base::Status open_stores();
  void open_delivery();
  base::Status open_network();
  base::Status open_http();
  void open_control();
  base::Bytes on_control(const base::Bytes& question);
  void on_call(std::unique_ptr<pool::Line> line, base::Bytes first);
  void on_event(const pool::ProviderEvent& event);
  void on_delivery(const inventory::DeliveryEvent& event);
  void wake_delivery();
  std::set<crypto::PublicKey> seen(const model::ResourceClass& unit);

  void keep_house();  // once
  void look_around(std::int64_t now);
  void announce(std::int64_t now);
  void expire(std::int64_t now);
  void measure();
  void check(std::int64_t now);
  base::Status close();

  ProviderConfig config_;
  DaemonOptions options_;
  base::Log& log_;
  WallClock clock_;
  crypto::OsRandom random_;
  Notifier notifier_;
  ServiceMetrics metrics_;
  Health health_;
  ClockWatch clock_watch_;
  std::optional<crypto::Identity> identity_;
  std::unique_ptr<store::AcquaintanceFiles> acquaintance_files_;
  std::unique_ptr<store::SharedAcquaintances> acquaintances_;
  std::unique_ptr<store::InventoryFile> inventory_;
  std::unique_ptr<store::ReputationFile> reputation_;
  std::unique_ptr<PoolNode> node_;
  std::unique_ptr<net::ProbeResponder> responder_;
  std::unique_ptr<net::FrontDoor> door_;
  std::unique_ptr<net::Switchboard> switchboard_;
  std::unique_ptr<inventory::Fulfiller> fulfiller_;
  std::unique_ptr<DeliveryThread> delivery_;
  std::unique_ptr<pool::Provider> provider_;
  std::unique_ptr<discovery::Announcer> announcer_;
  std::unique_ptr<discovery::View> view_;
  std::unique_ptr<net::HttpServer> http_;
  std::unique_ptr<net::ControlSocket> control_;  // null: the directory takes no sockets
  std::unique_ptr<Workers> workers_;
  std::atomic<bool> cutting_off_ = false;

  std::mutex view_mutex_;
  std::vector<discovery::Announcement> around_;
  std::int64_t looked_at_ = 0, learned_at_ = 0, checked_at_ = 0, saved_at_ = 0;
  std::int64_t announced_at_ = 0;
  std::uint64_t probes_counted_ = 0;
  bool storage_well_ = true;
};

}  // namespace tarn
