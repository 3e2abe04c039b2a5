#include "store/isolation_schema.h"

#include <array>

namespace store {
namespace {

// state: NodeState 0 idle, 1 held, 2 releasing; Change::State 0 waiting, 1 pending, 2 done, 3 error.
// History (operations, changes that are over, events) names rows that may be gone. Only while a change is open do its NIC
// and network have to stay: open_nic and open_network are that reference.
constexpr std::string_view kFirst = R"(
CREATE TABLE projects (
  id {id},
  name {text} NOT NULL UNIQUE,
  node_quota {int},
  network_quota {int}
);
CREATE TABLE users (
  id {id},
  name {text} NOT NULL UNIQUE,
  password_hash {text} NOT NULL,
  role {int} NOT NULL CHECK (role BETWEEN 0 AND 3)
);
CREATE TABLE members (
  user_id {int} NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  project {int} NOT NULL REFERENCES projects (id) ON DELETE RESTRICT,
  PRIMARY KEY (user_id, project)
);
CREATE INDEX members_project ON members (project);
CREATE TABLE tokens (
  id {id},
  user_id {int} NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  label {text} NOT NULL,
  hash {bytes} NOT NULL UNIQUE,
  created {int} NOT NULL,
  expires {int}
);
CREATE INDEX tokens_user ON tokens (user_id);
CREATE TABLE replies (
  user_id {int} NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  key {text} NOT NULL,
  request_hash {bytes} NOT NULL,
  status {int} NOT NULL,
  body {text} NOT NULL,
  at {int} NOT NULL,
  PRIMARY KEY (user_id, key)
);
CREATE INDEX replies_at ON replies (at);

CREATE TABLE nodes (
  id {id},
  name {text} NOT NULL UNIQUE,
  bmc_type {text} NOT NULL,
  bmc_address {text} NOT NULL,
  bmc_user {text} NOT NULL,
  bmc_password {bytes} NOT NULL,
  state {int} NOT NULL CHECK (state BETWEEN 0 AND 2),
  project {int} REFERENCES projects (id) ON DELETE RESTRICT,
  owner {int} REFERENCES projects (id) ON DELETE RESTRICT,
  lent_until {int},
  bmc_enabled {int} NOT NULL CHECK (bmc_enabled BETWEEN 0 AND 1),
  problem {text} NOT NULL,
  try_again {int} NOT NULL,
  attempts {int} NOT NULL,
  CHECK ((state = 0) = (project IS NULL))
);
CREATE INDEX nodes_free ON nodes (name) WHERE state = 0 AND owner IS NULL;
CREATE INDEX nodes_project ON nodes (project, name) WHERE project IS NOT NULL;
CREATE INDEX nodes_owner ON nodes (owner, name) WHERE owner IS NOT NULL;
CREATE INDEX nodes_releasing ON nodes (try_again, id) WHERE state = 2;
CREATE INDEX nodes_lent ON nodes (lent_until, id) WHERE state = 1 AND lent_until IS NOT NULL;
CREATE TABLE metadata (
  node {int} NOT NULL REFERENCES nodes (id) ON DELETE CASCADE,
  label {text} NOT NULL,
  json {text} NOT NULL,
  PRIMARY KEY (node, label)
);
CREATE INDEX metadata_label ON metadata (label, node);
CREATE TABLE listings (
  node {int} NOT NULL REFERENCES nodes (id) ON DELETE CASCADE,
  broker {int} NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  PRIMARY KEY (node, broker)
);
CREATE INDEX listings_broker ON listings (broker);

CREATE TABLE switches (
  id {id},
  name {text} NOT NULL UNIQUE,
  type {text} NOT NULL,
  settings {text} NOT NULL
);
CREATE TABLE ports (
  id {id},
  switch_id {int} NOT NULL REFERENCES switches (id) ON DELETE RESTRICT,
  name {text} NOT NULL,
  observed {text},
  observed_at {int} NOT NULL,
  UNIQUE (switch_id, name)
);
CREATE TABLE nics (
  id {id},
  node {int} NOT NULL REFERENCES nodes (id) ON DELETE RESTRICT,
  name {text} NOT NULL,
  mac {text} NOT NULL,
  port {int} UNIQUE REFERENCES ports (id) ON DELETE RESTRICT,
  UNIQUE (node, name)
);

CREATE TABLE networks (
  id {id},
  name {text} NOT NULL UNIQUE,
  owner {int} REFERENCES projects (id) ON DELETE RESTRICT,
  is_public {int} NOT NULL CHECK (is_public BETWEEN 0 AND 1),
  vlan {int} NOT NULL UNIQUE CHECK (vlan BETWEEN 1 AND 4094),
  vlan_from_pool {int} NOT NULL CHECK (vlan_from_pool BETWEEN 0 AND 1)
);
CREATE INDEX networks_owner ON networks (owner, name) WHERE owner IS NOT NULL;
CREATE TABLE access (
  network {int} NOT NULL REFERENCES networks (id) ON DELETE CASCADE,
  project {int} NOT NULL REFERENCES projects (id) ON DELETE RESTRICT,
  PRIMARY KEY (network, project)
);
CREATE INDEX access_project ON access (project);
CREATE TABLE attachments (
  nic {int} NOT NULL REFERENCES nics (id) ON DELETE RESTRICT,
  network {int} NOT NULL REFERENCES networks (id) ON DELETE RESTRICT,
  channel {int} NOT NULL CHECK (channel BETWEEN 0 AND 1),
  state {int} NOT NULL CHECK (state BETWEEN 0 AND 3),
  PRIMARY KEY (nic, network)
);
CREATE INDEX attachments_network ON attachments (network);
CREATE UNIQUE INDEX attachments_one_native ON attachments (nic) WHERE channel = 0;

CREATE TABLE operations (
  id {id},
  uuid {text} NOT NULL UNIQUE,
  project {int},
  by_user {text} NOT NULL,
  created {int} NOT NULL,
  finished {int} NOT NULL
);
CREATE INDEX operations_project ON operations (project, id);
CREATE TABLE changes (
  id {id},
  operation {int} NOT NULL REFERENCES operations (id) ON DELETE RESTRICT,
  nic {int} NOT NULL,
  kind {int} NOT NULL CHECK (kind BETWEEN 0 AND 2),
  network {int},
  channel {int} NOT NULL CHECK (channel BETWEEN 0 AND 1),
  state {int} NOT NULL CHECK (state BETWEEN 0 AND 3),
  error {text} NOT NULL,
  try_again {int} NOT NULL,
  give_up {int} NOT NULL,
  attempts {int} NOT NULL,
  open_nic {int} GENERATED ALWAYS AS (CASE WHEN state <= 1 THEN nic END) STORED REFERENCES nics (id),
  open_network {int} GENERATED ALWAYS AS (CASE WHEN state <= 1 THEN network END) STORED REFERENCES networks (id)
);
CREATE INDEX changes_operation ON changes (operation, id);
CREATE INDEX changes_nic ON changes (nic, id);
CREATE INDEX changes_network ON changes (network, id);
CREATE INDEX changes_open ON changes (id) WHERE state <= 1;
CREATE INDEX changes_open_nic ON changes (open_nic) WHERE open_nic IS NOT NULL;
CREATE INDEX changes_open_network ON changes (open_network) WHERE open_network IS NOT NULL;
CREATE INDEX changes_pending ON changes (id) WHERE state = 1;
CREATE UNIQUE INDEX changes_one_pending ON changes (nic) WHERE state = 1;

CREATE TABLE events (
  id {id},
  at {int} NOT NULL,
  kind {text} NOT NULL,
  project {int},
  subject {text} NOT NULL,
  by_user {text} NOT NULL,
  detail {text} NOT NULL
);
CREATE INDEX events_project ON events (project, id);
CREATE INDEX events_at ON events (at);
)";

// Operations that are over are found by when they ended, to be forgotten.
constexpr std::string_view kSecond = R"(
CREATE INDEX operations_finished ON operations (finished) WHERE finished > 0;
)";

constexpr std::array kAll{kFirst, kSecond};

}  // namespace

std::span<const std::string_view> isolation_migrations(SqlDialect dialect) {
  static const Migrations kSqlite(kAll, SqlDialect::kSqlite), kPostgres(kAll, SqlDialect::kPostgres);
  return (dialect == SqlDialect::kSqlite ? kSqlite : kPostgres).views();
}

}  // namespace store
