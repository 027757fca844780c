// Direct methods: one call, one answer, in its time.
#include <gmock/gmock.h>

#include <regex>

#include "tests/hub/edge/edge_fixture.h"

namespace headgate::hub {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class Methods : public EdgeDeskTest {
 protected:
  void call(MethodCall call) {
    desk_->call_method(std::move(call), [this](const MethodOutcome& outcome) {
      told_.push_back(std::to_string(outcome.http_status) + " " + std::to_string(outcome.status) + " " +
                      outcome.payload + outcome.error);
    });
  }
  void call_sensor(const std::string& name, const std::string& payload = "null") {
    call({.target = sensor_, .name = name, .payload = payload, .response_timeout_s = 5});
  }
  // The rid of the call that was sent last.
  std::string rid_of_call() {
    const std::vector<std::string> all = sent();
    std::smatch found;
    const bool is_call =
        !all.empty() && std::regex_search(all.back(), found, std::regex("\\$rid=([0-9A-Za-z-]+) "));
    return is_call ? found[1].str() : "";
  }
  void answer(const EdgeId& from, const std::string& rid, const std::string& body = "", int status = 200) {
    EXPECT_TRUE(ask(from, "methods/res/" + std::to_string(status) + "/?$rid=" + rid, body));
  }
  std::vector<std::string> told() { return std::exchange(told_, {}); }

