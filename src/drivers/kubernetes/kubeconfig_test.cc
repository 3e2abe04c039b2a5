// Kubeconfigs as tools and people write them, those that Tarn does not take, and those that it writes.
#include "drivers/kubernetes/kubeconfig.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <fstream>

#include "base/base64.h"
#include "drivers/yaml/yaml.h"
#include "support/scratch.h"

namespace drivers {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

const std::string kUsual = R"(# as kubectl writes it
apiVersion: v1
kind: Config
preferences: {}
current-context: work
clusters:
- name: prod
  cluster:
    server: https://api.example.org:6443
    certificate-authority-data: Q0EgQ0VSVElGSUNBVEU=
- {name: "near", cluster: {server: 'http://localhost:8080/'}}
contexts:
- name: work
  context: {cluster: prod, user: admin, namespace: team}
- name: near
  context:
    cluster: near
    user: ""
users:
- name: admin
  user:
    client-certificate-data: Q0VSVA==
    client-key-data: S0VZ
)";

base::Result<ClusterAccess> parse(const std::string& text, const std::string& context = "") {
  return parse_kubeconfig(text, "/nowhere", context);
}

std::string refusal(const std::string& text, const std::string& context = "") {
  const auto access = parse(text, context);
  if (access.ok()) return "";
  EXPECT_EQ(access.error().code, base::Code::kInvalidInput);
  return access.error().message;
}

// kUsual with a line of the cluster or the user.
std::string with_cluster(const std::string& line) {
  std::string text = kUsual;
  return text.insert(text.find("    certificate-authority-data"), "    " + line + "\n");
}
std::string with_user(const std::string& line) { return kUsual + "    " + line + "\n"; }

std::string with_server(const std::string& url) {
  std::string text = kUsual;
  const std::string usual = "https://api.example.org:6443";
  return text.replace(text.find(usual), usual.size(), url);
}

TEST(Kubeconfig, IsReadAsTheUsualToolsWriteIt) {
  const auto access = parse(kUsual);
  ASSERT_TRUE(access.ok()) << access.error().message;
  EXPECT_EQ(access->url(), "https://api.example.org:6443");
  EXPECT_TRUE(access->tls);
  EXPECT_EQ(access->authorities, "CA CERTIFICATE");
  EXPECT_EQ(access->certificate, "CERT");
  EXPECT_EQ(access->key, "KEY");
  EXPECT_EQ(access->default_namespace, "team");
  EXPECT_FALSE(access->has_token());
}

TEST(Kubeconfig, AContextMayBeNamed) {
  const auto access = parse(kUsual, "near");
  ASSERT_TRUE(access.ok()) << access.error().message;
  EXPECT_EQ(access->url(), "http://localhost:8080");
  EXPECT_FALSE(access->tls);
  EXPECT_EQ(access->certificate, "");
  EXPECT_THAT(refusal(kUsual, "far"), HasSubstr("no context \"far\""));
}

TEST(Kubeconfig, ServersAreUrls) {
  const auto at = [](const std::string& url) {
    const auto access = parse(with_server(url));
    return access.ok() ? access->url() : "";
  };
  EXPECT_EQ(at("https://10.0.0.1"), "https://10.0.0.1:443");
  EXPECT_EQ(at("https://[2001:db8::1]:6443"), "https://[2001:db8::1]:6443");
  EXPECT_EQ(at("https://rancher/k8s/clusters/c-1/"), "https://rancher:443/k8s/clusters/c-1");
  for (const char* const bad : {"''", "api.example.org", "ftp://a", "https://", "https://a:0", "https://a:65536",
                                "https://a:x", "https://[::1", "https://user:word@a", "https://a?b", "'https://a b'",
                                "\"https://a\\r\\nX: y\"", "[https://a]", "https://[::1]6443"})
    EXPECT_NE(refusal(with_server(bad)), "") << bad;
  for (const char* const bad : {"''", "https://", "https://user:word@a", "\"https://a\\nX: y\""})
    EXPECT_THAT(refusal(with_server(bad)), HasSubstr("https://10.0.0.1:6443")) << bad;
}

TEST(Kubeconfig, WhatWouldBeUnsafeIsRefusedAndSaysWhatToDo) {
  EXPECT_THAT(refusal(with_cluster("insecure-skip-tls-verify: true")), HasSubstr("certificate-authority-data instead"));
  EXPECT_EQ(refusal(with_cluster("insecure-skip-tls-verify: false")), "");
  EXPECT_THAT(refusal(with_user("exec: {command: aws, apiVersion: v1}")), HasSubstr("service account"));
  EXPECT_THAT(refusal(with_user("auth-provider: {name: gcp}")), HasSubstr("service account"));
  EXPECT_THAT(refusal(with_user("username: root")), HasSubstr("use a token"));
  EXPECT_THAT(refusal(with_user("as: root")), HasSubstr("use a token"));
  EXPECT_THAT(refusal(with_cluster("proxy-url: http://proxy")), HasSubstr("proxies"));
}

