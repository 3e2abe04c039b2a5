// /v0 as HIL's documentation (docs/rest_api.md of CCI-MOC/hil) has it: what its client sends, and what it waits for.
#include <gtest/gtest.h>

#include <algorithm>

#include "support/isolation_town.h"

namespace {

using api::Json;
using support::IsolationTown;

std::string error_type(const net::HttpResponse& response) {
  const auto body = Json::parse(response.body);
  return body.ok() && body->has("msg") ? body->text("type") : "no HIL error: " + response.body;
}

void expect_error(const net::HttpResponse& response, unsigned status, const std::string& type) {
  EXPECT_EQ(response.status, status) << response.body;
  EXPECT_EQ(error_type(response), type);
}

TEST(Hil, AnswersWritesWithAnEmptyBodyAnd200) {
  IsolationTown town;
  const auto created = town.ask("root", "PUT", "/v0/project/violet");
  EXPECT_EQ(created.status, 200U);
  EXPECT_EQ(created.body, "");
  EXPECT_EQ(town.json("root", "GET", "/v0/projects").dump(), R"(["blue","empty","green","red","violet"])");
  EXPECT_EQ(town.ask("root", "DELETE", "/v0/project/violet").status, 200U);
}

// Python's requests, as HIL's client uses it, says no type of what it sends as `data`; tests of it with curl say another.
TEST(Hil, TakesBodiesWhateverTheirTypeIs) {
  IsolationTown town;
  const std::string body = R"({"node":"n-free"})";
  EXPECT_EQ(town.ask("root", "POST", "/v0/project/red/connect_node", body, {{"Content-Type", ""}}).status, 200U);
  EXPECT_EQ(town.ask("root", "POST", "/v0/project/red/connect_node", R"({"node":"n-bare"})",
                     {{"Content-Type", "application/x-www-form-urlencoded"}})
                .status,
            200U);
}

// A controller that leaves its server on keeps the release from getting on, and its address is the operators'.
TEST(Hil, SaysOfANodeThatIsNotFreedNoMoreThanItsProjectMayKnow) {
  for (const char* user : {"ann", "root"}) {
    IsolationTown town;
    town.bmcs.set_fault("n-red2-bmc", support::MemoryBmcs::Fault::kUnreachable);
    const auto answer = town.ask(user, "POST", "/v0/project/red/detach_node", R"({"node":"n-red2"})");
    expect_error(answer, 409, "BlockedError");
    EXPECT_NE(answer.body.find("being released"), std::string::npos) << answer.body;
    EXPECT_EQ(answer.body.find("n-red2-bmc") != std::string::npos, std::string(user) == "root") << answer.body;
  }
}

TEST(Hil, TellsErrorsByTypeAndMessage) {
  IsolationTown town;
  expect_error(town.ask("root", "PUT", "/v0/project/red"), 409, "DuplicateError");
  expect_error(town.ask("root", "DELETE", "/v0/project/red"), 409, "BlockedError");
  expect_error(town.ask("root", "DELETE", "/v0/project/nobodys"), 404, "NotFoundError");
  expect_error(town.ask("root", "GET", "/v0/nothing"), 404, "NotFoundError");
  expect_error(town.ask("root", "POST", "/v0/project/red/connect_node", "{"), 400, "ValidationError");
  expect_error(town.ask("root", "POST", "/v0/project/red/connect_node", "{}"), 400, "ValidationError");
  expect_error(town.ask("root", "POST", "/v0/project/red/connect_node", R"({"node":"n-free","x":1})"), 400,
               "ValidationError");
}

TEST(Hil, Says401BothToWhomItDoesNotKnowAndToWhomItDoesNotLet) {
  IsolationTown town;
  expect_error(town.ask("", "GET", "/v0/projects"), 401, "AuthorizationError");
  expect_error(town.ask("ann", "GET", "/v0/projects"), 401, "AuthorizationError");
  expect_error(town.ask("bob", "GET", "/v0/network/net-red"), 401, "AuthorizationError");
  expect_error(town.ask("bob", "GET", "/v0/network/net-nobodys"), 404, "NotFoundError");
}

TEST(Hil, SaysWhenToComeAgainAfterTooManyFailures) {
  IsolationTown town;
  town.later = true;
  const auto response = town.ask("ann", "GET", "/v0/projects");
  EXPECT_EQ(response.status, 429U);
  EXPECT_NE(std::find(response.headers.begin(), response.headers.end(),
                      std::pair<std::string, std::string>("Retry-After", "7")),
            response.headers.end());
}

TEST(Hil, ShowsANodeWithItsNetworksByChannelAndItsPortsToAdministratorsOnly) {
  IsolationTown town;
  const std::string nic0 = R"({"label":"eth0","macaddr":"02:00:00:00:00:00","networks":{"vlan/native":"net-red"})";
  const std::string nic1 = R"({"label":"eth1","macaddr":"02:00:00:00:00:01","networks":{})";
  EXPECT_EQ(town.json("ann", "GET", "/v0/node/n-red").dump(),
            R"({"name":"n-red","project":"red","nics":[)" + nic0 + "}," + nic1 + R"(}],"metadata":{"rack":"7"}})");
  EXPECT_EQ(town.json("root", "GET", "/v0/node/n-red").dump(),
            R"({"name":"n-red","project":"red","nics":[)" + nic0 + R"(,"port":"p1","switch":"s1"},)" + nic1 +
                R"(,"port":"p2","switch":"s1"}],"metadata":{"rack":"7"}})");
}

TEST(Hil, ConnectsANetworkWhileTheClientWatchesTheAction) {
  IsolationTown town;
  town.engine_runs = false;
  const Json begun = town.json("ann", "POST", "/v0/node/n-red/nic/eth1/connect_network",
                               R"({"network":"net-pub","channel":"vlan/native"})");
  const std::string action = "/v0/networking_action/" + begun.text("status_id");
  EXPECT_EQ(town.json("ann", "GET", action).dump(),
            R"({"status":"PENDING","node":"n-red","nic":"eth1","type":"modify_port","channel":"vlan/native",)"
            R"("new_network":"net-pub"})");
  EXPECT_EQ(town.json("ann", "GET", "/v0/node/n-red").list("nics")[1].find("networks")->dump(), "{}");
  expect_error(town.ask("ann", "POST", "/v0/node/n-red/nic/eth1/connect_network", R"({"network":"net-red"})"), 409,
               "BlockedError");
  town.run_engines();
  EXPECT_EQ(town.json("ann", "GET", action).text("status"), "DONE");
  EXPECT_EQ(town.json("ann", "GET", "/v0/node/n-red").list("nics")[1].find("networks")->dump(),
            R"({"vlan/native":"net-pub"})");
}

TEST(Hil, RefusesAChannelThatIsNotTheNetworksAndADetachOfWhatIsNotAttached) {
  IsolationTown town;
  expect_error(town.ask("ann", "POST", "/v0/node/n-red/nic/eth1/connect_network",
                        R"({"network":"net-pub","channel":"vlan/4095"})"),
               400, "BadArgumentError");
  expect_error(town.ask("ann", "POST", "/v0/node/n-red/nic/eth1/detach_network", R"({"network":"net-pub"})"), 400,
               "BadArgumentError");
}

TEST(Hil, DetachesANodeOnlyWhenItIsFree) {
  IsolationTown town;
  expect_error(town.ask("ann", "POST", "/v0/project/red/detach_node", R"({"node":"n-red"})"), 409, "BlockedError");
  town.json("ann", "POST", "/v0/node/n-red/nic/eth0/detach_network", R"({"network":"net-red"})");
  town.json("ann", "PUT", "/v0/node/n-red/obm", R"({"enabled":false})");
  EXPECT_EQ(town.ask("ann", "POST", "/v0/project/red/detach_node", R"({"node":"n-red"})").status, 200U);
  EXPECT_EQ(town.json("ann", "GET", "/v0/nodes/free").dump(), R"(["n-bare","n-free","n-red","n-wired"])");
}

TEST(Hil, MakesNetworksInTheCombinationsThatItDocuments) {
  IsolationTown town;
  const auto put = [&](const char* user, const char* name, const char* body) {
    return town.ask(user, "PUT", "/v0/network/" + std::string(name), body).status;
  };
  EXPECT_EQ(put("ann", "a", R"({"owner":"red","access":"red","net_id":""})"), 200U);
  EXPECT_EQ(put("ann", "b", R"({"owner":"red","access":"red","net_id":"300"})"), 400U);
  EXPECT_EQ(put("ann", "c", R"({"owner":"red","access":"","net_id":""})"), 400U);
  EXPECT_EQ(put("ann", "d", R"({"owner":"admin","access":"","net_id":""})"), 401U);
  EXPECT_EQ(put("root", "e", R"({"owner":"admin","access":"","net_id":"300"})"), 200U);
  EXPECT_EQ(put("root", "f", R"({"owner":"admin","access":"blue","net_id":""})"), 200U);
  EXPECT_EQ(put("root", "g", R"({"owner":"admin","access":"","net_id":"300"})"), 409U);
  EXPECT_EQ(put("root", "h", R"({"owner":"admin","access":"","net_id":"4095"})"), 400U);
  const Json all = town.json("root", "GET", "/v0/networks");
  EXPECT_EQ(all.find("e")->dump(), R"({"network_id":"300","projects":null})");
  EXPECT_EQ(all.find("f")->find("projects")->dump(), R"(["blue"])");
  EXPECT_EQ(town.json("bob", "GET", "/v0/network/e").dump(),
            R"({"name":"e","channels":["vlan/native","vlan/300"],"owner":"admin","access":null,"connected-nodes":{}})");
}

TEST(Hil, ShowsANodeWithTwoNicsOnOneNetworkWithBoth) {
  IsolationTown town;
  town.json("ann", "POST", "/v0/node/n-red/nic/eth1/connect_network", R"({"network":"net-red"})");
  EXPECT_EQ(town.json("ann", "GET", "/v0/network/net-red/attachments").dump(),
            R"({"n-red":{"nic":"eth0","channel":"vlan/native","project":"red","nics":[)"
            R"({"nic":"eth0","channel":"vlan/native"},{"nic":"eth1","channel":"vlan/native"}]}})");
  EXPECT_EQ(town.json("ann", "GET", "/v0/network/net-red").find("connected-nodes")->dump(),
            R"({"n-red":["eth0","eth1"]})");
}

TEST(Hil, TakesPortsWithSlashesAsItsClientSendsThem) {
  IsolationTown town;
  EXPECT_EQ(town.ask("root", "PUT", "/v0/switch/s1/port/gi1/0/5").status, 200U);
  EXPECT_EQ(
      town.ask("root", "POST", "/v0/switch/s1/port/gi1/0/5/connect_nic", R"({"node":"n-free","nic":"eth0"})").status,
      200U);
  EXPECT_EQ(town.json("root", "GET", "/v0/switch/s1/port/gi1/0/5").dump(),
            R"({"node":"n-free","nic":"eth0","networks":{}})");
  expect_error(town.ask("root", "DELETE", "/v0/switch/s1/port/gi1/0/5"), 409, "BlockedError");
  EXPECT_EQ(town.ask("root", "POST", "/v0/switch/s1/port/gi1/0/5/detach_nic").status, 200U);
  EXPECT_EQ(town.ask("root", "DELETE", "/v0/switch/s1/port/gi1/0/5").status, 200U);
  EXPECT_EQ(town.json("root", "GET", "/v0/switch/s1").find("ports")->dump(),
            R"([{"label":"p1"},{"label":"p2"},{"label":"p3"},{"label":"p4"},{"label":"p9"}])");
}

TEST(Hil, LetsANodeBeAllocatedAsSoonAsItIsWired) {
  IsolationTown town;
  const std::string wire = "/v0/switch/s1/port/p3/connect_nic", body = R"({"node":"n-free","nic":"eth0"})";
  EXPECT_EQ(town.ask("root", "POST", wire, body).status, 200U);
  EXPECT_EQ(town.ask("ann", "POST", "/v0/project/red/connect_node", R"({"node":"n-free"})").status, 200U);
}

TEST(Hil, AnswersForAWireThatIsNotSeenInTime) {
  IsolationTown town;
  town.engine_runs = false;
  const std::string wire = "/v0/switch/s1/port/p3/connect_nic", body = R"({"node":"n-free","nic":"eth0"})";
  EXPECT_EQ(town.ask("root", "POST", wire, body).status, 200U);
  EXPECT_EQ(town.ask("ann", "POST", "/v0/project/red/connect_node", R"({"node":"n-free"})").status, 409U);
  for (const auto& [id, record] : town.store.tables().switches) town.look_at(id);
  EXPECT_EQ(town.ask("ann", "POST", "/v0/project/red/connect_node", R"({"node":"n-free"})").status, 200U);
}

TEST(Hil, PowersAServerAndOnlyWhileItsBmcIsEnabled) {
  IsolationTown town;
  EXPECT_EQ(town.ask("ann", "POST", "/v0/node/n-red/power_cycle", R"({"force":false})").status, 200U);
  EXPECT_EQ(town.json("ann", "GET", "/v0/node/n-red/power_status").dump(), R"({"power_status":"on"})");
  EXPECT_EQ(town.ask("ann", "POST", "/v0/node/n-red/power_off").status, 200U);
  EXPECT_FALSE(town.bmcs.server("n-red-bmc").on);
  expect_error(town.ask("ann", "POST", "/v0/node/n-red2/power_on"), 409, "BlockedError");
  town.bmcs.set_fault("n-red-bmc", support::MemoryBmcs::Fault::kUnreachable);
  expect_error(town.ask("ann", "POST", "/v0/node/n-red/power_on"), 500, "OBMError");
}

TEST(Hil, MakesUsersAndKeepsTheirPasswordsToTheHash) {
  IsolationTown town;
  EXPECT_EQ(town.ask("root", "PUT", "/v0/auth/basic/user/zoe", R"({"password":"opensesame","is_admin":true})").status,
            200U);
  EXPECT_EQ(town.hashed, std::vector<std::string>{"opensesame"});
  EXPECT_EQ(town.json("root", "GET", "/v0/auth/basic/users").find("zoe")->dump(), R"({"is_admin":true,"projects":[]})");
  EXPECT_EQ(town.ask("root", "PATCH", "/v0/auth/basic/user/zoe", R"({"is_admin":false})").status, 200U);
  EXPECT_EQ(town.ask("root", "POST", "/v0/auth/basic/user/zoe/add_project", R"({"project":"red"})").status, 200U);
  expect_error(town.ask("root", "POST", "/v0/auth/basic/user/zoe/add_project", R"({"project":"red"})"), 409,
               "DuplicateError");
  EXPECT_EQ(town.json("root", "GET", "/v0/auth/basic/users").find("zoe")->dump(),
            R"({"is_admin":false,"projects":["red"]})");
  EXPECT_EQ(town.ask("ann", "PUT", "/v0/auth/basic/user/eve", R"({"password":"x"})").status, 401U);
  EXPECT_EQ(town.hashed.size(), 1U) << "who may not make users made the service compute a hash";
}

// Clients by their age: {"obm"}, {"obm", "obmd"}, {"obmd"}.
TEST(Hil, RegistersNodesAsEachOfItsClientsDoes) {
  IsolationTown town;
  const std::string obm = R"("obm":{"type":"http://x/obm/ipmi","host":"h","user":"u","password":"opensesame"})";
  EXPECT_EQ(town.ask("root", "PUT", "/v0/node/a", "{" + obm + "}").status, 200U);
  EXPECT_EQ(
      town.ask("root", "PUT", "/v0/node/b", "{" + obm + R"(,"obmd":{"uri":"http://o/","admin_token":"t"}})").status,
      200U);
  EXPECT_EQ(
      town.ask("root", "PUT", "/v0/node/c", R"({"obmd":{"uri":"ipmi://op@10.0.0.9:623","admin_token":"hush"}})").status,
      200U);
  const std::vector<std::string> sealed(town.sealed.end() - 3, town.sealed.end());
  EXPECT_EQ(sealed, (std::vector<std::string>{"a:opensesame", "b:opensesame", "c:hush"}));
  EXPECT_EQ(town.json("root", "GET", "/v1/nodes/b").find("bmc")->dump(), R"({"type":"ipmi","address":"h","user":"u"})");
  EXPECT_EQ(town.json("root", "GET", "/v1/nodes/c").find("bmc")->dump(),
            R"({"type":"ipmi","address":"10.0.0.9:623","user":"op"})");
}

TEST(Hil, SaysWhatToGiveInsteadOfAnObmd) {
  IsolationTown town;
  for (const char* uri :
       {"http://obmd.example.com/node/n", "ipmi://10.0.0.9", "ipmi://@h", "ipmi://u@", "ipmi://u@h/x"}) {
    const std::string obmd = R"({"obmd":{"uri":")" + std::string(uri) + R"(","admin_token":"hush"}})";
    const auto answer = town.ask("root", "PUT", "/v0/node/n-new", obmd);
    expect_error(answer, 400, "ValidationError");
    EXPECT_NE(answer.body.find("ipmi://USER@HOST"), std::string::npos) << answer.body;
    EXPECT_EQ(answer.body.find("hush"), std::string::npos) << answer.body;
  }
  expect_error(town.ask("root", "PUT", "/v0/node/n-new", "{}"), 400, "ValidationError");
  EXPECT_EQ(town.ask("root", "GET", "/v0/node/n-new").status, 404U);
}

TEST(Hil, RegistersANodeWithItsMetadataOrNotAtAll) {
  IsolationTown town;
  const std::string obm = R"({"obm":{"type":"ipmi","host":"h","user":"u","password":"p"},"metadata":)";
  EXPECT_EQ(town.ask("root", "PUT", "/v0/node/a", obm + R"({"EK":"pk","rack":7}})").status, 200U);
  EXPECT_EQ(town.json("root", "GET", "/v0/node/a").find("metadata")->dump(), R"({"EK":"\"pk\"","rack":"7"})");
  expect_error(town.ask("root", "PUT", "/v0/node/b", obm + R"({"EK":"pk","no label":7}})"), 400, "BadArgumentError");
  EXPECT_EQ(town.ask("root", "GET", "/v0/node/b").status, 404U);
}

TEST(Hil, ListsExtensionsInTheirOrderForAdministrators) {
  IsolationTown town;
  std::vector<std::string> names;
  const Json listed = town.json("root", "GET", "/v0/active_extensions");
  for (const Json& name : *listed.items()) names.push_back(*name.string());
  EXPECT_TRUE(std::ranges::is_sorted(names));
  EXPECT_EQ(std::ranges::count(names, "hil.ext.obm.ipmi"), 1);
  expect_error(town.ask("ann", "GET", "/v0/active_extensions"), 401, "AuthorizationError");
}

// Who cannot see a network does not hear from the type of an error that there is one.
TEST(Hil, TellsNodesAndNetworksThatAreNotTheProjectsFromThoseThatAreInTheWay) {
  IsolationTown town;
  town.json("root", "PUT", "/v0/network/net-blue", R"({"owner":"blue","access":"blue","net_id":""})");
  const std::string connect = "/v0/node/n-red/nic/eth1/connect_network", blue = R"({"network":"net-blue"})";
  expect_error(town.ask("root", "POST", connect, blue), 409, "ProjectMismatchError");
  expect_error(town.ask("ann", "POST", connect, blue), 404, "NotFoundError");
  town.json("root", "PUT", "/v1/projects/blue/members/ann");
  expect_error(town.ask("ann", "POST", connect, blue), 409, "ProjectMismatchError");
  for (const char* call : {"connect_network", "detach_network"})
    expect_error(town.ask("root", "POST", "/v0/node/n-wired/nic/eth0/" + std::string(call), R"({"network":"net-pub"})"),
                 409, "ProjectMismatchError");
  expect_error(town.ask("ann", "POST", "/v0/node/n-red/nic/eth0/connect_network", R"({"network":"net-red"})"), 409,
               "BlockedError");
}

TEST(Hil, LetsNobodyMakeItselfAnAdministratorOrNone) {
  IsolationTown town;
  for (const char* body : {R"({"is_admin":false})", R"({"is_admin":true})"})
    expect_error(town.ask("root", "PATCH", "/v0/auth/basic/user/root", body), 409, "IllegalStateError");
  expect_error(town.ask("ann", "PATCH", "/v0/auth/basic/user/ann", R"({"is_admin":true})"), 401, "AuthorizationError");
  EXPECT_EQ(town.json("root", "GET", "/v1/whoami").text("role"), "administrator");
}

TEST(Hil, DoesNotFindWhoIsNoMemberOfTheProjectToRemoveItFrom) {
  IsolationTown town;
  const std::string remove = "/v0/auth/basic/user/ann/remove_project";
  expect_error(town.ask("root", "POST", remove, R"({"project":"blue"})"), 404, "NotFoundError");
  EXPECT_EQ(town.ask("root", "POST", remove, R"({"project":"red"})").status, 200U);
}

TEST(Hil, RegistersOnlyWhatThereIsADriverFor) {
  IsolationTown town;
  const auto obm = [](const char* type) {
    return R"({"obm":{"type":"http://x/obm/)" + std::string(type) + R"(","host":"h","user":"u","password":"p"}})";
  };
  expect_error(town.ask("root", "PUT", "/v0/switch/s3", R"({"type":"http://x/switches/none"})"), 400,
               "BadArgumentError");
  expect_error(town.ask("root", "PUT", "/v0/node/n-new", obm("none")), 400, "BadArgumentError");
  EXPECT_EQ(town.ask("root", "GET", "/v0/switch/s3").status, 404U);
  EXPECT_EQ(town.ask("root", "GET", "/v0/node/n-new").status, 404U);
  EXPECT_EQ(town.ask("root", "PUT", "/v0/node/n-new", obm("ipmi")).status, 200U);
}

TEST(Hil, NeedsNothingForAnAdministratorToUseTheBmcOfAFreeNode) {
  IsolationTown town;
  for (const char* body : {R"({"enabled":true})", R"({"enabled":false})"}) {
    EXPECT_EQ(town.ask("root", "PUT", "/v0/node/n-free/obm", body).status, 200U);
    expect_error(town.ask("ann", "PUT", "/v0/node/n-free/obm", body), 401, "AuthorizationError");
  }
  EXPECT_EQ(town.ask("root", "POST", "/v0/node/n-free/power_on").status, 200U);
  // Nothing of it is left for whoever gets the node: only with its project's leave is the BMC its members' to use.
  EXPECT_EQ(town.ask("root", "PUT", "/v0/node/n-bare/obm", R"({"enabled":true})").status, 200U);
  EXPECT_EQ(town.ask("ann", "POST", "/v0/project/red/connect_node", R"({"node":"n-bare"})").status, 200U);
  expect_error(town.ask("ann", "POST", "/v0/node/n-bare/power_on"), 409, "BlockedError");
}

TEST(Hil, ShowsTheChannelThatADetachIsOf) {
  IsolationTown town;
  town.engine_runs = false;
  const Json begun = town.json("ann", "POST", "/v0/node/n-red/nic/eth0/detach_network", R"({"network":"net-red"})");
  const std::string action = "/v0/networking_action/" + begun.text("status_id");
  for (const char* status : {"PENDING", "DONE"}) {
    EXPECT_EQ(town.json("ann", "GET", action).dump(),
              R"({"status":")" + std::string(status) +
                  R"(","node":"n-red","nic":"eth0","type":"modify_port","channel":"vlan/native","new_network":null})");
    town.run_engines();
  }
}

// What the path is about first: whose the project behind it is, does not matter for a network that is not there.
TEST(Hil, DoesNotFindANetworkToGrant) {
  IsolationTown town;
  expect_error(town.ask("ann", "PUT", "/v0/network/nothing/access/red"), 404, "NotFoundError");
  expect_error(town.ask("ann", "PUT", "/v0/network/nothing/access/blue"), 404, "NotFoundError");
  expect_error(town.ask("bob", "PUT", "/v0/network/net-red/access/blue"), 401, "AuthorizationError");
}

TEST(Hil, TellsWhatIsThereAlreadyFromWhatIsInTheWay) {
  IsolationTown town;
  const std::string at = "/v0/switch/s1/port/";
  const std::string free0 = R"({"node":"n-free","nic":"eth0"})", red0 = R"({"node":"n-red","nic":"eth0"})";
  expect_error(town.ask("root", "POST", at + "p1/connect_nic", free0), 409, "DuplicateError");
  expect_error(town.ask("root", "POST", at + "p3/connect_nic", red0), 409, "DuplicateError");
  expect_error(town.ask("ann", "PUT", "/v0/node/n-red/obm", R"({"enabled":"A"})"), 400, "ValidationError");
  town.json("ann", "POST", "/v0/node/n-red/nic/eth0/detach_network", R"({"network":"net-red"})");
  town.json("ann", "PUT", "/v0/node/n-red/obm", R"({"enabled":false})");
  expect_error(town.ask("ann", "PUT", "/v0/node/n-red/boot_device", R"({"bootdev":"pxe"})"), 409, "BlockedError");
  town.json("root", "PUT", "/v0/network/e", R"({"owner":"admin","access":"","net_id":"300"})");
  expect_error(town.ask("root", "PUT", "/v0/network/e", R"({"owner":"admin","access":"","net_id":""})"), 409,
               "DuplicateError");
  expect_error(town.ask("root", "PUT", "/v0/network/f", R"({"owner":"admin","access":"","net_id":"300"})"), 409,
               "BlockedError");
}

TEST(Hil, RefusesValuesThatCannotBeAsBadArguments) {
  IsolationTown town;
  expect_error(town.ask("ann", "PUT", "/v0/node/n-red/boot_device", R"({"bootdev":"A"})"), 400, "BadArgumentError");
  for (const char* id : {"abc", "5000", "0", "-1"})
    expect_error(town.ask("root", "PUT", "/v0/network/x",
                          R"({"owner":"admin","access":"","net_id":")" + std::string(id) + "\"}"),
                 400, "BadArgumentError");
}

}  // namespace
