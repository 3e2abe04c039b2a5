// Events, kept replies, and who clears. Writers are alone, so ids become visible in their order, and a cursor skips none.
#include "store/market_transaction.h"

namespace store {

using namespace market;

base::Status SqlMarketTransaction::insert_event(const Event& event) {
  if (event.visible_to.size() > 2) return base::Error{base::Code::kStorage, "an event is seen by two at most"};
  return post_insert(event);
}

// What everybody may see and what each of two readers may: each has an index in order, of all markets and of one, so the
// first of the three.
Rows<Event> SqlMarketTransaction::events(Id after, const EventFilter& which, std::size_t limit) {
  const auto those = [&](SqlCondition condition) {
    return page_where<Event>(condition.equal("market", which.market), {after, limit});
  };
  if (!which.visible_to) return those(SqlCondition());
  const auto read_by = [&](std::string_view column) {
    return those(SqlCondition("everybody = 0").with(column, as_value(*which.visible_to)));
  };
  TARN_ASSIGN(std::vector<Event> everybodys, those(SqlCondition("everybody = 1")));
  TARN_ASSIGN(std::vector<Event> own, read_by("reader = ?"));
  TARN_ASSIGN(std::vector<Event> others, read_by("other_reader = ?"));
  return merged(merged(std::move(everybodys), std::move(own), limit), std::move(others), limit);
}
base::Result<Id> SqlMarketTransaction::last_event() { return number("SELECT coalesce(max(id), 0) FROM events", {}); }
base::Status SqlMarketTransaction::erase_events_before(std::int64_t time) {
  TARN_TRY(write("DELETE FROM events WHERE at < ?", {time}));
  return {};
}

Found<KeptReply> SqlMarketTransaction::find_reply(std::string_view caller, std::string_view key) {
  std::optional<KeptReply> found;
  TARN_TRY(ask("SELECT request_hash, status, body, at FROM replies WHERE caller = ? AND key = ?",
               SqlValues{caller, key}, [&](const SqlRow& row) {
                 SqlColumns in(row);
                 found = KeptReply{in.bytes(), in.as<int>(), in.text(), in.integer()};
                 return true;
               }));
  return found;
}
base::Status SqlMarketTransaction::keep_reply(std::string_view caller, std::string_view key, const KeptReply& reply) {
  return post(
      "INSERT INTO replies (caller, key, request_hash, status, body, at) VALUES (?, ?, ?, ?, ?, ?)"
      " ON CONFLICT (caller, key) DO UPDATE SET request_hash = excluded.request_hash, status = excluded.status,"
      " body = excluded.body, at = excluded.at",
      SqlValues{caller, key, reply.request_hash, reply.status, reply.body, reply.at});
}
base::Status SqlMarketTransaction::erase_replies_before(std::int64_t time) {
  TARN_TRY(write("DELETE FROM replies WHERE at < ?", {time}));
  return {};
}

base::Result<std::optional<base::Bytes>> SqlMarketTransaction::signing_key() {
  std::optional<base::Bytes> found;
  TARN_TRY(ask("SELECT key FROM signer WHERE id = 1", {}, [&](const SqlRow& row) {
    found = row.bytes(0);
    return true;
  }));
  return found;
}
base::Status SqlMarketTransaction::set_signing_key(base::ByteView key) {
  return one(write("INSERT INTO signer (id, key) VALUES (1, ?)", {key}));
}

base::Result<std::int64_t> SqlMarketTransaction::fence() { return number("SELECT number FROM fence WHERE id = 1", {}); }
base::Result<std::int64_t> SqlMarketTransaction::advance_fence() {
  TARN_TRY(one(write("UPDATE fence SET number = number + 1 WHERE id = 1", {})));
  return fence();
}

}  // namespace store