TEST(Kubeconfig, TokensAndNamesAreTaken) {
  const auto access =
      parse(with_user("token: \"ey.J\"")
                .replace(kUsual.find("    certificate-authority-data"), 0, "    tls-server-name: kubernetes\n"));
  ASSERT_TRUE(access.ok()) << access.error().message;
  EXPECT_EQ(access->server_name, "kubernetes");
  ASSERT_TRUE(access->has_token());
  EXPECT_EQ(*access->current_token(), "ey.J");
  EXPECT_THAT(refusal(with_user("token: \"a\\nb\"")), AllOf(HasSubstr("token"), Not(HasSubstr("a\nb"))));
}

TEST(Kubeconfig, FilesAreRelativeToItAndTokensAreReadAgain) {
  const support::Scratch scratch;
  const std::filesystem::path home = scratch.file("");
  const auto write = [&](const std::string& name, const std::string& text) { std::ofstream(home / name) << text; };
  std::filesystem::create_directory(home / "pki");
  write("pki/ca.crt", "CA");
  write("pki/me.crt", "ME");
  write("pki/me.key", "MINE");
  write("token", " first\n");
  write("config", R"({"clusters":[{"name":"c","cluster":{"server":"https://a","certificate-authority":"pki/ca.crt"}}],
    "users":[{"name":"u","user":{"client-certificate":"pki/me.crt","client-key":")" +
                      (home / "pki/me.key").string() +
                      R"(","token":"old","tokenFile":"token"}}],
    "contexts":[{"name":"x","context":{"cluster":"c","user":"u"}}],"current-context":"x"})");
  const auto access = read_kubeconfig(home / "config");
  ASSERT_TRUE(access.ok()) << access.error().message;
  EXPECT_EQ(access->authorities, "CA");
  EXPECT_EQ(access->certificate, "ME");
  EXPECT_EQ(access->key, "MINE");
  EXPECT_EQ(*access->current_token(), "first");
  write("token", "second");
  EXPECT_EQ(*access->current_token(), "second");
  write("token", "\n");
  EXPECT_FALSE(access->current_token().ok());

  std::filesystem::remove(home / "pki/ca.crt");
  const auto without = read_kubeconfig(home / "config");
  ASSERT_FALSE(without.ok());
  EXPECT_THAT(without.error().message,
              AllOf(HasSubstr("config: cluster \"c\""), HasSubstr("pki/ca.crt: cannot be read")));
  EXPECT_THAT(read_kubeconfig(home / "none").error().message, HasSubstr("cannot be read"));
}

TEST(Kubeconfig, WhatIsNoneIsRefusedWithoutShowingIt) {
  for (const std::string& text : std::vector<std::string>{
           "", "secret", "[1, 2]", "kind: Pod", "current-context: nowhere", "a: &x [1]\nb: *x", "a: !!binary c2VjcmV0",
           "a: 1\na: 2", "a: {b: [}", "--- 1\n--- 2", std::string("a: \0", 4), "\xff\xfe\x00",
           "[" + std::string(100, '[') + "]", std::string(2'000'000, 'x')}) {
    EXPECT_THAT(refusal(text), AllOf(Not(HasSubstr("secret")), Not(testing::IsEmpty()))) << text.substr(0, 40);
  }
  EXPECT_THAT(refusal(with_user("client-key: /none")), Not(HasSubstr("S0VZ")));
  EXPECT_THAT(refusal(with_cluster("certificate-authority-data: '#'")), HasSubstr("twice"));
  EXPECT_THAT(refusal(kUsual + "    client-key-data: x\n"), HasSubstr("twice"));
  std::string bad = kUsual;
  EXPECT_THAT(refusal(bad.replace(bad.find("S0VZ"), 4, "S0V*")), HasSubstr("client-key-data: not base64"));
  bad = kUsual;
  EXPECT_THAT(refusal(bad.erase(bad.find("    client-key-data"))), HasSubstr("go together"));
}

TEST(Kubeconfig, APodFindsWhatItNeedsInItself) {
  const support::Scratch scratch;
  const std::filesystem::path home = scratch.file("");
  const auto write = [&](const std::string& name, const std::string& text) { std::ofstream(home / name) << text; };
  EXPECT_FALSE(in_cluster_access(home, "10.0.0.1", "443").ok());
  write("token", "pod-token\n");
  write("ca.crt", "CA");
  write("namespace", "tarn-system\n");
  const auto access = in_cluster_access(home, "fd00::1", "443");
  ASSERT_TRUE(access.ok()) << access.error().message;
  EXPECT_EQ(access->url(), "https://[fd00::1]:443");
  EXPECT_EQ(access->authorities, "CA");
  EXPECT_EQ(access->default_namespace, "tarn-system");
  EXPECT_EQ(*access->current_token(), "pod-token");
  for (const auto& [host, port] : {std::pair("", "443"), std::pair("10.0.0.1", ""), std::pair("10.0.0.1", "x")})
    EXPECT_THAT(in_cluster_access(home, host, port).error().message, HasSubstr("give a kubeconfig"));
}

