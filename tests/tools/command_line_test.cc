#include "tools/headgate/command_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "tests/support/temp_dir.h"
#include "tools/headgate/commands/commands.h"

namespace headgate::tools {
namespace {

class CommandLineTest : public ::testing::Test {
 protected:
  int run(std::vector<std::string> args) { return run_headgate(std::move(args), out_, err_); }

  std::ostringstream out_;
  std::ostringstream err_;
};

TEST_F(CommandLineTest, HelpListsTheCommands) {
  EXPECT_EQ(run({"--help"}), kExitOk);
  for (const char* command : {"status", "queue", "client", "route", "tail"}) {
    EXPECT_THAT(out_.str(), ::testing::HasSubstr(command));
  }
}

TEST_F(CommandLineTest, WrongUsageIsExitCodeTwo) {
  const std::vector<std::vector<std::string>> wrong = {{},
                                                       {"nonsense"},
                                                       {"queue"},
                                                       {"queue", "peek"},
                                                       {"queue", "peek", "q", "--count", "0"},
                                                       {"queue", "peek", "q", "--priority", "11"},
                                                       {"status", "--nonsense"},
                                                       {"route", "check"},
                                                       {"dlq", "show", "x"},
                                                       {"dlq", "replay"},
                                                       {"dlq", "purge", "--yes"},
                                                       {"dlq", "replay", "3", "--all"},
                                                       {"client", "kick"},
                                                       {"session", "rm", "--yes"},
                                                       {"queue", "purge", "--yes"}};
  for (const auto& args : wrong) EXPECT_EQ(run(args), kExitUsage);
  EXPECT_EQ(out_.str(), "");
}

TEST_F(CommandLineTest, UnbatchReadsItsOwnOptions) {
  EXPECT_EQ(run({"unbatch", "--summary", "--gaps", "/dev/null"}), kExitOk) << err_.str();
  EXPECT_THAT(err_.str(), ::testing::HasSubstr("\"messages\":0"));
}

TEST_F(CommandLineTest, AHubThatIsNotRunningIsOneReadableLine) {
  const testing::TempDir dir;
  const std::string socket = dir.path() + "/admin.sock";
  EXPECT_EQ(run({"--socket", socket, "status"}), kExitFailed);
  EXPECT_EQ(err_.str(),
            "headgate: no hub answers on " + socket +
                " (No such file or directory): start headgated, or name its admin socket with --socket "
                "PATH or $HEADGATE_SOCKET\n");
}

TEST_F(CommandLineTest, GlobalOptionsMayFollowTheCommand) {
  EXPECT_EQ(run({"queue", "peek", "q", "--json", "--socket", "/none.sock"}), kExitFailed);
  EXPECT_THAT(err_.str(), ::testing::HasSubstr("/none.sock"));
}

TEST_F(CommandLineTest, ASocketPathTheSystemCannotHoldSaysSo) {
  EXPECT_EQ(run({"status", "--socket", "/" + std::string(107, 'x')}), kExitFailed);
  EXPECT_THAT(err_.str(), ::testing::HasSubstr("has 108 bytes; allowed: 107"));
}

TEST_F(CommandLineTest, RouteCheckTakesSeveralFiles) {
  const testing::TempDir dir;
  const std::string good = R"({"routes": {"a": "FROM /messages/* INTO $upstream"}})";
  EXPECT_EQ(run({"route", "check", dir.write("a.json", good), dir.write("b.json", good)}), kExitOk);
  EXPECT_THAT(out_.str(), ::testing::EndsWith("2 routes, 0 errors\n"));
}

TEST(PercentEncode, EscapesAllButUnreserved) {
  EXPECT_EQ(percent_encode("aZ0-._~/ $#\xc3"), "aZ0-._~%2F%20%24%23%C3");
}

}  // namespace
}  // namespace headgate::tools
