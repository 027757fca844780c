// Tokens of IoT Edge while the wall clock is set under the hub, and while it is known not to be right.
#include <gmock/gmock.h>

#include <chrono>
#include <filesystem>

#include "tests/e2e/edge/edge_hub.h"
#include "upstream/clouds/sas_token.h"

namespace headgate::e2e {
namespace {

using ::testing::HasSubstr;

constexpr const char* kFakeClock = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1";
constexpr const char* kKeyOfLeaf = "bGVhZi1wcmltYXJ5LWtleS0wMTIzNDU2Nzg5YWJjZGU=";
constexpr int kSkewGrantedS = 300;

// The hub sees the wall clock that a file says, and a kernel that says that it is right.
class EdgeWallClock : public EdgeHubTest {
 protected:
  void configure(nlohmann::json& config) override {
    EdgeHubTest::configure(config);
    ASSERT_TRUE(std::filesystem::exists(kFakeClock)) << "install Debian's package faketime";
    set_clock(0);
    say_synced(true);
  }
  void say_synced(bool synced) {
    hub_.under = {
        "env",
        std::string("LD_PRELOAD=") + kFakeClock + ":" HEADGATE_BUILT_BIN_DIR "/libheadgate_synced_kernel.so",
        "FAKETIME_DONT_FAKE_MONOTONIC=1",
        "FAKETIME_NO_CACHE=1",
        "FAKETIME_TIMESTAMP_FILE=" + file_,
        std::string("KERNEL_CLOCK=") + (synced ? "synced" : "unsynced")};
  }
  // So many seconds after the real one, or before it.
  void set_clock(int64_t offset_s) {
    offset_s_ = offset_s;
    const std::string text = (offset_s < 0 ? "-" : "+") + std::to_string(std::abs(offset_s)) + "\n";
    std::filesystem::rename(scratch_.write("clock.new", text), file_);
  }
  void set_clock_and_wait(int64_t offset_s) {
    set_clock(offset_s);
    ASSERT_TRUE(hub_.logs("clock_set"));
  }
  // A token of leaf-1 that expires so long from now, by the clock that the hub sees now.
  [[nodiscard]] std::string token(int64_t lives_s) const {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    const int64_t now_s = std::chrono::duration_cast<std::chrono::seconds>(now).count();
    return *upstream::sas_token("acme-plant.azure-devices.net/devices/leaf-1", kKeyOfLeaf,
                                now_s + offset_s_ + lives_s);
  }
  [[nodiscard]] std::vector<std::string> words(const std::string& password, int hold_s) const {
    return python("edge_client.py",
                  {std::to_string(tls_), certificates_.file("ca.pem"), "--client-id", "leaf-1", "--user",
                   "acme-plant.azure-devices.net/leaf-1/?api-version=2021-04-12", "--password", password,
                   "--hold", std::to_string(hold_s)});
  }
  [[nodiscard]] std::string come_in(const std::string& password) const { return run(words(password, 0)).out; }

  std::string file_ = (scratch_.path() / "clock").string();
  int64_t offset_s_ = 0;
};

constexpr int64_t kThreeDaysS = 3 * 86'400;

TEST_F(EdgeWallClock, ThatIsSetAheadEndsNobodyAndLetsNobodyInByAnOldToken) {
  const std::string an_hours = token(3600);
  Process held(words(an_hours, 4), scratch_.path() / "held");
  ASSERT_TRUE(eventually([&] { return held.output().find("CONNACK 00") != std::string::npos; }));
  set_clock_and_wait(kThreeDaysS);
  EXPECT_EQ(held.wait(), 0);
  EXPECT_EQ(held.output(), "CONNACK 00\nopen\n");
  EXPECT_EQ(come_in(an_hours), "CONNACK 05\n");
  EXPECT_EQ(come_in(token(3600)), "CONNACK 00\n");
}

TEST_F(EdgeWallClock, ThatIsSetBackALittleProlongsNoToken) {
  Process held(words(token(5 - kSkewGrantedS), 30), scratch_.path() / "held");
  ASSERT_TRUE(eventually([&] { return held.output().find("CONNACK 00") != std::string::npos; }));
  set_clock_and_wait(-40);
  EXPECT_EQ(held.wait(), 0);
  EXPECT_EQ(held.output(), "CONNACK 00\nclosed after\n");
}

TEST_F(EdgeWallClock, BeforeWhatTheStoreHasSeenEndsNothingAndSaysSo) {
  ASSERT_EQ(hub_.cli({"c2d", "send", "leaf-1", "seen"}).exit_code, 0);  // durable, with the time of it
  hub_.kill_hard();
  set_clock(-kThreeDaysS);
  hub_.start();
  EXPECT_EQ(come_in(token(-kSkewGrantedS - 60)), "CONNACK 00\n");
  EXPECT_TRUE(hub_.logs("token_expiry_ignored"));
  Process held(words(token(3 - kSkewGrantedS), 8), scratch_.path() / "held");
  EXPECT_EQ(held.wait(), 0);
  EXPECT_EQ(held.output(), "CONNACK 00\nopen\n");
  EXPECT_TRUE(hub_.logs("proof_end_ignored"));
}

// A kernel that says so, once, is believed until the machine starts anew.
class UnsyncedEdgeClock : public EdgeWallClock {
 protected:
  void configure(nlohmann::json& config) override {
    EdgeWallClock::configure(config);
    say_synced(false);
  }
};

TEST_F(UnsyncedEdgeClock, EndsNothingUntilSomebodySynchronisesIt) {
  const std::string expired = token(-kSkewGrantedS - 60);
  EXPECT_EQ(come_in(expired), "CONNACK 00\n");
  EXPECT_TRUE(hub_.logs("token_expiry_ignored"));
  EXPECT_EQ(hub_.cli_json({"status"})["clock_unsynced"], 1);
  EXPECT_THAT(hub_.cli({"doctor", "--config", hub_.config_file()}).out,
              HasSubstr("the clock is not synchronised"));
  hub_.kill_hard();
  say_synced(true);
  hub_.start();
  EXPECT_EQ(come_in(expired), "CONNACK 05\n");
}

}  // namespace
}  // namespace headgate::e2e
