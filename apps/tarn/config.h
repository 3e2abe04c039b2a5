// Configuration files (TOML 1.0). Every key is known, or the file is refused with the line and what to do.
// The parser (toml++) stays in config.cc.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/organisation.h"
#include "pool/placement_session.h"

namespace tarn {

struct ConfigParty {
  model::OrganisationId id;
  std::string address, name;
};

struct PartyConfig {
  std::string identity;  // path of the key file
  std::string state_dir;
  std::string listen;  // empty: the own address
  std::string mechanism;
  std::string resource_class;
  std::optional<auction::RequesterInput> request;
  std::optional<auction::ProviderInput> offer;
  std::uint32_t width = 32, extension_k = 4;
  int deadline_ms = 30'000;
  std::vector<ConfigParty> parties;  // the requester first
};

// `text` of a file in `directory`, against which relative paths are taken.
base::Result<PartyConfig> parse_party_config(const std::string& text, const std::string& file,
                                             const std::string& directory);
base::Result<PartyConfig> load_party_config(const std::string& file);

struct DemoConfig {
  std::string mechanism = "second-price", resource_class = "namespaces of 1 vCPU and 1 GiB";
  auction::RequesterInput request{32, 100};
  std::string requester_name = "requester";
  struct Provider {
    std::string name;
    auction::ProviderInput offer;
  };
  std::vector<Provider> providers;
};
base::Result<DemoConfig> parse_demo_config(const std::string& text, const std::string& file);
base::Result<DemoConfig> load_demo_config(const std::string& file);

// "500ms", "30s", "2m", "1h".
base::Result<int> parse_duration_ms(const std::string& text);
base::Result<std::string> read_text_file(const std::string& file, std::size_t max_size);

}  // namespace tarn
