#include "routing/table/route_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace headgate::routing {
namespace {

using ::testing::HasSubstr;

class Routes : public ::testing::Test {
 protected:
  void load(std::vector<RouteSpec> specs) {
    auto built = RouteTable::build(specs);
    table_ = std::move(built.table);
    statuses_ = std::move(built.statuses);
  }
  void load_texts(std::vector<std::string> texts, Semantics semantics = Semantics::strict) {
    std::vector<RouteSpec> specs;
    for (size_t i = 0; i < texts.size(); ++i)
      specs.push_back(spec("r" + std::to_string(i), texts[i], semantics));
    load(std::move(specs));
  }
  static RouteSpec spec(std::string name, std::string text, Semantics semantics = Semantics::strict) {
    return {std::move(name), std::move(text), std::nullopt, 0, semantics, BodyMode::auto_detect};
  }
  static RouteSpec spec(std::string name, std::string text, int priority, uint32_t ttl_s) {
    return {std::move(name), std::move(text), priority, ttl_s, Semantics::strict, BodyMode::auto_detect};
  }

  static core::Message from(std::string module, std::string topic,
                            std::vector<core::UserProperty> user = {}) {
    core::Message message;
    message.topic = std::move(topic);
    message.source =
        std::make_shared<core::Source>(core::Source{module.empty() ? "leaf" : module, "edge", module});
    core::Properties properties;
    properties.user = std::move(user);
    message.properties = std::make_shared<core::Properties>(std::move(properties));
    return message;
  }
  static core::Message leaf(std::vector<core::UserProperty> user = {}) {
    return from("", "a/b", std::move(user));
  }
  static core::Message with_body(std::string body) {
    core::Message message = leaf();
    message.body = std::move(body);
    message.arrived_ms = 1'700'000'000'123;
    return message;
  }

  const std::vector<Match>& match(core::Message message) {
    message_ = std::move(message);
    table_->match(message_, context_, matches_);
    return matches_;
  }
  std::string last_reason(uint32_t route) { return table_->last_reason(route, context_.stats()[route]); }
  // The names of the queues that want the message.
  std::vector<std::string> queues(const core::Message& message) {
    std::vector<std::string> names;
    for (const Match& m : match(message)) names.push_back(table_->endpoints()[m.endpoint].name);
    return names;
  }
  bool matches_source(const std::string& source, const core::Message& message) {
    load_texts({"FROM " + source + " INTO $upstream"});
    EXPECT_TRUE(statuses_[0].ok()) << source;
    return !match(message).empty();
  }

