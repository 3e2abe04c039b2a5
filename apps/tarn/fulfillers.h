// What makes leases real, as configured: the one place of the program that knows which fulfillers there are.
// Errors: kInvalidInput, of the configuration. Nothing is dialled here; whether the cluster answers shows in the health.
#pragma once

#include <functional>
#include <memory>

#include "base/clock.h"
#include "base/log.h"
#include "crypto/identity.h"
#include "drivers/kubernetes/namespace_objects.h"
#include "inventory/fulfiller.h"
#include "tarn/cluster.h"
#include "tarn/kubernetes_config.h"

namespace tarn {

// What leased namespaces are like, as configured.
drivers::NamespaceRules rules_of(const KubernetesConfig& config);

// Delivers namespaces on the cluster, for the provider with this key.
base::Result<std::unique_ptr<inventory::Fulfiller>> open_kubernetes(const KubernetesConfig& config,
                                                                    const crypto::PublicKey& provider,
                                                                    const base::Clock& clock, Cluster::Options options);
// Writes each call of an API server down, at level debug.
std::function<void(const drivers::ApiCall&)> logged_to(base::Log& log);

}  // namespace tarn
