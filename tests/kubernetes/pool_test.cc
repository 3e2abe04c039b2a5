// A pool of processes that deliver on the real API server: what its users see from the request to the end.
#include <sys/stat.h>

#include "drivers/kubernetes/kubeconfig.h"
#include "e2e/pool_lab.h"
#include "support/places.h"
#include "support/tenant.h"

namespace {

using e2e::json;

class PoolOnKubernetes : public support::OnCluster {
 protected:
  static constexpr std::size_t kProviders = 3;

  void SetUp() override {
    OnCluster::SetUp();
    if (!IsSkipped() && !HasFatalFailure()) cluster_ = plane_;
  }
  void open_pool() {
    pool_.emplace(
        kProviders, "",
        "[kubernetes]\nkubeconfig = \"" + cluster_.folder + "/admin.kubeconfig\"\nnamespace = \"tarn-system\"\n");
  }
  // Bought by `home`: its lease, and the kubeconfig that was written; the request must succeed.
  struct Bought {
    std::string id, kubeconfig;
    std::uint64_t units = 0;
  };
  Bought buy(const std::string& home, std::uint64_t units, const std::string& lease_time,
             std::vector<std::string> more) {
    more.insert(more.end(), {"--lease", lease_time});
    const e2e::End end = e2e::tarn(pool_->request(units, more), pool_->home(home));
    EXPECT_EQ(end.code, e2e::kDone) << end.err;
    const json said = json::parse(end.out, nullptr, false);
    if (!said.is_object() || said["leases"].empty()) {
      ADD_FAILURE() << end.out << end.err;
      return {};
    }
    const json& row = said["leases"][0];
    return {row["id"], row.value("kubeconfig", ""), units};
  }
  std::string out() const { return pool_->directory / "out"; }
  std::string space_of(const Bought& bought) const { return "tarn-" + bought.id.substr(6, 16); }

  std::unique_ptr<support::Account> tenant_of(const Bought& bought) const {
    const auto access = drivers::read_kubeconfig(bought.kubeconfig);
    EXPECT_TRUE(access.ok()) << (access.ok() ? "" : access.error().message);
    return std::make_unique<support::Account>(cluster_, access.ok() ? access->token : "none");
  }
  unsigned makes_config_map(support::Account& tenant, const Bought& bought, const std::string& name) const {
    return tenant.status_of_create("/api/v1/namespaces/" + space_of(bought) + "/configmaps", support::config_map(name));
  }
  // The provider whose lease it is, by what it counts.
  std::optional<std::size_t> seller(std::uint64_t units) const {
    for (std::size_t i = 0; i < kProviders; ++i)
      if (pool_->units(i).leased == units) return i;
    return std::nullopt;
  }
  bool space_there(support::Account& admin, const Bought& bought) const {
    return admin.status_of_get("/api/v1/namespaces/" + space_of(bought)) != 404;
  }

