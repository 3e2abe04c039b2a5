#include "market/rules.h"

#include <algorithm>

#include "market/lookup.h"

namespace market {

Rules::Rules(Transaction& store, Caller caller, const Context& context)
    : store_(store), caller_(std::move(caller)), context_(context) {}

Rows<Event> Rules::events(Id after, std::size_t limit, std::optional<Id> market) {
  const bool all = may(caller_, Action::kShowEverything);
  if (!all) TARN_TRY(allowed(caller_, Action::kShowOwn, caller_.organisation));
  const EventFilter which{all ? std::nullopt : caller_.organisation, market};
  return store_.events(after, which, std::clamp<std::size_t>(limit, 1, kMaxPage));
}

base::Result<Id> Rules::last_event() {
  if (!may(caller_, Action::kShowEverything)) TARN_TRY(allowed(caller_, Action::kShowOwn, caller_.organisation));
  return store_.last_event();
}

}  // namespace market
