// Kubeconfigs: what is read is within bounds, what is refused says so in a line and shows nothing, and what is written of
// any texts is read again as the same.
#include "drivers/kubernetes/kubeconfig.h"
#include "drivers/yaml/yaml.h"
#include "fuzz/input.h"

namespace {

bool on_one_line(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) > 0x20 && c != 0x7f; });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::text({data, size});
  const auto access = drivers::parse_kubeconfig(text, "/nowhere");
  if (access.ok()) {
    CHECK(!access->host.empty() && on_one_line(access->url()) && access->port != 0);
    CHECK(access->certificate.empty() == access->key.empty());
    CHECK(access->token.find_first_of("\r\n") == std::string::npos);
  } else {
    CHECK(fuzz::printable(access.error().message, 1000) || size > 200);  // a file's name may be of any length
  }
  const std::string any(text.substr(0, 4096));
  const auto again = drivers::parse_yaml(drivers::tenant_kubeconfig({any, "https://a", "", "", "n", any}));
  CHECK(again.ok() && again->fields.size() == 6 && again->at("users").items.size() == 1);
  CHECK(again->at("current-context").text == again->at("users").items[0].at("user").at("token").text);
  return 0;
}
