// Documents are in force whole or not at all, on the disk before that, and taken back when they cut the hub off.
#include "hub/remote/desk.h"

#include "tests/hub/remote/desk_fixture.h"

namespace headgate::hub {
namespace {

using ::testing::AnyOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr const char* kLocal = "a: FROM 'a' INTO $upstream";

TEST_F(DeskTest, BeginsWithTheHubsOwnFiles) {
  EXPECT_EQ(state(), "0 none");
  EXPECT_THAT(in_force(), ElementsAre(kLocal));
}

TEST_F(DeskTest, PutsRoutesAndLimitsInForceAndConfirmsOnceTheBrokerAnswers) {
  take(sign(7, R"({"routes": {"b": "FROM 'b' INTO $upstream"}, "time_to_live_s": 9,
                   "links": {"lte": {"budget": {"day_bytes": 5}}}})"));
  EXPECT_THAT(answers_, ElementsAre("ok"));
  EXPECT_THAT(in_force(), ElementsAre("b: FROM 'b' INTO $upstream", kLocal));
  EXPECT_EQ(config_.time_to_live_s, 9u);
  EXPECT_EQ(config_.links[0].terms.day_bytes_max, 5u);
  EXPECT_EQ(state(), "7 provisional");
  EXPECT_TRUE(desk_->asks_for_links());
  answer();
  EXPECT_EQ(state(), "7 confirmed");
  EXPECT_FALSE(desk_->asks_for_links());
  EXPECT_EQ(report()["routes"], Json::parse(R"([{"route": "b", "state": "active"}])"));
  publish("b", "1");
  EXPECT_THAT(waiting("$upstream"), ElementsAre("1"));
}

TEST_F(DeskTest, RefusesTheWholeForOneBadRouteAndSaysWhich) {
  take(sign(7, R"({"routes": {"good": "FROM 'b' INTO $upstream", "bad": "FROM 'b' WHERE INTO $upstream"},
                   "time_to_live_s": 9})"));
  EXPECT_THAT(answers_, ElementsAre(HasSubstr("remote document: route 'bad': 1:")));
  EXPECT_THAT(in_force(), ElementsAre(kLocal));
  EXPECT_EQ(config_.time_to_live_s, 0u);
  EXPECT_EQ(state(), "0 none");
  EXPECT_EQ(report()["last"]["result"], "refused");
  EXPECT_EQ(report()["last"]["version"], 7);
  EXPECT_EQ(report()["last"]["routes"][0]["route"], "bad");
  take(sign(7, route_to("good", "b")));
  EXPECT_EQ(state(), "7 provisional") << "a version that was refused may come again";
}

TEST_F(DeskTest, RefusesABadShadowToo) {
  take(sign(7, R"({"routes": {"s": {"route": "FROM WHERE", "shadow": true}}})"));
  EXPECT_THAT(answers_, ElementsAre(HasSubstr("route 's'")));
}

TEST_F(DeskTest, RefusesWhatBreaksARouteOfTheHubsFiles) {
  local_.tables =
      routing::parse_route_file(R"({"routes": {}, "tables": {"t": {"topic": "x", "key": "k"}}})", "h");
  begin();
  take(sign(7, R"({"tables": {"t": {"topic": "y", "key": "k"}}})"));
  EXPECT_THAT(answers_, ElementsAre(HasSubstr("tables.t: remote document declares a table of this name")));
}

TEST_F(DeskTest, RefusesWrongSignaturesAndLowerOrEqualVersions) {
  take(testing::Signer().sign("site-7", 9, "{}"));
  take(sign(7, route_to("b", "b")));
  take(sign(6, route_to("c", "c")));
  take(sign(7, route_to("c", "c")));
  EXPECT_THAT(answers_,
              ElementsAre(HasSubstr("the signature is wrong"), "ok",
                          "its version is 6, and version 7 was taken before; sign it with a higher one",
                          "its version is 7, and version 7 was taken before; sign it with a higher one"));
  EXPECT_THAT(in_force(), Contains("b: FROM 'b' INTO $upstream"));
  take(sign(6, route_to("c", "c")), true);
  EXPECT_EQ(state(), "6 provisional") << "by force";
}

TEST_F(DeskTest, TakesTheSameDocumentAgainForNothingNew) {
  take(sign(7, "{}"));
  answer();
  const int changes = changes_;
  take(sign(7, "{}"));
  EXPECT_THAT(answers_, ElementsAre("ok", "ok"));
  EXPECT_EQ(changes_, changes);
  EXPECT_EQ(state(), "7 confirmed");
}

TEST_F(DeskTest, ComesUpAgainWithTheLastGoodDocument) {
  take(sign(7, route_to("b", "b")));
  answer();
  kill();
  EXPECT_EQ(state(), "7 confirmed");
  EXPECT_THAT(in_force(), ElementsAre("b: FROM 'b' INTO $upstream", kLocal));
  take(sign(7, route_to("c", "c")));
  EXPECT_THAT(answers_, Contains(HasSubstr("sign it with a higher one")));
}

TEST_F(DeskTest, HasTheOldOrTheNewInForceWheneverItIsKilled) {
  take(sign(7, route_to("old", "o")));
  answer();
  bool all = false;
  for (int steps = 0; !all; ++steps) {
    const uint64_t version = 8 + static_cast<uint64_t>(steps);
    const std::string name = "new" + std::to_string(steps);
    const std::string before = state();
    offer(sign(version, route_to(name, "n")));
    all = false;
    for (int i = 0; i < steps && !all; ++i) all = !step();
    const bool told = !answers_.empty() && answers_.back() == "ok" && all;
    kill();
    EXPECT_THAT(state(), AnyOf(before, std::to_string(version) + " provisional"));
    if (told) {
      EXPECT_EQ(state(), std::to_string(version) + " provisional") << "it has said so";
    }
    const bool is_new = state() != before;
    EXPECT_THAT(in_force(),
                Contains((is_new ? name + ": FROM 'n'" : "old: FROM 'o'") + std::string(" INTO $upstream")));
    if (is_new) {
      take(sign(version + 1000, route_to("old", "o")), true);
      take(sign(version, route_to("old", "o")), true);
      answer();
    }
    ASSERT_LT(steps, 20);
  }
}

TEST_F(DeskTest, IsConfirmedAtOnceIfNoLinkWasUp) {
  links_[0].up = false;
  take(sign(7, route_to("b", "b")));
  EXPECT_EQ(state(), "7 confirmed");
  pass_s(1000);
  EXPECT_EQ(state(), "7 confirmed");
}

TEST_F(DeskTest, GoesBackToTheDocumentBeforeIfItCutsTheHubOff) {
  take(sign(7, route_to("b", "b")));
  answer();
  take(sign(8, R"({"links": {"lte": {"budget": {"day_bytes": 1}}}})"));
  EXPECT_THAT(in_force(), ElementsAre(kLocal));
  cut_off();
  pass_s(59);
  EXPECT_EQ(state(), "8 provisional");
  pass_s(2);
  EXPECT_EQ(state(), "7 confirmed");
  EXPECT_EQ(config_.links[0].terms.day_bytes_max, 0u);
  EXPECT_THAT(in_force(), ElementsAre("b: FROM 'b' INTO $upstream", kLocal));
  EXPECT_EQ(report()["last"]["result"], "rolled back");
  EXPECT_EQ(report()["last"]["version"], 8);
  EXPECT_THAT(report()["last"]["why"].get<std::string>(),
              HasSubstr("no broker has taken the report of it in 60 s of attempts"));
  take(sign(8, R"({"links": {"lte": {"budget": {"day_bytes": 1}}}})"));
  EXPECT_EQ(state(), "7 confirmed") << "the broker keeps it, and sends it again";
}

TEST_F(DeskTest, GoesBackToTheHubsFilesIfThereWasNoDocument) {
  take(sign(1, R"({"routes": {"a": null}})"));
  EXPECT_THAT(in_force(), IsEmpty());
  cut_off();
  pass_s(61);
  EXPECT_EQ(state(), "0 none");
  EXPECT_THAT(in_force(), ElementsAre(kLocal));
}

TEST_F(DeskTest, GoesOnWithItsTrialAfterAKill) {
  take(sign(1, route_to("b", "b")));
  cut_off();
  pass_s(50);
  kill();
  EXPECT_EQ(state(), "1 provisional");
  EXPECT_TRUE(desk_->asks_for_links());
  pass_s(8);
  EXPECT_EQ(state(), "1 provisional");
  pass_s(8);  // at most what was counted after the last save passes again
  EXPECT_EQ(state(), "0 none");
}

TEST_F(DeskTest, WritesNothingOfATrialBehindTheNextDocument) {
  take(sign(1, route_to("b", "b")));
  links_[0] = {.name = "lte", .up = true};
  offer(sign(2, route_to("c", "c")));
  ASSERT_TRUE(step());  // it is read
  ASSERT_TRUE(step());  // and to be written
  for (int second = 0; second < 20; ++second) {
    clock_.advance_ms(1000);
    desk_->tick();
  }
  finish();
  ASSERT_EQ(state(), "2 provisional");
  kill();
  EXPECT_EQ(state(), "2 provisional");
}

TEST_F(DeskTest, IsConfirmedByAnAnswerAfterAKill) {
  take(sign(1, route_to("b", "b")));
  kill();
  answer();
  EXPECT_EQ(state(), "1 confirmed");
}

TEST_F(DeskTest, IsNotConfirmedByTheAnswerToAnEarlierReport) {
  (void)desk_->report_over("lte");
  take(sign(1, route_to("b", "b")));
  desk_->on_report_taken("lte");
  finish();
  EXPECT_EQ(state(), "1 provisional");
}

TEST_F(DeskTest, GoesBackAlsoIfTheDiskRefuses) {
  take(sign(1, route_to("b", "b")));
  cut_off();
  disk_refuses_ = true;
  pass_s(61);
  EXPECT_EQ(state(), "0 none");
  EXPECT_THAT(in_force(), ElementsAre(kLocal));
}

TEST_F(DeskTest, PutsNothingInForceThatTheDiskDoesNotTake) {
  disk_refuses_ = true;
  take(sign(1, route_to("b", "b")));
  EXPECT_THAT(answers_, ElementsAre("the disk is full"));
  EXPECT_THAT(in_force(), ElementsAre(kLocal));
  EXPECT_EQ(state(), "0 none");
}

TEST_F(DeskTest, ForgetsAndStillWantsAHigherVersion) {
  take(sign(7, route_to("b", "b")));
  answer();
  desk_->forget(
      [this](const core::Result<std::string>& report) { answers_.push_back(report ? "gone" : "kept"); });
  finish();
  EXPECT_EQ(answers_.back(), "gone");
  EXPECT_EQ(state(), "0 none");
  EXPECT_THAT(in_force(), ElementsAre(kLocal));
  take(sign(7, route_to("c", "c")));
  EXPECT_THAT(answers_.back(), HasSubstr("sign it with a higher one"));
  kill();
  EXPECT_EQ(state(), "0 none");
}

TEST_F(DeskTest, KeepsTheDocumentOverOtherFilesOfTheHub) {
  take(sign(7, R"({"routes": {"a": "FROM 'remote' INTO $upstream"}, "time_to_live_s": 9})"));
  Config fresh = local_;
  fresh.time_to_live_s = 3;
  fresh.routes = routing::parse_route_file(
      R"({"routes": {"a": "FROM 'local' INTO $upstream", "c": "FROM 'c' INTO $upstream"}})", "headgate.json");
  config_ = *desk_->over(fresh);
  desk_->note_local(fresh);
  ASSERT_TRUE(reloads_->look_at_start(config_, "headgate.json"));
  EXPECT_EQ(config_.time_to_live_s, 9u);
  EXPECT_THAT(in_force(), ElementsAre("a: FROM 'remote' INTO $upstream", "c: FROM 'c' INTO $upstream"));
  desk_->forget([](const core::Result<std::string>&) {});
  finish();
  EXPECT_EQ(config_.time_to_live_s, 3u);
  EXPECT_THAT(in_force(), ElementsAre("a: FROM 'local' INTO $upstream", "c: FROM 'c' INTO $upstream"));
}

TEST_F(DeskTest, SaysIfTheDocumentDoesNotFitTheHubsFilesAnyMore) {
  take(sign(7, R"({"links": {"lte": {"rate_bytes_per_s": 5}}, "routes": {"b": "FROM 'b' INTO $upstream"}})"));
  answer();
  local_.links[0].name = "fiber";
  kill();
  EXPECT_EQ(state(), "7 not in force");
  EXPECT_THAT(report()["why"].get<std::string>(), HasSubstr("links.lte: the hub has no link of that name"));
  EXPECT_THAT(in_force(), ElementsAre(kLocal));
  local_.links[0].name = "lte";
  kill();
  EXPECT_EQ(state(), "7 confirmed");
}

TEST_F(DeskTest, TakesDocumentsOfItsTopicsAndLeavesCommandsToOthers) {
  upstream::Command command;
  command.topic = "cmd/1";
  command.message.topic = "orders";
  std::vector<std::string> verdicts;
  const auto decided = [&](const upstream::Verdict& verdict, core::Now) {
    verdicts.push_back(std::string(name_of(verdict.fate)) + " " + verdict.why);
  };
  desk_->take(command, clock_.now(), decided);
  EXPECT_EQ(commands_.taken.size(), 1u);
  command.message.topic = "desired";
  command.message.payload = sign(1, route_to("b", "b"));
  desk_->take(command, clock_.now(), decided);
  finish();
  command.message.payload = "nonsense";
  desk_->take(command, clock_.now(), decided);
  finish();
  command.message.payload = "";
  desk_->take(command, clock_.now(), decided);
  EXPECT_THAT(verdicts, ElementsAre("stored ", HasSubstr("refused the envelope:1:"), "stored "));
  EXPECT_EQ(commands_.taken.size(), 1u);
  EXPECT_EQ(state(), "1 provisional");
}

TEST_F(DeskTest, WritesNothingForWhatNobodyHasSigned) {
  for (int i = 0; i < 5; ++i) take("nonsense");
  EXPECT_EQ(disk_, "");
  EXPECT_EQ(report()["last"]["result"], "refused");
  take("");
  EXPECT_EQ(answers_.back(), "the envelope: is empty");
  EXPECT_EQ(
      std::ranges::count_if(
          log_.lines(), [](const std::string& line) { return line.starts_with("remote_document_refused"); }),
      1);
}

TEST_F(DeskTest, LetsNoFloodOfDocumentsWait) {
  upstream::Command command;
  command.message.topic = "desired";
  command.message.payload = "nonsense";
  int refused_at_once = 0;
  for (int i = 0; i < 20; ++i)
    desk_->take(command, clock_.now(), [&](const upstream::Verdict& verdict, core::Now) {
      if (verdict.why.starts_with("too many documents")) ++refused_at_once;
    });
  EXPECT_EQ(refused_at_once, 12);
  finish();
  take(sign(1, route_to("b", "b")));
  EXPECT_EQ(state(), "1 provisional");
}

TEST_F(DeskTest, DoesNotTakeBackTheDocumentThatFollowedTheOneOnTrial) {
  take(sign(1, route_to("b", "b")));
  cut_off();
  offer(sign(2, route_to("c", "c")));  // is looked at while the time of the first ends
  for (int second = 0; second < 70; ++second) {
    clock_.advance_ms(1000);
    desk_->tick();
  }
  links_[0] = {.name = "lte", .up = true};
  finish();
  EXPECT_EQ(state(), "2 provisional");
}

TEST_F(DeskTest, RefusesARecordThatIsDamaged) {
  Desk other({.reloads = *reloads_,
              .engine = *engine_,
              .others = commands_,
              .clock = clock_,
              .log = log_,
              .elsewhere = {},
              .config_path = "",
              .use = {},
              .write = {},
              .links = {},
              .changed = {}},
             *PublicKey::parse(signer_.public_pem(), "key.pem"), {}, {});
  EXPECT_EQ(other.restore(local_, "{").error().code, core::Errc::corrupt);
}

TEST_F(DeskTest, TakesNamesFromTheTwinOfTheHub) {
  reloads_->use_weakest(std::make_shared<const routing::RouteFile>(
      routing::parse_desired_routes(R"({"routes": {"b": "FROM /* INTO $upstream"}})", kEdgeHub)));
  take(sign(7, route_to("b", "b")));
  EXPECT_THAT(answers_, ElementsAre("ok"));
  EXPECT_THAT(in_force(), ElementsAre("b: FROM 'b' INTO $upstream", kLocal));
  take(sign(8, R"({"routes": {"b": null}})"));
  EXPECT_THAT(in_force(), ElementsAre(kLocal)) << "it takes the twin's out of force as well";
}

// Documents that say what is desired of twins.
class TwinDocuments : public DeskTest {
 protected:
  TwinDocuments() { know(); }
  void know() {
    engine_->edge().use_identities([](const EdgeId& id) { return id.device == "leaf-1"; });
  }
  void kill_hub() {
    kill();
    know();
  }
  static std::string wanting(int interval) {
    return R"({"twins": {"leaf-1": {"interval": )" + std::to_string(interval) + "}}}";
  }
  [[nodiscard]] std::string desired() const {
    return Json::parse(*engine_->edge().twin({"leaf-1", {}}))["desired"].dump();
  }
};

TEST_F(TwinDocuments, SetThemOnceAndLeaveThemToTheOperatorThen) {
  take(sign(7, wanting(30)));
  EXPECT_THAT(answers_, ElementsAre("ok"));
  pass_s(2);
  EXPECT_EQ(desired(), R"({"$version":2,"interval":30})");
  engine_->edge().patch_twin({"leaf-1", {}}, R"({"interval":5})",
                             [](const auto& done) { EXPECT_TRUE(done); });
  commit();
  answer();
  pass_s(2);
  kill_hub();
  pass_s(2);
  EXPECT_EQ(desired(), R"({"$version":3,"interval":5})");
  take(sign(8, wanting(40)));
  pass_s(2);
  EXPECT_EQ(desired(), R"({"$version":4,"interval":40})");
}

TEST_F(TwinDocuments, SetThemAfterAKillThatCameBefore) {
  take(sign(7, wanting(30)));
  kill_hub();
  EXPECT_EQ(desired(), R"({"$version":1})");
  pass_s(2);
  EXPECT_EQ(desired(), R"({"$version":2,"interval":30})");
}

TEST_F(TwinDocuments, AreRefusedWholeForAnIdentityThatIsNotThere) {
  take(sign(7, R"({"twins": {"leaf-1": {"a": 1}, "leaf-2": {"a": 1}}, "time_to_live_s": 9})"));
  EXPECT_THAT(answers_, ElementsAre("remote document: twins: there is no identity 'leaf-2'"));
  pass_s(2);
  EXPECT_EQ(desired(), R"({"$version":1})");
  EXPECT_EQ(config_.time_to_live_s, 0u);
}

TEST_F(TwinDocuments, AreSetAgainWhenTheOneOnTrialGoesBack) {
  take(sign(7, wanting(30)));
  pass_s(2);
  answer();
  take(sign(8, wanting(40)));
  pass_s(2);
  EXPECT_EQ(desired(), R"({"$version":3,"interval":40})");
  cut_off();
  pass_s(70);
  EXPECT_EQ(state(), "7 confirmed");
  EXPECT_EQ(desired(), R"({"$version":4,"interval":30})");
}

TEST_F(TwinDocuments, TryAgainWhatTheStoreDidNotTake) {
  take(sign(7, wanting(30)));
  store_.fail_next_commit({core::Errc::io, "the disk is gone"});
  pass_s(1);
  EXPECT_EQ(desired(), R"({"$version":1})");
  store_.recover();
  pass_s(3);
  EXPECT_EQ(desired(), R"({"$version":2,"interval":30})");
}

}  // namespace
}  // namespace headgate::hub
