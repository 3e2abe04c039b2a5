// All rows of a market's store as a picture in memory, for the auditor (market_auditor.h), whatever the store is.
// Threads: as the store.
#pragma once

#include <algorithm>
#include <functional>
#include <utility>
#include <vector>

#include "market/lookup.h"
#include "support/memory_market_store.h"

namespace support {

namespace market_tables {

inline constexpr std::size_t kPage = 1'000;

// The pages of a list by id, each row put where `of` says.
template <class Row>
base::Status read_pages(MemoryRows<Row>& into, const std::function<market::Rows<Row>(const market::Page&)>& page) {
  for (market::Page next{.after = 0, .limit = kPage};;) {
    TARN_ASSIGN(std::vector<Row> rows, page(next));
    for (Row& row : rows) {
      next.after = row.id;
      into.emplace(row.id, std::move(row));
    }
    if (rows.size() < kPage) return {};
  }
}

inline base::Status read_ledger(market::Transaction& store, MarketTables& out) {
  TARN_ASSIGN(const auto currencies, store.currencies());
  for (const auto& currency : currencies) out.currencies.emplace(currency.id, currency);
  TARN_TRY(read_pages<ledger::Account>(
      out.accounts, [&](const market::Page& page) { return store.accounts(page.after, page.limit); }));
  TARN_TRY(read_pages<ledger::Transfer>(
      out.transfers, [&](const market::Page& page) { return store.transfers(page.after, page.limit); }));
  for (const auto& [id, transfer] : out.transfers) {
    if (transfer.kind != ledger::TransferKind::kPending) continue;
    TARN_ASSIGN(const auto pending, store.find_pending(id));
    if (pending) out.pendings.emplace(id, *pending);
  }
  return {};
}

inline base::Status read_trade(market::Transaction& store, MarketTables& out) {
  using market::Page;
  TARN_ASSIGN(const auto markets, store.markets());
  for (const auto& row : markets) {
    out.markets.emplace(row.id, row);
    Page page{.after = 0, .limit = kPage};
    for (std::size_t got = kPage; got == kPage;) {  // newest first
      TARN_ASSIGN(const auto clearings, store.clearings(row.id, page));
      for (const auto& one : clearings) out.clearings.emplace(page.after = one.id, one);
      got = clearings.size();
    }
  }
  TARN_TRY(read_pages<market::Lot>(out.lots, [&](const Page& page) { return store.lots({}, page); }));
  TARN_TRY(read_pages<market::Order>(out.orders, [&](const Page& page) { return store.orders({}, page); }));
  TARN_TRY(read_pages<market::Contract>(out.contracts, [&](const Page& page) { return store.contracts({}, page); }));
  return read_pages<market::Lease>(out.leases, [&](const Page& page) { return store.leases({}, page); });
}

}  // namespace market_tables

// What is traded, the money, and the events after one of them: what the auditor looks at.
inline base::Result<MarketTables> read_tables(market::Transaction& store, market::Id events_after) {
  MarketTables out;
  TARN_TRY(market_tables::read_ledger(store, out));
  TARN_TRY(market_tables::read_trade(store, out));
  TARN_TRY(market_tables::read_pages<market::Event>(out.events, [&](const market::Page& page) {
    return store.events(std::max(page.after, events_after), {}, page.limit);
  }));
  TARN_ASSIGN(out.fence, store.fence());
  return out;
}

}  // namespace support
