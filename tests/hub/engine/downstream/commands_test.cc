// Commands from upstream: stored before anybody is told, once whatever comes again, by somebody's rights, and not sent up
// again.
#include "hub/engine/downstream/commands.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>

#include "hub/access/hub_user.h"
#include "tests/hub/engine/engine_fixture.h"

namespace headgate::hub {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::kept;
using testing::qos1;
using testing::to;
using testing::v5;
using upstream::Command;
using upstream::CommandId;
using upstream::Fate;

class FromUpstream : public EngineTest {
 protected:
  static Command command(const std::string& topic, const std::string& body, const std::string& id = {}) {
    Command command;
    command.topic = topic;
    command.message.topic = "cloud/" + topic;
    command.message.payload = body;
    command.message.qos = 1;
    if (!id.empty()) command.id = {CommandId::Kind::property, id};
    return command;
  }
  // What is decided goes to `decided_`, in its order.
  void come(Command command) {
    engine_->commands().take(std::move(command), clock_.now(),
                             [this](const upstream::Verdict& verdict, core::Now) {
                               std::string text(name_of(verdict.fate));
                               if (!verdict.why.empty()) text.append(": ").append(verdict.why);
                               decided_.push_back(std::move(text));
                             });
  }
  std::vector<std::string> decided() { return std::exchange(decided_, {}); }
  void restrict(const std::string& user, std::string filter) {
    access_.add(user, {{true, broker::kAllActions, std::move(filter)}});
    engine_->renew_grants();
  }

