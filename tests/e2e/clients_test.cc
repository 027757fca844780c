// Clients that were not written here, at each QoS in MQTT 3.1.1 and 5.
#include <tuple>

#include "tests/e2e/support/hub_fixture.h"
#include "tests/e2e/support/scratch_dir.h"

namespace headgate::e2e {
namespace {

using Words = std::vector<std::string>;

class EachQosAndProtocol : public HubTest, public ::testing::WithParamInterface<std::tuple<int, int>> {
 protected:
  [[nodiscard]] std::string port() const { return std::to_string(hub_.port()); }
  [[nodiscard]] static std::string qos() { return std::to_string(std::get<0>(GetParam())); }
  [[nodiscard]] static bool is_v5() { return std::get<1>(GetParam()) == 5; }
  [[nodiscard]] static std::string mosquitto_version() { return is_v5() ? "mqttv5" : "mqttv311"; }
};

INSTANTIATE_TEST_SUITE_P(Mqtt, EachQosAndProtocol,
                         ::testing::Combine(::testing::Values(0, 1, 2), ::testing::Values(4, 5)),
                         [](const auto& tested) {
                           return "Qos" + std::to_string(std::get<0>(tested.param)) + "Protocol" +
                                  std::to_string(std::get<1>(tested.param));
                         });

TEST_P(EachQosAndProtocol, MosquittoSubReceivesWhatMosquittoPubSends) {
  const ScratchDir scratch;
  Process sub(Words{"stdbuf", "-oL", "mosquitto_sub", "-d", "-p", port(), "-V", mosquitto_version(), "-q",
                    qos(), "-t", "plant/#", "-C", "3", "-F", "got=%t:%p:%q"},
              scratch.path() / "sub");
  ASSERT_TRUE(eventually([&] { return sub.output().find("Subscribed (mid") != std::string::npos; }))
      << sub.output();
  const auto lines = scratch.write("lines", "one\ntwo\nthree\n");
  Process pub(Words{"mosquitto_pub", "-p", port(), "-V", mosquitto_version(), "-q", qos(), "-t",
                    "plant/7/state", "-l"},
              scratch.path() / "pub", lines);
  EXPECT_EQ(pub.wait(), 0) << pub.output();
  ASSERT_EQ(sub.wait(), 0) << sub.output();
  for (const char* payload : {"one", "two", "three"}) {
    EXPECT_NE(sub.output().find("got=plant/7/state:" + std::string(payload) + ":" + qos()), std::string::npos)
        << sub.output();
  }
}

TEST_P(EachQosAndProtocol, PahoReceivesWhatPahoSends) {
  const Finished paho = run({"/usr/bin/python3", HEADGATE_E2E_SOURCE_DIR "/paho_round_trip.py", port(),
                             is_v5() ? "5" : "4", qos()});
  EXPECT_EQ(paho.exit_code, 0) << paho.out;
}

TEST_P(EachQosAndProtocol, LibmosquittoGetsEveryMessageOfTwoHundredInOrder) {
  const int level = std::get<0>(GetParam());
  const ClientOptions options{.protocol = is_v5() ? Protocol::v5 : Protocol::v311};
  auto subscribed = client(options);
  ASSERT_EQ(subscribed->subscribe("load/#", level), level);
  auto publisher = client(options);
  Words expected;
  for (int i = 0; i < 200; ++i) {
    expected.push_back(std::to_string(i));
    publisher->publish("load/x", expected.back(), level);
  }
  EXPECT_TRUE(publisher->wait_unacked_below(1));
  EXPECT_EQ(subscribed->expect_payloads(200), expected);
}

}  // namespace
}  // namespace headgate::e2e
