// What comes down a link: its name here, its id, and the receipt that goes up for it.
#include "upstream/downstream/receiver.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "tests/support/downstream/commanding_link.h"
#include "tests/support/downstream/manual_commands.h"
#include "tests/support/manual_clock.h"
#include "tests/support/recording_log.h"
#include "upstream/downstream/command_id.h"
#include "upstream/downstream/consumer_notices.h"
#include "upstream/links/exchange.h"

namespace headgate::upstream {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Json = nlohmann::json;

class Downstream : public ::testing::Test {
 protected:
  Downstream() { start(); }

  // A hub that comes back finds what was recorded.
  void start() {
    receiver_.reset();
    carrier_ = std::make_unique<Carrier>(NamedLink{.name = "lte", .connection = {}, .terms = {}}, link_, log_,
                                         UpstreamOptions(), 42);
    receiver_ = std::make_unique<Receiver>(
        *carrier_,
        Receiver::Settings{topics_, "site-7", "headgate/site-7/receipts", {"headgate/site-7/batches"}},
        taker_,
        Receiver::Record{[this] { return record_; },
                         [this](const std::string& text) {
                           if (disk_writes_) record_ = text;
                         }},
        log_);
    carrier_->after_event([this] { step(); });
    receiver_->on_work([this] { step(); });
    carrier_->want(true, clock_.now());
  }
  void step() {
    carrier_->step(clock_.now());
    receiver_->step(clock_.now());
  }
  void come_up() {
    link_.come_up();
    link_.grant_all();
  }
  void decide(Fate fate, std::string why = {}) {
    taker_.decide({fate, std::move(why)}, clock_.now());
    step();
  }
  [[nodiscard]] std::vector<Json> receipts() const {
    std::vector<Json> receipts;
    for (const auto& one : link_.published) receipts.push_back(Json::parse(one.payload));
    return receipts;
  }
  [[nodiscard]] bool logged(const std::string& event) const {
    return std::ranges::any_of(log_.lines(),
                               [&](const std::string& line) { return line.starts_with(event); });
  }
  [[nodiscard]] DownstreamCounts counts() const { return receiver_->status().counts; }
  static DownstreamTopic commands() {
    DownstreamTopic topic;
    topic.topic = "#";
    topic.remote_prefix = "cmd/{hub}/";
    topic.local_prefix = "down/";
    topic.publish_as = "cloud";
    return topic;
  }

