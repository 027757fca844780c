// The log of a real hub: nobody waits for who reads it, and nobody can fill it.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <sstream>

#include "tests/e2e/support/hub_fixture.h"
#include "tests/e2e/support/net.h"
#include "tests/e2e/support/scratch_dir.h"

namespace headgate::e2e {
namespace {

using namespace std::literals;

// CONNECT of MQTT 3.1.1, with a clean session or one that stays.
std::string connect_as(const std::string& id, bool clean = true) {
  const size_t rest = 12 + id.size();
  std::string packet = "\x10";
  for (size_t n = rest; n > 0; n /= 128) packet += static_cast<char>(n % 128 + (n >= 128 ? 128 : 0));
  packet += "\0\4MQTT\4"s + (clean ? '\2' : '\0') + "\0\x3C"s;
  packet += static_cast<char>(id.size() / 256);
  packet += static_cast<char>(id.size() % 256);
  return packet + id;
}

void come_and_go(uint16_t port, const std::string& id, bool clean = true) {
  RawSocket socket(port);
  socket.send(connect_as(id, clean));
  ASSERT_TRUE(socket.receive(4)) << id.substr(0, 20);
  socket.send("\xE0\0"sv);
}

size_t widest_line(const std::string& text) {
  std::istringstream lines(text);
  size_t widest = 0;
  for (std::string line; std::getline(lines, line);) widest = std::max(widest, line.size());
  return widest;
}

// A hub whose stderr is a pipe that only the test can empty.
class StuckLog : public HubTest {
 protected:
  void configure(nlohmann::json& /*config*/) override {
    const std::string path = (scratch_.path() / "log.pipe").string();
    ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
    pipe_ = ::open(path.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC);
    hub_.print_to(path);
  }
  ~StuckLog() override { ::close(pipe_); }

  // More lines than the pipe and the hub together have room for.
  void fill_log() const {
    for (int i = 0; i < 1'000; ++i)
      come_and_go(hub_.port(), std::to_string(i) + "-" + std::string(200, 'x') + "-" + std::to_string(i));
  }
  std::string read_log() const {
    std::array<char, 65'536> piece{};
    std::string text;
    for (ssize_t got = 0; (got = ::read(pipe_, piece.data(), piece.size())) > 0;)
      text.append(piece.data(), static_cast<size_t>(got));
    return text;
  }

  ScratchDir scratch_;
  int pipe_ = -1;
};

TEST_F(StuckLog, LosesLinesAndNoClientWaits) {
  fill_log();
  EXPECT_GT(hub_.cli_json({"status"})["log"]["dropped"], 0);
  auto publisher = client();
  EXPECT_TRUE(publisher->publish_and_wait("a", "served", 1));
}

TEST_F(StuckLog, SaysHowManyLinesAreMissingOnceItIsReadAgain) {
  fill_log();
  std::string text;
  EXPECT_TRUE(eventually([&] {
    text += read_log();
    return text.find(" log_lines_dropped lines=") != std::string::npos;
  }));
  EXPECT_NE(text.find(" started "), std::string::npos);
}

TEST_F(StuckLog, DoesNotKeepTheHubFromStopping) {
  fill_log();
  hub_.terminate();
  EXPECT_EQ(hub_.wait(5s), 0);
}

using Log = HubTest;

TEST_F(Log, HasTheLastLinesOfAHubThatStops) {
  hub_.terminate();
  EXPECT_EQ(hub_.wait(), 0);
  EXPECT_THAT(hub_.log(), ::testing::ContainsRegex("stopping\n.* stopped\n$"));
}

TEST_F(Log, HasOneLineAMinuteAboutAClientThatFlaps) {
  for (int i = 0; i < 2'000; ++i) come_and_go(hub_.port(), "flapping");
  const std::string log = hub_.log();
  EXPECT_LT(std::count(log.begin(), log.end(), '\n'), 30);
  EXPECT_GE(hub_.cli_json({"status"})["log"]["left_out"], 3'990);
}

TEST_F(Log, CutsLongClientIds) {
  come_and_go(hub_.port(), "long-" + std::string(60'000, 'x'));
  EXPECT_TRUE(hub_.logs("client_disconnected"));
  EXPECT_LT(widest_line(hub_.log()), 1'000u);
}

TEST_F(Log, AndEveryTableStayReadableWhateverClientsCallThemselves) {
  come_and_go(hub_.port(), "long-" + std::string(60'000, 'x'), false);
  for (const char* of : {"client", "queue"}) {
    const Finished table = hub_.cli({of, "ls"});
    EXPECT_EQ(table.exit_code, 0);
    EXPECT_NE(table.out.find("long-xxx"), std::string::npos) << table.out.substr(0, 200);
    EXPECT_LT(widest_line(table.out), 400u) << of;
  }
  const nlohmann::json exact = hub_.cli_json({"client", "ls"})["clients"][0];
  EXPECT_EQ(exact["client_id"].get<std::string>().size(), 60'005u);
}

// Files that a reload reads, exchanged for pipes: to open one is to wait for its writer.
class PipesForFiles : public HubTest {
 protected:
  void configure(nlohmann::json& config) override {
    std::ofstream(users_) << "";
    config["auth"]["password_file"] = users_;
  }
  static void make_pipe(const std::string& path) {
    ::unlink(path.c_str());
    ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  }

  ScratchDir scratch_;
  std::string users_ = (scratch_.path() / "users").string();
};

TEST_F(PipesForFiles, AreRefusedByAReloadThatDoesNotWait) {
  make_pipe(users_);
  const Finished reloaded = hub_.cli({"reload"});
  EXPECT_EQ(reloaded.exit_code, 1);
  EXPECT_THAT(reloaded.out, ::testing::HasSubstr("is not a regular file"));
  make_pipe(hub_.config_file());
  EXPECT_THAT(hub_.cli({"reload"}).out, ::testing::HasSubstr("is not a regular file"));
  EXPECT_TRUE(client()->publish_and_wait("a", "served", 1));
}

}  // namespace
}  // namespace headgate::e2e
