#include "drivers/kubernetes/kubeconfig.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <optional>

#include "base/base64.h"
#include "base/bytes.h"
#include "drivers/yaml/yaml.h"

namespace drivers {

namespace {

constexpr std::size_t kMaxToken = 64 * 1024;

base::Error refused(std::string what) { return {base::Code::kInvalidInput, std::move(what)}; }

base::Result<std::string> read_file(const std::filesystem::path& path, std::size_t limit) {
  std::ifstream in(path, std::ios::binary);
  std::string text(limit + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!in.is_open() || in.bad()) return refused(path.string() + ": cannot be read");
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (text.size() > limit) return refused(path.string() + ": too long for what it should be");
  return text;
}

std::string trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const std::size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return "";
  return std::string(text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1));
}

// A name out of the file, fit for a message.
std::string named(std::string_view what, std::string_view name) {
  return std::string(what) + " " + yaml_string(name.substr(0, 64));
}

std::optional<std::uint16_t> port_of(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (failure != std::errc() || end != text.data() + text.size() || port == 0) return std::nullopt;
  return port;
}

bool plain(std::string_view text) {  // as parts of a URL are that need no escaping or have had it
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return c > 0x20 && c < 0x7f && c != '"' && c != '<' && c != '>' && c != '\\'; });
}

// http(s)://host[:port][/prefix]
bool take_url(std::string_view url, ClusterAccess& into) {
  into.tls = url.starts_with("https://");
  if (!into.tls && !url.starts_with("http://")) return false;
  url.remove_prefix(into.tls ? 8 : 7);
  if (!plain(url) || url.find_first_of("@?#") != std::string_view::npos) return false;
  const std::size_t slash = std::min(url.find('/'), url.size());
  into.prefix = url.substr(slash);
  while (into.prefix.ends_with('/')) into.prefix.pop_back();
  std::string_view at = url.substr(0, slash);
  const std::size_t host_end = at.starts_with('[') ? at.find(']') : std::min(at.find(':'), at.size());
  if (host_end == std::string_view::npos) return false;
  const bool six = at.starts_with('[');
  into.host = six ? at.substr(1, host_end - 1) : at.substr(0, host_end);
  at.remove_prefix(six ? host_end + 1 : host_end);
  into.port = into.tls ? 443 : 80;
  if (!at.empty()) {
    const auto port = at.front() == ':' ? port_of(at.substr(1)) : std::nullopt;
    if (!port) return false;
    into.port = *port;
  }
  return !into.host.empty();
}

// One kubeconfig as it is read: what its parts say, with the part's name in the message where one will not do.
class Reader {
 public:
  Reader(const YamlNode& root, const std::filesystem::path& directory) : root_(root), directory_(directory) {}

  base::Result<ClusterAccess> read(std::string_view context) {
    const YamlNode& kind = root_.at("kind");
    if (kind.kind == YamlNode::Kind::kText && kind.text != "Config") return refused("this is no kubeconfig");
    TARN_ASSIGN(const std::string current, text(root_, "current-context"));
    const std::string_view wanted = context.empty() ? current : context;
    if (wanted.empty()) return refused("there is no current context; say which one (kubectl config get-contexts)");
    TARN_ASSIGN(const YamlNode* chosen, part("contexts", "context", wanted));
    TARN_ASSIGN(const std::string cluster, text(*chosen, "cluster"));
    TARN_ASSIGN(const std::string user, text(*chosen, "user"));
    ClusterAccess access;
    TARN_ASSIGN(access.default_namespace, text(*chosen, "namespace"));
    TARN_TRY(take_cluster(cluster, access));
    if (!user.empty()) TARN_TRY(take_user(user, access));
    return access;
  }

 private:
  static base::Result<std::string> text(const YamlNode& in, std::string_view name) {
    const YamlNode& found = in.at(name);
    if (found.kind == YamlNode::Kind::kNull) return std::string();
    if (found.kind != YamlNode::Kind::kText) return refused(std::string(name) + ": not a text");
    return found.text;
  }

