// A hub whose disk has gone bad in places, started again by the real daemon.
#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "tests/e2e/support/hub_fixture.h"

namespace headgate::e2e {
namespace {

using ::testing::HasSubstr;

class Damage : public HubTest {
 protected:
  void configure(nlohmann::json& config) override {
    config["routes"] = {{"up", "FROM 'plant/#' INTO $upstream"}};
  }

  // Each of them acknowledged, hence synced.
  void publish(int count) {
    auto publisher = client();
    for (int i = 0; i < count; ++i) {
      ASSERT_TRUE(publisher->publish_and_wait("plant/" + std::to_string(i), body(i), 1));
    }
  }
  static std::string body(int i) { return "body-" + std::to_string(i) + "-" + std::string(2'000, 'x'); }

  // Lets the newest log end with bytes that nobody was promised.
  void append_to_log(const std::string& torn) const {
    std::string newest;
    for (const auto& file : std::filesystem::directory_iterator(hub_.data_dir() + "/store"))
      if (file.path().extension() == ".log") newest = std::max(newest, file.path().string());
    std::ofstream(newest, std::ios::binary | std::ios::app) << torn;
  }

  // Overwrites a byte of the message in the log that holds it.
  void damage_in_log(int i) {
    for (const auto& file : std::filesystem::directory_iterator(hub_.data_dir() + "/store")) {
      if (file.path().extension() != ".log") continue;
      std::fstream log(file.path(), std::ios::in | std::ios::out | std::ios::binary);
      const std::string bytes{std::istreambuf_iterator<char>(log), {}};
      const size_t at = bytes.find("body-" + std::to_string(i) + "-");
      if (at == std::string::npos) continue;
      log.clear();
      log.seekp(static_cast<std::streamoff>(at) + 100);
      log.put('#');
      return;
    }
    FAIL() << "no log holds message " << i;
  }
};

TEST_F(Damage, OfTheLogIsPutAsideAndToldAndTheRestGoesOn) {
  publish(40);
  hub_.kill_hard();
  damage_in_log(20);
  EXPECT_THAT(hub_.cli_on_data({"store", "check"}).out, HasSubstr("orrupt"));
  hub_.start();
  const nlohmann::json store = hub_.cli_json({"status"})["store"];
  const uint64_t lost = store["damage"]["lost"];
  EXPECT_GE(lost, 1u);
  EXPECT_LT(lost, 20u) << "a damaged record costs the rest of its 32 KiB, not of the log";
  EXPECT_EQ(store["waiting"], 40 - lost);
  EXPECT_THAT(hub_.cli({"status"}).out, HasSubstr("DAMAGE"));
  const std::filesystem::path quarantine(store["damage"]["directory"].get<std::string>());
  EXPECT_TRUE(std::filesystem::exists(quarantine / "report.json"));
  publish(1);
  EXPECT_EQ(hub_.cli_json({"status"})["store"]["waiting"], 41 - lost);
  std::filesystem::rename(quarantine, hub_.data_dir() + "/dealt-with");
  restart_hard();
  EXPECT_TRUE(hub_.cli_json({"status"})["store"]["damage"].is_null());
  hub_.kill_hard();
  EXPECT_EQ(hub_.cli_on_data({"store", "check"}).exit_code, 0);
}

TEST_F(Damage, IsNotWhatAPowerCutTearsBehindTheSyncedEnd) {
  publish(10);
  const std::string epoch = hub_.cli_json({"status"})["epoch"];
  for (const std::string& torn :
       {std::string(5'000, '\x55'), "\x01\x02\x03\x04\x40" + std::string(5'000, '\0')}) {
    hub_.kill_hard();
    append_to_log(torn);
    EXPECT_EQ(hub_.cli_on_data({"store", "check"}).exit_code, 0);
    EXPECT_EQ(hub_.cli_on_data({"queue", "ls"}).exit_code, 0);
    hub_.start();
    EXPECT_EQ(hub_.cli_json({"status"})["store"]["waiting"], 10);
    EXPECT_EQ(hub_.cli_json({"status"})["epoch"], epoch);
    EXPECT_TRUE(hub_.cli_json({"status"})["store"]["damage"].is_null());
  }
}

}  // namespace
}  // namespace headgate::e2e
