// One request for each call of the isolation service's API, which succeeds in an IsolationTown for whoever may make it:
// what the test of who may do what, and the one of the OpenAPI document, ask. A call without a sample fails both.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "api/routes.h"

namespace support {

struct Sample {
  std::string_view call;     // "GET /v1/nodes/{node}"
  std::string target, body;  // OPERATION, TOKEN: the town's operation, the caller's token
  std::string project = {};  // which it is about
};

inline const Sample kSamples[] = {
    {"GET /v0/projects", "/v0/projects", ""},
    {"PUT /v0/project/{project}", "/v0/project/violet", ""},
    {"DELETE /v0/project/{project}", "/v0/project/empty", ""},
    {"GET /v0/project/{project}/nodes", "/v0/project/red/nodes", "", "red"},
    {"GET /v0/project/{project}/networks", "/v0/project/red/networks", "", "red"},
    {"POST /v0/project/{project}/connect_node", "/v0/project/red/connect_node", R"({"node":"n-free"})", "red"},
    {"POST /v0/project/{project}/detach_node", "/v0/project/red/detach_node", R"({"node":"n-red2"})", "red"},
    {"GET /v0/auth/basic/users", "/v0/auth/basic/users", ""},
    {"PUT /v0/auth/basic/user/{user}", "/v0/auth/basic/user/zoe", R"({"password":"secret","is_admin":false})"},
    {"PATCH /v0/auth/basic/user/{user}", "/v0/auth/basic/user/bo", R"({"is_admin":true})"},
    {"DELETE /v0/auth/basic/user/{user}", "/v0/auth/basic/user/bo", ""},
    {"POST /v0/auth/basic/user/{user}/add_project", "/v0/auth/basic/user/bo/add_project", R"({"project":"red"})"},
    {"POST /v0/auth/basic/user/{user}/remove_project", "/v0/auth/basic/user/ann/remove_project",
     R"({"project":"red"})"},
    {"GET /v0/nodes/free", "/v0/nodes/free", ""},
    {"GET /v0/nodes/all", "/v0/nodes/all", ""},
    {"GET /v0/node/{node}", "/v0/node/n-red", "", "red"},
    {"PUT /v0/node/{node}", "/v0/node/n-new",
     R"({"obm":{"type":"http://schema.massopencloud.org/haas/v0/obm/ipmi","host":"h","user":"u","password":"p"}})"},
    {"DELETE /v0/node/{node}", "/v0/node/n-bare", ""},
    {"PUT /v0/node/{node}/nic/{nic}", "/v0/node/n-bare/nic/eth0", R"({"macaddr":"de:ad:be:ef:20:14"})"},
    {"DELETE /v0/node/{node}/nic/{nic}", "/v0/node/n-free/nic/eth9", ""},
    {"PUT /v0/node/{node}/metadata/{label}", "/v0/node/n-free/metadata/zone", R"({"value":{"row":3}})"},
    {"DELETE /v0/node/{node}/metadata/{label}", "/v0/node/n-free/metadata/rack", ""},
    {"PUT /v0/node/{node}/obm", "/v0/node/n-red/obm", R"({"enabled":false})", "red"},
    {"POST /v0/node/{node}/power_on", "/v0/node/n-red/power_on", "", "red"},
    {"POST /v0/node/{node}/power_off", "/v0/node/n-red/power_off", "", "red"},
    {"POST /v0/node/{node}/power_cycle", "/v0/node/n-red/power_cycle", R"({"force":true})", "red"},
    {"GET /v0/node/{node}/power_status", "/v0/node/n-red/power_status", "", "red"},
    {"PUT /v0/node/{node}/boot_device", "/v0/node/n-red/boot_device", R"({"bootdev":"pxe"})", "red"},
    {"GET /v0/node/{node}/console", "/v0/node/n-red/console", "", "red"},
    {"POST /v0/node/{node}/nic/{nic}/connect_network", "/v0/node/n-red/nic/eth1/connect_network",
     R"({"network":"net-red","channel":"vlan/native"})", "red"},
    {"POST /v0/node/{node}/nic/{nic}/detach_network", "/v0/node/n-red/nic/eth0/detach_network",
     R"({"network":"net-red"})", "red"},
    {"GET /v0/networking_action/{operation}", "/v0/networking_action/OPERATION", "", "red"},
    {"GET /v0/networks", "/v0/networks", ""},
    {"PUT /v0/network/{network}", "/v0/network/net-new", R"({"owner":"red","access":"red","net_id":""})", "red"},
    {"GET /v0/network/{network}", "/v0/network/net-red", "", "red"},
    {"DELETE /v0/network/{network}", "/v0/network/net-empty", "", "red"},
    {"GET /v0/network/{network}/attachments", "/v0/network/net-red/attachments", "", "red"},
    {"PUT /v0/network/{network}/access/{project}", "/v0/network/net-red/access/blue", "", "red"},
    {"DELETE /v0/network/{network}/access/{project}", "/v0/network/net-red/access/green", "", "red"},
    {"GET /v0/active_extensions", "/v0/active_extensions", ""},
    {"GET /v0/switches", "/v0/switches", ""},
    {"PUT /v0/switch/{switch}", "/v0/switch/s3", R"({"type":"http://x/switches/memory","hostname":"h"})"},
    {"GET /v0/switch/{switch}", "/v0/switch/s1", ""},
    {"DELETE /v0/switch/{switch}", "/v0/switch/s2", ""},
    {"PUT /v0/switch/{switch}/port/{port*}", "/v0/switch/s1/port/gi1/0/5", ""},
    {"GET /v0/switch/{switch}/port/{port*}", "/v0/switch/s1/port/p1", ""},
    {"DELETE /v0/switch/{switch}/port/{port*}", "/v0/switch/s1/port/p9", ""},
    {"POST /v0/switch/{switch}/port/{port*}/connect_nic", "/v0/switch/s1/port/p3/connect_nic",
     R"({"node":"n-free","nic":"eth0"})"},
    {"POST /v0/switch/{switch}/port/{port*}/detach_nic", "/v0/switch/s1/port/p4/detach_nic", ""},
    {"POST /v0/switch/{switch}/port/{port*}/revert", "/v0/switch/s1/port/p1/revert", ""},

    {"GET /v1/health", "/v1/health", ""},
    {"GET /metrics", "/metrics", ""},
    {"GET /v1/openapi.json", "/v1/openapi.json", ""},
    {"GET /v1/whoami", "/v1/whoami", ""},
    {"GET /v1/projects", "/v1/projects?limit=2", ""},
    {"POST /v1/projects", "/v1/projects", R"({"name":"violet","node_quota":3})"},
    {"GET /v1/projects/{project}", "/v1/projects/red", "", "red"},
    {"DELETE /v1/projects/{project}", "/v1/projects/empty", ""},
    {"PUT /v1/projects/{project}/quota", "/v1/projects/red/quota", R"({"nodes":9,"networks":null})"},
    {"GET /v1/projects/{project}/members", "/v1/projects/red/members", "", "red"},
    {"PUT /v1/projects/{project}/members/{user}", "/v1/projects/red/members/bo", ""},
    {"DELETE /v1/projects/{project}/members/{user}", "/v1/projects/blue/members/bob", ""},
    {"GET /v1/projects/{project}/nodes", "/v1/projects/red/nodes", "", "red"},
    {"POST /v1/projects/{project}/nodes", "/v1/projects/red/nodes", R"({"like":{"metadata":{"rack":7}}})", "red"},
    {"GET /v1/projects/{project}/networks", "/v1/projects/red/networks", "", "red"},
    {"GET /v1/nodes", "/v1/nodes?free=true&metadata.rack=7", ""},
    {"POST /v1/nodes", "/v1/nodes",
     R"({"name":"n-new","bmc":{"type":"ipmi","address":"h:623","user":"u","password":"p"}})"},
    {"GET /v1/nodes/{node}", "/v1/nodes/n-red", "", "red"},
    {"DELETE /v1/nodes/{node}", "/v1/nodes/n-bare", ""},
    {"POST /v1/nodes/{node}/release", "/v1/nodes/n-red/release", "", "red"},
    {"PUT /v1/nodes/{node}/owner", "/v1/nodes/n-free/owner", R"({"owner":"red"})"},
    {"PUT /v1/nodes/{node}/loan", "/v1/nodes/n-own/loan", R"({"project":"blue","until":"2030-01-01T01:00:00+01:00"})",
     "red"},
    {"DELETE /v1/nodes/{node}/loan", "/v1/nodes/n-lent/loan", "", "red"},
    {"PUT /v1/nodes/{node}/brokers/{user}", "/v1/nodes/n-own/brokers/bo", "", "red"},
    {"DELETE /v1/nodes/{node}/brokers/{user}", "/v1/nodes/n-own/brokers/bea", "", "red"},
    {"PUT /v1/nodes/{node}/metadata/{label}", "/v1/nodes/n-free/metadata/zone", R"({"row":3})"},
    {"DELETE /v1/nodes/{node}/metadata/{label}", "/v1/nodes/n-free/metadata/rack", ""},
    {"GET /v1/nodes/{node}/nics", "/v1/nodes/n-red/nics", "", "red"},
    {"POST /v1/nodes/{node}/nics", "/v1/nodes/n-bare/nics", R"({"name":"eth0","mac":"DE-AD-BE-EF-20-14"})"},
    {"GET /v1/nodes/{node}/nics/{nic}", "/v1/nodes/n-red/nics/eth0", "", "red"},
    {"DELETE /v1/nodes/{node}/nics/{nic}", "/v1/nodes/n-free/nics/eth9", ""},
    {"GET /v1/nodes/{node}/attachments", "/v1/nodes/n-red/attachments", "", "red"},
    {"PUT /v1/nodes/{node}/bmc", "/v1/nodes/n-red/bmc", R"({"enabled":false})", "red"},
    {"GET /v1/nodes/{node}/power", "/v1/nodes/n-red/power", "", "red"},
    {"POST /v1/nodes/{node}/power", "/v1/nodes/n-red/power", R"({"action":"cycle"})", "red"},
    {"PUT /v1/nodes/{node}/boot-device", "/v1/nodes/n-red/boot-device", R"({"device":"disk"})", "red"},
    {"GET /v1/nodes/{node}/console", "/v1/nodes/n-red/console", "", "red"},
    {"GET /v1/networks", "/v1/networks", ""},
    {"POST /v1/networks", "/v1/networks", R"({"name":"net-new","owner":"red"})", "red"},
    {"GET /v1/networks/{network}", "/v1/networks/net-red", "", "red"},
    {"DELETE /v1/networks/{network}", "/v1/networks/net-empty", "", "red"},
    {"PUT /v1/networks/{network}/access/{project}", "/v1/networks/net-red/access/blue", "", "red"},
    {"DELETE /v1/networks/{network}/access/{project}", "/v1/networks/net-red/access/green", "", "red"},
    {"GET /v1/networks/{network}/attachments", "/v1/networks/net-red/attachments", "", "red"},
    {"POST /v1/changes", "/v1/changes",
     R"({"changes":[{"kind":"connect","node":"n-red","nic":"eth1","network":"net-red","channel":"vlan/native"},)"
     R"({"kind":"detach","node":"n-red","nic":"eth0","network":"net-red"}],"wait":true})",
     "red"},
    {"GET /v1/operations", "/v1/operations", ""},
    {"GET /v1/operations/{operation}", "/v1/operations/OPERATION?wait_ms=5", "", "red"},
    {"GET /v1/switches", "/v1/switches", ""},
    {"POST /v1/switches", "/v1/switches", R"({"name":"s3","type":"memory","settings":{"bridge":"br0"}})"},
    {"GET /v1/switches/{switch}", "/v1/switches/s1", ""},
    {"DELETE /v1/switches/{switch}", "/v1/switches/s2", ""},
    {"GET /v1/switches/{switch}/ports", "/v1/switches/s1/ports", ""},
    {"POST /v1/switches/{switch}/ports", "/v1/switches/s1/ports", R"({"name":"gi1/0/5"})"},
    {"GET /v1/switches/{switch}/ports/{port}", "/v1/switches/s1/ports/p1", ""},
    {"DELETE /v1/switches/{switch}/ports/{port}", "/v1/switches/s1/ports/p9", ""},
    {"PUT /v1/switches/{switch}/ports/{port}/nic", "/v1/switches/s1/ports/p3/nic", R"({"node":"n-free","nic":"eth0"})"},
    {"DELETE /v1/switches/{switch}/ports/{port}/nic", "/v1/switches/s1/ports/p4/nic", ""},
    {"POST /v1/switches/{switch}/ports/{port}/revert", "/v1/switches/s1/ports/p1/revert", ""},
    {"GET /v1/switches/{switch}/drift", "/v1/switches/s1/drift", ""},
    {"POST /v1/switches/{switch}/reconcile", "/v1/switches/s1/reconcile", ""},
    {"GET /v1/users", "/v1/users", ""},
    {"POST /v1/users", "/v1/users", R"({"name":"zoe","password":"secret","role":"member"})"},
    {"PATCH /v1/users/{user}", "/v1/users/bo", R"({"role":"member","password":"other"})"},
    {"DELETE /v1/users/{user}", "/v1/users/bo", ""},
    {"GET /v1/users/{user}/projects", "/v1/users/bo/projects", ""},
    {"GET /v1/tokens", "/v1/tokens", ""},
    {"POST /v1/tokens", "/v1/tokens", R"({"label":"job","expires":"2030-01-01T00:00:00Z"})"},
    {"DELETE /v1/tokens/{token}", "/v1/tokens/TOKEN", ""},
    {"GET /v1/events", "/v1/events?after=0&limit=5", ""},
};

inline const Sample* sample_of(const api::Route& route) {
  const std::string call = std::string(route.method) + " " + std::string(route.path);
  for (const Sample& sample : kSamples)
    if (sample.call == call) return &sample;
  return nullptr;
}

}  // namespace support
