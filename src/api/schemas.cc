// All schemas of the API's bodies, request and answer, as small expressions.
#include <utility>

#include "api/schema.h"
#include "api/schema_words.h"

namespace api {

namespace {

using namespace words;  // NOLINT(google-build-using-namespace): a language of its own

Json vlan() { return whole(1, 4'094); }
Json bmc_in() {
  return object({{"type", text(63)}, {"address", text(255)}, {"user", text(63)}, {"password", text(255)}});
}
Json bmc_out() { return object({{"type", text()}, {"address", text()}, {"user", text()}}); }
// `all`: every VLAN, and then `tagged` lists none.
Json port_state() { return object({{"native", or_null(vlan())}, {"tagged", list(vlan())}, {"all?", yes_no()}}); }
Json channel() { return text(32); }
Json attachment_state() { return one_of({"connecting", "connected", "detaching", "uncertain"}); }
Json labels() { return map_of(any()); }

void add_common(Json& out) {
  out.set("Problem", problem());
  out.set("Names", list(text()));
  out.set("NamesPage", page_of("Name"));
  out.set("Name", text());
  out.set("Health", health());
  out.set("WhoAmI", object({{"name", text()}, {"role", ref("Role")}, {"projects", list(text())}}));
  out.set("Role", one_of({"member", "broker", "auditor", "administrator"}));
  out.set("Document", map_of(any()));
}

void add_projects(Json& out) {
  out.set("NewProject",
          object({{"name", name()}, {"node_quota?", or_null(count())}, {"network_quota?", or_null(count())}}));
  out.set("Project", object({{"name", text()}, {"node_quota", or_null(count())}, {"network_quota", or_null(count())}}));
  out.set("ProjectPage", page_of("Project"));
  out.set("Quota", object({{"nodes", or_null(count())}, {"networks", or_null(count())}}));
  out.set("Allocation", object({{"node?", name()}, {"like?", ref("Likeness")}}));
  out.set("Likeness", object({{"metadata?", labels()}}));
}

void add_nodes(Json& out) {
  out.set("NewNode", object({{"name", name()}, {"bmc", bmc_in()}, {"owner?", or_null(name())}}));
  out.set("NodeState", one_of({"idle", "held", "releasing"}));
  out.set("NodeEntry", object({{"name", text()},
                               {"state", ref("NodeState")},
                               {"free", yes_no()},
                               {"bmc_enabled", yes_no()},
                               {"lent_until", or_null(time())}}));
  out.set("NodePage", page_of("NodeEntry"));
  out.set("Node", object({{"name", text()},
                          {"state", ref("NodeState")},
                          {"project", or_null(text())},
                          {"owner", or_null(text())},
                          {"lent_until", or_null(time())},
                          {"bmc_enabled", yes_no()},
                          {"bmc?", bmc_out()},
                          {"problem", or_null(text())},
                          {"nics", list(ref("Nic"))},
                          {"metadata", labels()}}));
  out.set("NewNic", object({{"name", name()}, {"mac", text(17)}}));
  out.set("Nic", object({{"name", text()},
                         {"mac", text()},
                         {"switch?", or_null(text())},
                         {"port?", or_null(text())},
                         {"busy", yes_no()},
                         {"attachments", list(ref("NicAttachment"))}}));
  out.set("NicPage", page_of("Nic"));
  out.set("NicAttachment", object({{"network", text()}, {"channel", channel()}, {"state", attachment_state()}}));
  out.set("ObservedAttachment", object({{"nic", text()},
                                        {"network", text()},
                                        {"channel", channel()},
                                        {"state", attachment_state()},
                                        {"observed", or_null(yes_no())},
                                        {"observed_at", or_null(time())}}));
  out.set("ObservedAttachmentPage", page_of("ObservedAttachment"));
  out.set("NewOwner", object({{"owner", or_null(name())}}));
  out.set("NewLoan", object({{"project", name()}, {"until", time()}}));
  out.set("BmcSwitch", object({{"enabled", yes_no()}}));
  out.set("PowerState", object({{"on", yes_no()}}));
  out.set("PowerAction", object({{"action", one_of({"on", "off", "cycle"})}, {"force?", yes_no()}}));
  out.set("BootDevice", object({{"device", one_of({"none", "disk", "pxe"})}}));
  out.set("Anything", any());
}

void add_networks(Json& out) {
  out.set("NewNetwork", object({{"name", name()},
                                {"owner?", or_null(name())},
                                {"access?", or_null(name())},
                                {"vlan?", or_null(whole(0, 65'535))}}));
  out.set("Network", object({{"name", text()},
                             {"owner", or_null(text())},
                             {"public", yes_no()},
                             {"access", list(text())},
                             {"channels", list(channel())}}));
  out.set("NetworkEntry", object({{"name", text()}, {"public", yes_no()}, {"channels", list(channel())}}));
  out.set("NetworkPage", page_of("NetworkEntry"));
  out.set("NetworkAttachment", object({{"node", text()},
                                       {"nic", text()},
                                       {"project", or_null(text())},
                                       {"channel", channel()},
                                       {"state", attachment_state()}}));
  out.set("NetworkAttachmentPage", page_of("NetworkAttachment"));
  out.set("NewChange", object({{"kind", one_of({"connect", "detach"})},
                               {"node", name()},
                               {"nic", name()},
                               {"network", name()},
                               {"channel?", channel()}}));
  out.set("NewChanges", object({{"changes", list(ref("NewChange"), 4'096).set("minItems", 1)}, {"wait?", yes_no()}}));
  out.set("Change", object({{"kind", one_of({"connect", "detach", "revert"})},
                            {"node", text()},
                            {"nic", text()},
                            {"network", or_null(text())},
                            {"channel", or_null(channel())},
                            {"state", one_of({"waiting", "pending", "done", "error"})},
                            {"error", or_null(text())},
                            {"attempts", count()}}));
  out.set("Operation", object({{"id", text()},
                               {"state", one_of({"pending", "done", "error"})},
                               {"by", text()},
                               {"created", time()},
                               {"finished", or_null(time())},
                               {"changes", list(ref("Change"))}}));
  out.set("OperationPage", page_of("Operation"));
}

void add_switches(Json& out) {
  out.set("NewSwitch", object({{"name", name()}, {"type", name()}, {"settings", map_of(any())}}));
  out.set("Switch", object({{"name", text()}, {"type", text()}, {"settings", map_of(any())}}));
  out.set("SwitchPage", page_of("Switch"));
  out.set("NewPort", object({{"name", name()}}));
  out.set("PortEntry",
          object({{"name", text()}, {"observed", or_null(port_state())}, {"observed_at", or_null(time())}}));
  out.set("PortPage", page_of("PortEntry"));
  out.set("Port", object({{"name", text()},
                          {"node", or_null(text())},
                          {"nic", or_null(text())},
                          {"wanted", port_state()},
                          {"observed", or_null(port_state())},
                          {"observed_at", or_null(time())}}));
  out.set("PortNic", object({{"node", name()}, {"nic", name()}}));
  out.set("Drift", object({{"port", text()}, {"wanted", port_state()}, {"observed", port_state()}}));
  out.set("DriftPage", page_of("Drift"));
}

void add_users(Json& out) {
  out.set("NewUser", object({{"name", name()}, {"password?", text(1'024)}, {"role?", ref("Role")}}));
  out.set("User", object({{"name", text()}, {"role", ref("Role")}}));
  out.set("UserPage", page_of("User"));
  out.set("UserPatch", object({{"role?", ref("Role")}, {"password?", text(1'024)}}));
  out.set("NewToken", object({{"label", text(63)}, {"expires?", or_null(time())}}));
  out.set("Token", object({{"id", whole(0, INT64_MAX)},
                           {"label", text()},
                           {"created", time()},
                           {"expires", or_null(time())},
                           {"token?", text()}}));
  out.set("TokenPage", page_of("Token"));
  out.set("Event", object({{"id", whole(0, INT64_MAX)},
                           {"at", time()},
                           {"kind", text()},
                           {"subject", text()},
                           {"by", text()},
                           {"detail", text()}}));
  out.set("EventPage", page_of("Event"));
}

// Bodies of /v0, whose shape is HIL's; channels and settings of drivers make some of them open.
void add_hil(Json& out) {
  out.set("HilError", object({{"type", text()}, {"msg", text()}}));
  out.set("HilNode", object({{"node", text(256)}}));
  out.set("HilNetwork", object({{"owner", text(256)}, {"access", text(256)}, {"net_id", text(256)}}));
  out.set("HilConnect", object({{"network", text(256)}, {"channel?", or_null(text(256))}}));
  out.set("HilDetach", object({{"network", text(256)}}));
  out.set("HilStatusId", object({{"status_id", text()}}));
  out.set("HilNewNode", object({{"obm?", map_of(any())}, {"obmd?", map_of(any())}, {"metadata?", labels()}}));
  out.set("HilNic", object({{"macaddr", text(256)}}));
  out.set("HilValue", object({{"value", any()}}));
  out.set("HilEnabled", object({{"enabled", yes_no()}}));
  out.set("HilForce", object({{"force?", yes_no()}}));
  out.set("HilBootDevice", object({{"bootdev", text(256)}}));
  out.set("HilPowerStatus", object({{"power_status", one_of({"on", "off"})}}));
  out.set(
      "HilNewSwitch",
      typed("object").set("properties", Json::object({{"type", text(256)}})).set("required", Json::array({"type"})));
  out.set("HilSwitch",
          object({{"name", text()}, {"ports", list(object({{"label", text()}}))}, {"capabilities", list(text())}}));
  out.set("HilPort", object({{"node?", text()}, {"nic?", text()}, {"networks?", map_of(text())}}));
  out.set("HilPortNic", object({{"node", text(256)}, {"nic", text(256)}}));
  out.set("HilNewUser", object({{"password", text(1'024)}, {"is_admin?", yes_no()}}));
  out.set("HilUserPatch", object({{"is_admin", yes_no()}}));
  out.set("HilUsers", map_of(object({{"is_admin", yes_no()}, {"projects", list(text())}})));
  out.set("HilProject", object({{"project", text(256)}}));
  out.set("HilNetworks", map_of(object({{"network_id", text()}, {"projects", or_null(list(text()))}})));
  out.set("HilNetworkView", object({{"name", text()},
                                    {"channels", list(channel())},
                                    {"owner", text()},
                                    {"access", or_null(list(text()))},
                                    {"connected-nodes", map_of(list(text()))}}));
  out.set("HilAttachments", map_of(object({{"nic", text()},
                                           {"channel", text()},
                                           {"project", or_null(text())},
                                           {"nics", list(object({{"nic", text()}, {"channel", text()}}))}})));
  out.set("HilNodeNic", object({{"label", text()},
                                {"macaddr", text()},
                                {"networks", map_of(text())},
                                {"port?", or_null(text())},
                                {"switch?", or_null(text())}}));
  out.set("HilNodeView", object({{"name", text()},
                                 {"project", or_null(text())},
                                 {"nics", list(ref("HilNodeNic"))},
                                 {"metadata", map_of(any())}}));
  out.set("HilAction", object({{"status", one_of({"PENDING", "DONE", "ERROR"})},
                               {"node", text()},
                               {"nic", text()},
                               {"type", text()},
                               {"channel", text()},
                               {"new_network", or_null(text())},
                               {"error?", text()}}));
}

Json all_schemas() {
  Json out = Json::object();
  add_common(out);
  add_projects(out);
  add_nodes(out);
  add_networks(out);
  add_switches(out);
  add_users(out);
  add_hil(out);
  return out;
}

}  // namespace

const Json& schemas() {
  static const Json kAll = all_schemas();
  return kAll;
}

}  // namespace api
