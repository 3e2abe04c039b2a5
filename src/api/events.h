// Events as calls give them: a page behind a cursor, waited for if that is asked, or server-sent events for who says
// Accept: text/event-stream.
// Threads: as the request; a stream has a thread of its own.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "api/front.h"

namespace api {

struct ShownEvent {
  std::int64_t id = 0;
  std::string kind;
  Json body;
};
// What its caller may see now, after the cursor; an error ends a stream. It is kept as long as the stream.
using ReadEvents = std::function<base::Result<std::vector<ShownEvent>>(std::int64_t after, std::size_t limit)>;

using NewestEvent = std::function<base::Result<std::int64_t>()>;

// Of a call with the query "after limit wait_ms". Where `newest` is given, after=latest is behind all there is. `user`:
// whose places waiting takes.
base::Result<Reply> events_reply(Exchange& exchange, Front& front, Places::User user, const ReadEvents& read,
                                 const NewestEvent& newest = {});

}  // namespace api
