#include "tarn/ask_secret.h"

#include <termios.h>
#include <unistd.h>

#include <cstdio>
#include <iostream>

#include "base/bytes.h"
#include "tarn/config.h"

namespace tarn {
namespace {

constexpr std::size_t kMaxSecret = 1024;

base::Error refused(const std::string& what) { return {base::Code::kInvalidInput, what}; }

// A terminal without echo, until it goes.
class Silence {
 public:
  Silence() : terminal_(::isatty(STDIN_FILENO) == 1 && ::tcgetattr(STDIN_FILENO, &before_) == 0) {
    if (!terminal_) return;
    termios silent = before_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    (void)::tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
  }
  ~Silence() {
    if (terminal_) (void)::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
  }
  Silence(const Silence&) = delete;
  Silence& operator=(const Silence&) = delete;
  bool terminal() const { return terminal_; }

 private:
  termios before_{};
  const bool terminal_;
};

std::string line(const std::string& prompt, bool terminal) {
  if (terminal) std::fprintf(stderr, "%s: ", prompt.c_str());
  std::string text;
  std::getline(std::cin, text);
  if (terminal) std::fprintf(stderr, "\n");
  return text;
}

}  // namespace

base::Result<std::string> read_secret_file(const std::string& file) {
  TARN_ASSIGN(std::string text, read_text_file(file, kMaxSecret));
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  if (text.empty()) return refused(file + ": there is no password in it");
  return text;
}

base::Result<std::string> ask_secret(const std::string& what, bool twice) {
  const Silence silence;
  std::string text = line(what, silence.terminal());
  if (twice && silence.terminal()) {
    std::string again = line(what + ", again", true);
    const bool same = text == again;
    base::wipe(again.data(), again.size());
    if (!same) return refused("the two were not the same");
  }
  if (text.empty()) return refused("no password was given: name a file with it, or type it");
  if (text.size() > kMaxSecret) return refused("the password is longer than " + std::to_string(kMaxSecret) + " bytes");
  return text;
}

}  // namespace tarn
