// Users, their projects and tokens, and the answers that they were given.
#include "store/isolation_transaction.h"

namespace store {

using namespace isolation;

Found<User> SqlTransaction::find_user(std::string_view name) { return find_by_name<User>(name); }
Found<User> SqlTransaction::find_user(Id id) { return find_by_id<User>(id); }
Rows<User> SqlTransaction::users(const Page& page) { return page_of<User>(page); }
base::Result<Id> SqlTransaction::insert_user(const User& user) { return insert(user); }
base::Status SqlTransaction::update_user(const User& user) { return update(user); }
base::Status SqlTransaction::erase_user(Id id) { return erase<User>(id); }

base::Result<std::vector<Id>> SqlTransaction::projects_of(Id user) {
  return ids("SELECT project FROM members WHERE user_id = ? ORDER BY project", {user});
}
base::Result<std::vector<Id>> SqlTransaction::users_of(Id project) {
  return ids("SELECT user_id FROM members WHERE project = ? ORDER BY user_id", {project});
}
base::Status SqlTransaction::set_member(Id user, Id project, bool member) {
  TARN_TRY(write(member ? "INSERT INTO members (user_id, project) VALUES (?, ?) ON CONFLICT DO NOTHING"
                        : "DELETE FROM members WHERE user_id = ? AND project = ?",
                 {user, project}));
  return {};
}

Found<ApiToken> SqlTransaction::find_token(base::ByteView hash) { return find<ApiToken>(" WHERE hash = ?", {hash}); }
Rows<ApiToken> SqlTransaction::tokens_of(Id user) { return select<ApiToken>(" WHERE user_id = ? ORDER BY id", {user}); }
base::Result<Id> SqlTransaction::insert_token(const ApiToken& token) { return insert(token); }
base::Status SqlTransaction::erase_token(Id id) { return erase<ApiToken>(id); }

Found<KeptReply> SqlTransaction::find_reply(Id user, std::string_view key) {
  std::optional<KeptReply> found;
  TARN_TRY(connection_.query("SELECT request_hash, status, body, at FROM replies WHERE user_id = ? AND key = ?",
                             SqlValues{user, key}, [&](const SqlRow& row) {
                               SqlColumns in(row);
                               found = KeptReply{in.bytes(), in.as<int>(), in.text(), in.integer()};
                               return false;
                             }));
  return found;
}
base::Status SqlTransaction::keep_reply(Id user, std::string_view key, const KeptReply& reply) {
  TARN_TRY(
      write("INSERT INTO replies (user_id, key, request_hash, status, body, at) VALUES (?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (user_id, key) DO UPDATE SET request_hash = excluded.request_hash,"
            " status = excluded.status, body = excluded.body, at = excluded.at",
            {user, key, reply.request_hash, reply.status, reply.body, reply.at}));
  return {};
}
base::Status SqlTransaction::erase_replies_before(std::int64_t time) {
  TARN_TRY(write("DELETE FROM replies WHERE at < ?", {time}));
  return {};
}

}  // namespace store
