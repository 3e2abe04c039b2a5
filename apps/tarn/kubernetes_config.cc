#include "tarn/kubernetes_config.h"

#include <arpa/inet.h>

#include <array>
#include <charconv>

#include "model/duration.h"
#include "model/kubernetes_quantity.h"
#include "tarn/toml_table.h"

namespace tarn {
namespace {

constexpr std::size_t kMaxRanges = 64, kMaxDevices = 64;

// An address and the length of a prefix: "203.0.113.0/24".
bool is_range(const std::string& text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string::npos) return false;
  const std::string address = text.substr(0, slash);
  std::array<unsigned char, 16> bytes{};
  const bool v4 = ::inet_pton(AF_INET, address.c_str(), bytes.data()) == 1;
  if (!v4 && ::inet_pton(AF_INET6, address.c_str(), bytes.data()) != 1) return false;
  int length = 0;
  const char* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data() + slash + 1, end, length);
  return read.ec == std::errc{} && read.ptr == end && length >= 0 && length <= (v4 ? 32 : 128);
}

// What Kubernetes takes for the name of a namespace.
bool is_label(const std::string& text) {
  const auto lower = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  return !text.empty() && text.size() <= 63 && lower(text.front()) && lower(text.back()) &&
         std::all_of(text.begin(), text.end(), [&](char c) { return lower(c) || c == '-'; });
}

std::vector<std::string> read_ranges(Table& table, const char* key) {
  auto out = table.texts(key, false, kMaxRanges, 64);
  if (!std::all_of(out.begin(), out.end(), is_range))
    table.complain(table.node(), std::string(key) + " must be ranges of addresses like \"203.0.113.0/24\"");
  return out;
}

std::vector<std::string> read_devices(Table& table, const char* key) {
  auto out = table.texts(key, false, kMaxDevices, 320);
  const auto is_device = [](const std::string& name) {
    return name.find('/') != std::string::npos && model::valid_resource_name(name);
  };
  if (!std::all_of(out.begin(), out.end(), is_device))
    table.complain(table.node(), std::string(key) + " must be extended resources like \"example.com/fpga\"");
  return out;
}

void check(Table& table, const KubernetesConfig& config) {
  const auto wrong = [&](const std::string& what) { table.complain(table.node(), what); };
  if (config.kubeconfig.empty() != config.in_cluster)
    wrong("[kubernetes] needs either kubeconfig = \"FILE\", or in_cluster = true in a pod of the cluster");
  if (config.in_cluster && !config.context.empty()) wrong("context chooses from a kubeconfig, and there is none");
  if (config.in_cluster && config.api_address.empty())
    wrong("api_address must say how tenants reach the API server: a pod knows only its inner address");
  if (!config.api_address.empty() &&
      (!config.api_address.starts_with("https://") || config.api_address.size() < 9 || !printable(config.api_address) ||
       config.api_address.find_first_of(" \"'@?#") != std::string::npos))
    wrong("api_address must be \"https://host:port\"");
  if (!is_label(config.home)) wrong("namespace must be the name of a namespace: lower case letters, digits and -");
  if (!is_label(config.tenant_role)) wrong("tenant_role must be the name of a ClusterRole: lower case, digits and -");
  if (config.pod_security != "restricted" && config.pod_security != "baseline")
    wrong("pod_security must be \"restricted\" or \"baseline\"");
}

}  // namespace

base::Status read_kubernetes(Table& top, const std::string& file, const std::string& directory,
                             std::optional<KubernetesConfig>& out) {
  const toml::table* entry = top.table("kubernetes", false);
  if (entry == nullptr) return {};
  Table table(*entry, file, "[kubernetes]");
  KubernetesConfig config;
  const auto path = [&](const char* key) {
    const auto text = table.text(key, false);
    return text ? resolved(*text, directory) : std::string();
  };
  config.kubeconfig = path("kubeconfig");
  config.in_cluster = table.flag("in_cluster").value_or(false);
  config.context = table.text("context", false, 253).value_or("");
  config.api_address = table.text("api_address", false, 300).value_or("");
  config.api_authority = path("api_authority");
  config.home = table.text("namespace", false, 63).value_or(config.home);
  config.tenant_role = table.text("tenant_role", false, 63).value_or(config.tenant_role);
  config.pod_security = table.text("pod_security", false, 32).value_or(config.pod_security);
  config.internet_egress = table.flag("internet_egress").value_or(false);
  config.blocked_ranges = read_ranges(table, "blocked_ranges");
  config.dns_ranges = read_ranges(table, "dns_ranges");
  config.withheld = read_devices(table, "withheld");
  if (const auto text = table.text("token_lifetime", false, 32)) {
    const auto ms = model::parse_duration_ms(*text, 86'400'000);
    if (!ms.ok() || *ms < 600'000)
      table.complain(table.node(), "token_lifetime must be 10m to 1d");
    else
      config.token_ms = *ms;
  }
  check(table, config);
  TARN_TRY(table.finish());
  out = std::move(config);
  return {};
}

}  // namespace tarn
