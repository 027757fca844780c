#include "broker/net/web_socket_upgrade.h"

#include <gtest/gtest.h>

namespace headgate::broker {
namespace {

class WebSocketUpgrade : public ::testing::Test {
 protected:
  [[nodiscard]] unsigned status() const { return judge_upgrade(request_, options_).status; }
  [[nodiscard]] std::string_view protocol_of(std::string_view offered) {
    request_.protocols = offered;
    return judge_upgrade(request_, options_).protocol;
  }

  UpgradeRequest request_{.target = "/mqtt", .asks_for_web_socket = true, .protocols = "mqtt", .origin = ""};
  WebSocketOptions options_;
};

TEST_F(WebSocketUpgrade, IsAcceptedWithTheSubprotocolMqtt) {
  EXPECT_EQ(status(), 101u);
  EXPECT_EQ(protocol_of("mqtt"), "mqtt");
  EXPECT_EQ(protocol_of("mqttv3.1"), "mqttv3.1");
  EXPECT_EQ(protocol_of("amqp,mqttv3.1 ,\tmqtt"), "mqtt");
}

TEST_F(WebSocketUpgrade, IsRefusedWithoutTheSubprotocol) {
  for (const std::string_view offered : {"", ",", "MQTT", "mqtts", "amqp, soap"}) {
    EXPECT_EQ(protocol_of(offered), "") << offered;
    EXPECT_EQ(status(), 400u) << offered;
  }
}

TEST_F(WebSocketUpgrade, GoesByThePathWithoutItsQuery) {
  options_.paths = {"/mqtt", "/$iothub/websocket"};
  for (const std::string_view target : {"/mqtt", "/mqtt?", "/$iothub/websocket?iothub-no-client-cert=true"}) {
    request_.target = target;
    EXPECT_EQ(status(), 101u) << target;
  }
  for (const std::string_view target : {"/", "", "/mqtt/", "/MQTT", "/x?/mqtt", "http://h/mqtt"}) {
    request_.target = target;
    EXPECT_EQ(status(), 404u) << target;
  }
  EXPECT_EQ(judge_upgrade(request_, options_).text,
            "There is nothing here. MQTT over WebSocket is at /mqtt or /$iothub/websocket.\n");
}

TEST_F(WebSocketUpgrade, IsExplainedToABrowserThatJustLooks) {
  request_.asks_for_web_socket = false;
  EXPECT_EQ(status(), 426u);
}

TEST_F(WebSocketUpgrade, IsForPagesOfTheGivenOrigins) {
  request_.origin = "https://evil.example";
  EXPECT_EQ(status(), 101u);
  options_.origins = {"https://panel.example"};
  EXPECT_EQ(status(), 403u);
  request_.origin = "https://panel.example";
  EXPECT_EQ(status(), 101u);
  request_.origin = "";
  EXPECT_EQ(status(), 101u) << "not a browser";
}

}  // namespace
}  // namespace headgate::broker
