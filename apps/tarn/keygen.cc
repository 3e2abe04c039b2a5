// tarn keygen, tarn id.
#include <cstdio>

#include "crypto/identity.h"
#include "crypto/random.h"
#include "model/organisation.h"
#include "tarn/options.h"
#include "tarn/output.h"
#include "tarn/report.h"

namespace tarn {
namespace {
int print_id(const crypto::Identity& identity, const std::string& file) {
  const std::string id = model::OrganisationId{identity.public_key()}.text();
  if (json_wanted())
    std::printf("%s\n", flat_json({{"id", id}, {"file", file}}).c_str());
  else
    std::printf("%s\n", id.c_str());
  return kExitDone;
}
}  // namespace

int run_keygen(const KeygenOptions& options) {
  crypto::OsRandom random;
  const crypto::Identity identity = crypto::Identity::generate(random);
  if (const auto saved = identity.save(options.out); !saved.ok()) return report(saved.error());
  return print_id(identity, options.out);
}

int run_id(const IdOptions& options) {
  const auto identity = crypto::Identity::load(options.file);
  if (!identity.ok()) return report(identity.error());
  return print_id(*identity, options.file);
}

}  // namespace tarn
