// What the pool's commands print, as tables and as JSON. Amounts of money are decimal strings of credits, times RFC 3339
// UTC, ids `org_…` and `lease_…`. The JSON library stays in pool_report.cc.
#pragma once

#include <string>
#include <vector>

#include "discovery/finder.h"
#include "pool/requester.h"
#include "store/lease_book.h"

namespace tarn {

std::string time_text(std::int64_t unix_ms);  // RFC 3339, UTC, seconds

struct LeaseRow {
  pool::LeaseTerms terms;
  std::string address, state;  // unconfirmed, active, released, ended
  std::string file;            // where --out put it
};
LeaseRow lease_row(const store::LeaseRecord& record, std::int64_t now);  // terms are empty if the record is damaged
std::string lease_table(const std::vector<LeaseRow>& rows);
std::string lease_json(const std::vector<LeaseRow>& rows);
std::string lease_json(const LeaseRow& row);

std::string request_json(const pool::RequestResult& result, const std::vector<LeaseRow>& leases,
                         const base::Error* error);

std::string map_table(const std::vector<discovery::Candidate>& found);
std::string map_json(const std::vector<discovery::Candidate>& found, const discovery::Coordinate& own);

struct DoctorCheck {
  std::string what, finding, advice;  // advice: only where something is wrong
  bool well = true;
};
std::string doctor_json(const std::vector<DoctorCheck>& checks);

}  // namespace tarn
