// QoS 2 with a hub that is killed after step n, and again after step m, for every n and m: what was not
// committed is gone, and each message arrives exactly once all the same (MQTT 5.0 sections 4.3.3 and 4.4).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <set>

#include "tests/hub/engine/engine_fixture.h"

namespace headgate::hub {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::kept;
using testing::qos2;
using testing::ScriptedClient;
using testing::to;
using testing::v3;
using testing::v5;

struct Kills {
  broker::Version version;
  int first;   // steps before the first
  int second;  // and from there to the second
};

void PrintTo(const Kills& kills, std::ostream* out) {
  *out << (kills.version == broker::Version::v5 ? "5.0" : "3.1.1") << " after " << kills.first << " and "
       << kills.second;
}

std::vector<Kills> every_two_kills() {
  std::vector<Kills> all;
  for (const auto version : {broker::Version::v3_1_1, broker::Version::v5}) {
    for (int first = 0; first <= 7; ++first) {
      for (int second = 0; second <= 7; ++second) all.push_back({version, first, second});
    }
  }
  return all;
}

class KilledSteps : public EngineTest, public ::testing::WithParamInterface<Kills> {
 protected:
  static constexpr int kToTheEnd = 20;

  broker::Connect persistent(std::string_view id) const {
    return GetParam().version == broker::Version::v5 ? kept(v5(id)) : kept(v3(id));
  }
  void kill(ScriptedClient& one) {
    one.lose_hub();
    engine_.reset();
    executor_.drop_ready();
    store_.lose_uncommitted();
    restart();
  }
  // `run(client, steps, what came on connecting)` with the hub killed after the first and second number of
  // steps, and to the end.
  template <typename Run>
  void run_with_kills(std::string_view id, Run&& run) {
    for (const int steps : {GetParam().first, GetParam().second, kToTheEnd}) {
      auto one = client();
      run(one, steps, one.connect(persistent(id)));
      steps == kToTheEnd ? one.drop() : kill(one);
    }
    commit();
  }
  static uint16_t id_of(const std::string& line, std::string_view before) {
    return static_cast<uint16_t>(std::stoi(line.substr(line.find(before) + before.size())));
  }
};

INSTANTIATE_TEST_SUITE_P(AnyTwo, KilledSteps, ::testing::ValuesIn(every_two_kills()));

TEST_P(KilledSteps, TakeAMessageExactlyOnce) {  // [MQTT-4.3.3-8 … 12]
  route("FROM 't' INTO $upstream");
  store_.remember_commits();
  std::string waits_for = "PUBREC 7";  // what the client has not seen yet
  run_with_kills("sender", [&](ScriptedClient& sender, int steps, const testing::Lines&) {
    bool said = false;
    for (int step = 0; step < steps && waits_for != "nothing"; ++step) {
      testing::Lines lines;
      if (!said) {
        lines = waits_for == "PUBREC 7" ? sender.publish(testing::dup(qos2(7, "t", "x"))) : sender.pubrel(7);
        said = true;
      } else {
        commit();
        lines = sender.read();
      }
      for (const std::string& line : lines) {
        if (!line.starts_with(waits_for)) continue;
        waits_for = waits_for == "PUBREC 7" ? "PUBCOMP 7" : "nothing";
        said = false;
      }
    }
  });
  EXPECT_EQ(waits_for, "nothing");
  EXPECT_THAT(waiting("$upstream"), ElementsAre("x"));
}

TEST_P(KilledSteps, GiveAMessageExactlyOnce) {  // [MQTT-4.3.3-1 … 7]
  {
    auto reader = client();
    reader.connect(persistent("reader"));
    reader.subscribe(1, {to("t", 2)});
    commit();
  }
  auto sensor = client();
  sensor.connect(v5("sensor"));
  sensor.publish(qos2(1, "t", "x"));
  commit();
  sensor.drop();
  commit();
  store_.remember_commits();
  std::set<uint16_t> held;  // ids between PUBREC and PUBREL: the client's state
  std::vector<std::string> got;
  run_with_kills("reader", [&](ScriptedClient& reader, int steps, const testing::Lines& at_first) {
    std::deque<std::string> heard(at_first.begin(), at_first.end());
    const auto hear = [&](const testing::Lines& lines) {
      heard.insert(heard.end(), lines.begin(), lines.end());
    };
    for (int step = 0; step < steps; ++step) {
      if (heard.empty()) {
        commit();
        hear(reader.read());
        continue;
      }
      const std::string line = heard.front();
      heard.pop_front();
      if (line.starts_with("PUBLISH")) {
        const uint16_t id = id_of(line, " id");
        if (held.insert(id).second) got.push_back(line.substr(line.find(" t=") + 3));
        hear(reader.pubrec(id));
      } else if (line.starts_with("PUBREL")) {
        held.erase(id_of(line, "PUBREL "));
        hear(reader.pubcomp(id_of(line, "PUBREL ")));
      }
    }
  });
  EXPECT_THAT(got, ElementsAre("x"));
  EXPECT_THAT(held, IsEmpty());
  EXPECT_THAT(waiting("session/reader"), IsEmpty());
}

}  // namespace
}  // namespace headgate::hub
