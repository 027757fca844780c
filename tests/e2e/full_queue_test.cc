// A queue that may hold no more, as Mosquitto's clients meet it.
#include <gmock/gmock.h>

#include "tests/e2e/support/hub_fixture.h"
#include "tests/e2e/support/process.h"
#include "tests/e2e/support/scratch_dir.h"

namespace headgate::e2e {
namespace {

using ::testing::HasSubstr;

// A module's input that holds one message, and has one.
class FullInput : public HubTest {
 protected:
  void configure(nlohmann::json& config) override {
    config["routes"] = {{"in",
                         {{"route", "FROM 't' INTO BrokeredEndpoint('/modules/m/inputs/i')"},
                          {"queue", {{"maxMessages", 1}}}}}};
  }
  void SetUp() override {
    HubTest::SetUp();
    EXPECT_EQ(run(publish("first")).exit_code, 0);
  }

  [[nodiscard]] std::vector<std::string> publish(const std::string& body,
                                                 const std::string& version = "311") const {
    return {"mosquitto_pub",
            "-p",
            std::to_string(hub_.port()),
            "-V",
            version,
            "-q",
            "1",
            "-k",
            "5",
            "-t",
            "t",
            "-m",
            body,
            "-i",
            body};
  }
  [[nodiscard]] std::vector<std::string> take(int messages) const {
    return {"mosquitto_sub",      "-p", std::to_string(hub_.port()), "-q", "1", "-t",
            "modules/m/inputs/i", "-C", std::to_string(messages),    "-i", "m"};
  }

  ScratchDir scratch_;
};

TEST_F(FullInput, RefusesMqtt5AndMakes311Wait) {
  EXPECT_THAT(run(publish("refused", "5")).out, HasSubstr("Quota exceeded"));
  Process waits(publish("waits"), scratch_.path() / "pub");
  EXPECT_FALSE(waits.wait(300ms)) << "acknowledged although there is no room";
  EXPECT_EQ(run(publish("refused again", "5")).exit_code, 0) << "others are answered meanwhile";
  EXPECT_EQ(run(take(2)).out, "first\nwaits\n");
  EXPECT_EQ(waits.wait(), 0);
}

}  // namespace
}  // namespace headgate::e2e
