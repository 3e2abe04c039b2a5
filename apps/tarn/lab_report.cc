#include "api/json.h"
#include "tarn/lab.h"

namespace tarn::lab {
namespace {

using api::Json;

std::string host_of(const Node& node) {
  const std::string& address = node.nics.front().address;
  return address.substr(0, address.find('/'));
}

Json shown(const Node& node) {
  Json nics = Json::array();
  for (const Nic& nic : node.nics)
    nics.push(Json::object({{"nic", nic.name}, {"mac", nic.mac}, {"port", nic.port}, {"address", nic.address}}));
  return Json::object({{"node", node.name},
                       {"netns", node.netns},
                       {"directory", node.directory},
                       {"bmc", node.bmc_address},
                       {"serial_port", node.serial_port},
                       {"nics", std::move(nics)}});
}

Json shown(const Site& site) {
  Json nodes = Json::array();
  for (const Node& node : site.nodes) nodes.push(shown(node));
  return Json::object({{"switch", site.name},
                       {"netns", site.netns},
                       {"database", site.database()},
                       {"bridge", kBridge},
                       {"nodes", std::move(nodes)}});
}

}  // namespace

std::string to_json(const Lab& lab, const Service& service) {
  Json sites = Json::array();
  for (const Site& site : lab.sites) sites.push(shown(site));
  return Json::object({{"directory", lab.directory},
                       {"url", service.url},
                       {"authority", service.authority},
                       {"token_file", service.token_file},
                       {"env", lab.directory + "/env.sh"},
                       {"sites", std::move(sites)}})
             .dump() +
         "\n";
}

std::string environment(const Service& service) {
  std::string out = "export TARN_ISOLATION_URL='" + service.url + "'\n";
  if (!service.authority.empty()) out += "export TARN_ISOLATION_CA='" + service.authority + "'\n";
  if (!service.token_file.empty())
    out += "TARN_ISOLATION_TOKEN=$(cat '" + service.token_file + "') && export TARN_ISOLATION_TOKEN\n";
  return out;
}

std::string to_text(const Lab& lab, const Service& service) {
  const Node &one = lab.sites.front().nodes.front(), &other = lab.sites.front().nodes.back();
  return "A datacenter is up: " + std::to_string(lab.sites.size()) + (lab.sites.size() == 1 ? " site" : " sites") +
         " of " + std::to_string(lab.sites.front().nodes.size()) + " servers, " + one.name + " to " +
         lab.sites.back().nodes.back().name + ", known to " + service.url + ".\n\n" + "  . " + lab.directory +
         "/env.sh              now tarn project, tarn node, tarn network … speak to it,\n" +
         "                                         as its administrator\n" + "  nsenter --net=/run/netns/" + one.netns +
         " ping " + host_of(other) + "\n" +
         "                                         on a server, once it has power: whom does it reach?\n" +
         "  tarn isolation lab --down --dir " + lab.directory + "\n" +
         "                                         removes all of it\n";
}

}  // namespace tarn::lab