  std::vector<std::string> decided_;
};

TEST_F(FromUpstream, AreDecidedOnOnceTheyAreDurable) {
  leave_session("pump", "cmd/#");
  come(command("cmd/on", "1", "c-1"));
  EXPECT_THAT(decided(), IsEmpty());
  commit();
  EXPECT_THAT(decided(), ElementsAre("stored"));
  EXPECT_THAT(waiting("session/pump"), ElementsAre("1"));
}

TEST_F(FromUpstream, AreDecidedOnOnceTheirIdIsDurableAlsoIfNobodyWantsThem) {
  come(command("cmd/on", "1", "c-1"));
  EXPECT_THAT(decided(), IsEmpty());
  commit();
  come(command("cmd/on", "1", "c-1"));
  EXPECT_THAT(decided(), ElementsAre("stored", "repeated"));
}

TEST_F(FromUpstream, ReachWhoeverSubscribesWithWhatTheyCarry) {
  auto pump = client();
  pump.connect(v5("pump"));
  pump.subscribe(1, {to("cmd/#", 1)});
  commit();
  Command all = command("cmd/on", "{}", "c-1");
  all.message.properties.content_type = "json";
  all.message.properties.response_topic = "reply";
  all.message.properties.correlation_data = "7";
  all.message.properties.payload_is_utf8 = true;
  all.message.properties.user = {{"a", "b"}, {"a", "c"}};
  all.message.expiry_s = 60;
  come(std::move(all));
  commit();
  EXPECT_THAT(pump.read(),
              ElementsAre("PUBLISH q1 id1 expiry60 utf8 type:json reply:reply corr:7 a:b a:c cmd/on={}"));
}

TEST_F(FromUpstream, AreDroppedWhenTheyComeAgain) {
  leave_session("pump", "cmd/#");
  for (int i = 0; i < 3; ++i) {
    come(command("cmd/on", "1", "c-1"));
    if (i > 0) commit();
  }
  EXPECT_THAT(decided(), ElementsAre("stored", "repeated", "repeated"));
  restart();
  come(command("cmd/on", "1", "c-1"));
  EXPECT_THAT(decided(), ElementsAre("repeated")) << "also after a kill";
  EXPECT_THAT(waiting("session/pump"), ElementsAre("1"));
}

TEST_F(FromUpstream, AreOthersUnderAnotherTopicOrKindOfId) {
  come(command("cmd/on", "1", "c-1"));
  come(command("cmd/off", "1", "c-1"));
  Command other = command("cmd/on", "1", "c-1");
  other.id.kind = CommandId::Kind::correlation;
  come(std::move(other));
  commit();
  EXPECT_THAT(decided(), ElementsAre("stored", "stored", "stored"));
}

TEST_F(FromUpstream, AreNotTakenForTheRepetitionOfAnotherBody) {
  come(command("cmd/on", "1", "c-1"));
  commit();
  come(command("cmd/on", "2", "c-1"));
  EXPECT_THAT(decided(), ElementsAre("stored", "refused: its id was another command's, with another body"));
}

TEST_F(FromUpstream, AreTakenAgainWhenAKillCameBeforeTheSync) {
  leave_session("pump", "cmd/#");
  store_.remember_commits();
  come(command("cmd/on", "1", "c-1"));
  store_.lose_uncommitted();
  executor_.drop_ready();
  restart();
  EXPECT_THAT(decided(), IsEmpty());
  come(command("cmd/on", "1", "c-1"));
  commit();
  EXPECT_THAT(decided(), ElementsAre("stored"));
  EXPECT_THAT(waiting("session/pump"), ElementsAre("1"));
}

TEST_F(FromUpstream, AreTakenAgainWhenTheirWriteFailed) {
  leave_session("pump", "cmd/#");
  store_.fail_next_commit({core::Errc::io, "disk"});
  come(command("cmd/on", "1", "c-1"));
  commit();
  EXPECT_THAT(decided(), ElementsAre("lost"));
  come(command("cmd/on", "1", "c-1"));
  EXPECT_THAT(decided(), ElementsAre(HasSubstr("refused: ")));
  store_.recover();
  commit();
  come(command("cmd/on", "1", "c-1"));
  commit();
  EXPECT_THAT(decided(), ElementsAre("stored"));
  EXPECT_THAT(waiting("session/pump"), ElementsAre("1"));
}

TEST_F(FromUpstream, AreRefusedWhereAQueueIsFullAndTakenOnceItHasRoom) {
  route("FROM 'cmd/#' INTO BrokeredEndpoint('/modules/pump/inputs/in')", {}, 0, {.messages_max = 1});
  come(command("cmd/on", "1", "c-1"));
  come(command("cmd/on", "2", "c-2"));
  commit();
  const auto after = decided();
  ASSERT_EQ(after.size(), 2u);
  EXPECT_THAT(after, ::testing::UnorderedElementsAre("stored", HasSubstr("refused: ")));
  ASSERT_TRUE(store_.purge(*store_.find_queue("modules/pump/inputs/in")));
  commit();
  come(command("cmd/on", "2", "c-2"));
  commit();
  EXPECT_THAT(decided(), ElementsAre("stored")) << "a refusal is not remembered as the command";
  EXPECT_EQ(engine_->ingest_stats().refused, 1u);
}

TEST_F(FromUpstream, ArePublishedByTheRightsOfTheirUser) {
  restrict("cloud", "cmd/#");
  Command allowed = command("cmd/on", "1", "c-1");
  Command denied = command("other", "1", "c-2");
  allowed.publish_as = denied.publish_as = "cloud";
  come(std::move(allowed));
  come(std::move(denied));
  commit();
  EXPECT_THAT(decided(), ElementsAre("refused: 'cloud' may not publish on 'other' here", "stored"));
}

TEST_F(FromUpstream, ArePublishedByTheHubsOwnUserWhichRulesMayName) {
  come(command("anything", "1", "c-1"));
  restrict(std::string(kDownstreamUser), "cmd/#");
  come(command("anything", "2", "c-2"));
  commit();
  EXPECT_THAT(decided(), ElementsAre("refused: '$downstream' may not publish on 'anything' here", "stored"));
}

TEST_F(FromUpstream, NeverReachWhatOnlyTheHubPublishes) {
  come(command("$SYS/broker/version", "1", "c-1"));
  come(command("modules/pump/inputs/in", "1", "c-2"));
  restrict(std::string(kDownstreamUser), "#");
  come(command("modules/pump/inputs/in", "1", "c-3"));
  EXPECT_THAT(decided(), ::testing::Each(HasSubstr("may not publish")));
}

TEST_F(FromUpstream, DoNotGoUpAgainUnlessARouteSaysSo) {
  route("FROM 'cmd/#' INTO $upstream");
  route("FROM 'cmd/#' INTO Topic('copy')");
  route("FROM 'copy' INTO $upstream");
  route("SELECT $body.n AS n FROM 'cmd/#' INTO $upstream");
  come(command("cmd/on", R"({"n":1})", "c-1"));
  commit();
  EXPECT_THAT(waiting("$upstream"), IsEmpty()) << "nor what routes pass on of them";
  routes_.entries[0].send_back = true;
  ASSERT_TRUE(engine_->use_routes(routes_, 0));
  come(command("cmd/on", R"({"n":1})", "c-2"));
  commit();
  EXPECT_THAT(waiting("$upstream"), ElementsAre(R"({"n":1})"));
}

TEST_F(FromUpstream, LetWhatAModuleAnswersGoUp) {
  route("FROM 'answers' INTO $upstream");
  route("FROM 'cmd/#' INTO $upstream");
  auto pump = client();
  pump.connect(v5("pump"));
  come(command("cmd/on", "1", "c-1"));
  pump.publish(qos1(1, "answers", "done"));
  commit();
  EXPECT_THAT(waiting("$upstream"), ElementsAre("done"));
}

TEST_F(FromUpstream, AreRetainedHereIfTheyAreThere) {
  Command retained = command("config/pump", "1", "c-1");
  retained.message.retain = true;
  come(std::move(retained));
  commit();
  auto late = client();
  late.connect(v5("late"));
  auto lines = late.subscribe(1, {to("config/#", 1)});
  commit();
  std::ranges::move(late.read(), std::back_inserter(lines));
  EXPECT_THAT(lines, ::testing::Contains(HasSubstr("retain config/pump=1")));
}

TEST_F(FromUpstream, WithoutAnIdAreEachTaken) {
  leave_session("pump", "cmd/#");
  come(command("cmd/on", "1"));
  come(command("cmd/on", "1"));
  commit();
  EXPECT_THAT(decided(), ElementsAre("stored", "stored"));
  EXPECT_THAT(waiting("session/pump"), ElementsAre("1", "1"));
  EXPECT_EQ(engine_->commands().seen().size(), 0u);
}

TEST_F(FromUpstream, AreRememberedUpToABoundTheLastOnes) {
  for (size_t i = 0; i <= SeenIds::kMax; ++i) come(command("cmd/on", "1", std::to_string(i)));
  commit();
  EXPECT_EQ(engine_->commands().seen().size(), SeenIds::kMax);
  EXPECT_EQ(engine_->commands().seen().left_early(), 1u);
  restart();
  EXPECT_EQ(engine_->commands().seen().size(), SeenIds::kMax);
  decided();
  come(command("cmd/on", "1", "1"));
  come(command("cmd/on", "1", "0"));
  commit();
  EXPECT_THAT(decided(), ElementsAre("repeated", "stored")) << "the first was forgotten";
}

TEST_F(FromUpstream, AreKnownForAnHourAndTheLastOnesForLonger) {
  constexpr size_t kMore = 4;
  for (size_t i = 0; i < SeenIds::kKept + kMore; ++i) come(command("cmd/on", "1", std::to_string(i)));
  commit();
  clock_.advance_ms(SeenIds::kKeptMs - 1);
  restart();
  decided();
  come(command("cmd/on", "1", "0"));
  EXPECT_EQ(engine_->commands().seen().size(), SeenIds::kKept + kMore);
  clock_.advance_ms(1);
  for (size_t i = 0; i < kMore; ++i) come(command("cmd/on", "1", "new " + std::to_string(i)));
  EXPECT_EQ(engine_->commands().seen().size(), SeenIds::kKept + 1) << "two leave before each that comes";
  EXPECT_EQ(engine_->commands().seen().left_early(), 0u);
  come(command("cmd/on", "1", "0"));
  come(command("cmd/on", "1", std::to_string(SeenIds::kKept)));
  commit();
  EXPECT_THAT(decided(),
              ElementsAre("repeated", "repeated", "stored", "stored", "stored", "stored", "stored"))
      << "what is durable is answered at once, the first as new";
}

TEST_F(FromUpstream, LeaveTheStoreWhenTheyAreForgotten) {
  for (size_t i = 0; i < SeenIds::kKept; ++i) come(command("cmd/on", "1", std::to_string(i)));
  clock_.advance_ms(SeenIds::kKeptMs);
  for (size_t i = 0; i < 100; ++i) come(command("cmd/on", "1", "new " + std::to_string(i)));
  commit();
  size_t stored = 0;
  EXPECT_TRUE(store_.for_each("seen/", [&stored](std::string_view, std::string_view) {
    ++stored;
    return core::Status();
  }));
  EXPECT_LE(stored, SeenIds::kKept + 1);
}

// A hub of before wrote no time, and had 8,192 places.
TEST_F(FromUpstream, AreKnownAlsoIfAHubOfBeforeWroteThemDown) {
  const SeenIds::Mark mark =
      SeenIds::mark_of("cloud/cmd/on", static_cast<uint8_t>(CommandId::Kind::property), "old", "1");
  std::string value("\0\0\0\0\0\0\x27\x10", 8);
  value.append(mark.id.data(), mark.id.size()).append(mark.content.data(), mark.content.size());
  const store::KeyValue old{"seen/1808", value};
  ASSERT_TRUE(store_.put({&old, 1}, true).has_value());
  commit();
  restart();
  come(command("cmd/on", "1", "old"));
  EXPECT_THAT(decided(), ElementsAre("repeated"));
}

}  // namespace
}  // namespace headgate::hub
