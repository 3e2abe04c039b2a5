// The mechanisms one by one, each in the file of its name (claim and continuous: meetings.cc); clear() (mechanism.h) picks.
// For calls that admit() has let pass.
// Threads: any.
#pragma once

#include "auction/clearing/merit_order.h"

namespace auction::clearing {

Outcome clear_claim(const Call& call);
Outcome clear_continuous(const Call& call);
Outcome clear_uniform(const Call& call);
Outcome clear_pay_as_bid(const Call& call);
Outcome clear_vcg(const Call& call);
Outcome clear_mcafee(const Call& call);
Outcome clear_sbba(const Call& call);
Outcome clear_muda(const Call& call);

// McAfee's trades, which vcg falls back to; of single units.
std::vector<Trade> mcafee_trades(const Call& call, const Merit& merit);

}  // namespace auction::clearing
