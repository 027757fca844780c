// Every row ends its own connection, in its own way, and nobody else's.
#include "tests/broker/hostile_rows.h"

#include <gmock/gmock.h>

#include <cstdio>
#include <string>

#include "tests/broker/broker_fixture.h"

namespace headgate::broker {
namespace {

class HostileRows : public BrokerTest {
 protected:
  static std::string told(const char* packet, uint8_t reason) {
    char line[32];
    std::snprintf(line, sizeof line, "%s %02X", packet, reason);
    return line;
  }
  static Lines expected(const testing::HostileRow& row) {
    if (!row.reason) return {"closed"};
    return {told(row.first ? "CONNACK" : "DISCONNECT", *row.reason), "closed"};
  }
  Lines send(const testing::HostileRow& row) {
    ScriptedClient& hostile = client();
    if (row.first) {
      // The client must know which version to read the answer in.
      hostile.speak(row.version);
      hostile.open();
    } else {
      hostile.connect(row.version == Version::v5 ? v5("hostile") : v3("hostile"));
    }
    const Lines answer = hostile.send(row.bytes);
    clients_.pop_back();
    return answer;
  }
};

TEST_F(HostileRows, EndTheirConnectionAloneAndSayWhy) {  // [MQTT-4.13.1-1, MQTT-4.13.2-1]
  ScriptedClient control(broker(), clock_);
  control.connect(v5("control"));
  const auto rows = testing::hostile_rows();
  EXPECT_GT(rows.size(), 1500u);
  for (const testing::HostileRow& row : rows) {
    const char* version = row.version == Version::v5 ? " in 5.0" : " in 3.1.1";
    EXPECT_EQ(send(row), expected(row)) << row.name << version << ": " << ::testing::PrintToString(row.bytes);
    deliver("control", row.name, 0);
    ASSERT_THAT(control.read(), ElementsAre("PUBLISH q0 t=" + row.name));
  }
}

}  // namespace
}  // namespace headgate::broker
