// Questions to a process on the same machine: they are answered, and whoever is rude, slow or dead does no harm.
#include "net/control_socket.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "support/scratch.h"

namespace net {
namespace {

base::Bytes bytes(const std::string& text) { return {text.begin(), text.end()}; }

class ControlSocketTest : public testing::Test {
 protected:
  void serve(const std::string& at, ControlSocket::Answer answer) {
    auto opened = ControlSocket::open(at);
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    thread_ = std::jthread([socket = std::move(*opened), answer = std::move(answer)](
                               const std::stop_token& stop) mutable { socket.run(stop, answer); });
  }
  void serve() {
    serve(path, [](const base::Bytes& question) {
      base::Bytes out = bytes("to ");
      out.insert(out.end(), question.begin(), question.end());
      return out;
    });
  }
  std::string ask(const std::string& question) const {
    const auto answer = ControlSocket::ask(path, bytes(question), 60'000);
    if (!answer.ok()) return "error: " + answer.error().message;
    return *answer ? std::string((*answer)->begin(), (*answer)->end()) : "nobody";
  }
  Fd dial() const {
    Fd out(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un at{};
    at.sun_family = AF_UNIX;
    std::copy(path.begin(), path.end(), at.sun_path);
    EXPECT_EQ(::connect(out.get(), reinterpret_cast<sockaddr*>(&at), sizeof at), 0);
    return out;
  }
  support::Scratch scratch_;
  std::string path = scratch_.file("control");

 private:
  std::jthread thread_;
};

TEST_F(ControlSocketTest, AnswersOneQuestionAfterTheOther) {
  serve();
  EXPECT_EQ(ask("be"), "to be");
  EXPECT_EQ(ask(""), "to ");
  const std::string large(ControlSocket::kMaxQuestion, 'x');
  EXPECT_EQ(ask(large), "to " + large);
  std::vector<std::jthread> many;
  for (int i = 0; i < 16; ++i) many.emplace_back([&] { EXPECT_EQ(ask("all"), "to all"); });
}

TEST_F(ControlSocketTest, IsForItsUserAlone) {
  serve();
  struct stat info{};
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  EXPECT_TRUE(S_ISSOCK(info.st_mode));
  EXPECT_EQ(info.st_mode & 0777, 0600U);
}

TEST_F(ControlSocketTest, SaysThatNobodyListens) {
  EXPECT_EQ(ask("hello"), "nobody");
  {
    EXPECT_TRUE(ControlSocket::open(path).ok());
  }
  EXPECT_FALSE(std::filesystem::exists(path));  // it goes with its owner
  EXPECT_EQ(ask("hello"), "nobody");
}

TEST_F(ControlSocketTest, TakesThePlaceOfOneThatWasLeftAndOfNothingElse) {
  {
    const Fd left(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un at{};
    at.sun_family = AF_UNIX;
    std::copy(path.begin(), path.end(), at.sun_path);
    ASSERT_EQ(::bind(left.get(), reinterpret_cast<sockaddr*>(&at), sizeof at), 0);
  }
  EXPECT_EQ(ask("hello"), "nobody");
  serve();
  EXPECT_EQ(ask("be"), "to be");
  const std::string other = scratch_.file("file");
  std::ofstream(other) << "theirs";
  EXPECT_EQ(ControlSocket::open(other).error().code, base::Code::kStorage);
  EXPECT_TRUE(std::filesystem::exists(other));
}

TEST_F(ControlSocketTest, LiesInADirectoryOfAnyLength) {
  std::string directory = scratch_.file("");
  while (directory.size() < 200) directory += "a-directory-with-a-long-name/";
  ASSERT_TRUE(std::filesystem::create_directories(directory));
  path = directory + "control";
  serve();
  EXPECT_EQ(ask("be"), "to be");
  path = scratch_.file("no/such/directory/control");
  EXPECT_EQ(ask("be"), "nobody");
  EXPECT_FALSE(ControlSocket::open(path).ok());
}

TEST_F(ControlSocketTest, GoesOnAfterThoseWhoAreRude) {
  serve();
  {
    const Fd leaves = dial();
  }
  {
    const Fd half = dial();
    ASSERT_EQ(::send(half.get(), "\x05\x00", 2, MSG_NOSIGNAL), 2);
  }
  const Fd shouts = dial();
  ASSERT_EQ(::send(shouts.get(), "\xff\xff\xff\xff", 4, MSG_NOSIGNAL), 4);
  char byte = 0;
  EXPECT_EQ(::recv(shouts.get(), &byte, 1, 0), 0);  // hung up, and nothing was made for it
  EXPECT_EQ(ask("be"), "to be");
}

TEST_F(ControlSocketTest, WaitsForASlowOneNoLongerThanItSays) {
  serve();
  const Fd silent = dial();
  EXPECT_EQ(ask("be"), "to be");
}

TEST_F(ControlSocketTest, GivesUpOnAProcessThatDoesNotAnswer) {
  const auto opened = ControlSocket::open(path);  // and nobody runs it
  ASSERT_TRUE(opened.ok());
  const auto answer = ControlSocket::ask(path, bytes("hello"), 200);
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().code, base::Code::kDeadline);
}

}  // namespace
}  // namespace net
