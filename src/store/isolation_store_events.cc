// Events. Writers are alone, so ids become visible in their order, and a cursor skips none.
#include <set>

#include "store/isolation_transaction.h"

namespace store {

using namespace isolation;

base::Status SqlTransaction::insert_event(const Event& event) {
  TARN_TRY(insert(event));
  return {};
}

// Of several projects: each one's next, which an index has in order, and of these the first.
Rows<Event> SqlTransaction::events(Id after, const std::optional<std::vector<Id>>& visible_to, std::size_t limit) {
  if (!visible_to) return select<Event>(" WHERE id > ? ORDER BY id LIMIT ?", {after, as_limit(limit)});
  std::vector<Event> found;
  for (const Id project : std::set<Id>(visible_to->begin(), visible_to->end())) {
    TARN_ASSIGN(std::vector<Event> some,
                select<Event>(" WHERE project = ? AND id > ? ORDER BY id LIMIT ?", {project, after, as_limit(limit)}));
    std::ranges::move(some, std::back_inserter(found));
    std::ranges::sort(found, {}, &Event::id);
    if (found.size() > limit) found.resize(limit);
  }
  return found;
}

base::Status SqlTransaction::erase_events_before(std::int64_t time) {
  TARN_TRY(write("DELETE FROM events WHERE at < ?", {time}));
  return {};
}

}  // namespace store
