#include "auction/clearing/single_product.h"
#include "auction/clearing/winners.h"
#include "base/check.h"

namespace auction::clearing {

base::Result<Outcome> clear(const Call& call) {
  TARN_TRY(admit(call));
  switch (call.settings.mechanism) {
    case Mechanism::kClaim: return clear_claim(call);
    case Mechanism::kContinuous: return clear_continuous(call);
    case Mechanism::kUniform: return clear_uniform(call);
    case Mechanism::kPayAsBid: return clear_pay_as_bid(call);
    case Mechanism::kVcg: return clear_vcg(call);
    case Mechanism::kMcafee: return clear_mcafee(call);
    case Mechanism::kSbba: return clear_sbba(call);
    case Mechanism::kMuda: return clear_muda(call);
    case Mechanism::kCombinatorial: return clear_combinatorial(call);
  }
  CHECK(false);
}

}  // namespace auction::clearing