  testing::ManualClock clock_;
  testing::RecordingLog log_;
  testing::CommandingLink link_{clock_};
  testing::ManualCommands taker_;
  std::string record_;
  bool disk_writes_ = true;
  std::vector<DownstreamTopic> topics_{commands()};
  std::unique_ptr<Carrier> carrier_;
  std::unique_ptr<Receiver> receiver_;
};

TEST_F(Downstream, SubscribesOnceToWhatItIsTo) {
  link_.come_up();
  EXPECT_THAT(link_.asked, ElementsAre(::testing::Pair("cmd/site-7/#", 1)));
  EXPECT_EQ(receiver_->status().not_granted, 1u);
  link_.grant_all();
  EXPECT_EQ(receiver_->status().not_granted, 0u);
  link_.drop();
  clock_.advance_ms(400'000);
  step();
  link_.come_up(true);
  EXPECT_THAT(link_.asked, IsEmpty());
}

TEST_F(Downstream, LeavesWhatTheConfigurationNoLongerHas) {
  come_up();
  topics_[0].remote_prefix = "orders/";
  start();
  link_.come_up(true);
  EXPECT_THAT(link_.left, ElementsAre("cmd/site-7/#"));
  EXPECT_THAT(link_.asked, ElementsAre(::testing::Pair("orders/#", 1)));
}

// Else a hub that is killed in between would not know of the filter, and the broker's session would have it for ever.
TEST_F(Downstream, SubscribesToNothingBeforeTheRecordOfItIsDurable) {
  disk_writes_ = false;
  link_.come_up();
  EXPECT_THAT(link_.asked, IsEmpty());
  disk_writes_ = true;
  for (int i = 0; i < 200 && link_.asked.empty(); ++i) {
    ASSERT_LE(receiver_->next_deadline(), clock_.now().mono_ms + 10);
    clock_.advance_ms(10);
    step();
  }
  EXPECT_THAT(link_.asked, ElementsAre(::testing::Pair("cmd/site-7/#", 1)));
  EXPECT_EQ(receiver_->next_deadline(), Receiver::kNever);
}

TEST_F(Downstream, ForgetsWhatItWasToSubscribeToWhenTheLinkGoes) {
  disk_writes_ = false;
  link_.come_up();
  link_.drop();
  disk_writes_ = true;
  clock_.advance_ms(5'000);
  step();
  EXPECT_THAT(link_.asked, IsEmpty());
}

TEST_F(Downstream, SaysWhatTheBrokerRefuses) {
  link_.come_up();
  link_.refuse_all();
  EXPECT_TRUE(logged("downstream_refused"));
  EXPECT_EQ(receiver_->status().not_granted, 1u);
  link_.drop();
  clock_.advance_ms(400'000);
  step();
  link_.come_up(true);
  EXPECT_THAT(link_.asked, SizeIs(1)) << "it may be allowed by now";
}

TEST_F(Downstream, GivesAMessageItsNameHere) {
  come_up();
  link_.send("cmd/site-7/pump/1", "on", "c-1");
  ASSERT_THAT(taker_.taken, SizeIs(1));
  EXPECT_EQ(taker_.taken[0].topic, "down/pump/1");
  EXPECT_EQ(taker_.taken[0].publish_as, "cloud");
  EXPECT_EQ(taker_.taken[0].id, (CommandId{CommandId::Kind::property, "c-1"}));
  EXPECT_EQ(taker_.taken[0].message.payload, "on");
}

// Its sender repeats it, as it heard nothing.
TEST_F(Downstream, SendsNoReceiptForACommandThatIsLost) {
  come_up();
  link_.send("cmd/site-7/pump/1", "on", "c-1");
  decide(Fate::lost);
  EXPECT_THAT(link_.published, IsEmpty());
  EXPECT_EQ(counts().refused + counts().stored, 0u);
}

TEST_F(Downstream, SendsTheReceiptOnlyOnceTheCommandIsDecided) {
  come_up();
  link_.send("cmd/site-7/pump/1", "on", "c-1");
  EXPECT_THAT(link_.published, IsEmpty());
  decide(Fate::stored);
  ASSERT_THAT(link_.published, SizeIs(1));
  EXPECT_EQ(link_.published[0].topic, "headgate/site-7/receipts");
  EXPECT_EQ(link_.published[0].id, "c-1");
  const Json expected = {{"v", 1},
                         {"hub", "site-7"},
                         {"id", "c-1"},
                         {"topic", "cmd/site-7/pump/1"},
                         {"status", "stored"},
                         {"at", clock_.now().wall_ms}};
  EXPECT_EQ(receipts()[0], expected);
  link_.acknowledge();
  EXPECT_EQ(counts().stored, 1u);
  EXPECT_EQ(counts().receipts, 1u);
}

TEST_F(Downstream, SaysInTheReceiptWhyACommandIsRefused) {
  come_up();
  link_.send("cmd/site-7/pump/1", "on", "c-1");
  decide(Fate::refused, "queue x is full");
  EXPECT_EQ(receipts()[0]["status"], "refused");
  EXPECT_EQ(receipts()[0]["why"], "queue x is full");
  EXPECT_EQ(counts().refused, 1u);
  EXPECT_TRUE(logged("command_refused"));
}

TEST_F(Downstream, KnowsACommandByItsCorrelationDataToo) {
  come_up();
  Incoming message;
  message.topic = "cmd/site-7/a";
  message.qos = 1;
  message.properties.correlation_data = std::string("\x00\xff", 2);
  link_.send(message);
  decide(Fate::repeated);
  EXPECT_EQ(receipts()[0]["correlation"], "AP8=");
  EXPECT_EQ(link_.published[0].correlation, message.properties.correlation_data);
  EXPECT_EQ(counts().repeated, 1u);
}

TEST_F(Downstream, SendsNoReceiptForWhatHasNoIdOrNoPromise) {
  come_up();
  link_.send("cmd/site-7/a", "x");
  decide(Fate::stored);
  Incoming unsure;
  unsure.topic = "cmd/site-7/a";
  unsure.properties.user = {{"id", "1"}};
  link_.send(unsure);
  decide(Fate::stored);
  EXPECT_THAT(link_.published, IsEmpty());
  EXPECT_FALSE(taker_.taken[1].id) << "QoS 0";
  EXPECT_EQ(counts().stored, 2u);
}

TEST_F(Downstream, RefusesTopicsThatNoEntryTakes) {
  come_up();
  link_.send("elsewhere", "x", "c-1");
  EXPECT_THAT(taker_.taken, IsEmpty());
  EXPECT_EQ(receipts()[0]["status"], "refused");
  link_.send("cmd/site-7/", "x", "c-2");
  EXPECT_EQ(counts().refused, 1u) << "down/ is a topic";
  EXPECT_THAT(taker_.taken, SizeIs(1));
}

TEST_F(Downstream, RefusesIdsWithoutBound) {
  come_up();
  link_.send("cmd/site-7/a", "x", std::string(257, 'i'));
  EXPECT_THAT(taker_.taken, IsEmpty());
  EXPECT_EQ(receipts()[0]["why"], "its id is longer than 256 bytes");
  EXPECT_EQ(receipts()[0]["id"].get<std::string>().size(), 256u);
}

TEST_F(Downstream, NeverTakesItsOwnBatches) {
  topics_[0].remote_prefix = "";
  start();
  come_up();
  link_.send("headgate/site-7/batches", "zstd", "b-1");
  EXPECT_THAT(taker_.taken, IsEmpty());
  EXPECT_THAT(link_.published, IsEmpty());
  EXPECT_EQ(counts().own, 1u);
}

TEST_F(Downstream, SendsReceiptsAgainThatWereOnTheirWay) {
  come_up();
  for (const char* id : {"1", "2", "3"}) link_.send("cmd/site-7/a", id, id);
  for (int i = 0; i < 3; ++i) decide(Fate::stored);
  link_.drop();
  link_.published.clear();
  clock_.advance_ms(400'000);
  step();
  link_.come_up(true);
  step();
  ASSERT_THAT(link_.published, SizeIs(3));
  EXPECT_EQ(link_.published[0].id, "1");
  EXPECT_EQ(link_.published[2].id, "3");
}

TEST_F(Downstream, KeepsReceiptsThatWaitForTheLinkUpToABound) {
  come_up();
  for (size_t i = 0; i < Receiver::kReceiptsMax + 5; ++i) {
    link_.send("cmd/site-7/a", "x", std::to_string(i));
    if (i == 0) link_.drop();
  }
  while (taker_.waiting() > 0) decide(Fate::stored);
  EXPECT_EQ(receiver_->status().receipts_waiting, Receiver::kReceiptsMax);
  EXPECT_EQ(receiver_->next_deadline(), Receiver::kNever) << "nothing can be done until the link is up";
  EXPECT_EQ(counts().receipts_dropped, 5u);
}

TEST_F(Downstream, CountsReceiptsThatTheBrokerRefuses) {
  come_up();
  link_.send("cmd/site-7/a", "x", "1");
  decide(Fate::stored);
  link_.acknowledge(0x87);
  EXPECT_EQ(counts().receipts_dropped, 1u);
  EXPECT_TRUE(logged("receipt_refused"));
}

TEST_F(Downstream, IsNotToldOfDecisionsAfterItsEnd) {
  come_up();
  link_.send("cmd/site-7/a", "x", "1");
  receiver_.reset();
  carrier_.reset();
  taker_.decide({Fate::stored, {}}, clock_.now());
  EXPECT_THAT(link_.published, IsEmpty());
}

// Nothing waits to go up over the link.
size_t connects_of(LinkTerms terms) {
  testing::ManualClock clock;
  testing::RecordingLog log;
  testing::CommandingLink link(clock);
  testing::ManualCommands taker;
  Exchange exchange(UpstreamOptions(), log);
  NamedLink named;
  named.name = "lte";
  named.terms = std::move(terms);
  exchange.add(named, link, 42);
  const Receiver receiver(*exchange.carriers()[0], {}, taker,
                          {[] { return std::string(); }, [](const std::string&) {}}, log);
  exchange.step(clock.now());
  exchange.step(clock.now());
  return link.connects;
}

TEST(LinksThatBringDown, AreConnectedAlsoWhileNothingGoesUpIfThatCostsNothing) {
  LinkTerms metered;
  metered.cost = LinkCost::metered;
  LinkTerms closed;
  closed.open = {"mon 00:00-00:01"};
  EXPECT_EQ(connects_of({}), 1u);
  EXPECT_EQ(connects_of(metered), 0u);
  EXPECT_EQ(connects_of(closed), 0u);
}

// Takes what comes on one topic.
struct OtherListener : CarrierListener {
  void on_carrier_up(const LinkUp&, core::Now) override { ++ups; }
  bool on_subscribed(const std::string& filter, uint8_t, core::Now) override { return filter == "other"; }
  bool on_unsubscribed(const std::string& filter, core::Now) override { return filter == "other"; }
  bool on_message(Incoming& message, core::Now) override {
    if (message.topic != "other") return false;
    payloads.push_back(std::move(message.payload));
    return true;
  }
  int ups = 0;
  std::vector<std::string> payloads;
};

TEST_F(Downstream, SharesALinkWithWhoeverElseListens) {
  OtherListener other;
  carrier_->listen(other);
  come_up();
  EXPECT_EQ(other.ups, 1);
  link_.send("other", "for it");
  EXPECT_THAT(other.payloads, IsEmpty()) << "the first that listened takes what it knows nothing of";
  carrier_->leave(*receiver_);
  carrier_->listen(*receiver_);
  link_.send("other", "for it");
  link_.send("cmd/site-7/pump/1", "on", "c-1");
  EXPECT_THAT(other.payloads, ElementsAre("for it"));
  EXPECT_THAT(taker_.taken, SizeIs(1));
  carrier_->leave(other);
}

TEST_F(Downstream, LeavesToTheForwarderWhatConsumersSay) {
  carrier_->leave(*receiver_);
  std::vector<std::pair<std::string, std::string>> heard;
  ConsumerNotices notices(
      *carrier_, "headgate/site-7/batches",
      [&](std::string_view stream, core::Bytes notice) { heard.emplace_back(stream, notice); }, log_);
  carrier_->listen(*receiver_);
  notices.hear_of("upstream");
  notices.hear_of("upstream");
  link_.come_up();
  EXPECT_THAT(link_.asked, ::testing::Contains(::testing::Pair("headgate/site-7/batches/ack/upstream", 0)));
  link_.grant_all();
  notices.hear_of("upstream:lte");
  EXPECT_THAT(link_.asked, ElementsAre(::testing::Pair("headgate/site-7/batches/ack/upstream:lte", 0)));
  link_.refuse_all();
  EXPECT_TRUE(logged("upstream_acknowledgements_refused"));
  link_.send("headgate/site-7/batches/ack/upstream", "{}");
  link_.send("headgate/site-7/batches/ack/upstream", "");
  link_.send("headgate/site-7/batches", "x");
  EXPECT_THAT(heard, ElementsAre(std::pair<std::string, std::string>("upstream", "{}")));
  EXPECT_EQ(counts().own, 1u) << "what is not for it goes on to the others";
}

TEST(CommandIds, AreFoundWhereTheSenderPutThem) {
  Incoming message;
  message.payload = R"({"id": "b", "n": 7, "deep": {"id": 1}, "half": 1.5, "empty": ""})";
  EXPECT_FALSE(id_of(message, "")) << "bodies are not looked into unless an entry says so";
  EXPECT_EQ(id_of(message, "id"), (CommandId{CommandId::Kind::member, "b"}));
  EXPECT_EQ(id_of(message, "n").value, "7");
  for (const char* none : {"deep", "half", "empty", "absent"}) EXPECT_FALSE(id_of(message, none)) << none;
  message.properties.correlation_data = "c";
  EXPECT_EQ(id_of(message, "id"), (CommandId{CommandId::Kind::correlation, "c"}));
  message.properties.user = {{"other", "x"}, {"id", "p"}};
  EXPECT_EQ(id_of(message, "id"), (CommandId{CommandId::Kind::property, "p"}));
}

TEST(CommandIds, AreNotFoundInBodiesThatAreNoObjects) {
  for (const char* body : {"", "[1]", "\"id\"", "{\"id\":", "\xff{}"}) {
    Incoming message;
    message.payload = body;
    EXPECT_FALSE(id_of(message, "id")) << body;
  }
}

}  // namespace
}  // namespace headgate::upstream
