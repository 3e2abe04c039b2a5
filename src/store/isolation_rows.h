// How the nouns of the isolation service lie in their tables: for each a table, its columns (after `id`), and the way
// there and back. Attachments, metadata, lists of pairs and kept replies have no id of their own and are where they are
// asked for (isolation_store_….cc).
#pragma once

#include <string_view>

#include "isolation/types.h"
#include "store/sql_rows.h"

namespace store {

template <>
struct Mapping<isolation::Project> {
  static constexpr std::string_view kTable = "projects", kColumns = "name, node_quota, network_quota";
  static isolation::Project read(SqlColumns in);
  static SqlValues write(const isolation::Project& project);
};
template <>
struct Mapping<isolation::Node> {
  static constexpr std::string_view kTable = "nodes",
                                    kColumns =
                                        "name, bmc_type, bmc_address, bmc_user, bmc_password, state, project, owner, "
                                        "lent_until, bmc_enabled, problem, try_again, attempts";
  static isolation::Node read(SqlColumns in);
  static SqlValues write(const isolation::Node& node);
};
template <>
struct Mapping<isolation::Nic> {
  static constexpr std::string_view kTable = "nics", kColumns = "node, name, mac, port";
  static isolation::Nic read(SqlColumns in);
  static SqlValues write(const isolation::Nic& nic);
};
template <>
struct Mapping<isolation::SwitchRecord> {
  static constexpr std::string_view kTable = "switches", kColumns = "name, type, settings";
  static isolation::SwitchRecord read(SqlColumns in);
  static SqlValues write(const isolation::SwitchRecord& record);
};
template <>
struct Mapping<isolation::Port> {
  static constexpr std::string_view kTable = "ports", kColumns = "switch_id, name, observed, observed_at";
  static isolation::Port read(SqlColumns in);
  static SqlValues write(const isolation::Port& port);
};
template <>
struct Mapping<isolation::Network> {
  static constexpr std::string_view kTable = "networks", kColumns = "name, owner, is_public, vlan, vlan_from_pool";
  static isolation::Network read(SqlColumns in);
  static SqlValues write(const isolation::Network& network);
};
template <>
struct Mapping<isolation::Operation> {
  static constexpr std::string_view kTable = "operations", kColumns = "uuid, project, by_user, created, finished";
  static isolation::Operation read(SqlColumns in);
  static SqlValues write(const isolation::Operation& operation);
};
template <>
struct Mapping<isolation::Change> {
  static constexpr std::string_view kTable = "changes",
                                    kColumns =
                                        "operation, nic, kind, network, channel, state, error, try_again, give_up, "
                                        "attempts";
  static isolation::Change read(SqlColumns in);
  static SqlValues write(const isolation::Change& change);
};
template <>
struct Mapping<isolation::User> {
  static constexpr std::string_view kTable = "users", kColumns = "name, password_hash, role";
  static isolation::User read(SqlColumns in);
  static SqlValues write(const isolation::User& user);
};
template <>
struct Mapping<isolation::ApiToken> {
  static constexpr std::string_view kTable = "tokens", kColumns = "user_id, label, hash, created, expires";
  static isolation::ApiToken read(SqlColumns in);
  static SqlValues write(const isolation::ApiToken& token);
};
template <>
struct Mapping<isolation::Event> {
  static constexpr std::string_view kTable = "events", kColumns = "at, kind, project, subject, by_user, detail";
  static isolation::Event read(SqlColumns in);
  static SqlValues write(const isolation::Event& event);
};

}  // namespace store
