#include "tarn/storage_check.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

namespace tarn {

base::Status check_writable(const std::string& directory) {
  const std::string path = directory + "/writable.check";
  const std::array<char, 4096> block{};  // a full disk may still take an empty file
  int why = 0;
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) {
    why = errno;
  } else {
    const ssize_t written = ::write(fd, block.data(), block.size());
    if (written != static_cast<ssize_t>(block.size()))
      why = written < 0 ? errno : ENOSPC;
    else if (::fsync(fd) != 0)
      why = errno;
    ::close(fd);
    (void)::unlink(path.c_str());
  }
  if (why == 0) return {};
  return base::Error{base::Code::kStorage,
                     "cannot write to " + directory + ": " + std::generic_category().message(why)};
}

}  // namespace tarn
