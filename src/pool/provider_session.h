// ProviderSession: a provider's part in one request, from its acceptance to the end. One thread; private to provider*.cc.
#pragma once

#include "pool/drawn.h"
#include "pool/provider.h"

namespace pool {

class ProviderSession {
 public:
  // An admitted invitation that lists us; the references outlive the session.
  ProviderSession(const Provider::Services& services, const ProviderRules& rules, const Invitation& invitation,
                  std::unique_ptr<Line> line, base::Random& random);

  ProviderEvent run();

 private:
  base::Result<std::optional<MeshPlan>> take_place();
  base::Result<std::unique_ptr<SessionMesh>> connect(const MeshPlan& plan);
  base::Result<auction::ProviderOutcome> compute(const MeshPlan& plan, const inventory::Hold& hold, SessionMesh& mesh);
  void run_drawn(const MeshPlan& plan);
  base::Result<bool> deliver(const MeshPlan& plan, const inventory::Hold& hold, const auction::ProviderOutcome& won,
                             SessionMesh& mesh);
  base::Status settle(const LeaseDocument& document, SessionMesh& mesh);
  void blame(const base::Error& error, const MeshPlan& plan);
  void took_back(Offence offence);
  void remember(const crypto::PublicKey& offender, base::Bytes evidence);
  void failed(ProviderEvent::Kind kind, const base::Error& error);

  const Provider::Services& services_;
  const ProviderRules& rules_;
  const Invitation& invitation_;
  std::unique_ptr<Line> line_;
  base::Random& random_;
  crypto::PublicKey requester_;
  ProviderEvent event_;
};

}  // namespace pool
