// [kubernetes]: what is read, and that what cannot work is refused at start with its reason.
#include "tarn/kubernetes_config.h"

#include <gtest/gtest.h>

#include "tarn/toml_table.h"

namespace tarn {
namespace {

base::Status read(const std::string& section, std::optional<KubernetesConfig>& out) {
  const auto parsed = parse_toml(section, "p.toml");
  EXPECT_TRUE(parsed.ok());
  Table top(*parsed, "p.toml", "the file");
  return read_kubernetes(top, "p.toml", "/etc/tarn", out);
}
std::string refusal(const std::string& keys) {
  std::optional<KubernetesConfig> out;
  const base::Status read_it = read("[kubernetes]\n" + keys, out);
  return read_it.ok() ? "" : read_it.error().message;
}

TEST(KubernetesConfig, IsThereOnlyWithItsSection) {
  std::optional<KubernetesConfig> out;
  ASSERT_TRUE(read("x = 1", out).ok());
  EXPECT_FALSE(out);
}

TEST(KubernetesConfig, ReadsWhatItKnows) {
  std::optional<KubernetesConfig> out;
  ASSERT_TRUE(read(R"([kubernetes]
    kubeconfig = "kube/config"
    context = "prod"
    api_address = "https://k8s.example.org:6443"
    api_authority = "/etc/ssl/k8s.pem"
    namespace = "tarn"
    tenant_role = "our-tenants"
    pod_security = "baseline"
    internet_egress = true
    blocked_ranges = ["203.0.113.0/24", "2001:db8::/32"]
    dns_ranges = ["169.254.20.10/32"]
    withheld = ["example.com/fpga"]
    token_lifetime = "30m")",
                   out)
                  .ok());
  ASSERT_TRUE(out);
  EXPECT_EQ(out->kubeconfig, "/etc/tarn/kube/config");
  EXPECT_EQ(out->context, "prod");
  EXPECT_FALSE(out->in_cluster);
  EXPECT_EQ(out->api_address, "https://k8s.example.org:6443");
  EXPECT_EQ(out->api_authority, "/etc/ssl/k8s.pem");
  EXPECT_EQ(out->home, "tarn");
  EXPECT_EQ(out->tenant_role, "our-tenants");
  EXPECT_EQ(out->pod_security, "baseline");
  EXPECT_TRUE(out->internet_egress);
  EXPECT_EQ(out->blocked_ranges.size(), 2U);
  EXPECT_EQ(out->dns_ranges.size(), 1U);
  EXPECT_EQ(out->withheld, std::vector<std::string>{"example.com/fpga"});
  EXPECT_EQ(out->token_ms, 1'800'000);
}

TEST(KubernetesConfig, RefusesWhatCannotWork) {
  const std::string file = "kubeconfig = \"k\"\n";
  EXPECT_EQ(refusal(file), "");
  EXPECT_NE(refusal(file + "withheld = [\"memory\"]\n"), "");
  EXPECT_EQ(refusal("in_cluster = true\napi_address = \"https://k8s.example.org\""), "");
  const std::vector<std::pair<std::string, std::string>> wrong{
      {"", "either kubeconfig"},
      {file + "in_cluster = true\napi_address = \"https://a\"", "either kubeconfig"},
      {"in_cluster = true", "api_address must say"},
      {"in_cluster = true\ncontext = \"a\"\napi_address = \"https://a\"", "context chooses"},
      {"in_cluster = 1\n" + file, "in_cluster must be true or false"},
      {file + "api_address = \"http://a\"", "api_address must be"},
      {file + "api_address = \"https://user:password@a\"", "api_address must be"},
      {file + "namespace = \"Tarn\"", "namespace must be"},
      {file + "pod_security = \"privileged\"", "pod_security must be"},
      {file + "blocked_ranges = [\"203.0.113.0\"]", "blocked_ranges must be"},
      {file + "blocked_ranges = [\"203.0.113.0/33\"]", "blocked_ranges must be"},
      {file + "dns_ranges = [\"dns/32\"]", "dns_ranges must be"},
      {file + "token_lifetime = \"1m\"", "token_lifetime must be"},
      {file + "token_lifetime = \"2d\"", "token_lifetime must be"},
      {file + "token = \"secret\"", "unknown key \"token\""},
  };
  for (const auto& [keys, reason] : wrong) EXPECT_NE(refusal(keys).find(reason), std::string::npos) << refusal(keys);
}

}  // namespace
}  // namespace tarn
