#include "routing/trial/trace.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace headgate::routing {
namespace {

using ::testing::ElementsAre;

// Lines with two blanks before each level of depth.
// Functions that remember have no value yet.
class NothingRemembered final : public Slots {
 public:
  [[nodiscard]] Value value(Op, uint32_t) noexcept override { return Value::undefined(); }
};

std::vector<std::string> trace(const std::string& condition, const std::string& body, Slots* slots = nullptr,
                               const std::vector<SchemaText>& schemas = {}) {
  std::vector<Diagnostic> found;
  SchemaSet compiled;
  const RouteSchemas named{schemas, compiled};
  const auto route = compile_route("FROM /messages/* WHERE " + condition + " INTO $upstream",
                                   Semantics::strict, BodyMode::auto_detect, found, &named);
  if (!route) return {found.front().message};
  core::Message message;
  message.topic = "plant/1";
  message.body = body;
  MessageFields fields;
  fields.bind(message);
  std::vector<std::string> lines;
  for (const TraceLine& line : trace_condition(*route, fields, slots))
    lines.push_back(std::string(line.depth * 2, ' ') + line.text);
  return lines;
}

TEST(Trace, NamesTheOperandThatIsNotThere) {
  EXPECT_THAT(trace("$body.score >= 0.8", "{}"),
              ElementsAre("($body.score >= 0.8) = undefined: $body.score is not there"));
}

TEST(Trace, ShowsTheValueThatDoesNotFit) {
  EXPECT_THAT(trace("$body.score >= 0.8", R"({"score":0.3})"),
              ElementsAre("($body.score >= 0.8) = false: $body.score is 0.3"));
  EXPECT_THAT(trace("$body.score >= 0.8", R"({"score":"high"})"),
              ElementsAre("($body.score >= 0.8) = undefined: $body.score is 'high'"));
  EXPECT_THAT(trace("$body.score >= 0.8", R"({"score":{}})"),
              ElementsAre("($body.score >= 0.8) = undefined: $body.score is an object or an array"));
}

TEST(Trace, SaysWhyABodyCannotBeRead) {
  EXPECT_THAT(trace("$body.score >= 0.8", "23.5"),
              ElementsAre("($body.score >= 0.8) = undefined: the body is JSON, but not an object"));
}

TEST(Trace, SaysWhyABodyDoesNotConform) {
  const std::vector<SchemaText> schemas = {
      {"r.json", std::make_shared<const std::string>(R"({"properties":{"t":{"type":"number"}}})"), ""}};
  const std::string condition = "conforms($body, 'r.json')";
  EXPECT_THAT(trace(condition, R"({"t":"x"})", nullptr, schemas),
              ElementsAre("(" + condition + ") = false: by r.json /t is 'x'; allowed: number"));
  EXPECT_THAT(
      trace("NOT " + condition, R"({"t":1})", nullptr, schemas),
      ElementsAre("(NOT " + condition + ") = false", "  (" + condition + ") = true: it conforms to r.json"));
  EXPECT_THAT(trace(condition, "celsius=71", nullptr, schemas).front(),
              ::testing::StartsWith("(" + condition + ") = undefined: the body is not JSON"));
  EXPECT_THAT(trace("conforms($body.a, 'r.json')", "{}", nullptr, schemas),
              ElementsAre("(conforms($body.a, 'r.json')) = undefined: $body.a is not there"));
  EXPECT_THAT(
      trace(condition, std::string(70, '[') + std::string(70, ']'), nullptr, schemas),
      ElementsAre("(" + condition + ") = undefined: by r.json the value is nested deeper than 64 levels"));
}

std::vector<std::string> trace_lookup(const std::string& body) {
  std::vector<Diagnostic> found;
  const auto route = compile_route("FROM 'a' WHERE $body.t > lookup('limits', $body.m).max INTO $upstream",
                                   Semantics::strict, BodyMode::auto_detect, found);
  TableSource source;
  source.name = "limits";
  RowSet rows;
  EXPECT_TRUE(rows.add("m1", R"({"max":80})"));
  EXPECT_TRUE(rows.add("m2", "{}"));
  LookupTables tables;
  tables.add(std::make_shared<const TableSource>(source)).replace(rows);
  core::Message message;
  message.body = body;
  MessageFields fields;
  fields.bind(message);
  std::vector<std::string> lines;
  for (const TraceLine& line : trace_condition(*route, fields, nullptr, &tables)) lines.push_back(line.text);
  return lines;
}

TEST(Trace, SaysWhatOfALookupIsNotThere) {
  const std::string begin = "($body.t > lookup('limits', $body.m).max) = ";
  EXPECT_THAT(trace_lookup(R"({"m":"m9","t":1})"),
              ElementsAre(begin + "undefined: table limits has no row 'm9'"));
  EXPECT_THAT(trace_lookup(R"({"m":"m2","t":1})"),
              ElementsAre(begin + "undefined: the row 'm2' of table limits has no value for "
                                  "lookup('limits', $body.m).max"));
  EXPECT_THAT(
      trace_lookup(R"({"t":1})"),
      ElementsAre(begin + "undefined: lookup('limits', $body.m).max has no key, $body.m is not there"));
  EXPECT_THAT(
      trace_lookup(R"({"m":"m1","t":1})"),
      ElementsAre(begin + "false: $body.t is 1, lookup('limits', $body.m).max is 80, $body.m is 'm1'"));
}

TEST(Trace, GoesDownToThePartsThatDecide) {
  EXPECT_THAT(trace("$body.a = 1 AND $body.b = 2", R"({"a":1,"b":3})"),
              ElementsAre("($body.a = 1 AND $body.b = 2) = false", "  ($body.b = 2) = false: $body.b is 3"));
  EXPECT_THAT(trace("$body.a = 1 OR $body.b = 2", R"({"b":3})"),
              ElementsAre("($body.a = 1 OR $body.b = 2) = undefined",
                          "  ($body.a = 1) = undefined: $body.a is not there",
                          "  ($body.b = 2) = false: $body.b is 3"));
  EXPECT_THAT(trace("NOT ($body.a = 1)", R"({"a":1})"),
              ElementsAre("(NOT ($body.a = 1)) = false", "  ($body.a = 1) = true: $body.a is 1"));
}

TEST(Trace, ShowsAFieldOnceAndAllThatACallTakes) {
  EXPECT_THAT(trace("length(temp) + length(temp) > 1", "{}"),
              ElementsAre("(length(temp) + length(temp) > 1) = undefined: temp is not there"));
  EXPECT_THAT(trace("starts_with($topic, 'line')", "{}"),
              ElementsAre("(starts_with($topic, 'line')) = false: $topic is 'plant/1'"));
}

TEST(Trace, SaysOfAFunctionThatRemembersThatItsValueIsNotKnown) {
  EXPECT_THAT(trace("changed($body.v)", R"({"v":1})"),
              ElementsAre("(changed($body.v)) = undefined: changed($body.v) is not known"));
}

TEST(Trace, NamesTheOperandThatAFunctionThatRemembersMisses) {
  NothingRemembered slots;
  EXPECT_THAT(
      trace("rising($body.v > 5)", "{}", &slots),
      ElementsAre(
          "(rising($body.v > 5)) = undefined: rising($body.v > 5) has no value: $body.v is not there"));
  EXPECT_THAT(
      trace("holds($body.v > 5, 1m) AND $body.w = 1", R"({"v":"x","w":1})", &slots),
      ElementsAre(
          "(holds($body.v > 5, 1m) AND $body.w = 1) = undefined",
          "  (holds($body.v > 5, 1m)) = undefined: holds($body.v > 5, 1m) has no value: $body.v is 'x'"));
  EXPECT_THAT(
      trace("dedup($body.v, 1m)", "oops", &slots),
      ElementsAre(
          "(dedup($body.v, 1m)) = undefined: dedup($body.v, 1m) has no value: the body is not JSON: quotes "
          "must be double, nothing may follow, NaN and Infinity are no numbers"));
}

TEST(Trace, SaysThatThereIsNoMessageToCompareWith) {
  NothingRemembered slots;
  EXPECT_THAT(
      trace("$body.v > lag($body.v)", R"({"v":1})", &slots),
      ElementsAre(
          "($body.v > lag($body.v, 1)) = undefined: lag($body.v, 1) has no value: there is no such message "
          "before, or it had none"));
  EXPECT_THAT(
      trace("diff($body.v) > 1", R"({"v":1})", &slots),
      ElementsAre("(diff($body.v) > 1) = undefined: diff($body.v) has no value: no message came before"));
  EXPECT_THAT(trace("diff($body.v) > 1", R"({"v":"x"})", &slots),
              ElementsAre("(diff($body.v) > 1) = undefined: diff($body.v) has no value: $body.v is 'x'"));
  EXPECT_THAT(
      trace("diff($body.v) > 1", "{}", &slots),
      ElementsAre("(diff($body.v) > 1) = undefined: diff($body.v) has no value: $body.v is not there"));
}

}  // namespace
}  // namespace headgate::routing
