// Configurations of those who take part in a pool: a provider's daemon and a requester. Strict: an unknown key, a value
// out of range or an offer that makes no sense is refused with its line; no message contains an amount or a price.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "discovery/coordinate.h"
#include "inventory/inventory.h"
#include "pool/provider.h"
#include "tarn/kubernetes_config.h"

namespace tarn {

struct DhtConfig {
  std::string listen = "0.0.0.0:0";    // UDP
  std::vector<std::string> bootstrap;  // host:port of nodes that are likely up
  std::uint32_t network = 0;           // nodes of other networks are not talked to
};

struct ProviderConfig {
  std::string identity, state_dir;
  std::string listen;    // TCP for sessions, UDP for probes, one port number
  std::string endpoint;  // what others dial
  DhtConfig dht;
  std::vector<inventory::Offer> offers;
  pool::ProviderRules rules;
  std::size_t from_one_place = 8;                   // lines that wait at the door from one address
  std::optional<discovery::Coordinate> coordinate;  // given; else learned
  std::string http = "127.0.0.1:7480";              // metrics and health; "" for none
  std::optional<KubernetesConfig> kubernetes;       // where leases become namespaces; nothing: they are documents
};
// Where offers come from: [[offers]], or the PoolContributions of a cluster, and then [kubernetes] has to be there.
enum class OffersFrom : std::uint8_t { kFile, kCluster };
base::Result<ProviderConfig> parse_provider_config(const std::string& text, const std::string& file,
                                                   const std::string& directory, OffersFrom offers = OffersFrom::kFile);
base::Result<ProviderConfig> load_provider_config(const std::string& file, OffersFrom offers = OffersFrom::kFile);

struct RequesterConfig {
  std::string identity, state_dir;  // empty: the user's own, made when first needed
  DhtConfig dht;
  std::size_t providers = 8, min_providers = 3;
  std::optional<discovery::Coordinate> coordinate;
};
base::Result<RequesterConfig> parse_requester_config(const std::string& text, const std::string& file,
                                                     const std::string& directory);
base::Result<RequesterConfig> load_requester_config(const std::string& file);

}  // namespace tarn
