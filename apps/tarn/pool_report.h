// What the pool's commands print, as tables and as JSON. Amounts of money are decimal strings of credits, times RFC 3339
// UTC, ids `org_…` and `lease_…`. The JSON library stays in pool_report.cc.
#pragma once

#include <string>
#include <vector>

#include "discovery/finder.h"
#include "pool/lease_access.h"
#include "pool/requester.h"
#include "store/lease_book.h"
#include "tarn/time_text.h"

namespace tarn {

struct LeaseRow {
  pool::LeaseTerms terms;
  std::string address, state;  // unconfirmed, active, released, ended
  std::string file;            // where --out put it
  std::string kubeconfig;      // and where the way in
  // What the provider said of the delivery; nothing: it was not asked.
  std::optional<base::Result<pool::LeaseAccess>> delivery{};
};
LeaseRow lease_row(const store::LeaseRecord& record, std::int64_t now);  // terms are empty if the record is damaged
// What of the quota is used, for the resources that were bought: "cpu 1500m of 4, memory 2Gi of 8Gi".
std::string usage_text(const LeaseRow& row);
std::string lease_table(const std::vector<LeaseRow>& rows, std::int64_t now);
std::string lease_json(const std::vector<LeaseRow>& rows, std::int64_t now);
std::string lease_json(const LeaseRow& row, std::int64_t now);

std::string request_json(const pool::RequestResult& result, const std::vector<LeaseRow>& leases,
                         const base::Error* error, std::int64_t now);

std::string map_table(const std::vector<discovery::Candidate>& found);
std::string map_json(const std::vector<discovery::Candidate>& found, const discovery::Coordinate& own);

struct DoctorCheck {
  std::string what, finding, advice;  // advice: only where something is wrong
  bool well = true;
};
std::string doctor_json(const std::vector<DoctorCheck>& checks);

}  // namespace tarn
