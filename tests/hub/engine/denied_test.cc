// What becomes of what a client may not do, packet by packet, and of those whose rights change while they are
// connected, away, or their messages wait.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/hub/engine/engine_fixture.h"

namespace headgate::hub {
namespace {

using broker::Rights;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::kept;
using testing::qos0;
using testing::qos1;
using testing::qos2;
using testing::to;
using testing::v3;
using testing::v5;
using testing::with_will;

constexpr broker::Actions kSubscribe = static_cast<uint8_t>(broker::Action::subscribe);

broker::Connect as(std::string_view user, broker::Connect connect) {
  connect.username = user;
  return connect;
}

class Denied : public EngineTest {
 protected:
  Denied() {
    access_.add("ann", {{true, broker::kAllActions, "open/#"}});
    access_.add("sub", {{true, kSubscribe, "#"}, {true, broker::kAllActions, "open/#"}});
    access_.add("det", {}, "detector");
    access_.add("all", {{true, broker::kAllActions, "#"}});
  }
  void grant(const std::string& user, std::vector<Rights::Rule> rules) {
    access_.add(user, std::move(rules));
    engine_->renew_grants();
  }
};

TEST_F(Denied, PublishIsAnsweredWithTheReasonInVersion5) {
  auto ann = client();
  ann.connect(as("ann", v5("a")));
  EXPECT_THAT(ann.publish(qos1(1, "closed", "x")), ElementsAre("PUBACK 1 87"));
  EXPECT_THAT(ann.publish(qos2(2, "closed", "x")), ElementsAre("PUBREC 2 87"));
  EXPECT_THAT(ann.publish(qos0("closed", "x")), IsEmpty());
  EXPECT_THAT(ann.publish(qos1(2, "open/x", "x")), ElementsAre("PUBACK 2")) << "and the id is free again";
  EXPECT_EQ(engine_->broker().find("a")->stats().denied.publish, 3u);
}

TEST_F(Denied, PublishIsAcknowledgedAndDroppedInVersion3) {
  auto watcher = client();
  watcher.connect(v5("w"));
  watcher.subscribe(1, {to("#")});
  auto ann = client();
  ann.connect(as("ann", v3("a")));
  EXPECT_THAT(ann.publish(qos1(1, "closed", "x")), ElementsAre("PUBACK 1"));
  EXPECT_THAT(ann.publish(qos2(2, "closed", "x")), ElementsAre("PUBREC 2"));
  EXPECT_THAT(ann.pubrel(2), ElementsAre("PUBCOMP 2"));
  ann.publish(qos0("closed", "x"));
  EXPECT_THAT(watcher.read(), IsEmpty());
  EXPECT_EQ(engine_->broker().denied().publish, 3u);
}

TEST_F(Denied, PublishReachesNoRouteAndIsNotRetained) {
  route("FROM /messages/* INTO $upstream");
  auto ann = client();
  ann.connect(as("ann", v5("a")));
  broker::Publish publish = qos1(1, "closed", "x");
  publish.retain = true;
  ann.publish(publish);
  commit();
  EXPECT_THAT(waiting("$upstream"), IsEmpty());
  auto watcher = client();
  watcher.connect(v5("w"));
  EXPECT_THAT(watcher.subscribe(1, {to("#")}), ElementsAre("SUBACK 1 00"));
}

TEST_F(Denied, PublishIsLoggedOnceAClient) {
  auto ann = client();
  ann.connect(as("ann", v5("a")));
  for (int i = 0; i < 3; ++i) ann.publish(qos0("closed", "x"));
  const auto lines = log_.lines();
  EXPECT_EQ(std::ranges::count(lines, "publish_denied client=a user=ann topic=closed"), 1);
}

TEST_F(Denied, WillIsDroppedWhenItIsDue) {
  auto watcher = client();
  watcher.connect(v5("w"));
  watcher.subscribe(1, {to("#")});
  auto ann = client();
  ann.connect(as("ann", with_will(v5("a"))));  // "will", which is not open/…
  ann.drop();
  EXPECT_THAT(watcher.read(), IsEmpty());
  EXPECT_EQ(engine_->broker().denied().publish, 1u);
}

TEST_F(Denied, MessagesDoNotComeByAWiderSubscription) {
  auto sub = client();
  sub.connect(as("sub", v5("s")));
  EXPECT_THAT(sub.subscribe(1, {to("#")}), ElementsAre("SUBACK 1 00"));
  auto publisher = client();
  publisher.connect(v5("p"));
  publisher.publish(qos0("closed", "no"));
  publisher.publish(qos0("open/x", "yes"));
  EXPECT_THAT(sub.read(), ElementsAre("PUBLISH q0 open/x=yes"));
  EXPECT_EQ(engine_->broker().find("s")->stats().denied.receive, 1u);
}

TEST_F(Denied, RetainedMessagesDoNotComeEither) {
  auto publisher = client();
  publisher.connect(v5("p"));
  for (const char* topic : {"closed", "open/x"}) {
    broker::Publish publish = qos0(topic, "kept");
    publish.retain = true;
    publisher.publish(publish);
  }
  auto sub = client();
  sub.connect(as("sub", v5("s")));
  EXPECT_THAT(sub.subscribe(1, {to("#")}), ElementsAre("SUBACK 1 00", "PUBLISH q0 retain open/x=kept"));
}

TEST_F(Denied, MessagesAreNotQueuedForASessionThatIsAway) {
  auto sub = client();
  sub.connect(as("sub", kept(v5("s"))));
  sub.subscribe(1, {to("#", 1)});
  commit();
  sub.drop();
  restart();  // rights are known before the client comes again
  auto publisher = client();
  publisher.connect(v5("p"));
  publisher.publish(qos1(1, "closed", "no"));
  publisher.publish(qos1(2, "open/x", "yes"));
  commit();
  EXPECT_THAT(waiting("session/s"), ElementsAre("yes"));
}

TEST_F(Denied, MessagesThatWaitAreDroppedWhenTheRightIsGone) {
  auto sub = client();
  sub.connect(as("sub", kept(v5("s"))));
  sub.subscribe(1, {to("#", 1)});
  commit();
  sub.drop();
  auto publisher = client();
  publisher.connect(v5("p"));
  publisher.publish(qos1(1, "open/x", "no"));
  publisher.publish(qos1(2, "still/x", "yes"));
  grant("sub", {{true, broker::kAllActions, "still/#"}});
  publisher.publish(qos1(3, "still/x", "yes"));
  commit();
  sub.connect(as("sub", kept(v5("s"))));
  commit();
  EXPECT_THAT(sub.read(), ElementsAre(HasSubstr("still/x=yes")));
  commit();
  const store::QueueStats& queue = store_.stats(*store_.find_queue("session/s"));
  EXPECT_EQ(queue.dropped, 1u);
  EXPECT_EQ(queue.in, queue.waiting() + queue.delivered + queue.expired + queue.dropped + queue.dead);
}

TEST_F(Denied, RightsHoldFromTheReloadOn) {
  auto ann = client();
  ann.connect(as("ann", v5("a")));
  ann.subscribe(1, {to("open/#")});
  auto publisher = client();
  publisher.connect(v5("p"));
  grant("ann", {});
  publisher.publish(qos0("open/x", "no"));
  EXPECT_THAT(ann.publish(qos1(1, "open/x", "no")), ElementsAre("PUBACK 1 87"));
  grant("ann", {{true, broker::kAllActions, "open/#"}});
  publisher.publish(qos0("open/x", "yes"));
  EXPECT_THAT(ann.read(), ElementsAre("PUBLISH q0 open/x=yes"))
      << "a rule put back needs no new subscription";
}

TEST_F(Denied, WhoIsNobodyAnyMoreIsDisconnectedAndKeepsItsSession) {
  auto ann = client();
  ann.connect(as("ann", kept(v5("a"))));
  ann.subscribe(1, {to("open/#", 1)});
  commit();
  ann.read();
  access_.users.erase("ann");
  engine_->renew_grants();
  EXPECT_THAT(ann.read(), ElementsAre("DISCONNECT 87", "closed"));
  access_.add("ann", {{true, broker::kAllActions, "open/#"}});
  EXPECT_THAT(ann.connect(as("ann", kept(v5("a")))), Contains("CONNACK 00 present"));
}

TEST_F(Denied, SessionStaysItsUsersOverARestart) {
  auto ann = client();
  ann.connect(as("ann", kept(v5("a"))));
  ann.subscribe(1, {to("open/#", 1)});
  commit();
  ann.drop();
  restart();
  auto other = client();
  EXPECT_THAT(other.connect(as("all", kept(v5("a")))), ElementsAre("CONNACK 87", "closed"));
  auto again = client();
  EXPECT_THAT(again.connect(as("ann", kept(v5("a")))), Contains("CONNACK 00 present"));
}

TEST_F(Denied, OnlyAModuleItselfGetsItsInputs) {
  route("FROM 'in' INTO BrokeredEndpoint('/modules/detector/inputs/i')");
  auto thief = client();
  thief.connect(as("all", v5("thief")));
  EXPECT_THAT(thief.subscribe(1, {to("modules/detector/inputs/i", 1), to("modules/detector/#", 1)}),
              ElementsAre("SUBACK 1 87 01"));
  auto publisher = client();
  publisher.connect(v5("p"));
  publisher.publish(qos1(1, "in", "x"));
  commit();
  EXPECT_THAT(thief.read(), IsEmpty());
  auto detector = client();
  detector.connect(as("det", v5("d")));
  EXPECT_THAT(detector.subscribe(1, {to("modules/detector/inputs/#", 1)}), Contains("SUBACK 1 01"));
  commit();
  EXPECT_THAT(detector.read(), ElementsAre(HasSubstr("modules/detector/inputs/i=x")));
}

TEST_F(Denied, AModulePublishesOnlyAsItself) {
  auto detector = client();
  detector.connect(as("det", v5("d")));
  EXPECT_THAT(detector.publish(qos1(1, "modules/detector/outputs/o", "x")), ElementsAre("PUBACK 1"));
  EXPECT_THAT(detector.publish(qos1(2, "modules/sensor/outputs/o", "x")), ElementsAre("PUBACK 2 87"));
  auto all = client();
  all.connect(as("all", v5("x")));
  EXPECT_THAT(all.publish(qos1(1, "modules/detector/outputs/o", "x")), ElementsAre("PUBACK 1 87"));
}

TEST_F(Denied, AModuleThatLosesItsNameLosesItsInputs) {
  route("FROM 'in' INTO BrokeredEndpoint('/modules/detector/inputs/i')");
  auto detector = client();
  detector.connect(as("det", v5("d")));
  detector.subscribe(1, {to("modules/detector/inputs/#", 1)});
  grant("det", {{true, broker::kAllActions, "#"}});  // a plain client from now on
  auto publisher = client();
  publisher.connect(v5("p"));
  publisher.publish(qos1(1, "in", "x"));
  commit();
  EXPECT_THAT(detector.read(), Not(Contains(HasSubstr("=x"))));
  EXPECT_THAT(waiting("modules/detector/inputs/i"), ElementsAre("x"));
}

}  // namespace
}  // namespace headgate::hub
