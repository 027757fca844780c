// Whatever hostile modules, devices and strangers send to the listeners of IoT Edge ends them alone, or is answered, and is counted.
#include "tests/e2e/edge/edge_hub.h"

namespace headgate::e2e {
namespace {

class IotEdgeHostile : public EdgeHubTest {
 protected:
  void configure(nlohmann::json& config) override {
    EdgeHubTest::configure(config);
    config["limits"] = {{"connect_timeout_s", 2}};
    config["routes"] = {{"innocent", into("/messages/modules/good/outputs/raw", "filter", "raw")},
                        {"plain", into("'plain/filter'", "filter", "raw")},
                        {"looked",
                         "FROM /messages/modules/evil/outputs/looked WHERE $body.a.a.a = 1 INTO "
                         "BrokeredEndpoint('/modules/sink/inputs/looked')"}};
  }
};

TEST_F(IotEdgeHostile, RowsEndTheirClientsAloneAndAreCounted) {
  const Finished played = run(
      python("hostile_clients.py", {std::to_string(tls_), std::to_string(wss_), certificates_.file("ca.pem"),
                                    std::to_string(hub_.port()), hub_.data_dir() + "/admin.sock"}),
      150s);
  EXPECT_EQ(played.exit_code, 0) << played.out;
}

}  // namespace
}  // namespace headgate::e2e