  support::ControlPlane cluster_;
  std::optional<e2e::PoolLab> pool_;
};

constexpr int kLongMs = 60'000;

TEST_F(PoolOnKubernetes, HandsOverWhatWasBoughtAndTakesItBack) {
  open_pool();
  const Bought bought = buy("acme", 8, "1h", {"--out", out()});
  struct stat info{};
  ASSERT_EQ(stat(bought.kubeconfig.c_str(), &info), 0) << "no kubeconfig was written";
  EXPECT_EQ(info.st_mode & 0777, 0600U);
  const auto tenant = tenant_of(bought);
  EXPECT_EQ(makes_config_map(*tenant, bought, "mine"), 201U);
  const json quota = tenant->get("/api/v1/namespaces/" + space_of(bought) + "/resourcequotas");
  EXPECT_EQ(quota["items"][0]["spec"]["hard"]["limits.cpu"], "8");
  EXPECT_EQ(quota["items"][0]["spec"]["hard"]["requests.memory"], "8Gi");

  // The list shows what is used of what was granted.
  const e2e::End listed =
      e2e::tarn({"lease", "list", "--output", "json", "--bootstrap", pool_->bootstrap()}, pool_->home("acme"));
  EXPECT_NE(listed.out.find("\"limits.cpu\""), std::string::npos) << listed.out << listed.err;

  std::optional<std::size_t> i;
  ASSERT_TRUE(e2e::eventually([&] { return (i = seller(8)).has_value(); }));
  const e2e::End released =
      e2e::tarn({"lease", "release", bought.id, "--bootstrap", pool_->bootstrap()}, pool_->home("acme"));
  EXPECT_EQ(released.code, e2e::kDone) << released.err;
  // Never free while the namespace is there. The figures lag by seconds, the namespace does not: looked at first.
  EXPECT_TRUE(e2e::eventually(
      [&] {
        const bool there = space_there(*admin_, bought);
        const auto units = pool_->units(*i);
        return !there && units.known && units.free == e2e::PoolLab::kCapacity;
      },
      std::chrono::milliseconds(kLongMs)));
  // Its rights have gone; the server may believe its cache of the token itself for ten seconds.
  EXPECT_NE(makes_config_map(*tenant, bought, "late"), 201U);
  EXPECT_TRUE(e2e::eventually([&] { return makes_config_map(*tenant, bought, "later") == 401U; }));
}

TEST_F(PoolOnKubernetes, ANewTokenIsHadForTheSameLease) {
  open_pool();
  const Bought bought = buy("acme", 4, "1h", {"--out", out()});
  const std::string again = pool_->directory / "again";
  const e2e::End renewed = e2e::tarn(
      {"lease", "kubeconfig", bought.id, "--out", again, "--bootstrap", pool_->bootstrap()}, pool_->home("acme"));
  ASSERT_EQ(renewed.code, e2e::kDone) << renewed.err;
  const auto tenant = tenant_of({bought.id, again, 4});
  EXPECT_EQ(makes_config_map(*tenant, bought, "again"), 201U);
  const e2e::End plugin =
      e2e::tarn({"lease", "credential", bought.id, "--bootstrap", pool_->bootstrap()}, pool_->home("acme"));
  const json credential = json::parse(plugin.out, nullptr, false);
  ASSERT_TRUE(credential.is_object()) << plugin.out << plugin.err;
  EXPECT_EQ(credential["kind"], "ExecCredential");
  support::Account by_plugin(cluster_, credential["status"]["token"]);
  EXPECT_EQ(makes_config_map(by_plugin, bought, "plugged"), 201U);
  // Nobody else's.
  const e2e::End stranger =
      e2e::tarn({"lease", "credential", bought.id, "--bootstrap", pool_->bootstrap()}, pool_->home("stranger"));
  EXPECT_NE(stranger.code, e2e::kDone);
  EXPECT_EQ(stranger.out.find("token"), std::string::npos);
}

TEST_F(PoolOnKubernetes, AProviderThatIsKilledDeliversAfterItsRestart) {
  open_pool();
  // Not waited for, so that most are killed before they have delivered.
  const Bought bought = buy("acme", 16, "1h", {});
  for (std::size_t i = 0; i < kProviders; ++i) pool_->kill(i);
  for (std::size_t i = 0; i < kProviders; ++i) pool_->start(i);
  const std::string file = pool_->directory / "config";
  EXPECT_TRUE(e2e::eventually(
      [&] {
        return e2e::tarn({"lease", "kubeconfig", bought.id, "--out", file, "--bootstrap", pool_->bootstrap()},
                         pool_->home("acme"))
                   .code == e2e::kDone;
      },
      std::chrono::milliseconds(kLongMs)));
  const auto tenant = tenant_of({bought.id, file, 16});
  EXPECT_EQ(makes_config_map(*tenant, bought, "mine"), 201U);
}

TEST_F(PoolOnKubernetes, ALeaseThatExpiresIsCleanedUp) {
  open_pool();
  const Bought bought = buy("acme", 2, "60s", {"--out", out()});
  EXPECT_TRUE(space_there(*admin_, bought));
  EXPECT_TRUE(e2e::eventually([&] { return !space_there(*admin_, bought); }, std::chrono::milliseconds(2 * kLongMs)));
  EXPECT_EQ(pool_->expect_at_rest(), 0U);
}

// On a control plane of its own, whose API server the others do not miss.
TEST_F(PoolOnKubernetes, AnApiServerThatIsAwayForAMinuteLosesNoLease) {
  const e2e::TemporaryDirectory folder;
  const std::string plane = folder / "plane", source = support::kSourceTree,
                    script = source + "/tests/kubernetes/control_plane.sh ";
  const auto run = [&](const std::string& what) { return std::system((script + what + " >&2").c_str()); };
  struct Stop {
    std::function<void()> stop;
    ~Stop() { stop(); }
  } const stop{[&] { (void)run("stop " + plane); }};
  const std::string manifests = source + "/deploy/kubernetes/";
  ASSERT_EQ(run("fresh " + plane), 0);
  ASSERT_EQ(run("apply " + plane + " " + manifests + "crds.yaml " + manifests + "tenant-role.yaml " + manifests +
                "operator.yaml"),
            0);
  cluster_.folder = plane;
  cluster_.ca_pem = support::contents_of(plane + "/ca.crt");
  std::ifstream(plane + "/port") >> cluster_.port;
  support::Account admin(cluster_, "");
  open_pool();
  const Bought bought = buy("acme", 8, "1h", {"--out", out()});
  const Bought ending = buy("acme", 4, "60s", {"--out", out()});
  ASSERT_EQ(run("stop " + plane + " kube-apiserver"), 0);
  // A request meanwhile is signed; it is delivered later. What ends meanwhile stays leased.
  const Bought meanwhile = buy("acme", 2, "1h", {});
  std::this_thread::sleep_for(std::chrono::minutes(1));
  std::uint64_t leased = 0;
  for (std::size_t i = 0; i < kProviders; ++i) leased += pool_->units(i).leased;
  EXPECT_EQ(leased, 14U);
  ASSERT_EQ(run("start " + plane), 0);

  const std::string file = pool_->directory / "config";
  for (const Bought& one : {bought, meanwhile}) {
    EXPECT_TRUE(e2e::eventually(
        [&] {
          return e2e::tarn({"lease", "kubeconfig", one.id, "--out", file, "--bootstrap", pool_->bootstrap()},
                           pool_->home("acme"))
                     .code == e2e::kDone;
        },
        std::chrono::milliseconds(2 * kLongMs)));
    const auto tenant = tenant_of({one.id, file, one.units});
    EXPECT_EQ(makes_config_map(*tenant, one, "after"), 201U);
  }
  EXPECT_TRUE(e2e::eventually([&] { return !space_there(admin, ending); }, std::chrono::milliseconds(2 * kLongMs)));
}

}  // namespace
