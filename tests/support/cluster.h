// Cluster: the control plane of the tests as its users see it: an administrator, Tarn with the rights of
// deploy/kubernetes/operator.yaml and no more, a tenant with a token; and wrappers of an HttpClient that make trouble.
// FaultyHttp stands in for what a real server cannot be made to do: it is a FAKE of nothing but the fault.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <random>
#include <thread>
#include <utility>

#include "base/clock.h"
#include "base/http.h"
#include "drivers/kubernetes/api.h"
#include "drivers/kubernetes/fulfiller.h"
#include "net/http_client.h"
#include "support/control_plane.h"

namespace support {

class SystemClock final : public base::Clock {
 public:
  std::int64_t unix_ms() const override {
    using namespace std::chrono;
    return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
  }
};

// Asks `fault` about every call, counted from 0: pass it on, answer in its stead, or lose the answer; and how long the
// server takes to begin with it. Who does not wait so long has its request done all the same.
class FaultyHttp final : public base::HttpClient {
 public:
  enum class Kind { kPass, kLoseRequest, kLoseAnswer, kAnswer };
  struct Fault {
    Kind kind = Kind::kPass;
    base::Code code = base::Code::kUnreachable;  // of what is lost
    base::HttpReply reply = {};                  // kAnswer
    int latency_ms = 0;
  };
  using Faults = std::function<Fault(int call, const base::HttpRequest& request)>;

  FaultyHttp(base::HttpClient& real, Faults faults) : real_(real), faults_(std::move(faults)) {}

  base::Result<base::HttpReply> send(const base::HttpRequest& request, int timeout_ms) override {
    Fault fault = faults_(calls_++, request);
    if (fault.kind == Kind::kAnswer) return fault.reply;
    if (fault.kind == Kind::kLoseRequest) return base::Error{fault.code, "lost before it was sent"};
    std::this_thread::sleep_for(std::chrono::milliseconds(std::min(fault.latency_ms, timeout_ms)));
    auto reply = real_.send(request, timeout_ms);
    if (fault.latency_ms >= timeout_ms) return base::Error{base::Code::kDeadline, "it took too long"};
    if (fault.kind == Kind::kLoseAnswer) return base::Error{fault.code, "its answer was lost"};
    return reply;
  }
  base::Result<base::HttpReply> stream(const base::HttpRequest& request, int timeout_ms,
                                       const std::function<bool(std::string_view)>& on_data) override {
    return real_.stream(request, timeout_ms, on_data);
  }
  int calls() const { return calls_; }

 private:
  base::HttpClient& real_;
  Faults faults_;
  std::atomic<int> calls_{0};
};

// Somebody with an account of the cluster.
class Account {
 public:
  Account(const ControlPlane& plane, const std::string& token) {
    net::HttpClientOptions options;
    options.host = "127.0.0.1";
    options.port = plane.port;
    options.authorities = plane.ca_pem;
    if (token.empty()) {
      options.certificate = contents_of(plane.folder + "/pki/admin.crt");
      options.key = contents_of(plane.folder + "/pki/admin.key");
    } else {
      options.bearer = [token]() -> base::Result<std::string> { return token; };
    }
    auto made = net::HttpClient::create(std::move(options));
    EXPECT_TRUE(made.ok()) << (made.ok() ? "" : made.error().message);
    http_ = std::move(made).value();
    api_ = std::make_unique<drivers::KubernetesApi>(*http_, clock_, drivers::ApiOptions{});
  }
  base::HttpClient& http() { return *http_; }
  drivers::KubernetesApi& api() { return *api_; }

  nlohmann::json get(const std::string& path) {
    const auto reply = api_->get(path);
    return reply.ok() && reply->ok() ? reply->json() : nlohmann::json();
  }
  // 0: no answer.
  unsigned status_of_get(const std::string& path) { return status(api_->get(path)); }
  unsigned status_of_create(const std::string& path, const nlohmann::json& object) {
    return status(api_->create(path, object));
  }
  unsigned status_of_merge(const std::string& path, const nlohmann::json& patch) {
    return status(api_->merge(path, patch));
  }
  unsigned status_of_remove(const std::string& path) { return status(api_->remove(path, nlohmann::json::object())); }

 private:
  static unsigned status(const base::Result<drivers::ApiReply>& reply) { return reply.ok() ? reply->status : 0; }

