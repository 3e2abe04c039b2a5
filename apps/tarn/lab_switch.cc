// The lab's switches: Open vSwitch in user space (datapath `netdev`), which needs no kernel module, with a database, a
// socket and a namespace of its own, so that labs, and an Open vSwitch that the machine has anyway, do not meet.
#include "tarn/lab.h"
#include "tarn/lab_tools.h"

namespace tarn::lab {
namespace {

constexpr const char* kSchema = "/usr/share/openvswitch/vswitch.ovsschema";

base::Status run_at(const Site& site, std::vector<std::string> arguments) {
  const std::string& home = site.directory;
  const auto done =
      run({std::move(arguments), "", site.netns, {{"OVS_RUNDIR", home}, {"OVS_DBDIR", home}, {"OVS_LOGDIR", home}}});
  return done.ok() ? base::Status() : done.error();
}

// Returns when it serves: --detach waits for that.
base::Status start_daemon(const Site& site, const std::string& program, std::vector<std::string> arguments) {
  const std::string file = site.directory + "/" + program;
  arguments.insert(arguments.begin(), program);
  for (const std::string& common :
       {"--pidfile=" + file + ".pid", "--unixctl=" + file + ".ctl", "--log-file=" + file + ".log",
        std::string("--detach"), std::string("-vconsole:off")})
    arguments.push_back(common);
  return run_at(site, std::move(arguments));
}

// As Open vSwitch makes one: a trunk of all VLANs. It is the service that isolates it.
void add_port(std::vector<std::string>& arguments, const std::string& port) {
  for (const char* const word : {"--", "add-port", kBridge, port.c_str()}) arguments.emplace_back(word);
}

base::Status add_ports(const Site& site) {
  std::vector<std::string> arguments{"ovs-vsctl",
                                     "--db=unix:" + site.database(),
                                     "--",
                                     "add-br",
                                     kBridge,
                                     "--",
                                     "set",
                                     "bridge",
                                     kBridge,
                                     "datapath_type=netdev",
                                     "fail_mode=standalone"};
  for (const Node& node : site.nodes)
    for (const Nic& nic : node.nics) add_port(arguments, nic.port);
  return run_at(site, std::move(arguments));
}

}  // namespace

base::Status start_switches(const Lab& lab) {
  for (const Site& site : lab.sites) {
    TARN_TRY(run_at(site, {"ovsdb-tool", "create", site.directory + "/conf.db", kSchema}));
    TARN_TRY(start_daemon(site, "ovsdb-server", {site.directory + "/conf.db", "--remote=punix:" + site.database()}));
    TARN_TRY(run_at(site, {"ovs-vsctl", "--db=unix:" + site.database(), "--no-wait", "init"}));
    TARN_TRY(start_daemon(site, "ovs-vswitchd", {"unix:" + site.database(), "--disable-system"}));
    TARN_TRY(add_ports(site));
  }
  return {};
}

base::Result<std::vector<std::string>> add_bare_ports(const Lab& lab, std::size_t count) {
  const Site& site = lab.sites.front();
  std::vector<std::string> names, arguments{"ovs-vsctl", "--db=unix:" + site.database()};
  std::string batch;
  for (std::size_t i = 0; i < count; i += 2) {
    names.push_back("bare" + std::to_string(i));
    names.push_back("bare" + std::to_string(i + 1));
    batch += "link add " + names[i] + " type veth peer name " + names[i + 1] + "\n";
  }
  for (const std::string& name : names) add_port(arguments, name);
  const auto made = run({{"ip", "-batch", "-"}, batch, site.netns, {}, false});
  if (!made.ok()) return made.error();
  TARN_TRY(run_at(site, std::move(arguments)));
  return names;
}

}  // namespace tarn::lab
