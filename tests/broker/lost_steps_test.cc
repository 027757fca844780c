// QoS 1 and 2 with a connection that dies after step n, for every n, on either side: at least once stays at
// least once, exactly once stays exactly once (MQTT 5.0 sections 4.3 and 4.4).
#include <gmock/gmock.h>

#include <algorithm>
#include <string>

#include "tests/broker/broker_fixture.h"

namespace headgate::broker {
namespace {

// Which packet of a handshake is the last to arrive before the connection dies. `nothing`: the first is lost.
enum class Last : uint8_t { nothing, publish, pubrec, pubrel };

struct Case {
  Version version;
  uint8_t qos;
  Last last;
  bool answered_late;  // the store answers only after the reconnect

  friend void PrintTo(const Case& one, std::ostream* out) {
    *out << "MQTT " << int{static_cast<uint8_t>(one.version)} << " QoS " << int{one.qos} << " step "
         << static_cast<int>(one.last) << (one.answered_late ? " late" : "");
  }
};

std::vector<Case> every_case() {
  std::vector<Case> cases;
  for (const Version version : {Version::v3_1_1, Version::v5}) {
    for (const bool late : {false, true}) {
      for (const Last last : {Last::nothing, Last::publish}) cases.push_back({version, 1, last, late});
      for (const Last last : {Last::nothing, Last::publish, Last::pubrec, Last::pubrel}) {
        cases.push_back({version, 2, last, late});
      }
    }
  }
  return cases;
}

class LostSteps : public BrokerTest, public ::testing::WithParamInterface<Case> {
 protected:
  LostSteps() { events_.answers_at_once = !GetParam().answered_late; }

  Connect resume() const { return GetParam().version == Version::v5 ? kept(v5("a")) : kept(v3("a")); }
  Publish publication() const { return GetParam().qos == 1 ? qos1(1, "t", "x") : qos2(1, "t", "x"); }
  void store_answers() {
    events_.answer_all();
    events_.answers_at_once = true;
  }
  static bool has(const Lines& lines, std::string_view line) {
    return std::ranges::find(lines, line) != lines.end();
  }

  // A client as the standard wants it: says what it has not yet heard the answer to, in every connection.
  void publish_as_far_as(ScriptedClient& a, Last last) {
    if (last >= Last::publish) a.publish(publication());
    if (last >= Last::pubrec) store_answers();
    if (last >= Last::pubrel) a.pubrel(1);
  }
  bool finish_publishing(ScriptedClient& a, Last last) {
    const bool has_pubrec = last >= Last::pubrec;
    Lines heard = has_pubrec ? a.pubrel(1) : a.publish(dup(publication()));
    store_answers();
    for (std::string& line : a.read()) heard.push_back(std::move(line));
    if (has_pubrec) return has(heard, "PUBCOMP 1") || has(heard, "PUBCOMP 1 92");
    if (GetParam().qos == 1) return has(heard, "PUBACK 1");
    return has(heard, "PUBREC 1") && has(a.pubrel(1), "PUBCOMP 1");
  }

  void receive_as_far_as(ScriptedClient& a, Last last) {
    send("a", 9, GetParam().qos, GetParam().qos == 2 ? 40'000 : 1);
    if (last >= Last::publish) a.read();
    if (last >= Last::pubrec) a.pubrec(40'000);
    if (last >= Last::pubrel) store_answers();
  }
};

TEST_P(LostSteps, LoseNoPublicationOfTheClient) {
  ScriptedClient& a = connected(resume());
  publish_as_far_as(a, GetParam().last);
  a.drop();
  a.connect(resume());
  EXPECT_TRUE(finish_publishing(a, GetParam().last));
  EXPECT_GE(events_.messages().size(), 1u);
  EXPECT_LE(events_.messages().size(), GetParam().qos == 2 ? 1u : 2u);
  EXPECT_TRUE(a.is_read());
}

TEST_P(LostSteps, LoseNoDeliveryToTheClient) {
  const Case& one = GetParam();
  ScriptedClient& a = connected(resume());
  receive_as_far_as(a, one.last);
  a.drop();
  Lines heard = a.connect(resume());
  store_answers();
  for (std::string& line : a.read()) heard.push_back(std::move(line));
  if (one.qos == 1) {
    EXPECT_TRUE(has(heard, "PUBLISH q1 id1 dup t=9"));
    a.puback(1);
    EXPECT_TRUE(has(happened(), "delivered a 9"));
  } else if (one.last < Last::pubrec) {
    EXPECT_TRUE(has(heard, "PUBLISH q2 id40000 dup t=9"));
    EXPECT_TRUE(has(a.pubrec(40'000), "PUBREL 40000"));
  } else {
    EXPECT_EQ(heard, (Lines{"CONNACK 00 present", "PUBREL 40000"}));  // and no PUBLISH [MQTT-4.3.3-7]
  }
  if (one.qos == 2) a.pubcomp(40'000);
  EXPECT_EQ(session("a")->in_flight(), 0u);
  EXPECT_THAT(a.connect(resume()), ElementsAre("CONNACK 00 present"));
}

INSTANTIATE_TEST_SUITE_P(EveryStep, LostSteps, ::testing::ValuesIn(every_case()));

}  // namespace
}  // namespace headgate::broker
