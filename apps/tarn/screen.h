// Screen: the other screen of the terminal that stdin and stdout are, for a picture that is drawn anew in place. As long
// as it lives there is no cursor, and what is typed is not shown. Afterwards what was there before is there again,
// settings included, so signals that end us have to be caught (signals.h). Ctrl-Z does nothing meanwhile: it would leave
// the terminal as it is. A character is taken to be a column wide, as all of ours are.
// Threads: one. No errors: what cannot be set is left as it is.
#pragma once

#include <termios.h>

#include <optional>
#include <string>

namespace tarn {

class Screen {
 public:
  Screen();
  ~Screen();
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;

  struct Size {
    std::size_t rows = 24, columns = 80;
  };
  static Size size();                            // now
  static void draw(const std::string& picture);  // as much of it as there is room for
  bool quit();                                   // whether somebody has typed q, or gone away

 private:
  std::optional<termios> before_;  // none: nobody can type
  bool quit_ = false;
};

}  // namespace tarn
