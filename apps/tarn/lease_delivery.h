// What was bought, at its requester: waits for it, and writes the way in down. One thread.
#pragma once

#include "tarn/lease_calls.h"
#include "tarn/tenant_access.h"

namespace tarn {

using BoughtOrNot = base::Result<LeaseCalls::Bought>;

// Asks all providers at once, and again those that are not ready, until all are, or wait_ms are over. Says on stderr
// what is waited for.
std::vector<BoughtOrNot> await_delivery(LeaseCalls& calls, const std::vector<store::LeaseRecord>& records,
                                        std::int64_t wait_ms, const base::Clock& clock);
// Why there is no way in yet; empty: there is one, or there will be none.
std::string not_yet(const BoughtOrNot& bought);

base::Status write_kubeconfig(const pool::LeaseId& lease, const LeaseCalls::Bought& bought, const std::string& file);
// With this program as kubectl's credential plugin, for the same home.
std::string plugged_kubeconfig(const TenantAccess& access, const HomeOptions& home);

}  // namespace tarn
