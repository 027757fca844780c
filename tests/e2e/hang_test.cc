// Whatever hangs, the hub says so, and ends when it is asked to.
#include <gmock/gmock.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <cstddef>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "tests/e2e/http/http_client.h"
#include "tests/e2e/support/hub_fixture.h"
#include "tests/e2e/support/wrapped_hub.h"

namespace headgate::e2e {
namespace {

constexpr auto kStopPatience = 7s;  // five seconds and one for last words, on a busy machine

class HangingDisk : public HubTest {
 protected:
  void configure(nlohmann::json& config) override {
    config["routes"] = {{"up", "FROM 'plant/#' INTO $upstream"}};
    config["routes_dir"] = scratch_.path().string();
    config["admin"]["http"]["port"] = http_port_;
  }
  [[nodiscard]] HttpAnswer health() const { return ask(http_port_, request({.target = "/healthz"})); }
  void hang() const { std::ofstream(hangs_) << "hangs"; }
  void go_on() const { std::filesystem::remove(hangs_); }
  [[nodiscard]] uint64_t waiting() const { return hub_.cli_json({"status"})["store"]["waiting"]; }

  uint16_t http_port_ = free_port();
  ScratchDir scratch_;
  std::string hangs_ = (scratch_.path() / "hangs").string();
  WrappedHub wrapped_{
      "env LD_PRELOAD=" HEADGATE_BUILT_BIN_DIR "/libheadgate_hanging_disk.so HEADGATE_DISK_HANGS=" + hangs_};
};

TEST_F(HangingDisk, DoesNotKeepTheHubFromEndingInTimeAndTakesNothingAcknowledged) {
  auto publisher = client();
  ASSERT_TRUE(publisher->publish_and_wait("plant/a", "acknowledged", 1));
  hang();
  publisher->publish("plant/a", "not yet", 1);
  std::this_thread::sleep_for(300ms);  // the writer has it
  hub_.terminate();
  EXPECT_EQ(hub_.wait(kStopPatience), 1);
  EXPECT_TRUE(hub_.logs("stop_forced"));
  go_on();
  hub_.start();
  EXPECT_GE(waiting(), 1u);
}

TEST_F(HangingDisk, IsToldAndSoIsItsEnd) {
  auto publisher = client();
  hang();
  publisher->publish("plant/a", "late", 1);
  EXPECT_TRUE(hub_.logs("store_waits", 30s));
  EXPECT_EQ(health().status, 503);
  EXPECT_EQ(health().body, R"({"stuck":["writer"]})");
  EXPECT_TRUE(subscriber("live/#")->is_connected()) << "it serves whoever needs no disk";
  go_on();
  EXPECT_TRUE(hub_.logs("store_goes_on", 30s));
  EXPECT_EQ(health().status, 200);
  EXPECT_TRUE(eventually([&] { return waiting() == 1; }));
}

TEST_F(HangingDisk, IsToldOfWorkersBesideTheStoreToo) {
  hang();
  RawSocket asks(http_port_);
  const std::string printed = hub_.cli({"--data", hub_.data_dir(), "http", "token"}).out;
  asks.send(request({.method = "POST",
                     .target = "/v1/routes/apply?name=more.json",
                     .token = printed.substr(0, printed.find('\n')),
                     .more = "Content-Type: application/json\r\n"},
                    R"({"routes":{"more":"FROM 'more/#' INTO $upstream"}})"));
  EXPECT_TRUE(eventually([&] { return health().body == R"({"stuck":["helper"]})"; }, 30s)) << health().body;
  EXPECT_EQ(health().status, 503);
  go_on();
  EXPECT_TRUE(eventually([&] { return health().status == 200; }, 30s));
}

// ---- the service manager ----

class NotifiedHub : public ::testing::Test {
 protected:
  NotifiedHub() {
    sockaddr_un at{};
    at.sun_family = AF_UNIX;
    std::strncpy(at.sun_path, path_.c_str(), sizeof at.sun_path - 1);
    socket_ = ::socket(AF_UNIX, SOCK_DGRAM, 0);
    EXPECT_EQ(::bind(socket_, reinterpret_cast<const sockaddr*>(&at), sizeof at), 0);
    const timeval patience{10, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    wrapped_.emplace("env WATCHDOG_USEC=2000000 NOTIFY_SOCKET=" + path_);
  }
  ~NotifiedHub() override { ::close(socket_); }

  std::string next_word() const {
    char word[64];
    const ssize_t size = ::recv(socket_, word, sizeof word, 0);
    return size > 0 ? std::string(word, static_cast<size_t>(size)) : "nothing";
  }

  std::string next_word_but(const std::string& other) const {
    std::string word = next_word();
    while (word == other) word = next_word();
    return word;
  }

  // What is there already, without waiting.
  size_t take_words() const {
    char word[64];
    size_t words = 0;
    while (::recv(socket_, word, sizeof word, MSG_DONTWAIT) > 0) ++words;
    return words;
  }

  ScratchDir scratch_;
  std::string path_ = (scratch_.path() / "notify").string();
  int socket_ = -1;
  std::optional<WrappedHub> wrapped_;
  HubProcess hub_;
};

TEST_F(NotifiedHub, SaysThatItReloadsAndServesAgain) {
  hub_.start();
  EXPECT_EQ(next_word_but("WATCHDOG=1"), "READY=1");
  hub_.reload();
  EXPECT_EQ(next_word_but("WATCHDOG=1"), "RELOADING=1");
  EXPECT_EQ(next_word_but("WATCHDOG=1"), "READY=1");
}

TEST_F(NotifiedHub, SaysThatItServesThatItLivesAndThatItStops) {
  hub_.start();
  EXPECT_EQ(next_word_but("WATCHDOG=1"), "READY=1");
  EXPECT_EQ(next_word(), "WATCHDOG=1");
  EXPECT_EQ(next_word(), "WATCHDOG=1");
  hub_.terminate();
  EXPECT_EQ(next_word_but("WATCHDOG=1"), "STOPPING=1");
  EXPECT_EQ(hub_.wait(), 0);
}

// Stops one thread of a process, the loop's, and no other.
class StoppedLoop {
 public:
  explicit StoppedLoop(pid_t hub) : thread_(hub) {
    EXPECT_EQ(::ptrace(PTRACE_SEIZE, thread_, nullptr, nullptr), 0) << std::strerror(errno);
    EXPECT_EQ(::ptrace(PTRACE_INTERRUPT, thread_, nullptr, nullptr), 0);
    EXPECT_EQ(::waitpid(thread_, nullptr, __WALL), thread_);
  }
  ~StoppedLoop() { ::ptrace(PTRACE_DETACH, thread_, nullptr, nullptr); }
  StoppedLoop(const StoppedLoop&) = delete;
  StoppedLoop& operator=(const StoppedLoop&) = delete;

 private:
  pid_t thread_;
};

TEST_F(NotifiedHub, DoesNotSayThatItLivesWhileItsLoopHangs) {
  hub_.start();
  EXPECT_EQ(next_word_but("WATCHDOG=1"), "READY=1");
  {
    const StoppedLoop stopped(hub_.pid());
    ASSERT_TRUE(hub_.logs("loop_stalled", 30s));
    take_words();
    std::this_thread::sleep_for(3s);  // of a beat a second
    EXPECT_EQ(take_words(), 0u);
  }
  EXPECT_EQ(next_word(), "WATCHDOG=1");
  EXPECT_TRUE(hub_.logs("loop_goes_on"));
}

}  // namespace
}  // namespace headgate::e2e
