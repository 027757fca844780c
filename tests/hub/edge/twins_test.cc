// Twins of clients and operators: durable before anybody is told, undone with a store that fails, bounded for each client.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "tests/hub/edge/edge_fixture.h"

namespace headgate::hub {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

constexpr const char* kReport = "twin/PATCH/properties/reported/?$rid=";

class Twins : public EdgeDeskTest {
 protected:
  EdgeVerbs::OnTwin note() {
    return
        [this](const core::Result<std::string>& json) { told_.push_back(json ? *json : json.error().what); };
  }
  std::vector<std::string> told() { return std::exchange(told_, {}); }

  std::vector<std::string> told_;
};

TEST_F(Twins, AnswerAtOnceWhereNothingWaits) {
  EXPECT_TRUE(ask(sensor_, "twin/GET/?$rid=7b62"));
  EXPECT_TRUE(ask(sensor_, "twin/GET/?$rid=4", ""));
  const std::string empty = R"({"desired":{"$version":1},"reported":{"$version":1}})";
  EXPECT_THAT(sent(), ElementsAre("twin/res/200/?$rid=7b62 " + empty, "twin/res/200/?$rid=4 " + empty));
  EXPECT_EQ(desk_->twins().counts().reads, 2u);
}

TEST_F(Twins, AnswerAReportOnceItIsDurable) {
  ask(sensor_, std::string(kReport) + "r1", R"({"a":1})");
  EXPECT_THAT(sent(), IsEmpty());
  commit();
  EXPECT_THAT(sent(), ElementsAre("twin/res/204/?$rid=r1&$version=2 "));
  restart();
  ask(sensor_, "twin/GET/?$rid=2");
  EXPECT_THAT(
      sent(),
      ElementsAre(R"(twin/res/200/?$rid=2 {"desired":{"$version":1},"reported":{"a":1,"$version":2}})"));
}

TEST_F(Twins, StayForAnIdentityThatIsAddedAgainUnlessTheyAreForgotten) {
  ask(sensor_, std::string(kReport) + "r1", R"({"a":1})");
  commit();
  EXPECT_EQ(forget(sensor_), "'edge-1/sensor' is registered; take it out first: headgate identity rm");
  known_.erase(sensor_);
  known_.insert(sensor_);
  EXPECT_THAT(desk_->twin(sensor_).value(), HasSubstr(R"("a":1)"));
  known_.erase(sensor_);
  EXPECT_EQ(forget(sensor_), "twin 1 messages 0");
  EXPECT_EQ(forget(sensor_), "twin 0 messages 0");
  known_.insert(sensor_);
  restart();
  EXPECT_EQ(desk_->twin(sensor_).value(), R"({"desired":{"$version":1},"reported":{"$version":1}})");
}

TEST_F(Twins, AreForgottenOnceThatIsDurableAndNotWhileAChangeIsWritten) {
  ask(sensor_, std::string(kReport) + "r1", R"({"a":1})");
  known_.erase(sensor_);
  EXPECT_EQ(forget(sensor_), "a change of the twin is being written; ask again");
  std::string said;
  desk_->forget(sensor_, [&said](const core::Result<ForgottenIdentity>& done) {
    said = done ? "forgotten" : done.error().what;
  });
  EXPECT_EQ(said, "");
  fail_commit();
  EXPECT_EQ(said, "the store takes no writes now; ask again");
}

TEST_F(Twins, AnswerNothingToAReportWithoutARequestId) {
  ask(sensor_, "twin/PATCH/properties/reported/", R"({"a":1})");
  ask(sensor_, "twin/PATCH/properties/reported/", "[1]");
  commit();
  EXPECT_THAT(sent(), IsEmpty());
  EXPECT_EQ(desk_->twins().counts().reports, 1u);
  EXPECT_EQ(desk_->twins().counts().refused, 1u);
}

TEST_F(Twins, RefuseWithABodyThatAnSdkTakesForARefusal) {
  ask(sensor_, std::string(kReport) + "r1", R"({"a.b":1})");
  const auto answers = sent();
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_THAT(answers[0], StartsWith("twin/res/400/?$rid=r1 {"));
  const auto body = nlohmann::json::parse(answers[0].substr(answers[0].find('{')));
  EXPECT_EQ(body["errorCode"], 400004);
  EXPECT_THAT(body["message"].get<std::string>(), HasSubstr("'a.b'"));
  EXPECT_THAT(body["timestampUtc"].get<std::string>(), HasSubstr("T"));
  EXPECT_FALSE(body["trackingId"].get<std::string>().empty());
  EXPECT_EQ(desk_->twins().open(), 0u);
}

TEST_F(Twins, TellAClientWhatItsOwnReportsMade) {
  ask(sensor_, std::string(kReport) + "r1", R"({"a":1})");
  ask(sensor_, "twin/GET/?$rid=g1");
  ask(sensor_, std::string(kReport) + "r2", R"({"a":2})");
  ask(sensor_, "twin/GET/?$rid=g2");
  commit();
  EXPECT_THAT(
      sent(),
      ElementsAre("twin/res/204/?$rid=r1&$version=2 ",
                  R"(twin/res/200/?$rid=g1 {"desired":{"$version":1},"reported":{"a":1,"$version":2}})",
                  "twin/res/204/?$rid=r2&$version=3 ",
                  R"(twin/res/200/?$rid=g2 {"desired":{"$version":1},"reported":{"a":2,"$version":3}})"));
  EXPECT_EQ(desk_->twins().open(), 0u);
}

TEST_F(Twins, BelongToOneClientEach) {
  ask(sensor_, std::string(kReport) + "1", R"({"of":"edge"})");
  clients_.subscribe({"leaf-1", "sensor"}, "any");
  ask({"leaf-1", "sensor"}, std::string(kReport) + "1", R"({"of":"leaf"})");
  commit();
  EXPECT_THAT(*desk_->twin(sensor_), HasSubstr(R"("of":"edge")"));
  EXPECT_THAT(*desk_->twin({"leaf-1", "sensor"}), HasSubstr(R"("of":"leaf")"));
  EXPECT_FALSE(ask(leaf_, "modules/sensor/twin/GET/?$rid=1"));
}

TEST_F(Twins, WriteACrowdOfPatchesTwiceAndRefuseTheRest) {
  for (int i = 0; i < 100; ++i) ask(sensor_, kReport + std::to_string(i), R"({"a":1})");
  EXPECT_EQ(sent().size(), 100 - TwinKeeper::kWaitingMax);
  ask(leaf_, std::string(kReport) + "of-leaf", R"({"b":1})");
  commit();
  EXPECT_EQ(sent().size(), TwinKeeper::kWaitingMax + 1);
  EXPECT_EQ(desk_->twins().counts().throttled, 100 - TwinKeeper::kWaitingMax);
  EXPECT_EQ(desk_->twins().counts().reports, TwinKeeper::kWaitingMax + 1);
  EXPECT_THAT(*desk_->twin(sensor_),
              HasSubstr("\"$version\":" + std::to_string(TwinKeeper::kWaitingMax + 1)));
}

TEST_F(Twins, LoseWhatWasNotDurableWhenTheStoreFails) {
  ask(sensor_, std::string(kReport) + "r0", R"({"a":0})");
  commit();
  sent();
  ask(sensor_, std::string(kReport) + "r1", R"({"a":1})");
  ask(sensor_, std::string(kReport) + "r2", R"({"a":2})");
  fail_commit();
  EXPECT_THAT(sent(), ElementsAre(StartsWith("twin/res/503/?$rid=r1 {\"errorCode\":503001"),
                                  StartsWith("twin/res/503/?$rid=r2 {\"errorCode\":503001")));
  ask(sensor_, std::string(kReport) + "r3", R"({"a":3})");
  EXPECT_THAT(sent(), ElementsAre(StartsWith("twin/res/503/?$rid=r3 {")));
  store_.recover();
  commit();
  ask(sensor_, "twin/GET/?$rid=g");
  EXPECT_THAT(sent(), ElementsAre(HasSubstr(R"("reported":{"a":0,"$version":2})")));
  EXPECT_EQ(desk_->twins().counts().failed, 3u);
}

TEST_F(Twins, PushAPatchOfDesiredToASubscriberOnceItIsDurable) {
  desk_->patch_twin(sensor_, R"({"interval":10,"unit":null})", note());
  EXPECT_THAT(sent(), IsEmpty());
  commit();
  EXPECT_THAT(sent(), ElementsAre("twin/PATCH/properties/desired/?$version=2 "
                                  R"({"interval":10,"unit":null,"$version":2})"));
  EXPECT_THAT(told(), ElementsAre(R"({"desired":{"interval":10,"$version":2},"reported":{"$version":1}})"));
  EXPECT_EQ(desk_->twins().counts().pushed, 1u);
}

TEST_F(Twins, PushNothingToWhoeverHasNotSubscribed) {
  clients_.disconnect(sensor_);
  desk_->patch_twin(sensor_, R"({"a":1})", note());
  clients_.subscribe(leaf_, twin_answers_filter(leaf_));
  commit();
  EXPECT_THAT(sent(), IsEmpty());
  EXPECT_EQ(told().size(), 1u);
  EXPECT_EQ(desk_->twins().counts().desired, 1u);
  EXPECT_EQ(desk_->twins().counts().pushed, 0u);
}

TEST_F(Twins, KeepDesiredAndReportedOfOneWriteTogether) {
  ask(sensor_, std::string(kReport) + "r1", R"({"a":1})");
  desk_->set_twin(sensor_, R"({"b":2})", note());
  commit();
  EXPECT_THAT(told(), ElementsAre(R"({"desired":{"b":2,"$version":2},"reported":{"a":1,"$version":2}})"));
}

TEST_F(Twins, PublishWhatIsReportedWithTheTwinInOneChange) {
  std::vector<core::MessagePtr> published;
  std::vector<size_t> values;
  core::Status room;
  desk_->publish_reports(
      [&](core::MessagePtr change, std::span<const store::KeyValue> with) -> core::Result<store::Seq> {
        if (!room) return core::fail(room.error());
        published.push_back(std::move(change));
        values.push_back(with.size());
        return store_.commit({.values = with, .must_sync = true});
      });
  ask(sensor_, std::string(kReport) + "r1", R"({"a":1})");
  ask(sensor_, std::string(kReport) + "r2", R"({"a":null})");
  ask(sensor_, std::string(kReport) + "r3", R"({"a.b":3})");
  ask(sensor_, std::string(kReport) + "r4", R"({"a":4})");
  commit();
  ASSERT_EQ(published.size(), 3u);
  EXPECT_THAT(values, ElementsAre(1, 0, 1));
  EXPECT_EQ(published[1]->topic, "$edge/twin/edge-1/sensor");
  EXPECT_EQ(published[1]->body, R"({"a":null})");
  EXPECT_EQ(published[1]->props().content_type, "application/json");
  EXPECT_EQ(published[1]->source->device, "edge-1");
  EXPECT_EQ(published[1]->source->module, "sensor");
  EXPECT_THAT(published[1]->props().user,
              ::testing::Contains(core::UserProperty{"messageType", "twinChangeNotification"}));
  sent();
  room = core::fail(core::Errc::full, "the queue is full");
  ask(sensor_, std::string(kReport) + "r5", R"({"a":5})");
  EXPECT_THAT(sent(), ElementsAre(StartsWith("twin/res/429/?$rid=r5 {\"errorCode\":429001")));
  EXPECT_THAT(*desk_->twin(sensor_), HasSubstr(R"("reported":{"a":4,"$version":4})"));
}

TEST_F(Twins, AreOfKnownIdentitiesAlone) {
  desk_->patch_twin({"edge-1", "ghost"}, "{}", note());
  desk_->set_twin({"ghost", {}}, "{}", note());
  EXPECT_THAT(told(), ElementsAre("there is no identity 'edge-1/ghost'", "there is no identity 'ghost'"));
  EXPECT_FALSE(desk_->twin({"ghost", {}}));
  EXPECT_TRUE(desk_->twin({"edge-1", {}}));
}

TEST_F(Twins, TellAnOperatorWhyAPatchIsRefused) {
  desk_->patch_twin(sensor_, "[]", note());
  EXPECT_THAT(told(), ElementsAre("it is no JSON object"));
  EXPECT_EQ(desk_->twins().open(), 0u);
}

}  // namespace
}  // namespace headgate::hub