  // The `kind` in the list of its name.
  base::Result<const YamlNode*> part(std::string_view list, std::string_view kind, std::string_view name) const {
    for (const YamlNode& item : root_.at(list).items) {
      const YamlNode& own = item.at("name");
      if (own.kind == YamlNode::Kind::kText && own.text == name) return &item.at(kind);
    }
    return refused("there is no " + named(kind, name));
  }

  // NAME-data, else the file NAME, else nothing.
  base::Result<std::string> content(const YamlNode& in, const std::string& name) const {
    TARN_ASSIGN(const std::string data, text(in, name + "-data"));
    if (!data.empty()) {
      auto decoded = base::from_base64(data);
      if (!decoded || decoded->empty()) return refused(name + "-data: not base64");
      return std::move(*decoded);
    }
    TARN_ASSIGN(const std::string file, text(in, name));
    if (file.empty()) return std::string();
    return read_file(directory_ / file, YamlLimits().text);
  }

  static bool says_yes(const YamlNode& in, std::string_view name) {
    const YamlNode& found = in.at(name);
    return found.kind != YamlNode::Kind::kNull && found.text != "false";
  }

  base::Status take_cluster(const std::string& name, ClusterAccess& into) const {
    TARN_ASSIGN(const YamlNode* cluster, part("clusters", "cluster", name));
    const std::string which = named("cluster", name) + ": ";
    TARN_ASSIGN(const std::string server, text(*cluster, "server"));
    if (!take_url(server, into)) return refused(which + "its server is no URL such as https://10.0.0.1:6443");
    if (says_yes(*cluster, "insecure-skip-tls-verify"))
      return refused(which +
                     "insecure-skip-tls-verify would let anybody be the API server; give its authority in "
                     "certificate-authority-data instead");
    if (!cluster->at("proxy-url").text.empty()) return refused(which + "proxies are not supported");
    TARN_ASSIGN(into.server_name, text(*cluster, "tls-server-name"));
    if (!plain(into.server_name)) return refused(which + "tls-server-name is no name");
    auto authorities = content(*cluster, "certificate-authority");
    if (!authorities.ok()) return refused(which + authorities.error().message);
    into.authorities = std::move(*authorities);
    return {};
  }

  base::Status take_user(const std::string& name, ClusterAccess& into) const {
    TARN_ASSIGN(const YamlNode* user, part("users", "user", name));
    const std::string which = named("user", name) + ": ";
    for (const char* const plugin : {"exec", "auth-provider"})
      if (user->at(plugin).kind != YamlNode::Kind::kNull)
        return refused(which + plugin +
                       ": Tarn runs no credential plugins; give it a service account of its own "
                       "(deploy/kubernetes) and that one's token in tokenFile");
    for (const char* const other : {"username", "password", "as", "as-uid", "as-groups", "as-user-extra"})
      if (user->at(other).kind != YamlNode::Kind::kNull)
        return refused(which + other + ": not supported; use a token or a client certificate");
    auto certificate = content(*user, "client-certificate"), key = content(*user, "client-key");
    if (!certificate.ok()) return refused(which + certificate.error().message);
    if (!key.ok()) return refused(which + key.error().message);
    if (certificate->empty() != key->empty())
      return refused(which + "a client certificate and its key go together, and one of them is missing");
    into.certificate = std::move(*certificate);
    into.key = std::move(*key);
    TARN_ASSIGN(into.token, text(*user, "token"));
    TARN_ASSIGN(const std::string token_file, text(*user, "tokenFile"));
    if (!token_file.empty()) into.token_file = directory_ / token_file;
    if (into.token.size() > kMaxToken || into.token.find_first_of("\r\n") != std::string::npos)
      return refused(which + "its token is none");
    return {};
  }

  const YamlNode& root_;
  const std::filesystem::path& directory_;
};

