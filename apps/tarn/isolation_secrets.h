// The secrets that the isolation service keeps in its state directory, each a file of mode 0600 that is made at the first
// start: the key under which servers' passwords are sealed, and how the first administrator gets in.
// Errors: kStorage, kInvalidInput (a file that others can read, or that is none of ours). Threads: before there are any.
#pragma once

#include <functional>
#include <string>

#include "base/bytes.h"
#include "base/random.h"
#include "base/result.h"
#include "isolation/store.h"

namespace tarn {

// DIRECTORY/sealing.key; without it no server's password can be read again, so a backup needs it.
base::Result<base::Secret<32>> open_sealing_key(const std::string& directory, base::Random& random);

// Where there is no administrator yet, makes one, "admin", and writes its password and a token into
// DIRECTORY/administrator.password and administrator.token. True if it did.
using HashPassword = std::function<base::Result<std::string>(std::string_view password)>;
base::Result<bool> open_administrator(const std::string& directory, isolation::Store& store,
                                      const HashPassword& hash_password, base::Random& random, std::int64_t now);

}  // namespace tarn
