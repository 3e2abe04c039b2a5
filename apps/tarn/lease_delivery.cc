#include "tarn/lease_delivery.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <thread>

#include "tarn/output.h"
#include "tarn/signals.h"

namespace tarn {
namespace {

constexpr std::int64_t kPauseMs = 250;

// An answer may come that is better than this one.
bool pending(const BoughtOrNot& bought) {
  if (!bought.ok())
    return bought.error().code == base::Code::kUnreachable || bought.error().code == base::Code::kDeadline;
  return bought->access.state != pool::LeaseAccess::State::kUndelivered && bought->credentials.empty();
}

}  // namespace

std::string not_yet(const BoughtOrNot& bought) {
  if (!bought.ok()) return bought.error().message;
  if (!pending(bought)) return "";
  return bought->access.detail.empty() ? "it is being made" : bought->access.detail;
}

std::vector<BoughtOrNot> await_delivery(LeaseCalls& calls, const std::vector<store::LeaseRecord>& records,
                                        std::int64_t wait_ms, const base::Clock& clock) {
  std::vector<BoughtOrNot> out(records.size(), base::Error{base::Code::kDeadline, "was not asked"});
  const std::int64_t until = clock.steady_ms() + wait_ms;
  std::string told;
  for (;;) {
    std::vector<store::LeaseRecord> asked;
    std::vector<std::size_t> which;
    for (std::size_t i = 0; i < records.size(); ++i)
      if (pending(out[i])) {
        asked.push_back(records[i]);
        which.push_back(i);
      }
    const std::int64_t left = until - clock.steady_ms();
    if (asked.empty() || left <= 0 || interrupted()) return out;
    auto answers =
        calls.ask(asked, pool::LeaseCall::kAccess, static_cast<int>(std::min<std::int64_t>(left, LeaseCalls::kCallMs)));
    std::string waiting;
    for (std::size_t i = 0; i < which.size(); ++i) {
      if (waiting.empty() && pending(answers[i])) waiting = pool::text(asked[i].id) + ": " + not_yet(answers[i]);
      out[which[i]] = std::move(answers[i]);
    }
    if (waiting.empty()) continue;
    if (waiting != told) progress("waiting for " + waiting);
    told = waiting;
    std::this_thread::sleep_for(
        std::chrono::milliseconds(std::clamp<std::int64_t>(until - clock.steady_ms(), 0, kPauseMs)));
  }
}

base::Status write_kubeconfig(const pool::LeaseId& lease, const LeaseCalls::Bought& bought, const std::string& file) {
  TARN_ASSIGN(const TenantAccess access, TenantAccess::read(lease, bought.access.expires_unix_ms, bought.credentials));
  std::string text = access.kubeconfig();
  const base::Status done = write_secret_file(file, text);
  base::wipe(text.data(), text.size());
  return done;
}

std::string plugged_kubeconfig(const TenantAccess& access, const HomeOptions& home) {
  std::error_code failed;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", failed);
  std::vector<std::string> arguments{"lease", "credential", pool::text(access.lease())};
  if (!home.config.empty()) {
    arguments.emplace_back("--config");
    arguments.push_back(std::filesystem::absolute(home.config, failed).string());
  }
  return access.kubeconfig(failed ? "tarn" : self.string(), arguments);
}

}  // namespace tarn
