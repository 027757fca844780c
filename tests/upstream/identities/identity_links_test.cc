// Messages under the identity of those who have sent them: who waits for what, and who does not.
#include "upstream/identities/identity_links.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/upstream/identities/cloud_site.h"

namespace headgate::upstream {
namespace {

using headgate::testing::CloudSite;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class IdentityLinksTest : public ::testing::Test {
 protected:
  void SetUp() override { site_.own_up(); }
  void send_numbered(const std::string& device, int from, int to) {
    for (int i = from; i <= to; ++i) site_.send(device, std::to_string(i));
  }
  [[nodiscard]] size_t lines_with(const std::string& text) const {
    const auto lines = site_.log.lines();
    return static_cast<size_t>(std::ranges::count_if(
        lines, [&](const std::string& line) { return line.find(text) != std::string::npos; }));
  }

  CloudSite site_;
};

TEST_F(IdentityLinksTest, SendEachMessageOverAConnectionOfItsSender) {
  site_.send("leaf-1", "a");
  site_.send("gateway-7", "b", "sensor");
  site_.send("gateway-7", "c");
  site_.serve();
  EXPECT_THAT(site_.taken["leaf-1"], ElementsAre("a"));
  EXPECT_THAT(site_.taken["gateway-7/sensor"], ElementsAre("b"));
  EXPECT_THAT(site_.taken["gateway-7"], ElementsAre("c"));
  EXPECT_THAT(site_.topics,
              ::testing::UnorderedElementsAre("devices/leaf-1/messages/events/",
                                              "devices/gateway-7/modules/sensor/messages/events/",
                                              "devices/gateway-7/messages/events/"));
  const LinkOptions& options = site_.options["gateway-7/sensor"];
  EXPECT_EQ(options.username, "acme.azure-devices.net/gateway-7/sensor/?api-version=2021-04-12");
  EXPECT_EQ(options.sas_resource, "acme.azure-devices.net/devices/gateway-7/modules/sensor");
  EXPECT_EQ(options.sas_key_text, "a2V5NA==");
  EXPECT_EQ(options.tls.cert_file, "") << "that of the gateway";
  EXPECT_EQ(site_.waiting(), 0U);
}

TEST_F(IdentityLinksTest, ConnectNobodyWhoHasNothingToSend) {
  site_.send("leaf-1", "a");
  site_.settle();
  EXPECT_THAT(site_.asking, ElementsAre("leaf-1"));
  EXPECT_EQ(site_.waiting(), 1U) << "until the cloud has it";
}

TEST_F(IdentityLinksTest, KeepTheOrderOfEachWhileConnectionsAreMade) {
  site_.send("leaf-1", "1");
  site_.send("leaf-2", "1");
  site_.settle();
  send_numbered("leaf-1", 2, 20);
  send_numbered("leaf-2", 2, 20);
  site_.admit("leaf-2");
  site_.take("leaf-2", 3);
  send_numbered("leaf-1", 21, 30);
  site_.serve();
  std::vector<std::string> expected;
  for (int i = 1; i <= 30; ++i) expected.push_back(std::to_string(i));
  EXPECT_EQ(site_.taken["leaf-1"], expected);
  expected.resize(20);
  EXPECT_EQ(site_.taken["leaf-2"], expected);
}

TEST_F(IdentityLinksTest, HoldNobodyUpForOneThatIsRefusedWhoseMessagesWait) {
  for (int i = 0; i < 200; ++i) {
    site_.send("leaf-1", "no " + std::to_string(i));
    site_.send("leaf-2", std::to_string(i));
  }
  site_.serve({"leaf-1"});
  EXPECT_THAT(site_.taken["leaf-2"], SizeIs(200));
  EXPECT_THAT(site_.taken["leaf-1"], IsEmpty());
  EXPECT_EQ(site_.waiting(), 200U);
  site_.send("leaf-2", "later");
  site_.serve({"leaf-1"});
  EXPECT_EQ(site_.taken["leaf-2"].back(), "later");
  EXPECT_EQ(site_.links.status().refused, 1U);
  EXPECT_EQ(site_.links.status().last_refused, "leaf-1");
  EXPECT_EQ(lines_with("upstream_identity_refused link=cloud identity=leaf-1"), 1U);
  EXPECT_GT(site_.links.next_deadline(), site_.clock.now().mono_ms + 60'000) << "it is not hammered";
}

TEST_F(IdentityLinksTest, SendWhatHasWaitedInOrderOnceTheKeyIsMended) {
  for (int i = 0; i < 50; ++i) site_.send("leaf-1", std::to_string(i));
  site_.serve({"leaf-1"});
  site_.keys["leaf-1"] = "bmV3";
  site_.links.retry(site_.clock.now());
  site_.serve();
  EXPECT_EQ(site_.options["leaf-1"].sas_key_text, "bmV3");
  std::vector<std::string> expected;
  for (int i = 0; i < 50; ++i) expected.push_back(std::to_string(i));
  EXPECT_EQ(site_.taken["leaf-1"], expected);
  EXPECT_EQ(site_.waiting(), 0U);
}

TEST_F(IdentityLinksTest, PutBackWhatWasOnItsWayWhenAConnectionEnds) {
  for (const char* body : {"1", "2", "3"}) site_.send("leaf-1", body);
  site_.send("leaf-2", "x");
  site_.settle();
  site_.admit("leaf-1");
  site_.admit("leaf-2");
  site_.take("leaf-1", 1);
  site_.drop("leaf-1");
  site_.send("leaf-1", "4");
  site_.take("leaf-2");
  EXPECT_THAT(site_.taken["leaf-2"], ElementsAre("x"));
  EXPECT_EQ(site_.waiting(), 3U);
  site_.pass_ms(400'000);
  site_.serve();
  EXPECT_THAT(site_.taken["leaf-1"], ElementsAre("1", "2", "3", "4"));
  EXPECT_EQ(site_.forwarder->status(site_.clock.now()).dead_messages, 0U);
}

TEST_F(IdentityLinksTest, LetOthersGoOnAfterOneThatDoesNotAnswer) {
  site_.send("leaf-1", "a");
  site_.settle();
  site_.admit("leaf-1");
  site_.pass_ms(IdentityLink::kAnswerMs - 1);
  EXPECT_EQ(site_.cloud["leaf-1"]->disconnects, 0U);
  site_.pass_ms(1);
  EXPECT_EQ(site_.cloud["leaf-1"]->disconnects, 1U);
  EXPECT_EQ(site_.forwarder->status(site_.clock.now()).in_flight_batches, 0U);
  EXPECT_EQ(site_.waiting(), 1U);
  site_.cloud["leaf-1"]->published.clear();
  site_.pass_ms(400'000);
  site_.serve();
  EXPECT_THAT(site_.taken["leaf-1"], ElementsAre("a"));
}

TEST_F(IdentityLinksTest, HangUpOnWhoHasNothingToSendAnyMore) {
  site_.send("leaf-1", "a");
  site_.serve();
  site_.pass_ms(IdentityLink::kIdleMs - 1);
  EXPECT_EQ(site_.cloud["leaf-1"]->disconnects, 0U);
  site_.pass_ms(1);
  EXPECT_EQ(site_.cloud["leaf-1"]->disconnects, 1U);
  EXPECT_EQ(lines_with("upstream_identity_let_go link=cloud identity=leaf-1 reason=it had nothing to send"),
            1U);
  EXPECT_EQ(site_.links.status().open, 0U);
  site_.send("leaf-1", "b");
  site_.serve();
  EXPECT_THAT(site_.taken["leaf-1"], ElementsAre("a", "b"));
}

TEST_F(IdentityLinksTest, MakeAConnectionAnewBeforeItsTokenEnds) {
  const auto pass_with_messages = [this](int64_t end_s) {
    for (; site_.clock.now().mono_ms < end_s * 1000; site_.pass_ms(200'000)) {
      site_.send("leaf-1", "a");
      site_.serve();
    }
  };
  const int64_t begin_s = site_.clock.now().mono_ms / 1000;
  pass_with_messages(begin_s + kTokenRenewedS - 300);
  EXPECT_EQ(site_.links.status().connects, 1U);
  pass_with_messages(begin_s + kTokenRenewedS + 600);
  EXPECT_EQ(lines_with("reason=its token is made anew"), 1U);
  EXPECT_EQ(site_.links.status().connects, 2U);
  EXPECT_EQ(site_.waiting(), 0U);
}

class TwoPlaces : public IdentityLinksTest {
 protected:
  void SetUp() override {
    few_.own_up();
    for (int i = 0; i < 5; ++i) few_.send("gateway-7", "to widen the window");
    few_.send("leaf-1", "a");
    few_.send("leaf-2", "a");
    few_.serve();
  }
  CloudSite few_{SendsAs::identity, 2};
};

TEST_F(TwoPlaces, AreGivenToWhoWaitsOnceTheLeastUsedHasHadItsTurn) {
  few_.pass_ms(1000);
  few_.send("leaf-1", "b");
  few_.serve();
  few_.send("leaf-3", "c");
  few_.settle();
  EXPECT_FALSE(few_.connects("leaf-3"));
  EXPECT_EQ(few_.links.status().waiting, 1U);
  EXPECT_EQ(few_.links.next_deadline(), few_.clock.now().mono_ms + IdentityLinks::kTurnMs - 1000);
  few_.pass_ms(IdentityLinks::kTurnMs - 1000);
  few_.serve();
  EXPECT_THAT(few_.taken["leaf-3"], ElementsAre("c"));
  EXPECT_EQ(few_.links.status().open, 2U);
  EXPECT_EQ(few_.links.status().rotated, 1U);
  EXPECT_THAT(
      few_.log.lines(),
      Contains(HasSubstr("upstream_identity_let_go link=cloud identity=leaf-2 reason=another one waits")));
}

TEST(PlacesThatAreTaken, AreWaitedForWithoutSpinningByOneThatMayTryAgain) {
  CloudSite site(SendsAs::identity, 2);
  site.own_up();
  site.send("leaf-3", "c");
  site.serve({"leaf-3"});
  site.send("leaf-1", "a");
  site.send("leaf-2", "a");
  site.serve({"leaf-3"});
  site.links.retry(site.clock.now());
  EXPECT_FALSE(site.connects("leaf-3")) << "the others have not had their turn";
  EXPECT_GT(site.links.next_deadline(), site.clock.now().mono_ms);
  site.pass_ms(IdentityLinks::kTurnMs);
  site.serve();
  EXPECT_EQ(site.taken["leaf-3"], std::vector<std::string>{"c"});
}

TEST_F(TwoPlaces, AreLeftOnlyOnceWhatIsOnItsWayIsAnswered) {
  few_.send("leaf-1", "b");
  few_.send("leaf-2", "b");
  few_.send("leaf-3", "c");
  few_.settle();
  few_.pass_ms(IdentityLinks::kTurnMs);
  EXPECT_FALSE(few_.connects("leaf-3"));
  EXPECT_GT(few_.links.next_deadline(), few_.clock.now().mono_ms)
      << "it waits for the answer, and does not spin";
  few_.serve();
  EXPECT_THAT(few_.taken["leaf-1"], ElementsAre("a", "b"));
  EXPECT_THAT(few_.taken["leaf-2"], ElementsAre("a", "b"));
  EXPECT_THAT(few_.taken["leaf-3"], ElementsAre("c"));
}

TEST_F(IdentityLinksTest, BuryAMessageForWhichTheCloudEndsItsConnectionAndGoOn) {
  const store::QueueId dead = *site_.store.open_queue(store::kDeadQueue, {store::QueueKind::dead});
  for (const char* body : {"1", "bad", "2"}) site_.send("leaf-1", body);
  for (int round = 0; round < 500 && site_.waiting() > 0; ++round) {
    site_.send("leaf-2", "x");
    site_.settle();
    for (const std::string& id : std::set<std::string>(site_.asking)) site_.admit(id);
    if (site_.cloud.contains("leaf-2")) site_.take("leaf-2");
    while (site_.cloud.contains("leaf-1") && !site_.cloud["leaf-1"]->published.empty()) {
      if (site_.cloud["leaf-1"]->published.front().payload == "bad") {
        site_.drop("leaf-1");
        break;
      }
      site_.take("leaf-1", 1);
    }
    site_.pass_ms(30'000);
  }
  EXPECT_THAT(site_.taken["leaf-1"], ElementsAre("1", "2"));
  EXPECT_EQ(site_.store.stats(dead).waiting(), 1U);
}

TEST_F(IdentityLinksTest, LetThoseGoUnderTheGatewayWhoHaveNoKeyAndSaySoOnce) {
  site_.send("gateway-7", "a", "other");
  site_.send("gateway-7", "b", "other");
  core::Message plain;
  plain.topic = "plant/x";
  plain.body = "c";
  plain.source =
      std::make_shared<const core::Source>(core::Source{.client_id = "plc", .device = "plc", .module = {}});
  site_.send(std::move(plain));
  site_.serve();
  EXPECT_THAT(site_.taken["gateway-7"], ElementsAre("a", "b", "c"));
  EXPECT_THAT(site_.topics,
              Contains("devices/gateway-7/messages/events/originDevice=plc&originTopic=plant%2Fx"));
  EXPECT_EQ(lines_with("upstream_identity_without_key link=cloud identity=gateway-7/other"), 1U);
  EXPECT_EQ(lines_with("upstream_identity_without_key"), 1U);
}

TEST_F(IdentityLinksTest, LetThoseGoUnderTheGatewayWhoseKeyIsTakenAwayWhileTheyWait) {
  site_.send("leaf-1", "a");
  site_.serve({"leaf-1"});
  site_.keys.erase("leaf-1");
  site_.links.retry(site_.clock.now());
  site_.serve();
  EXPECT_THAT(site_.taken["gateway-7"], ElementsAre("a"));
}

TEST_F(IdentityLinksTest, TakeANewKeyIntoUse) {
  site_.send("leaf-1", "a");
  site_.serve();
  site_.keys["leaf-1"] = "bmV3";
  site_.links.retry(site_.clock.now());
  site_.send("leaf-1", "b");
  site_.serve();
  EXPECT_EQ(site_.options["leaf-1"].sas_key_text, "bmV3");
  EXPECT_THAT(site_.taken["leaf-1"], ElementsAre("a", "b"));
}

TEST_F(IdentityLinksTest, EndWithTheConnectionOfTheGatewayAndBlameNoMessage) {
  for (int outage = 0; outage < 6; ++outage) {
    site_.send("leaf-1", std::to_string(outage));
    site_.settle();
    if (site_.connects("leaf-1")) site_.admit("leaf-1");
    EXPECT_THAT(site_.cloud["leaf-1"]->published, ::testing::Not(IsEmpty()));
    site_.drop("gateway-7");
    EXPECT_GE(site_.cloud["leaf-1"]->disconnects, 1U);
    site_.own_up();
    site_.settle();
  }
  site_.serve();
  EXPECT_THAT(site_.taken["leaf-1"], ElementsAre("0", "1", "2", "3", "4", "5"));
  EXPECT_EQ(site_.forwarder->status(site_.clock.now()).refused_batches, 0U);
}

TEST_F(IdentityLinksTest, BuryAMessageThatWithItsPropertiesIsTooLargeAndGoOn) {
  const store::QueueId dead = *site_.store.open_queue(store::kDeadQueue, {store::QueueKind::dead});
  core::Message large;
  large.topic = "t";
  large.body = std::string(200'000, 'x');
  core::Properties properties;
  properties.user = {{"p", std::string(63'000, 'y')}};
  large.properties = std::make_shared<const core::Properties>(std::move(properties));
  site_.send(std::move(large));
  site_.send("leaf-1", "a");
  for (int round = 0; round < 10; ++round) {
    site_.serve();
    site_.pass_ms(10'000);
  }
  EXPECT_THAT(site_.taken["leaf-1"], ElementsAre("a"));
  EXPECT_EQ(site_.store.stats(dead).waiting(), 1U);
  EXPECT_THAT(site_.own.published, IsEmpty());
}

TEST_F(IdentityLinksTest, GoOnThoughMessagesThatWaitedHaveExpired) {
  for (int i = 0; i < 20; ++i) {
    core::Message message;
    message.topic = "t";
    message.source = std::make_shared<const core::Source>(
        core::Source{.client_id = "l", .device = "leaf-1", .module = {}});
    message.expires_ms = site_.clock.now().hub_ms + 10'000;
    site_.send(std::move(message));
  }
  site_.serve({"leaf-1"});
  site_.clock.advance_ms(20'000);
  site_.store.tick(site_.clock.now());
  site_.send("leaf-2", "a");
  site_.serve({"leaf-1"});
  EXPECT_THAT(site_.taken["leaf-2"], ElementsAre("a"));
}

TEST(AsTheHub, AllGoesUnderTheGatewayInOrder) {
  CloudSite site(SendsAs::hub);
  site.own_up();
  site.send("leaf-1", "1");
  site.send("gateway-7", "2", "sensor");
  site.serve();
  EXPECT_THAT(site.taken["gateway-7"], ElementsAre("1", "2"));
  EXPECT_THAT(site.asking, IsEmpty());
  EXPECT_THAT(
      site.topics,
      ElementsAre(
          "devices/gateway-7/messages/events/originDevice=leaf-1&originTopic=devices%2Fleaf-1%2Fmessages%2Fevents",
          "devices/gateway-7/messages/events/originDevice=gateway-7&originModule=sensor"
          "&originTopic=modules%2Fsensor%2Foutputs%2Fo"));
}

}  // namespace
}  // namespace headgate::upstream
