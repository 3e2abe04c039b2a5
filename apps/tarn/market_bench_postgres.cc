#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "tarn/lab_tools.h"
#include "tarn/market_bench.h"
#include "tarn/signals.h"

namespace tarn {
namespace {

using Clock = std::chrono::steady_clock;
using Words = std::vector<std::string>;
constexpr int kMinuteMs = 60'000;
constexpr std::chrono::seconds kPatience{30};

std::string programs() {
  std::error_code none;
  for (const auto& version : std::filesystem::directory_iterator("/usr/lib/postgresql", none))
    if (std::filesystem::exists(version.path() / "bin/initdb", none) &&
        std::filesystem::exists(version.path() / "bin/pgbench", none))
      return (version.path() / "bin").string();
  return {};
}

// A server refuses to run as root, so then it and its tools run as nobody.
lab::Command tool(const std::string& name, const Words& words) {
  lab::Command out;
  if (::geteuid() == 0) out.arguments = {"setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "--"};
  out.arguments.push_back(programs() + "/" + name);
  out.arguments.insert(out.arguments.end(), words.begin(), words.end());
  return out;
}
base::Status run_tool(const std::string& name, const Words& words) {
  const auto done = lab::run(tool(name, words), 10 * kMinuteMs);
  return done.ok() ? base::Status() : done.error();
}

// pgbench's log: client, transaction, microseconds, …
base::Result<std::vector<double>> times_in(const std::string& directory, const std::string& prefix) {
  std::vector<double> out;
  std::error_code failed;
  for (const auto& entry : std::filesystem::directory_iterator(directory, failed)) {
    if (!entry.path().filename().string().starts_with(prefix)) continue;
    std::ifstream in(entry.path());
    for (std::string line; std::getline(in, line);) {
      std::istringstream words(line);
      std::uint64_t client = 0, number = 0;
      double microseconds = 0;
      if (words >> client >> number >> microseconds) out.push_back(microseconds / 1'000);
    }
  }
  if (failed || out.empty()) return base::Error{base::Code::kStorage, directory + ": pgbench left no times"};
  return out;
}

// "tps = 2345.678901 (without initial connection time)"
base::Result<double> rate_in(const std::string& said) {
  const std::size_t at = said.find("tps = ");
  const double rate = at == std::string::npos ? 0 : std::strtod(said.c_str() + at + 6, nullptr);
  if (rate > 0) return rate;
  return base::Error{base::Code::kStorage, "pgbench says no rate: " + said};
}

}  // namespace

bool BenchPostgres::installed() { return !programs().empty(); }

base::Result<std::unique_ptr<BenchPostgres>> BenchPostgres::start() {
  TARN_ASSIGN(TemporaryDirectory directory, TemporaryDirectory::make());
  std::unique_ptr<BenchPostgres> out(new BenchPostgres(std::move(directory)));
  TARN_TRY(out->begin());
  return out;
}

BenchPostgres::~BenchPostgres() { lab::end_processes(directory_.path(), {}); }

base::Status BenchPostgres::begin() {
  const passwd* const nobody = ::geteuid() == 0 ? ::getpwnam("nobody") : nullptr;  // NOLINT(concurrency-mt-unsafe)
  if (nobody != nullptr && ::chown(directory_.path().c_str(), nobody->pw_uid, nobody->pw_gid) != 0)
    return system_error(directory_.path());
  const std::string data = directory_ / "data";
  TARN_TRY(run_tool("initdb",
                    {"-D", data, "-U", "tarn", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-instructions"}));
  TARN_TRY(lab::start(tool("postgres", {"-D", data, "-k", directory_.path(), "-c", "listen_addresses=", "-c",
                                        "max_connections=200", "-c", "log_min_messages=fatal"}),
                      directory_ / "postgres.pid", directory_ / "log"));
  for (const auto end = Clock::now() + kPatience; Clock::now() < end;) {
    if (interrupted()) return base::Error{base::Code::kCancelled, "interrupted"};
    if (run_tool("pg_isready", {"-q", "-h", directory_.path()}).ok()) return {};
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return base::Error{base::Code::kDeadline, "PostgreSQL does not answer: " + read_all(directory_ / "log")};
}

base::Result<std::string> BenchPostgres::new_database() {
  const std::string name = "bench" + std::to_string(++databases_);
  TARN_TRY(run_tool("createdb", {"-h", directory_.path(), "-U", "tarn", name}));
  return "host=" + directory_.path() + " user=tarn dbname=" + name;
}

base::Result<MarketBenchRow> BenchPostgres::measure_inserts(std::size_t clients, std::size_t rows) {
  TARN_ASSIGN(const std::string database, new_database());
  TARN_TRY(run_tool("psql", {"-q", "-d", database, "-c", "CREATE TABLE one (id bigserial PRIMARY KEY, text text)"}));
  const std::string script = directory_ / "insert.sql", prefix = "times-" + std::to_string(clients);
  TARN_TRY(lab::write_file(script, "INSERT INTO one (text) VALUES ('a row that is as small as one of ours');\n", 0644));
  const std::string threads = std::to_string(std::min<std::size_t>(clients, 2));
  TARN_ASSIGN(const std::string said,
              lab::run(tool("pgbench", {"-n", "-M", "prepared", "-f", script, "-c", std::to_string(clients), "-j",
                                        threads, "-t", std::to_string(std::max<std::size_t>(rows / clients, 1)), "-l",
                                        "--log-prefix=" + (directory_ / prefix), database}),
                       10 * kMinuteMs));
  TARN_ASSIGN(const double rate, rate_in(said));
  TARN_ASSIGN(std::vector<double> times, times_in(directory_.path(), prefix + "."));
  const double whole_ms = 1e3 * static_cast<double>(times.size()) / rate;
  return market_bench_row("pgbench", clients, std::move(times), whole_ms);
}

}  // namespace tarn
