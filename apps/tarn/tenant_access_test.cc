// What a provider hands over is not trusted: of a kubeconfig only what is needed goes on to kubectl, and nothing that
// would run a program or read a file.
#include "tarn/tenant_access.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "drivers/kubernetes/kubeconfig.h"
#include "support/scratch.h"

namespace tarn {
namespace {

constexpr std::int64_t kExpires = 1'766'000'000'000;  // 2025-12-17T19:33:20Z

std::string with_user(const std::string& user) {
  return "apiVersion: v1\nkind: Config\ncurrent-context: a\n"
         "clusters: [{name: a, cluster: {server: \"https://192.0.2.7:6443\"}}]\n"
         "contexts: [{name: a, context: {cluster: a, user: a, namespace: tarn-0123456789abcdef}}]\n"
         "users: [{name: a, user: {" +
         user + "}}]\n";
}
base::Result<TenantAccess> read(const std::string& text) {
  return TenantAccess::read({0xab, 0xcd}, kExpires, base::view(text));
}

TEST(TenantAccess, WritesAnewWhatItTakes) {
  const auto access = read(with_user("token: secret-token"));
  ASSERT_TRUE(access.ok()) << access.error().message;
  const std::string text = access->kubeconfig();
  const auto again = drivers::parse_kubeconfig(text, "/");
  ASSERT_TRUE(again.ok()) << again.error().message;
  EXPECT_EQ(again->url(), "https://192.0.2.7:6443");
  EXPECT_EQ(again->token, "secret-token");
  EXPECT_EQ(again->default_namespace, "tarn-0123456789abcdef");
  EXPECT_NE(text.find("lease_abcd"), std::string::npos);
}

TEST(TenantAccess, AsACredentialPluginKeepsNoTokenInTheFile) {
  const auto access = read(with_user("token: secret-token"));
  ASSERT_TRUE(access.ok());
  const std::string text = access->kubeconfig("/usr/bin/tarn", {"lease", "credential", "lease_abcd"});
  EXPECT_EQ(text.find("secret-token"), std::string::npos);
  EXPECT_NE(text.find("/usr/bin/tarn"), std::string::npos);
  EXPECT_NE(text.find("client.authentication.k8s.io/v1beta1"), std::string::npos);
  const auto older = nlohmann::json::parse(
      access->exec_credential(R"({"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1beta1"})"));
  EXPECT_EQ(older["apiVersion"], "client.authentication.k8s.io/v1beta1");
  const auto credential = nlohmann::json::parse(access->exec_credential(""));
  EXPECT_EQ(credential["apiVersion"], "client.authentication.k8s.io/v1");
  EXPECT_EQ(credential["kind"], "ExecCredential");
  EXPECT_EQ(credential["status"]["token"], "secret-token");
  EXPECT_EQ(credential["status"]["expirationTimestamp"], "2025-12-17T19:33:20Z");
}

TEST(TenantAccess, RunsNothingAndReadsNothingForAProvider) {
  support::Scratch scratch;
  const std::string mine = scratch.file("mine");
  std::ofstream(mine) << "my own secret";
  for (const std::string& user :
       {std::string("exec: {apiVersion: client.authentication.k8s.io/v1, command: /bin/sh, interactiveMode: Never}"),
        "tokenFile: " + mine, "token: t, tokenFile: " + mine,
        "token: t, client-certificate: " + mine + ", client-key: " + mine, std::string("auth-provider: {name: oidc}"),
        std::string("username: a, password: b"), std::string()}) {
    const auto access = read(with_user(user));
    ASSERT_FALSE(access.ok()) << user;
    EXPECT_EQ(access.error().message.find("my own"), std::string::npos);
  }
}

TEST(TenantAccess, RefusesWhatIsNotSafeToUse) {
  const std::string good = with_user("token: t");
  const auto changed = [&](const std::string& from, const std::string& to) {
    std::string text = good;
    text.replace(text.find(from), from.size(), to);
    return read(text).ok();
  };
  EXPECT_TRUE(changed("token: t", "token: u"));
  EXPECT_FALSE(changed("https://192.0.2.7:6443", "http://127.0.0.1:80"));
  EXPECT_FALSE(changed("server:", "insecure-skip-tls-verify: true, server:"));
  EXPECT_FALSE(changed("server:", "proxy-url: \"http://192.0.2.9\", server:"));
  EXPECT_FALSE(changed("tarn-0123456789abcdef", "\"\\x1b[2J\""));
  EXPECT_FALSE(read("").ok());
  EXPECT_FALSE(read(std::string(100, '\0')).ok());
}

TEST(SecretFiles, AreForTheirOwnerAlone) {
  support::Scratch scratch;
  const std::string path = scratch.file("a.kubeconfig");
  std::ofstream(path) << "what was there before, for everybody to read";
  ASSERT_EQ(::chmod(path.c_str(), 0644), 0);
  ASSERT_TRUE(write_secret_file(path, "secret").ok());
  struct stat info{};
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600U);
  std::ifstream in(path);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(in), {}), "secret");
  EXPECT_FALSE(write_secret_file(scratch.file("no/such/place"), "secret").ok());
}

}  // namespace
}  // namespace tarn
