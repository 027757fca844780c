// Clients that are registered, on a listener that speaks IoT Edge's dialect: how they are refused, whose a client id is, and when they end.
#include <gmock/gmock.h>

#include <string>

#include "tests/broker/broker_fixture.h"
#include "tests/support/client_codec.h"

namespace headgate::broker {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

// Lets everybody in who has a user name: as registered on listeners with the dialect, else as the user it says.
class RegisteringAccess : public AccessControl {
 public:
  bool refuses = false;
  std::optional<int64_t> ends_wall_ms;

  void authenticate(const std::shared_ptr<const Credentials>& credentials, core::Now now,
                    Decided decided) override {
    Identity identity;
    identity.username = credentials->username.value_or("");
    identity.registered = credentials->policy && credentials->policy->dialect == Dialect::iot_edge;
    if (identity.registered && (refuses || identity.anonymous()))
      return decided({ReasonCode::not_authorized, {}, "no"}, now);
    decided({ReasonCode::success, renew(identity, ""), {}, ends_wall_ms}, now);
  }
  [[nodiscard]] Grant renew(const Identity& identity, std::string_view) const override {
    return {std::make_shared<const Identity>(identity), Rights::all()};
  }
};

class Registered : public BrokerTest {
 protected:
  Registered() {
    access_ = &registering_;
    dialect_->dialect = Dialect::iot_edge;
  }
  static Connect as(Connect connect, std::string_view user) {
    connect.username = user;
    return connect;
  }
  // A client that comes by the listener with the dialect, and what it is answered.
  ScriptedClient& come(const Connect& connect) {
    ScriptedClient& one = client();
    one.open();
    one.speak(Version::v3_1_1);
    one.channel().policy = dialect_;
    std::string packet;
    testing::encode_connect(connect, packet);
    answer_ = one.send(packet);
    return one;
  }
  Lines answer_to(const Connect& connect) {
    come(connect);
    return answer_;
  }
  static Connect module() { return as(kept(v3("edge-1/sensor")), "edge-1/sensor"); }

  RegisteringAccess registering_;
  Lines answer_;
  std::shared_ptr<ListenerPolicy> dialect_ = std::make_shared<ListenerPolicy>();
};

TEST_F(Registered, AreRefusedWithFiveWhateverIsWrong) {
  EXPECT_THAT(answer_to(v3("a")), ElementsAre("CONNACK 05", "closed")) << "no credentials";
  registering_.refuses = true;
  EXPECT_THAT(answer_to(module()), ElementsAre("CONNACK 05", "closed"));
  Connect nameless = as(v3(""), "x");
  nameless.clean_start = false;
  EXPECT_THAT(answer_to(nameless), ElementsAre("CONNACK 05", "closed"));
  nameless.clean_start = true;
  EXPECT_THAT(answer_to(nameless), ElementsAre("CONNACK 05", "closed"));
}

TEST_F(Registered, SpeakMqtt311Alone) {
  EXPECT_THAT(answer_to(as(v5("a"), "a")), ElementsAre("CONNACK 01", "closed"));
  EXPECT_THAT(log_.lines(), Contains(HasSubstr("this listener speaks MQTT 3.1.1")));
}

TEST_F(Registered, KeepTheirSessionWhereAnotherIsRefused) {
  ScriptedClient& owner = come(module());
  ASSERT_THAT(answer_, ElementsAre("CONNACK 00"));
  registering_.refuses = true;
  EXPECT_THAT(answer_to(module()), ElementsAre("CONNACK 05", "closed"));
  registering_.refuses = false;
  EXPECT_TRUE(owner.is_open());
}

TEST_F(Registered, HaveTheirClientIdForThemselves) {
  ScriptedClient& owner = come(module());
  ASSERT_THAT(answer_, ElementsAre("CONNACK 00"));
  EXPECT_THAT(client().connect(v3("edge-1/sensor")), ElementsAre("CONNACK 05", "closed"))
      << "an anonymous one elsewhere";
  EXPECT_THAT(client().connect(module()), ElementsAre("CONNACK 05", "closed"))
      << "a user of that name elsewhere";
  EXPECT_TRUE(owner.is_open());
}

TEST_F(Registered, TakeTheirClientIdFromWhoIsNot) {
  ScriptedClient& squatter = connected(kept(v3("edge-1/sensor")));
  squatter.subscribe(1, {to("spied/#")});
  EXPECT_THAT(answer_to(module()), ElementsAre("CONNACK 00")) << "without a session: it was a stranger's";
  EXPECT_THAT(squatter.read(), Contains("closed"));
  EXPECT_TRUE(session("edge-1/sensor")->identity().registered);
}

TEST_F(Registered, GoOnWithTheSessionThatTheyHadUnderTheirNameElsewhere) {
  connected(module()).drop();
  EXPECT_THAT(answer_to(module()), ElementsAre("CONNACK 00 present"));
}

TEST_F(Registered, AreClosedWhenTheirProofEndsAndKeepTheirSession) {
  registering_.ends_wall_ms = now().wall_ms + 60'000;
  ScriptedClient& one = come(module());
  for (int s = 0; s < 59; ++s) {
    one.ping();
    pass_s(1);
  }
  EXPECT_TRUE(one.is_open());
  pass_s(1);
  EXPECT_THAT(one.read(), Contains("closed"));
  one.drop();
  EXPECT_EQ(broker().stats().closed.at("proof expired"), 1U);
  registering_.ends_wall_ms = now().wall_ms + 60'000;
  EXPECT_THAT(answer_to(module()), ElementsAre("CONNACK 00 present"));
}

TEST_F(Registered, AreToldOfAndLeftAloneWhileNobodyKnowsTheTime) {
  registering_.ends_wall_ms = now().wall_ms + 60'000;
  ScriptedClient& one = come(module());
  clock_.doubt();
  for (int s = 0; s < 70; ++s) {
    one.ping();
    pass_s(1);
  }
  EXPECT_TRUE(one.is_open());
  EXPECT_THAT(log_.lines(), Contains(HasSubstr("proof_end_ignored")));
}

}  // namespace
}  // namespace headgate::broker
