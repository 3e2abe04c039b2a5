// What anybody may hand to `tarn market verify`: any bytes, and honest transcripts with a few bytes changed. It ends soon,
// says whether it is a transcript, and of one that is, a report whose texts may be printed; an honest one passes, and no
// change of a trade, an amount or a seed does.
#include "verify/verify.h"

#include "auction/clearing/generator.h"
#include "crypto/start.h"
#include "fuzz/input.h"
#include "support/transcripts.h"

namespace {

const std::string& honest() {
  static const std::string text = [] {
    auction::clearing::Call uniform = auction::clearing::windowed_call({5, 5, 1, 1, 1, 0}, 2);
    for (auto* orders : {&uniform.bids, &uniform.asks})
      for (auto& order : *orders) order.id += 100;
    uniform.settings.mechanism = auction::clearing::Mechanism::kUniform;
    return transcripts::written({auction::clearing::windowed_call({4, 3, 6, 2, 2, 2}, 1), uniform});
  }();
  return text;
}

void check(std::string_view text) {
  const auto report = verify::verify(text);
  if (!report.ok()) {
    CHECK(report.error().code == base::Code::kInvalidInput && fuzz::printable(report.error().message));
    return;
  }
  for (const verify::Check& one : report->checks) CHECK(fuzz::printable(one.text) && one.call <= report->calls);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  CHECK(crypto::start());
  static const bool passes = verify::verify(honest())->ok();
  CHECK(passes);
  fuzz::Input in(data, size);
  const bool raw = in.below(2) == 0;
  const base::Bytes bytes =
      raw ? fuzz::copy(in.rest()) : fuzz::damaged(in, base::Bytes(honest().begin(), honest().end()));
  check(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
  return 0;
}
