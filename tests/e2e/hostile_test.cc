// Every wrong packet there is, over a real socket against the real hub.
#include <cstdio>
#include <string>

#include "tests/broker/hostile_rows.h"
#include "tests/e2e/support/hub_fixture.h"
#include "tests/e2e/support/net.h"

namespace headgate::e2e {
namespace {

using broker::Version;
using testing::HostileRow;

const std::string kConnectV3("\x10\x0d\x00\x04MQTT\x04\x02\x00\x3c\x00\x01h", 15);
const std::string kConnectV5("\x10\x0e\x00\x04MQTT\x05\x02\x00\x3c\x00\x00\x01h", 16);

class Hostile : public HubTest {
 protected:
  // What the hub has said when it closed the connection, its CONNACK apart.
  std::string last_words(const HostileRow& row) {
    const std::string hello = row.first ? "" : row.version == Version::v5 ? kConnectV5 : kConnectV3;
    RawSocket socket(hub_.port());
    socket.send(hello + row.bytes);
    EXPECT_TRUE(socket.is_closed_by_peer()) << row.name;
    const std::string& all = socket.received();
    if (row.first || all.size() < 2) return all;
    return all.substr(std::min(all.size(), 2 + static_cast<size_t>(all[1])));
  }
};

// The reason code in DISCONNECT, or in CONNACK; -1 if there is neither.
int reason_in(const HostileRow& row, const std::string& words) {
  const size_t at = row.first ? 3 : 2;
  return words.size() > at ? static_cast<uint8_t>(words[at]) : -1;
}

TEST_F(Hostile, RowsEndTheirConnectionsAlone) {  // [MQTT-4.13.1-1]
  auto control = client();
  ASSERT_EQ(control->subscribe("control", 0), 0);
  size_t sent = 0;
  for (const HostileRow& row : testing::hostile_rows()) {
    EXPECT_EQ(reason_in(row, last_words(row)), row.reason ? *row.reason : -1) << row.name;
    control->publish("control", row.name, 0);
    ++sent;
  }
  ASSERT_TRUE(control->wait_received(sent));
  EXPECT_EQ(control->received().size(), sent);
}

}  // namespace
}  // namespace headgate::e2e