  SystemClock clock_;
  std::unique_ptr<net::HttpClient> http_;
  std::unique_ptr<drivers::KubernetesApi> api_;
};

// A test of deliveries: with a provider and leases of its own, so that tests can run side by side.
class OnCluster : public OnControlPlane {
 protected:
  static constexpr char kHome[] = "tarn-system";
  static constexpr char kLeases[] = "/apis/tarn.dev/v1alpha1/namespaces/tarn-system/poolleases";

  void SetUp() override {
    OnControlPlane::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    admin_ = std::make_unique<Account>(plane_, "");
    operator_ = std::make_unique<Account>(plane_, token_of(kHome, "tarn-operator"));
    provider_ = random_hex(8);
  }
  // Nothing of a test stays behind, also of one that failed.
  void TearDown() override {
    if (!admin_) return;
    Tarn sweeper = tarn();
    const auto left = sweeper->present();
    if (!left.ok()) return;
    for (const auto& lease : *left) (void)sweeper->withdraw(lease);
  }

  static std::string random_hex(std::size_t bytes) {
    std::random_device device;
    std::string out;
    for (std::size_t i = 0; i < bytes; ++i) {
      const std::uint8_t byte = static_cast<std::uint8_t>(device());
      out += base::to_hex({&byte, 1});
    }
    return out;
  }

  std::string token_of(const std::string& name_space, const std::string& account) {
    const auto reply =
        admin_->api().create("/api/v1/namespaces/" + name_space + "/serviceaccounts/" + account + "/token",
                             {{"apiVersion", "authentication.k8s.io/v1"},
                              {"kind", "TokenRequest"},
                              {"spec", {{"expirationSeconds", 3600}}}});
    EXPECT_TRUE(reply.ok() && reply->ok()) << "is " << account << " installed?";
    return reply.ok() ? drivers::text_at(reply->json(), "/status/token") : "";
  }

  drivers::DeliveryOptions delivery_options() const {
    drivers::DeliveryOptions out;
    out.provider = provider_;
    out.home = kHome;
    out.server = "https://127.0.0.1:" + std::to_string(plane_.port);
    out.ca_pem = plane_.ca_pem;
    return out;
  }

  // Tarn over this client; what belongs together, kept together.
  struct Tarn {
    Tarn(base::HttpClient& http, const base::Clock& clock, drivers::ApiOptions api_options,
         drivers::DeliveryOptions options)
        : api(http, clock, std::move(api_options)), fulfiller(api, clock, std::move(options)) {}
    inventory::Fulfiller* operator->() { return &fulfiller; }
    drivers::KubernetesApi api;
    drivers::KubernetesFulfiller fulfiller;
  };
  Tarn tarn_over(base::HttpClient& http) { return {http, clock_, {}, delivery_options()}; }
  Tarn tarn() { return tarn_over(operator_->http()); }

  inventory::Order order(const std::string& unit, std::uint64_t units) const {
    inventory::Order out;
    const auto id = base::from_hex(random_hex(out.lease.size()));
    std::copy(id->begin(), id->end(), out.lease.begin());
    out.unit = *model::ResourceClass::parse(unit);
    out.units = units;
    out.end_unix_ms = clock_.unix_ms() + 7'200'000;
    return out;
  }

  // Calls `step` until it says true; the deadline is for a busy machine.
  static bool eventually(const std::function<bool()>& step, int seconds = 100) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
    while (!step()) {
      if (std::chrono::steady_clock::now() > end) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    return true;
  }
  static bool reaches(inventory::Place::State wanted, const std::function<base::Result<inventory::Place>()>& ask) {
    std::string last;
    const bool reached = eventually([&] {
      const auto place = ask();
      last = place.ok() ? place->detail : place.error().message;
      return place.ok() && place->state == wanted;
    });
    EXPECT_TRUE(reached) << last;
    return reached;
  }
  static bool delivered(inventory::Fulfiller& by, const inventory::Order& order) {
    return reaches(inventory::Place::State::kReady, [&] { return by.deliver(order); });
  }
  static bool gone(inventory::Fulfiller& by, const inventory::Id& lease) {
    return reaches(inventory::Place::State::kGone, [&] { return by.withdraw(lease); });
  }

  std::string space_path(const inventory::Order& order) const {
    return "/api/v1/namespaces/" + drivers::namespace_name(order.lease);
  }
  std::string lease_path(const inventory::Order& order) const {
    return std::string(kLeases) + "/" + drivers::lease_name(order.lease);
  }

  SystemClock clock_;
  std::unique_ptr<Account> admin_, operator_;
  std::string provider_;
};

}  // namespace support
