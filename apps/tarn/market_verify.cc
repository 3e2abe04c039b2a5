#include "tarn/market_verify.h"

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <sstream>

#include "base/bytes.h"
#include "base/json_string.h"
#include "tarn/output.h"
#include "verify/verify.h"

namespace tarn {
namespace {

base::Result<std::string> read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text;
  char block[1 << 16];
  while (file.read(block, sizeof block) || file.gcount() > 0) {
    text.append(block, static_cast<std::size_t>(file.gcount()));
    if (text.size() > verify::kMostBytes)
      return base::Error{base::Code::kInvalidInput, path + " is larger than a transcript can be"};
  }
  if (!file.eof()) return base::Error{base::Code::kInvalidInput, "cannot read " + path};
  return text;
}

base::Result<std::optional<crypto::Digest>> commitment(const std::string& text) {
  if (text.empty()) return std::optional<crypto::Digest>();
  const auto bytes = base::from_hex(text);
  crypto::Digest out{};
  if (!bytes || bytes->size() != out.size())
    return base::Error{base::Code::kInvalidInput,
                       "--commitment is 64 hexadecimal digits, as tarn market show shows it"};
  std::copy(bytes->begin(), bytes->end(), out.begin());
  return std::optional(out);
}

std::string to_json(const verify::Report& report) {
  std::string out = "{\"ok\": " + std::string(report.ok() ? "true" : "false") +
                    ", \"market\": " + std::to_string(report.market) +
                    ", \"number\": " + std::to_string(report.number) + ", \"at\": " + base::json_string(report.at) +
                    ", \"calls\": " + std::to_string(report.calls) + ", \"trades\": " + std::to_string(report.trades) +
                    ", \"checks\": [";
  bool first = true;
  for (const verify::Check& check : report.checks) {
    out += (first ? "\n  " : ",\n  ") + ("{\"check\": " + base::json_string(check.name)) +
           ", \"call\": " + std::to_string(check.call) + ", \"ok\": " + (check.ok ? "true" : "false") +
           ", \"text\": " + base::json_string(check.text) + "}";
    first = false;
  }
  return out + "\n]}\n";
}

std::string to_text(const verify::Report& report) {
  std::vector<std::vector<std::string>> rows{{"call", "check", "", "found"}};
  for (const verify::Check& check : report.checks)
    rows.push_back(
        {check.call == 0 ? "all" : std::to_string(check.call), check.name, check.ok ? "ok" : "FAILED", check.text});
  return table(rows) +
         (report.ok() ? "Everything that can be checked is right.\n" : "This clearing is not as it should be.\n");
}

}  // namespace

int run_market_verify(const MarketVerifyOptions& options) {
  const auto text = read_file(options.file);
  if (!text.ok()) return report(text.error());
  const auto seen = commitment(options.commitment);
  if (!seen.ok()) return report(seen.error());
  const auto found = verify::verify(*text, *seen);
  if (!found.ok()) return report(found.error());
  std::printf("%s", json_wanted() ? to_json(*found).c_str() : to_text(*found).c_str());
  return found->ok() ? kExitDone : kExitDiffers;
}

}  // namespace tarn
