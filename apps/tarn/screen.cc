#include "tarn/screen.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <string_view>

namespace tarn {
namespace {

constexpr std::string_view kOtherScreen = "\x1b[?1049h", kFirstScreen = "\x1b[?1049l", kNoCursor = "\x1b[?25l",
                           kCursor = "\x1b[?25h", kHome = "\x1b[H", kEraseLine = "\x1b[K", kEraseBelow = "\x1b[J";

void say(const std::string& text) {
  (void)std::fwrite(text.data(), 1, text.size(), stdout);
  (void)std::fflush(stdout);
}

// What is cut off is seen to be.
std::string within(std::string_view line, std::size_t columns) {
  std::size_t seen = 0, cut = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if ((static_cast<unsigned char>(line[i]) & 0xc0) == 0x80) continue;  // goes on with a character
    if (++seen == columns) cut = i;
  }
  return seen <= columns ? std::string(line) : std::string(line.substr(0, cut)) + "…";
}

}  // namespace

Screen::Screen() {
  termios settings{};
  if (::tcgetattr(STDIN_FILENO, &settings) == 0) {
    before_ = settings;
    settings.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
    settings.c_cc[VSUSP] = _POSIX_VDISABLE;
    (void)::tcsetattr(STDIN_FILENO, TCSADRAIN, &settings);
  }
  say(std::string(kOtherScreen).append(kNoCursor));
}

Screen::~Screen() {
  say(std::string(kCursor).append(kFirstScreen));
  if (before_) (void)::tcsetattr(STDIN_FILENO, TCSAFLUSH, &*before_);  // what was typed here is not for the shell
}

Screen::Size Screen::size() {
  winsize is{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &is) != 0 || is.ws_row == 0 || is.ws_col == 0) return {};
  return {is.ws_row, is.ws_col};
}

void Screen::draw(const std::string& picture) {
  const Size room = size();
  std::string out(kHome);
  std::size_t row = 0;
  for (std::size_t at = 0; at < picture.size() && row < room.rows; ++row) {
    const std::size_t end = std::min(picture.find('\n', at), picture.size());
    // Erased before and not after: behind a full line the cursor is still on its last character.
    out.append(kEraseLine).append(within(std::string_view(picture).substr(at, end - at), room.columns));
    if (row + 1 < room.rows) out += "\n";
    at = end + 1;
  }
  if (row < room.rows) out += kEraseBelow;
  say(out);
}

bool Screen::quit() {
  pollfd typed{STDIN_FILENO, POLLIN, 0};
  while (before_ && !quit_ && ::poll(&typed, 1, 0) == 1) {
    std::array<char, 64> keys{};
    const ssize_t size = ::read(STDIN_FILENO, keys.data(), keys.size());
    quit_ = size <= 0 || std::string_view(keys.data(), static_cast<std::size_t>(size)).find('q') != std::string::npos;
  }
  return quit_;
}

}  // namespace tarn