TEST(TenantKubeconfig, IsWhatKubectlExpects) {
  const TenantAccess access{"tarn-1", "https://api.example.org:6443", "CA", "", "tarn-0123", "ey.J"};
  EXPECT_EQ(tenant_kubeconfig(access), R"(apiVersion: v1
kind: Config
current-context: "tarn-1"
clusters:
  - name: "tarn-1"
    cluster:
      server: "https://api.example.org:6443"
      certificate-authority-data: Q0E=
contexts:
  - name: "tarn-1"
    context:
      cluster: "tarn-1"
      user: "tarn-1"
      namespace: "tarn-0123"
users:
  - name: "tarn-1"
    user:
      token: "ey.J"
)");
}

TEST(TenantKubeconfig, CanNameAPluginInstead) {
  const ExecPlugin plugin{"/usr/bin/tarn", {"lease", "credential"}, {{"HOME", "/root"}}, "install tarn"};
  const auto tree = parse_yaml(tenant_kubeconfig({"n", "https://a", "", "api", "ns", plugin}));
  ASSERT_TRUE(tree.ok()) << tree.error().message;
  const YamlNode& exec = tree->at("users").items.at(0).at("user").at("exec");
  EXPECT_EQ(exec.at("apiVersion").text, "client.authentication.k8s.io/v1");
  EXPECT_EQ(exec.at("command").text, "/usr/bin/tarn");
  ASSERT_EQ(exec.at("args").items.size(), 2U);
  EXPECT_EQ(exec.at("args").items[1].text, "credential");
  EXPECT_EQ(exec.at("env").items.at(0).at("name").text, "HOME");
  EXPECT_EQ(exec.at("interactiveMode").text, "Never");
  EXPECT_EQ(exec.at("installHint").text, "install tarn");
  EXPECT_EQ(tree->at("clusters").items.at(0).at("cluster").at("tls-server-name").text, "api");
}

// Whatever the texts are, they come back as they were, and nothing else comes with them.
RC_GTEST_PROP(TenantKubeconfig, NoTextBecomesAnythingElse, ()) {
  const auto text = [] {
    return *rc::gen::container<std::string>(
        rc::gen::oneOf(rc::gen::inRange<char>(1, 127),
                       rc::gen::element('"', '\\', '\n', '\r', '\t', ':', '#', '{', '}', '-', ' ', '\x7f')));
  };
  const TenantAccess access{text(), "https://a", text(), "", text(), text()};
  const auto tree = parse_yaml(tenant_kubeconfig(access));
  RC_ASSERT(tree.ok());
  RC_ASSERT(tree->fields.size() == 6U);
  RC_ASSERT(tree->at("current-context").text == access.name);
  RC_ASSERT(tree->at("users").items.size() == 1U);
  RC_ASSERT(tree->at("users").items[0].at("user").fields.size() == 1U);
  RC_ASSERT(tree->at("users").items[0].at("user").at("token").text == std::get<std::string>(access.credential));
  RC_ASSERT(tree->at("contexts").items[0].at("context").at("namespace").text == access.tenant_namespace);
}

TEST(YamlString, KeepsWhatIsTextAndReplacesWhatIsNone) {
  const auto back = [](const std::string& text) { return parse_yaml("a: " + yaml_string(text))->at("a").text; };
  for (const std::string text :
       {"", "null", "~", "yes", "ü", "\xe2\x82\xac", "\xf0\x9f\x98\x80 smile", "a\\ud83d\\ude00", "\\"})
    EXPECT_EQ(back(text), text);
  EXPECT_EQ(back("a\xff"), "a\xef\xbf\xbd");
}

TEST(Base64, IsTheUsualOne) {
  EXPECT_EQ(base::to_base64(""), "");
  EXPECT_EQ(base::to_base64("f"), "Zg==");
  EXPECT_EQ(base::to_base64("fo"), "Zm8=");
  EXPECT_EQ(base::to_base64("foobar"), "Zm9vYmFy");
  EXPECT_EQ(base::from_base64(" Zm9v\r\nYmFy\n"), "foobar");
  for (const char* const bad : {"Z", "Zg", "Zg=", "Zg===", "Zh==", "Z=g=", "Zm9*", "====", "="})
    EXPECT_EQ(base::from_base64(bad), std::nullopt) << bad;
}

RC_GTEST_PROP(Base64, ComesBack, (const std::string& bytes)) {
  RC_ASSERT(base::from_base64(base::to_base64(bytes)) == bytes);
}

}  // namespace
}  // namespace drivers
