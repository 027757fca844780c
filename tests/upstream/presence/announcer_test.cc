// That the hub says that it is there: on each connection, now and then, and no more than its link allows.
#include "upstream/presence/announcer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/downstream/commanding_link.h"
#include "tests/support/manual_clock.h"
#include "tests/support/recording_log.h"

namespace headgate::upstream {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

class Presence : public ::testing::Test {
 protected:
  explicit Presence(LinkTerms terms = {}) {
    NamedLink named;
    named.name = "lte";
    named.terms = std::move(terms);
    carrier_ = std::make_unique<Carrier>(named, link_, log_, UpstreamOptions(), 42);
    announcer_ = std::make_unique<Announcer>(*carrier_, "headgate/h/presence/lte", 60'000, [this](core::Now) {
      return "text " + std::to_string(++texts_);
    });
    carrier_->want(true, clock_.now());
  }
  void step() {
    carrier_->step(clock_.now());
    announcer_->step(clock_.now());
  }
  void pass_s(int64_t seconds) {
    for (int64_t i = 0; i < seconds; ++i) {
      clock_.advance_ms(1000);
      step();
    }
  }

  testing::ManualClock clock_;
  testing::RecordingLog log_;
  testing::CommandingLink link_{clock_};
  int texts_ = 0;
  std::unique_ptr<Carrier> carrier_;
  std::unique_ptr<Announcer> announcer_;
};

TEST_F(Presence, IsSaidAtOnceAndRetained) {
  step();
  EXPECT_THAT(link_.published, IsEmpty());
  link_.come_up();
  step();
  ASSERT_THAT(link_.published, SizeIs(1));
  EXPECT_EQ(link_.published[0].topic, "headgate/h/presence/lte");
  EXPECT_EQ(link_.published[0].payload, "text 1");
  EXPECT_TRUE(link_.published[0].retain);
}

TEST_F(Presence, IsSaidAgainWithEachPeriodAndOneAtATime) {
  link_.come_up();
  pass_s(59);
  EXPECT_THAT(link_.published, SizeIs(1));
  pass_s(200);
  EXPECT_THAT(link_.published, SizeIs(1)) << "the broker has not answered the first";
  link_.acknowledge();
  step();
  EXPECT_EQ(link_.published.at(0).payload, "text 2");
  link_.acknowledge(0x87);
  pass_s(60);
  EXPECT_THAT(link_.published, SizeIs(1)) << "a refusal changes nothing";
}

TEST_F(Presence, IsSaidOnEachNewConnection) {
  link_.come_up();
  step();
  link_.drop();
  link_.published.clear();
  pass_s(400);
  link_.come_up();
  step();
  EXPECT_EQ(link_.published.at(0).payload, "text 2");
}

TEST_F(Presence, IsSaidAgainWhenThereIsSomethingElseToSay) {
  int taken = 0;
  announcer_->on_taken([&] { ++taken; });
  link_.come_up();
  step();
  link_.acknowledge();
  EXPECT_EQ(taken, 1);
  announcer_->renew();
  step();
  ASSERT_THAT(link_.published, SizeIs(1));
  EXPECT_EQ(link_.published[0].payload, "text 2");
  announcer_->renew();  // before the answer
  link_.acknowledge(0x87);
  EXPECT_EQ(taken, 1) << "it was refused";
  step();
  EXPECT_EQ(link_.published.at(0).payload, "text 3");
}

TEST_F(Presence, IsSaidOnceAConnectionWithoutAPeriod) {
  Announcer once(*carrier_, "headgate/h/reported", Announcer::kNever, [](core::Now) { return "text"; });
  size_t said = 0;
  link_.come_up();
  for (int i = 0; i < 100; ++i) {
    clock_.advance_ms(60'000);
    carrier_->step(clock_.now());
    once.step(clock_.now());
    said += link_.published.size();
    link_.acknowledge();
  }
  EXPECT_EQ(said, 1u);
}

class PresenceOverAClosedLink : public Presence {
 protected:
  static LinkTerms closed() {
    LinkTerms terms;
    terms.open = {"mon 00:00-00:01"};
    terms.urgent_opens = false;
    return terms;
  }
  PresenceOverAClosedLink() : Presence(closed()) {}
};

TEST_F(PresenceOverAClosedLink, IsNotSaid) {
  link_.come_up();
  pass_s(120);
  EXPECT_THAT(link_.published, IsEmpty());
}

TEST(PresenceTopics, AreOfALinkThatIsNoCloud) {
  UpstreamOptions options;
  NamedLink link;
  link.name = "lte";
  EXPECT_EQ(presence_topic_of(options, link, "h"), "") << "off by default";
  options.presence_s = 60;
  EXPECT_EQ(presence_topic_of(options, link, "h"), "headgate/h/presence/lte");
  link.preset = Preset::aws_iot_core;
  EXPECT_EQ(presence_topic_of(options, link, "h"), "");
  link = {};
  link.name = kOnlyLink;
  EXPECT_EQ(presence_topic_of(options, link, "h"), "headgate/h/presence");
}

}  // namespace
}  // namespace headgate::upstream
