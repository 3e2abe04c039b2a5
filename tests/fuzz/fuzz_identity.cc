// What a person keeps or types: key files, organisation ids, addresses, hexadecimal text. A key file yields a key that
// signs, or an error that names the file, and a key under a password is none; a text that parses is what its value
// prints as, up to upper and lower case.
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/identity.h"
#include "crypto/start.h"
#include "fuzz/input.h"
#include "model/organisation.h"
#include "net/address.h"

namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return out;
}

void key_file(base::ByteView bytes) {
  static const int file = memfd_create("key", MFD_CLOEXEC);
  static const std::string path = "/proc/self/fd/" + std::to_string(file);
  CHECK(file >= 0 && ftruncate(file, 0) == 0 && fchmod(file, 0600) == 0);
  CHECK(pwrite(file, bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()));
  const auto id = crypto::Identity::load(path);
  if (!id.ok()) {
    CHECK(id.error().code == base::Code::kStorage && fuzz::printable(id.error().message));
    CHECK(id.error().message.find(path) != std::string::npos);
    return;
  }
  CHECK(fuzz::text(bytes).find("-----BEGIN PRIVATE KEY-----") != std::string_view::npos);
  CHECK(crypto::verify(id->public_key(), base::view("message"), id->sign(base::view("message"))));
  CHECK(!crypto::verify(id->public_key(), base::view("massage"), id->sign(base::view("message"))));
  CHECK(fchmod(file, 0640) == 0);
  CHECK(!crypto::Identity::load(path).ok());
}

void organisation(std::string_view text) {
  const auto id = model::OrganisationId::parse(text);
  if (id.ok()) {
    CHECK(lower(text) == id->text());
    CHECK(*model::OrganisationId::parse(id->text()) == *id);
  } else {
    CHECK(fuzz::printable(id.error().message));
  }
}

void hexadecimal(std::string_view text) {
  const auto bytes = base::from_hex(text);
  if (bytes) CHECK(base::to_hex(*bytes) == lower(text));
}

void address(std::string_view text) {
  const auto parsed = net::Address::parse(text);
  if (!parsed.ok()) {
    CHECK(fuzz::printable(parsed.error().message));
    return;
  }
  CHECK(parsed->port > 0 && fuzz::printable(parsed->text(), 300));
  const auto again = net::Address::parse(parsed->text());
  CHECK(again.ok() && again->host == parsed->host && again->port == parsed->port);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  CHECK(crypto::start());
  fuzz::Input in(data, size);
  switch (in.u8()) {
    case 'o': organisation(fuzz::text(in.rest())); break;
    case 'x': hexadecimal(fuzz::text(in.rest())); break;
    case 'a': address(fuzz::text(in.rest())); break;
    default: key_file({data, size}); break;
  }
  return 0;
}