  std::shared_ptr<const RouteTable> table_;
  std::vector<RouteStatus> statuses_;
  core::Message message_;  // the last, which projections look into
  MatchContext context_;
  std::vector<Match> matches_;
};

using Names = std::vector<std::string>;

TEST_F(Routes, DeliverLeafMessagesUpstream) {  // R1
  load_texts({"FROM /messages INTO $upstream"}, Semantics::edgehub);
  EXPECT_EQ(queues(leaf()), Names{"$upstream"});
}

TEST_F(Routes, DeliverToAModuleInputAndNowhereElse) {  // R2
  load_texts({R"(FROM /messages INTO BrokeredEndpoint("/modules/mod1/inputs/in1"))"}, Semantics::edgehub);
  EXPECT_EQ(queues(leaf()), Names{"modules/mod1/inputs/in1"});
  EXPECT_EQ(table_->endpoints()[0].kind, Sink::Kind::module_input);
  EXPECT_EQ(table_->endpoints()[0].module, "mod1");
  EXPECT_EQ(table_->endpoints()[0].input, "in1");
}

TEST_F(Routes, WithAnOutputDoNotTakeMessagesWithoutOne) {  // R4, R5
  load_texts({"FROM /messages/modules/asa/outputs/out1 INTO $upstream"});
  EXPECT_EQ(queues(from("asa", "modules/asa/outputs/out1")), Names{"$upstream"});
  EXPECT_EQ(queues(from("asa", "plain/topic")), Names{});
  load_texts({"FROM /messages/modules/asa/* INTO $upstream"});
  EXPECT_EQ(queues(from("asa", "plain/topic")), Names{"$upstream"});
}

TEST_F(Routes, ChooseByProperty) {  // R7
  load_texts({"FROM /messages WHERE as_number(temp) > 50 INTO BrokeredEndpoint('/modules/mod1/inputs/in1')",
              "FROM /messages WHERE as_number(temp) < 50 INTO BrokeredEndpoint('/modules/mod2/inputs/in2')"});
  EXPECT_EQ(queues(leaf({{"temp", "100"}})), Names{"modules/mod1/inputs/in1"});
  EXPECT_EQ(queues(leaf({{"TEMP", "20"}})), Names{"modules/mod2/inputs/in2"});
  EXPECT_EQ(queues(leaf()), Names{});
}

TEST_F(Routes, ToOneEndpointDeliverOnceWithTheBestPriority) {  // R8
  const std::string to_first =
      "FROM /messages WHERE key1='value1' INTO BrokeredEndpoint('/modules/m/inputs/ep1')";
  const std::string to_second =
      "FROM /messages WHERE key1='value1' INTO BrokeredEndpoint('/modules/m/inputs/ep2')";
  load({spec("a", to_first, 1, 3600), spec("b", to_first, 0, 7200), spec("c", to_first, 2, 60),
        spec("d", to_second, 0, 120)});
  const std::vector<Match> expected = {{0, 0, 7200, 1}, {1, 0, 120, 3}};
  EXPECT_EQ(match(leaf({{"key1", "value1"}})), expected);
}

RouteSpec over(RouteSpec spec, std::vector<std::string> links) {
  spec.links = std::move(links);
  return spec;
}

TEST_F(Routes, OverOtherLinksHaveAQueueOfTheirOwn) {
  const std::string up = "FROM 'a/b' INTO $upstream";
  load({over(spec("a", up), {"lte"})});
  EXPECT_EQ(queues(leaf()), Names{"$upstream:lte"});
  load({over(spec("a", up), {"lte", "fiber"})});
  EXPECT_EQ(queues(leaf()), Names{"$upstream:lte,fiber"});
  EXPECT_EQ(table_->endpoints()[0].links, (Names{"lte", "fiber"}));
}

TEST_F(Routes, OverSeveralLinksSendAMessageUpstreamOnce) {
  const std::string up = "FROM 'a/b' INTO $upstream";
  load({spec("any", up, 5, 0), over(spec("urgent", up, 0, 60), {"lte"}),
        over(spec("late", up, 7, 0), {"sat"}),
        spec("other", "FROM 'a/b' INTO BrokeredEndpoint('/modules/m/inputs/i')")});
  EXPECT_EQ(queues(leaf()), (Names{"$upstream:lte", "modules/m/inputs/i"}));
  EXPECT_EQ(matches_[0], (Match{1, 0, 60, 1}));
}

TEST_F(Routes, NameLinksThatThereAre) {
  const std::vector<KnownLink> links = {{"fiber"}, {"lte", 2}};
  const auto error_of = [&](RouteSpec spec) {
    const auto built = RouteTable::build(std::span(&spec, 1), {}, &links);
    return built.statuses[0].ok() ? "" : render(built.statuses[0].diagnostics.front(), spec.text);
  };
  const std::string up = "FROM 'a/b' INTO $upstream";
  EXPECT_EQ(error_of(over(spec("a", up), {"fiber", "lte"})), "");
  EXPECT_EQ(error_of(over(spec("a", up, 2, 0), {"lte"})), "");
  const std::string unknown = error_of(over(spec("a", up), {"fibre"}));
  EXPECT_THAT(unknown, HasSubstr("\"link\" names `fibre`, and there is no such link"));
  EXPECT_THAT(unknown, HasSubstr("links of the configuration are fiber, lte"));
  EXPECT_THAT(error_of(over(spec("a", up, 3, 0), {"lte"})), HasSubstr("takes messages of its priority"));
  EXPECT_THAT(error_of(over(spec("a", "FROM 'a/b' INTO Topic('t')"), {"lte"})),
              HasSubstr("\"link\" is for routes INTO $upstream"));
}

TEST_F(Routes, WithoutPriorityComeLast) {
  load({spec("plain", "FROM /messages INTO $upstream"), spec("nine", "FROM /messages INTO $upstream", 9, 5)});
  const std::vector<Match> expected = {{0, 9, 5, 1}};
  EXPECT_EQ(match(leaf()), expected);
  load({spec("plain", "FROM /messages INTO $upstream")});
  EXPECT_EQ(match(leaf())[0].lane, kLaneWithoutPriority);
}

TEST_F(Routes, RefuseWhatEdgeHubRefuses) {  // R10
  for (const char* text :
       {"FORM /messages INTO $upstream", "SELECT FROM /messages INTO $upstream", "FROM INTO $upstream",
        "FROM /messages WHERE INTO $upstream", "FROM /messages WHERE temp == 100 INTO $upstream",
        "FROM /messages INTO upstream", "FROM /messages INTO \"/modules/m/inputs/i\"",
        "FROM /messages INTO /modules/m/inputs/i",
        "FROM /messages INTO BrokeredEndpoint(\"/modules/m/inputs/i')",
        "FROM /messages INTO BrokeredEndpoint('/modules/m/inputs/i'", "FROM /messages INTO",
        "FROM /messages WHERE (a = 'b' INTO $upstream", "", "  ", "FROM messages INTO $upstream",
        "FROM /messages INTO BrokeredEndpoint('/m/i')", "FROM /messages INTO Nowhere('/a')",
        "FROM /messages INTO $cloud"}) {
    for (const Semantics semantics : {Semantics::strict, Semantics::edgehub}) {
      load_texts({text}, semantics);
      EXPECT_FALSE(statuses_[0].ok()) << text;
      EXPECT_FALSE(statuses_[0].diagnostics.empty()) << text;
    }
  }
}

TEST_F(Routes, AcceptDecorationAndBlanks) {  // R11, R13
  load_texts(
      {"  SELECT * FROM /messages WHERE messageType = \"alert\" AND humidity = 'high' INTO $upstream \n",
       R"(FROM /* INTO BrokeredEndpoint("/a/b/c/d"))",
       "select * from /messages/* where true into $UPSTREAM"});
  for (const RouteStatus& status : statuses_) EXPECT_TRUE(status.ok()) << status.name;
  EXPECT_EQ(table_->endpoints()[1].name, "modules/b/inputs/d");
  EXPECT_EQ(table_->routes()[2].endpoints, table_->routes()[0].endpoints);
}

TEST_F(Routes, IgnoreWhatFollowsTheSinkOnlyAsEdgeHub) {
  const std::string text = "FROM /messages/* INTO $upstream WHERE x = 'y'";
  load_texts({text});
  EXPECT_FALSE(statuses_[0].ok());
  load_texts({text}, Semantics::edgehub);
  EXPECT_EQ(queues(leaf()), Names{"$upstream"});
  EXPECT_EQ(statuses_[0].diagnostics[0].severity, Severity::warning);
}

TEST_F(Routes, MatchSourcesByPrefixAndSegment) {  // the table of edgeHub's sources
  const core::Message output = from("ModId1", "modules/ModId1/outputs/Op1");
  for (const char* source : {"/*", "/messages", "/messages/*"}) {
    EXPECT_TRUE(matches_source(source, leaf())) << source;
    EXPECT_TRUE(matches_source(source, output)) << source;
  }
  for (const char* source : {"/messages/modules", "/messages/modules/*", "/messages/modules/ModId1",
                             "/messages/modules/modid1/*", "/MESSAGES/modules/ModId1/outputs",
                             "/messages/modules/ModId1/outputs/*", "/messages/modules/ModId1/outputs/Op1"}) {
    EXPECT_FALSE(matches_source(source, leaf())) << source;
    EXPECT_TRUE(matches_source(source, output)) << source;
  }
  for (const char* source :
       {"/messages/modules/ModId2", "/messages/modules/ModId2/*", "/messages/modules/ModId1/outputs/Op2",
        "/messages/modules/ModId", "/messages/modules/ModId1/outputs/Op", "/messages/events", "/message",
        "/foo/*", "/*/messages/*", "/*/bar/*", "/modulemessages", "/messages/modules/*/outputs/Op1",
        "/twinChangeNotifications", "/twinChangeNotifications/*"}) {
    EXPECT_FALSE(matches_source(source, leaf())) << source;
    EXPECT_FALSE(matches_source(source, output)) << source;
  }
}

TEST_F(Routes, TakeWhatTwinsReportByTheirSourceAlone) {
  const core::Message change = from("", "$edge/twin/leaf-1");
  const core::Message of_module = from("ModId1", "$edge/twin/edge-1/ModId1");
  for (const char* source : {"/twinChangeNotifications", "/twinChangeNotifications/*", "/*"}) {
    EXPECT_TRUE(matches_source(source, change)) << source;
    EXPECT_TRUE(matches_source(source, of_module)) << source;
  }
  for (const char* source : {"/messages", "/messages/modules/ModId1", "'#'"}) {
    EXPECT_FALSE(matches_source(source, change)) << source;
    EXPECT_FALSE(matches_source(source, of_module)) << source;
  }
  EXPECT_FALSE(matches_source("/*", from("", "$edge/other")));
}

TEST_F(Routes, WarnAboutSourcesThatNeverMatch) {
  for (const char* source : {"/foo", "/messages/events", "/messages/modules/*/outputs/x",
                             "/messages/modules/m/inputs/i", "/twinChangeNotifications/leaf-1"}) {
    load_texts({std::string("FROM ") + source + " INTO $upstream"});
    ASSERT_EQ(statuses_[0].diagnostics.size(), 1u) << source;
    EXPECT_TRUE(statuses_[0].diagnostics[0].message.starts_with("this source never matches")) << source;
  }
}

TEST_F(Routes, TakeTopicFilters) {
  EXPECT_TRUE(matches_source("'plant/+/temperature'", from("", "plant/7/temperature")));
  EXPECT_FALSE(matches_source("'plant/+/temperature'", from("", "plant/7/pressure")));
  EXPECT_FALSE(matches_source("'plant/+/temperature'", from("", "plant/7/temperature/raw")));
  EXPECT_TRUE(matches_source("\"plant/#\"", from("", "plant")));
  EXPECT_TRUE(matches_source("'#'", from("m", "modules/m/outputs/o")));
  EXPECT_TRUE(matches_source("'+/+'", from("", "/x")));
  EXPECT_FALSE(matches_source("'Plant/#'", from("", "plant/1")));
  EXPECT_TRUE(matches_source("'a/+/c/#'", from("", "a/b/c/d/e")));
}

TEST_F(Routes, NeverTakeInputsOrDollarTopics) {
  load_texts({"FROM /* INTO $upstream", "FROM '#' INTO $null"});
  EXPECT_EQ(queues(from("m", "modules/m/inputs/i")), Names{});
  EXPECT_EQ(queues(from("m", "$SYS/x")), Names{});
  EXPECT_EQ(queues(from("m", "x")), (Names{"$upstream", "$null"}));
}

TEST_F(Routes, NameModulesAnyWordInStrict) {
  load_texts(
      {"FROM /messages/modules/from/* INTO $upstream", "FROM /messages/modules/123/outputs/null INTO $null"});
  EXPECT_EQ(queues(from("from", "x")), Names{"$upstream"});
  EXPECT_EQ(queues(from("123", "modules/123/outputs/null")), Names{"$null"});
  load_texts({"FROM /messages/modules/from/* INTO $upstream"}, Semantics::edgehub);
  EXPECT_FALSE(statuses_[0].ok());
}

TEST_F(Routes, KeepWildcardsApartFromCommentsInStrict) {
  const std::string text = "FROM /messages/* WHERE key1 = 'a' /* only a */ INTO $upstream";
  load_texts({text});
  EXPECT_EQ(queues(leaf({{"key1", "b"}})), Names{});
  EXPECT_EQ(queues(leaf({{"key1", "a"}})), Names{"$upstream"});
  load_texts({text}, Semantics::edgehub);  // the comment begins at the wildcard
  EXPECT_EQ(queues(leaf({{"key1", "b"}})), Names{"$upstream"});
  load_texts({"FROM /* WHERE a = 'b' /* c */ INTO $null",
              "/* a */ FROM /* b */ /messages /* c */ INTO /* d */ $null"});
  EXPECT_TRUE(statuses_[0].ok() && statuses_[1].ok());
}

TEST_F(Routes, LeaveWordsOfComingClausesToProperties) {
  load_texts(
      {"FROM /messages WHERE group = 'a' AND by = 'b' AND window = 'c' AND timestamp = 'd' AND count = 'e' "
       "INTO $null"});
  EXPECT_TRUE(statuses_[0].diagnostics.empty());
  EXPECT_EQ(queues(leaf({{"group", "a"}, {"by", "b"}, {"window", "c"}, {"timestamp", "d"}, {"count", "e"}})),
            Names{"$null"});
}

TEST_F(Routes, LeaveOutWhatDoesNotCompileAndRunTheRest) {
  load({spec("good", "FROM /messages INTO $upstream"), spec("bad", "FROM /messages WHERE nope( INTO $null"),
        spec("good", "FROM /messages INTO $null"), spec("eleven", "FROM /messages INTO $null", 11, 0),
        spec(" ", "FROM /* INTO $null")});
  EXPECT_EQ(queues(leaf()), Names{"$upstream"});
  EXPECT_EQ(statuses_[0].route, 0u);
  EXPECT_FALSE(statuses_[1].ok());
  EXPECT_EQ(statuses_[2].diagnostics[0].message, "another route is named `good`");
  EXPECT_EQ(statuses_[3].diagnostics[0].message, "priority 11 is out of range");
  EXPECT_EQ(statuses_[4].diagnostics[0].message, "the route has no name");
}

TEST_F(Routes, ReadBodiesThatSayNothingUnlessToldOtherwise) {
  const std::string text = "FROM /messages WHERE $body.t > 5 INTO $upstream";
  load_texts({text});
  EXPECT_EQ(queues(with_body(R"({"t":7})")), Names{"$upstream"});
  EXPECT_EQ(queues(with_body(R"({"t":3})")), Names{});
  EXPECT_EQ(queues(with_body("no json")), Names{});
  load({{"declared", text, std::nullopt, 0, Semantics::strict, BodyMode::declared},
        spec("edgehub", text, Semantics::edgehub)});
  EXPECT_EQ(queues(with_body(R"({"t":7})")), Names{});
}

TEST_F(Routes, CountWhatMatchedAndWhatWasUndefined) {
  load_texts({"FROM /messages WHERE $body.t > 5 INTO $upstream", "FROM 'nothing' INTO $null"});
  for (const char* body : {R"({"t":7})", R"({"t":3})", R"({})", "", R"({"t":8})"}) match(with_body(body));
  EXPECT_EQ(context_.stats()[0].matched, 2u);
  EXPECT_EQ(context_.stats()[0].undefined, 1u);
  EXPECT_EQ(context_.stats()[0].unreadable, 1u);
  EXPECT_EQ(context_.stats()[1].matched, 0u);
  load_texts({"FROM /messages INTO $upstream"});
  match(leaf());
  EXPECT_EQ(context_.stats().size(), 1u);
  EXPECT_EQ(context_.stats()[0].matched, 1u);
}

TEST_F(Routes, SayWhyABodyCannotBeRead) {
  load_texts({"FROM /messages WHERE $body.t > 5 INTO $upstream"});
  const std::vector<std::pair<std::string, std::string>> table = {
      {R"({"t": NaN})", "NaN and Infinity are no numbers"},
      {R"({"t": nan})", "such as nan"},
      {R"({'t': 7})", "quotes must be double"},
      {R"({"t": 007})", "a number that is no JSON"},
      {std::string("{\"t\": 7}\0", 9), "nothing may follow"},
      {"", "is empty"},
      {"[7]", "not an object"},
      {"{\"t\": \"\xff\"}", "UTF-8"}};
  for (const auto& [body, reason] : table) {
    match(with_body(body));
    EXPECT_THAT(last_reason(0), ::testing::HasSubstr(reason)) << body;
    EXPECT_THAT(last_reason(0), ::testing::StartsWith("the body ")) << body;
  }
  EXPECT_EQ(context_.stats()[0].unreadable, table.size());
  EXPECT_EQ(context_.stats()[0].undefined, 0u);
}

TEST_F(Routes, NameThePartOfAConditionThatHasNoValue) {
  const std::vector<std::pair<std::string, std::string>> table = {
      {"$body.a.b > 5", "`$body.a.b` is not there"},
      {"$topic = 'x' AND as_number(temperature) > 5", "`temperature` is not there"},
      {"$body.word > 5", "`$body.word > 5` has no value"},
      {"($body.none ?? $body.n) > $body.gone", "`$body.gone` is not there"},
      {"sqrt($body.n - 9) > 1", "`sqrt($body.n - 9)` has no value"}};
  for (const auto& [condition, reason] : table) {
    load_texts({"FROM /messages WHERE " + condition + " INTO $upstream"});
    ASSERT_TRUE(statuses_[0].ok()) << condition;
    core::Message message = with_body(R"({"n": 1, "word": "w"})");
    message.topic = "x";
    match(message);
    EXPECT_THAT(last_reason(0), ::testing::StartsWith(reason)) << condition;
    EXPECT_EQ(context_.stats()[0].undefined, 1u) << condition;
    EXPECT_EQ(context_.stats()[0].last_ms, message.arrived_ms);
  }
}

TEST_F(Routes, CountNothingUndefinedThatIsDecidedAllTheSame) {
  load_texts({"FROM /messages WHERE NOT is_defined($body.t) OR $body.t > 5 INTO $upstream",
              "FROM /messages WHERE $topic = 'other' AND $body.t > 5 INTO $upstream"});
  match(with_body("no json"));
  EXPECT_EQ(context_.stats()[0].undefined + context_.stats()[0].unreadable, 0u);
  EXPECT_EQ(context_.stats()[1].undefined + context_.stats()[1].unreadable, 0u);
  EXPECT_EQ(last_reason(0), "");
}

TEST_F(Routes, RetainOnlyIntoTopicsAndIfAnyOfThemSaysSo) {
  RouteSpec keeps = spec("keeps", "FROM /messages INTO Topic('out')");
  keeps.retain = true;
  load({spec("first", "FROM /messages INTO Topic('out')"), keeps});
  match(leaf());
  ASSERT_EQ(matches_.size(), 1u);
  EXPECT_TRUE(matches_[0].retain);
  RouteSpec wrong = spec("wrong", "FROM /messages INTO $upstream");
  wrong.retain = true;
  load({wrong});
  EXPECT_FALSE(statuses_[0].ok());
}

TEST_F(Routes, WarnAboutLoops) {
  load({spec("a", "FROM 'in/#' INTO Topic('mid/x')"), spec("b", "FROM 'mid/+' INTO Topic('in/y')"),
        spec("c", "FROM 'mid/+' INTO Topic('out')"), spec("d", "FROM /messages/* INTO Topic('again')")});
  EXPECT_EQ(statuses_[0].diagnostics[0].message, "routes form a loop: a → b → a");
  EXPECT_EQ(statuses_[1].diagnostics[0].message, "routes form a loop: b → a → b");
  EXPECT_EQ(statuses_[3].diagnostics[0].message, "routes form a loop: d → d");
  EXPECT_TRUE(statuses_[2].diagnostics.empty());
}

TEST_F(Routes, TakeRepublishedMessagesAsTheHubsOwn) {
  load({spec("m", "FROM /messages/modules/m/* INTO Topic('t')"), spec("t", "FROM 't' INTO $upstream")});
  EXPECT_TRUE(statuses_[0].diagnostics.empty());
  core::Message republished = from("m", "t");
  EXPECT_EQ(queues(republished), (Names{"topic:t", "$upstream"}));
  republished.hops = 1;
  EXPECT_EQ(queues(republished), Names{"$upstream"});
}

TEST_F(Routes, EvaluateTheLargestConditionThatCompiles) {
  std::string text = "FROM /messages WHERE 2046 = 1";
  for (int i = 1; i < 2046; ++i) text += " + 1";
  load_texts({text + " INTO $upstream"});
  ASSERT_TRUE(statuses_[0].ok());
  EXPECT_EQ(queues(leaf()), Names{"$upstream"});
}

TEST_F(Routes, AnswerAnyNumberOfEndpoints) {
  std::vector<std::string> texts;
  for (int i = 0; i < 300; ++i) texts.push_back("FROM 'a/#' INTO Topic('out/" + std::to_string(i) + "')");
  load_texts(std::move(texts));
  EXPECT_EQ(match(leaf()).size(), 300u);
  EXPECT_EQ(match(leaf()).size(), 300u);
}

TEST_F(Routes, WithSeveralSinksPickForEachOfThem) {
  load_texts({"FROM /messages/* INTO $upstream, Topic('a/copy'), $null"});
  ASSERT_TRUE(statuses_[0].ok()) << render(statuses_[0].diagnostics[0], statuses_[0].text);
  EXPECT_THAT(queues(leaf()), ::testing::ElementsAre("$upstream", "topic:a/copy", "$null"));
  EXPECT_TRUE(context_.projecting().empty());
  EXPECT_FALSE(table_->plan(0));
}

TEST_F(Routes, ThatMakeSomethingOfAMessagePickNothing) {
  load_texts({"SELECT $body.t AS t FROM /messages/* WHERE $body.t > 1 INTO $upstream",
              "FROM /messages/* INTO $null"});
  EXPECT_THAT(queues(with_body(R"({"t":2})")), ::testing::ElementsAre("$null"));
  ASSERT_THAT(context_.projecting(), ::testing::ElementsAre(0u));
  EXPECT_EQ(table_->project(0, context_).body, R"({"t":2})");
  EXPECT_THAT(queues(with_body(R"({"t":0})")), ::testing::ElementsAre("$null"));
  EXPECT_TRUE(context_.projecting().empty());
}

TEST_F(Routes, PickForSomeSinksAndMakeSomethingForOthers) {
  load_texts({"FROM /messages/* INTO $upstream, Topic('x/{$body.a}')"});
  EXPECT_THAT(queues(with_body(R"({"a":"1"})")), ::testing::ElementsAre("$upstream"));
  ASSERT_THAT(context_.projecting(), ::testing::ElementsAre(0u));
  const ComputeResult result = table_->project(0, context_);
  EXPECT_TRUE(result.passes_on);
  EXPECT_EQ(result.topics[1], "x/1");
}

TEST_F(Routes, CountWhatAProjectionCouldNotMake) {
  load_texts({"FROM /messages/* INTO Topic('x/{$body.a}')"});
  EXPECT_THAT(queues(with_body("{}")), ::testing::IsEmpty());
  EXPECT_EQ(table_->project(0, context_).refused, std::vector<bool>{true});
  EXPECT_EQ(context_.stats()[0].type_errors, 1u);
  EXPECT_THAT(std::string(context_.type_error(0)), ::testing::HasSubstr("$body.a is missing"));
}

}  // namespace
}  // namespace headgate::routing
