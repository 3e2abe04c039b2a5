// Terminal: a terminal for a program under test (ProcessOptions::terminal), with the two screens that a person would see
// on it, and a keyboard. It knows the few control sequences that our programs use; any other is a failure of the test, so
// none slips in unseen. A character is a column wide.
// Threads: one.
#pragma once

#include <termios.h>

#include <string_view>

#include "support/process.h"

namespace support {

class Terminal {
 public:
  explicit Terminal(unsigned short columns = 80, unsigned short rows = 24)
      : columns_(columns), rows_(rows), master_(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)) {
    const winsize size{rows, columns, 0, 0};
    std::array<char, 64> name{};
    if (!master_.valid() || ::grantpt(master_.get()) != 0 || ::unlockpt(master_.get()) != 0 ||
        ::ptsname_r(master_.get(), name.data(), name.size()) != 0)
      std::abort();
    program_ = Descriptor(::open(name.data(), O_RDWR | O_NOCTTY | O_CLOEXEC));
    if (!program_.valid() || ::ioctl(program_.get(), TIOCSWINSZ, &size) != 0 ||
        ::fcntl(master_.get(), F_SETFL, O_NONBLOCK) != 0)
      std::abort();
    for (Screen* screen : {&first_, &other_}) screen->lines.assign(rows_, Line(columns_, " "));
  }

  int program_end() const { return program_.get(); }
  void type(std::string_view keys) const {
    EXPECT_EQ(::write(master_.get(), keys.data(), keys.size()), static_cast<ssize_t>(keys.size()));
  }

  // Whether the screen holds the text in time.
  bool shows(const std::string& text, milliseconds patience = kPatience) {
    return eventually([&] { return seen().find(text) != std::string::npos; }, patience);
  }
  // The exit code; what the program writes meanwhile is read.
  std::optional<int> end_of(Process& process) {
    std::optional<int> code;
    eventually([&] {
      read();
      code = process.wait(milliseconds(1));
      return code.has_value();
    });
    read();
    return code;
  }

  // The screen as it is now, each line without what is blank at its end.
  std::string seen() {
    read();
    std::string out;
    for (const Line& line : screen().lines) {
      std::string text;
      for (const std::string& character : line) text += character;
      out += text.substr(0, text.find_last_not_of(' ') + 1) + "\n";
    }
    return out;
  }
  bool on_other_screen() const { return on_other_; }
  bool shows_cursor() const { return cursor_; }

 private:
  using Line = std::vector<std::string>;  // a character each
  struct Screen {
    std::vector<Line> lines;
    std::size_t row = 0, column = 0;  // column == columns_: behind the last one
  };

  Screen& screen() { return on_other_ ? other_ : first_; }

  void read() {
    std::array<char, 4096> buffer{};
    for (;;) {
      const ssize_t got = ::read(master_.get(), buffer.data(), buffer.size());
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) return;  // nothing now, or nobody has the other end any more
      for (const char c : std::string_view(buffer.data(), static_cast<std::size_t>(got))) take(c);
    }
  }

  void take(char c) {
    if (!sequence_.empty()) {
      sequence_ += c;
      if (sequence_.size() > 2 && c >= '@' && c <= '~') obey(std::exchange(sequence_, ""));
      return;
    }
    Screen& at = screen();
    if (c == '\x1b') {
      sequence_ = c;
    } else if (c == '\r') {
      at.column = 0;
    } else if (c == '\n') {
      next_line(at);
    } else if ((static_cast<unsigned char>(c) & 0xc0) == 0x80 && at.column > 0) {  // goes on with a character
      at.lines[at.row][at.column - 1] += c;
    } else {
      put(at, c);
    }
  }

  void put(Screen& at, char c) {
    EXPECT_GE(static_cast<unsigned char>(c), 0x20) << "a control character on the terminal";
    if (at.column == columns_) {
      at.column = 0;
      next_line(at);
    }
    at.lines[at.row][at.column++] = c;
  }

  void next_line(Screen& at) const {
    if (++at.row < rows_) return;
    at.row = rows_ - 1U;
    at.lines.erase(at.lines.begin());
    at.lines.emplace_back(columns_, " ");
  }

  void obey(const std::string& sequence) {
    Screen& at = screen();
    const bool on = sequence.ends_with('h');
    const std::size_t column = std::min<std::size_t>(at.column, columns_ - 1U);
    if (sequence == "\x1b[H") {
      at.row = at.column = 0;
    } else if (sequence == "\x1b[K" || sequence == "\x1b[J") {
      std::fill(at.lines[at.row].begin() + static_cast<std::ptrdiff_t>(column), at.lines[at.row].end(), " ");
      for (std::size_t row = at.row + 1; sequence.back() == 'J' && row < rows_; ++row)
        at.lines[row].assign(columns_, " ");
    } else if (sequence == "\x1b[?1049h" || sequence == "\x1b[?1049l") {
      if (on) other_ = {std::vector<Line>(rows_, Line(columns_, " "))};
      on_other_ = on;
    } else if (sequence == "\x1b[?25h" || sequence == "\x1b[?25l") {
      cursor_ = on;
    } else {
      ADD_FAILURE() << "what is ESC" << sequence.substr(1) << "?";
    }
  }

  const unsigned short columns_, rows_;
  Descriptor master_, program_;
  Screen first_, other_;
  bool on_other_ = false, cursor_ = true;
  std::string sequence_;  // that has begun
};

}  // namespace support
