// Topics under $SYS with texts of their own, and those of links upstream.
#include "hub/observe/feeds/text_feed.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hub/shell/uplink/link_topics.h"
#include "tests/hub/engine/engine_fixture.h"

namespace headgate::hub {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using testing::to;
using testing::v5;

class TextsUnderSys : public EngineTest {
 protected:
  TextsUnderSys() {
    engine_->serve_texts([this] {
      ++reads_;
      return topics_;
    });
  }

  std::vector<SysTopic> topics_{{"$SYS/headgate/links/lte", "down"}, {"$SYS/headgate/links/fiber", "up"}};
  int reads_ = 0;
};

TEST_F(TextsUnderSys, ComeAtOnceAsRetainedAndThenWhenTheyChange) {
  auto module = client();
  module.connect(v5("module"));
  EXPECT_THAT(module.subscribe(1, {to("$SYS/headgate/links/+")}),
              ElementsAre("SUBACK 1 00", "PUBLISH q0 retain $SYS/headgate/links/lte=down",
                          "PUBLISH q0 retain $SYS/headgate/links/fiber=up"));
  engine_->tick();
  (void)module.read();
  engine_->tick();
  EXPECT_THAT(module.read(), IsEmpty());
  topics_[0].value = "up";
  engine_->tick();
  EXPECT_THAT(module.read(), ElementsAre("PUBLISH q0 $SYS/headgate/links/lte=up"));
}

TEST_F(TextsUnderSys, AreNotReadWhileNobodyListens) {
  auto other = client();
  other.connect(v5("other"));
  other.subscribe(1, {to("#")});
  engine_->tick();
  EXPECT_EQ(reads_, 0);
  EXPECT_THAT(other.read(), Not(Contains(HasSubstr("$SYS"))));
}

TEST_F(TextsUnderSys, GoOnlyToThoseWhoMayReceiveThem) {
  access_.add("guest", {{true, broker::kAllActions, "#"}});
  auto guest = client();
  auto connect = v5("guest");
  connect.username = "guest";
  guest.connect(connect);
  guest.subscribe(1, {to("$SYS/#")});
  engine_->tick();
  EXPECT_THAT(guest.read(), Not(Contains(HasSubstr("links"))));
}

// ---- what modules are told of links ----

std::string text_of(const upstream::LinkReport& link) {
  upstream::UpstreamReport report;
  report.links.push_back(link);
  const auto topics = link_topics(report);
  return topics.at(0).name + " " + topics.at(0).value;
}

TEST(LinkTopics, SayHowALinkIsSinceWhenAndWhatItTakes) {
  upstream::LinkReport link;
  link.named.name = "lte";
  link.status.state = upstream::CarrierState::up;
  link.status.since_ms = 1'700'000'000'000;
  EXPECT_EQ(text_of(link),
            "$SYS/headgate/links/lte "
            R"({"link":"lte","state":"connected","since":1700000000000,"priority_max":10,"why":"",)"
            R"("day_left_percent":null,"month_left_percent":null})");
}

TEST(LinkTopics, SayThatALinkTakesLessAndWhy) {
  upstream::LinkReport link;
  link.permit.lanes = 0b111;
  link.permit.why = "closed by its schedule";
  EXPECT_THAT(text_of(link), HasSubstr(R"("priority_max":2,"why":"closed by its schedule")"));
  link.permit.lanes = 0;
  EXPECT_THAT(text_of(link), HasSubstr(R"("priority_max":null)"));
}

TEST(LinkTopics, SayInTensHowMuchOfABudgetIsLeft) {
  const auto left = [](uint64_t used, uint64_t limit) {
    upstream::LinkReport link;
    link.named.terms.day_bytes_max = limit;
    link.counts.day_bytes = used;
    const std::string text = text_of(link);
    const size_t at = text.find("day_left_percent\":") + 18;
    return text.substr(at, text.find(',', at) - at);
  };
  EXPECT_EQ(left(0, 1'000'000), "100");
  EXPECT_EQ(left(1, 1'000'000), "90");
  EXPECT_EQ(left(550'000, 1'000'000), "40");
  EXPECT_EQ(left(2'000'000, 1'000'000), "0");
  EXPECT_EQ(left(0, 150), "100");
  EXPECT_EQ(left(0, UINT64_MAX), "100");
}

}  // namespace
}  // namespace headgate::hub
