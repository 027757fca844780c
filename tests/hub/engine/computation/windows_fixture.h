// The engine with routes that have windows.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tests/hub/engine/engine_fixture.h"

namespace headgate::hub {

// A hub at a full minute.
class Windows : public EngineTest {
 protected:
  Windows() { clock_.advance_ms(60'000 - clock_.now().hub_ms % 60'000); }  // to a full minute

  void publish(std::string_view topic, std::string_view body, uint8_t qos = 1) {
    auto sensor = client();
    sensor.connect(testing::v5("sensor"));
    sensor.publish(qos == 0 ? testing::qos0(topic, body) : testing::qos1(1, topic, body));
    commit();
  }
  // What is taken, but not written yet when the next thing happens.
  void pass(int64_t ms) {
    clock_.advance_ms(ms);
    engine_->tick();
    commit();
  }
  // One turn of the loop or of the writer, if there is one to take.
  void step() {
    executor_.post([] {});
    int taken = 0;
    executor_.run_until([&] { return taken++ == 1; });
  }
  // kill -9: what was not committed is lost.
  void crash() {
    store_.lose_uncommitted();
    executor_.drop_ready();
    restart();
    commit();
  }
  std::vector<store::Entry> entries(std::string_view queue) {
    const auto id = store_.find_queue(queue);
    return id ? *store_.read(*id, store::kDefaultLane, 0, {}, clock_.now()) : std::vector<store::Entry>();
  }
  size_t inputs_waiting() { return entries("$computing").size(); }
};

}  // namespace headgate::hub