void write_exec(std::string& out, const ExecPlugin& plugin) {
  out += "      exec:\n        apiVersion: " + yaml_string(plugin.api_version) +
         "\n        command: " + yaml_string(plugin.command) + "\n        args: [";
  for (std::size_t i = 0; i < plugin.arguments.size(); ++i)
    out += (i > 0 ? ", " : "") + yaml_string(plugin.arguments[i]);
  out += "]\n        env: [";
  for (std::size_t i = 0; i < plugin.environment.size(); ++i)
    out += (i > 0 ? ", {name: " : "{name: ") + yaml_string(plugin.environment[i].first) +
           ", value: " + yaml_string(plugin.environment[i].second) + "}";
  out += "]\n        interactiveMode: Never\n        provideClusterInfo: false\n";
  if (!plugin.install_hint.empty()) out += "        installHint: " + yaml_string(plugin.install_hint) + "\n";
}

}  // namespace

ClusterAccess::~ClusterAccess() {
  base::wipe(key.data(), key.size());
  base::wipe(token.data(), token.size());
}

std::string ClusterAccess::url() const {
  const bool six = host.find(':') != std::string::npos;
  std::string out = tls ? "https://" : "http://";
  out.append(six ? "[" : "").append(host).append(six ? "]:" : ":").append(std::to_string(port)).append(prefix);
  return out;
}

base::Result<std::string> ClusterAccess::current_token() const {
  if (token_file.empty()) return token;
  TARN_ASSIGN(std::string text, read_file(token_file, kMaxToken));
  std::string found = trimmed(text);
  base::wipe(text.data(), text.size());
  if (found.empty()) return refused(token_file.string() + ": there is no token in it");
  return found;
}

base::Result<ClusterAccess> parse_kubeconfig(std::string_view text, const std::filesystem::path& directory,
                                             std::string_view context) {
  TARN_ASSIGN(const YamlNode root, parse_yaml(text));
  return Reader(root, directory).read(context);
}

base::Result<ClusterAccess> read_kubeconfig(const std::filesystem::path& file, std::string_view context) {
  TARN_ASSIGN(std::string text, read_file(file, YamlLimits().text));
  auto access = parse_kubeconfig(text, file.parent_path(), context);
  base::wipe(text.data(), text.size());
  if (!access.ok()) return refused(file.string() + ": " + access.error().message);
  return access;
}

base::Result<ClusterAccess> in_cluster_access(const std::filesystem::path& directory, std::string_view host,
                                              std::string_view port) {
  const auto number = port_of(port);
  if (host.empty() || !plain(host) || !number)
    return refused(
        "not in a cluster: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set; give a kubeconfig");
  ClusterAccess access;
  access.host = host;
  access.port = *number;
  access.token_file = directory / "token";
  TARN_ASSIGN(access.authorities, read_file(directory / "ca.crt", YamlLimits().text));
  if (access.authorities.empty()) return refused((directory / "ca.crt").string() + ": empty");
  TARN_ASSIGN(const std::string own, read_file(directory / "namespace", 256));
  access.default_namespace = trimmed(own);
  TARN_TRY(access.current_token());
  return access;
}

std::string tenant_kubeconfig(const TenantAccess& access) {
  const std::string name = yaml_string(access.name);
  std::string out = "apiVersion: v1\nkind: Config\ncurrent-context: " + name + "\nclusters:\n  - name: " + name +
                    "\n    cluster:\n      server: " + yaml_string(access.server) + "\n";
  if (!access.authorities.empty())
    out += "      certificate-authority-data: " + base::to_base64(access.authorities) + "\n";
  if (!access.server_name.empty()) out += "      tls-server-name: " + yaml_string(access.server_name) + "\n";
  out += "contexts:\n  - name: " + name + "\n    context:\n      cluster: " + name + "\n      user: " + name +
         "\n      namespace: " + yaml_string(access.tenant_namespace) + "\nusers:\n  - name: " + name + "\n    user:\n";
  if (const auto* const plugin = std::get_if<ExecPlugin>(&access.credential)) {
    write_exec(out, *plugin);
  } else {
    out += "      token: " + yaml_string(std::get<std::string>(access.credential)) + "\n";
  }
  return out;
}

}  // namespace drivers