  std::vector<std::string> told_;
};

TEST_F(Methods, ReachTheTargetAndGiveItsAnswer) {
  call_sensor("echo", R"({"x":[1,"ü"]})");
  const auto calls = sent();
  ASSERT_EQ(calls.size(), 1u);
  EXPECT_TRUE(std::regex_match(
      calls[0], std::regex("methods/POST/echo/\\?\\$rid=[0-9A-Za-z-]+ \\{\"x\":\\[1,\"ü\"\\]\\}")))
      << calls[0];
  const std::string rid =
      calls[0].substr(calls[0].find("$rid=") + 5, calls[0].find(' ') - calls[0].find("$rid=") - 5);
  answer(sensor_, rid, R"({"got":1})", 207);
  EXPECT_THAT(told(), ElementsAre(R"(200 207 {"got":1})"));
  EXPECT_EQ(desk_->methods().counts().answered, 1u);
}

TEST_F(Methods, CarryNullForNoPayloadBothWays) {
  call_sensor("stop");
  const auto calls = sent();
  ASSERT_EQ(calls.size(), 1u);
  EXPECT_THAT(calls[0], HasSubstr(" null"));
  call_sensor("stop");
  answer(sensor_, rid_of_call(), "");
  EXPECT_THAT(told(), ElementsAre("200 200 null"));
}

TEST_F(Methods, TakeOneAnswerAndFromTheTargetAlone) {
  call_sensor("echo");
  const std::string rid = rid_of_call();
  answer(leaf_, rid, "1");
  answer({"leaf-1", "sensor"}, rid, "2");
  EXPECT_THAT(told(), IsEmpty());
  answer(sensor_, rid, "3");
  answer(sensor_, rid, "4");
  answer(sensor_, "made-up", "5");
  EXPECT_THAT(told(), ElementsAre("200 200 3"));
  EXPECT_EQ(desk_->methods().counts().stray, 4u);
}

TEST_F(Methods, GiveUpOnATargetThatDoesNotAnswer) {
  call_sensor("slow");
  const std::string rid = rid_of_call();
  advance_s(4);
  EXPECT_THAT(told(), IsEmpty());
  advance_s(1);
  EXPECT_THAT(told(), ElementsAre("504 0 null'edge-1/sensor' has not answered in time"));
  answer(sensor_, rid, "1");
  EXPECT_THAT(told(), IsEmpty());
  EXPECT_EQ(desk_->methods().under_way(), 0u);
}

TEST_F(Methods, RefuseAtOnceWhereNobodyWaitsForTheTarget) {
  clients_.disconnect(sensor_);
  call_sensor("echo");
  EXPECT_THAT(told(), ElementsAre("404 0 null'edge-1/sensor' is not connected, or takes no methods"));
  clients_.subscribe(sensor_, twin_answers_filter(sensor_));
  call_sensor("echo");
  EXPECT_EQ(told().size(), 1u);
  EXPECT_EQ(desk_->methods().counts().unreachable, 2u);
}

TEST_F(Methods, WaitForATargetAsLongAsTheCallerSays) {
  clients_.disconnect(sensor_);
  call({.target = sensor_, .name = "a", .response_timeout_s = 5, .connect_timeout_s = 10});
  call({.target = sensor_, .name = "b", .response_timeout_s = 5, .connect_timeout_s = 60});
  advance_s(10);
  EXPECT_THAT(told(), ElementsAre("404 0 null'edge-1/sensor' has not connected, or takes no methods"));
  subscribe_all(sensor_);
  desk_->on_connected(sensor_, clock_.now());
  const std::string rid = rid_of_call();
  advance_s(4);
  answer(sensor_, rid, "true");
  EXPECT_THAT(told(), ElementsAre("200 200 true"));
}

TEST_F(Methods, RefuseCallsThatBreakALimit) {
  MethodCall good{
      .target = sensor_, .name = std::string(100, 'n'), .payload = "\"" + std::string(131'070, 'p') + "\""};
  const auto refused = [&](auto change) {
    MethodCall bad = good;
    change(bad);
    return !check_method(bad);
  };
  EXPECT_TRUE(check_method(good));
  EXPECT_FALSE(refused([](MethodCall& c) { c.name = "läuft.v2_-"; }));
  for (const char* name : {"", "a b", "a/b", "a?b", "a#b", "a+b", "{a}", "a\"", "a\n", "\xff"})
    EXPECT_TRUE(refused([&](MethodCall& c) { c.name = name; })) << name;
  EXPECT_TRUE(refused([](MethodCall& c) { c.name.push_back('n'); }));
  EXPECT_TRUE(refused([](MethodCall& c) { c.payload = "\"" + std::string(131'071, 'p') + "\""; }));
  EXPECT_TRUE(refused([](MethodCall& c) { c.payload = ""; }));
  EXPECT_TRUE(refused([](MethodCall& c) { c.payload = "{"; }));
  EXPECT_TRUE(refused([](MethodCall& c) { c.payload = std::string("1\0x", 3); }));
  EXPECT_TRUE(
      refused([](MethodCall& c) { c.payload = std::string(60'000, '[') + std::string(60'000, ']'); }));
  EXPECT_TRUE(refused([](MethodCall& c) { c.response_timeout_s = 4; }));
  EXPECT_TRUE(refused([](MethodCall& c) { c.response_timeout_s = 301; }));
  EXPECT_TRUE(refused([](MethodCall& c) { c.connect_timeout_s = 301; }));
  call({.target = sensor_, .name = "a b"});
  EXPECT_EQ(told().size(), 1u);
  EXPECT_THAT(sent(), IsEmpty());
}

TEST_F(Methods, SayThatAnAnswerCannotBeRead) {
  for (const std::string& body :
       {std::string("no json"), std::string("1\0,2", 4), std::string(65, '[') + std::string(65, ']')}) {
    call_sensor("echo");
    answer(sensor_, rid_of_call(), body);
    EXPECT_THAT(told(), Contains("500 0 nullthe answer of 'edge-1/sensor' is no JSON, or has too many levels "
                                 "within one another"));
  }
  EXPECT_EQ(desk_->methods().counts().unreadable, 3u);
}

TEST_F(Methods, AreBoundedForEachTarget) {
  for (size_t i = 0; i < MethodCalls::kOfTargetMax; ++i) call_sensor("echo");
  EXPECT_THAT(told(), IsEmpty());
  call_sensor("echo");
  EXPECT_THAT(told(), ElementsAre("429 0 nulltoo many calls are under way"));
  call({.target = leaf_, .name = "echo"});
  EXPECT_THAT(told(), IsEmpty());
}

TEST_F(Methods, AreNotAnsweredByWhatWasAskedBeforeARestart) {
  call_sensor("echo");
  const std::string before = rid_of_call();
  clock_.advance_ms(1);
  restart();
  call_sensor("echo");
  answer(sensor_, before, "1");
  EXPECT_THAT(told(), IsEmpty());
}

TEST_F(Methods, OfUnknownTargetsAreRefused) {
  call({.target = {"ghost", {}}, .name = "echo"});
  EXPECT_THAT(told(), ElementsAre("404 0 nullthere is no identity 'ghost'"));
}

}  // namespace
}  // namespace headgate::hub
