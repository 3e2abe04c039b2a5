#include "crypto/identity.h"

#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <system_error>

#include "base/check.h"
#include "crypto/sha256.h"

namespace crypto {
namespace {

struct FileCloser {
  void operator()(std::FILE* f) const { std::fclose(f); }
};
using File = std::unique_ptr<std::FILE, FileCloser>;
using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

base::Error storage(const std::string& path, const std::string& why) {
  return {base::Code::kStorage, "key file " + path + ": " + why};
}

// The 32 bytes of an unencrypted Ed25519 key in PKCS #8 (RFC 8410 §7: an octet string in an octet string). Read by its
// parts: OpenSSL's own search for a decoder that fits costs a millisecond.
bool read_seed(std::FILE* file, base::Secret<32>& seed) {
  constexpr int kSize = 34;
  constexpr std::uint8_t kOctetString = 4;
  char *label = nullptr, *header = nullptr;
  unsigned char* der = nullptr;
  long size = 0;
  const bool framed = PEM_read(file, &label, &header, &der, &size) == 1;
  PKCS8_PRIV_KEY_INFO* info = nullptr;
  if (framed && std::strcmp(label, PEM_STRING_PKCS8INF) == 0 && *header == '\0') {
    const unsigned char* at = der;
    info = d2i_PKCS8_PRIV_KEY_INFO(nullptr, &at, size);
    if (at != der + size) {
      PKCS8_PRIV_KEY_INFO_free(info);
      info = nullptr;
    }
  }
  const ASN1_OBJECT* algorithm = nullptr;
  const unsigned char* key = nullptr;
  int key_size = 0;
  const bool good = info != nullptr && PKCS8_pkey_get0(&algorithm, &key, &key_size, nullptr, info) == 1 &&
                    OBJ_obj2nid(algorithm) == NID_ED25519 && key_size == kSize && key[0] == kOctetString &&
                    key[1] == 32;
  if (good) std::copy_n(key + 2, 32, seed.expose().begin());
  PKCS8_PRIV_KEY_INFO_free(info);  // wipes it
  OPENSSL_free(label);
  OPENSSL_free(header);
  OPENSSL_clear_free(der, framed ? static_cast<std::size_t>(size) : 0);
  return good;
}

}  // namespace

Identity Identity::generate(base::Random& random) {
  Identity id;
  random.fill(id.seed_.expose());
  CHECK(crypto_sign_seed_keypair(id.public_key_.data(), id.expanded_.expose().data(), id.seed_.expose().data()) == 0);
  return id;
}

base::Result<Identity> Identity::load(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    const int why = errno;
    return storage(path, std::generic_category().message(why) +
                             (why == ENOENT ? " (make one with: tarn keygen --out " + path + ")" : ""));
  }
  const File file(::fdopen(fd, "r"));
  struct stat info{};
  if (::fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) return storage(path, "is not a regular file");
  if ((info.st_mode & 077) != 0) return storage(path, "others can read it; run: chmod 600 " + path);
  if (info.st_size > 4096) return storage(path, "is too long for a key in PEM");
  Identity id;
  const bool read = read_seed(file.get(), id.seed_);
  ERR_clear_error();
  if (!read) return storage(path, "holds no unencrypted Ed25519 private key in PEM (PKCS #8)");
  CHECK(crypto_sign_seed_keypair(id.public_key_.data(), id.expanded_.expose().data(), id.seed_.expose().data()) == 0);
  return id;
}

base::Status Identity::save(const std::string& path) const {
  const Key key(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, seed_.expose().data(), 32), EVP_PKEY_free);
  CHECK(key != nullptr);
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) {
    const int why = errno;
    return storage(path, why == EEXIST ? "exists already; a key is never overwritten (choose another name)"
                                       : std::generic_category().message(why));
  }
  File file(::fdopen(fd, "w"));
  const bool written = PEM_write_PKCS8PrivateKey(file.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1 &&
                       std::fflush(file.get()) == 0 && ::fsync(fd) == 0;
  if (!written) {
    ::unlink(path.c_str());
    return storage(path, "could not be written");
  }
  return {};
}

Signature Identity::sign(base::ByteView message) const {
  Signature signature;
  CHECK(crypto_sign_detached(signature.data(), nullptr, message.data(), message.size(), expanded_.expose().data()) ==
        0);
  return signature;
}

base::Secret<32> Identity::derive(const std::string& purpose) const {
  base::Secret<32> out;
  Digest digest =
      Sha256().update(base::view("tarn derive ")).update(base::view(purpose)).update(seed_.expose()).finish();
  std::copy(digest.begin(), digest.end(), out.expose().begin());
  base::wipe(digest.data(), digest.size());
  return out;
}

bool verify(const PublicKey& key, base::ByteView message, const Signature& signature) {
  return crypto_sign_verify_detached(signature.data(), message.data(), message.size(), key.data()) == 0;
}

}  // namespace crypto
