// Bodies made to cost much: each check ends soon, with little stack, and says which limit it met.
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "routing/schema/schema.h"

namespace headgate::routing {
namespace {

std::string repeated(std::string_view part, size_t times) {
  std::string text;
  for (size_t i = 0; i < times; ++i) text += part;
  return text;
}

std::string array_of(std::string_view item, size_t count) {
  return "[" + std::string(item) + repeated("," + std::string(item), count - 1) + "]";
}

struct Answer {
  Conformance verdict;
  std::string why;
};

Answer check(std::string_view schema, std::string_view body) {
  const CompiledSchema compiled = compile_schema(schema, "s.json");
  if (!compiled.schema) return {Conformance::not_json, "no schema: " + compiled.findings.front().what};
  SchemaChecker checker;
  Violation why;
  const Conformance verdict = checker.check(*compiled.schema, body, &why);
  return {verdict, why.text()};
}

void expect_limit(std::string_view schema, std::string_view body, std::string_view why) {
  const Answer answer = check(schema, body);
  EXPECT_EQ(answer.verdict, Conformance::limit) << schema;
  EXPECT_EQ(answer.why, why) << schema;
}

constexpr std::string_view kTooMuchWork = "the value needs more work than a check may take";

TEST(HostileBodies, AreNoJson) {
  for (const std::string_view body : {"", " ", "{", "nul", "[1,]", "'x'", "\xFF\xFE", "{\"a\":1}}", "1e999",
                                      "123456789012345678901234567890", "NaN"})
    EXPECT_EQ(check("{}", body).verdict, Conformance::not_json) << body;
}

TEST(HostileBodies, MayBeDeepOrLargeOrMany) {
  EXPECT_EQ(check("{}", repeated("[", 60) + repeated("]", 60)).verdict, Conformance::yes);
  expect_limit("{}", repeated("[", 70) + repeated("]", 70), "the value is nested deeper than 64 levels");
  EXPECT_EQ(check("{}", repeated("[", 100'000)).verdict, Conformance::not_json);
  expect_limit("{}", "\"" + repeated("x", kCheckedBytesMax) + "\"", "the value has more than 256 KiB");
  expect_limit("{}", array_of("1", kCheckedValuesMax), "the value holds more than 16384 values");
}

TEST(HostileBodies, DoNotMakePatternsSlowOrDeep) {
  const std::string text = "\"" + repeated("a", 200'000) + "\"";
  expect_limit(R"({"pattern":"^(a+)+(b|c|d)+$"})", text, kTooMuchWork);
  EXPECT_EQ(check(R"({"pattern":"^(a+)+$"})", "\"" + repeated("a", 30'000) + "b\"").verdict, Conformance::no);
  EXPECT_EQ(check(R"({"pattern":"^(a|b|ab)*c"})", "\"" + repeated("ab", 15'000) + "\"").verdict,
            Conformance::no);
  expect_limit(R"({"patternProperties":{"(x+x+)+y":{}}})", "{\"" + repeated("x", 200'000) + "\":1}",
               kTooMuchWork);
}

TEST(HostileBodies, DoNotMakeUniqueItemsQuadratic) {
  std::string many = "[0";
  for (int i = 1; i < 16'000; ++i) many += "," + std::to_string(i);
  EXPECT_EQ(check(R"({"uniqueItems":true})", many + "]").verdict, Conformance::yes);
  EXPECT_EQ(check(R"({"uniqueItems":true})", many + ",7]").verdict, Conformance::no);
  EXPECT_EQ(check(R"({"uniqueItems":true})", array_of(R"({"a":[1,2],"b":null})", 3000)).verdict,
            Conformance::no);
}

TEST(HostileBodies, DoNotMakeChoicesExponential) {
  // Each level of the body is looked at twice, and each of these the level below twice.
  const std::string schema =
      R"({"definitions":{"x":{"anyOf":[{"items":{"$ref":"#/definitions/x"},"minItems":9},)"
      R"({"items":{"$ref":"#/definitions/x"},"minItems":8}]}},"$ref":"#/definitions/x"})";
  expect_limit(schema, repeated("[", 60) + repeated("]", 60), kTooMuchWork);
  const std::string one_of = R"({"oneOf":[{"items":{"$ref":"#"}},{"items":{"$ref":"#"}}]})";
  expect_limit(one_of, repeated("[", 60) + repeated("]", 60), kTooMuchWork);
}

TEST(HostileBodies, DoNotLeadASchemaDeepIntoItself) {
  const std::string nested = R"({"allOf":[{"allOf":[{"allOf":[{"allOf":[{"items":{"$ref":"#"}}]}]}]}]})";
  EXPECT_EQ(check(nested, repeated("[", 20) + repeated("]", 20)).verdict, Conformance::yes);
  expect_limit(nested, repeated("[", 60) + repeated("]", 60),
               "the value leads the schema too deep into itself");
}

TEST(HostileBodies, DoNotMakeObjectsQuadratic) {
  std::string object = "{\"a\":0";
  std::string properties = "{\"p\":{}";
  for (int i = 0; i < 15'000; ++i) object += ",\"m" + std::to_string(i) + "\":0";
  for (int i = 0; i < 900; ++i) properties += ",\"p" + std::to_string(i) + "\":{}";
  expect_limit("{\"properties\":" + properties + "}}", object + "}", kTooMuchWork);
  std::string names = "[\"a\"";
  for (int i = 0; i < 900; ++i) names += ",\"m" + std::to_string(14'000 + i) + "\"";
  expect_limit("{\"required\":" + names + "]}", object + "}", kTooMuchWork);
}

TEST(HostileBodies, DoNotMakeListsOfValuesSlow) {
  std::string values = "[-1";
  for (int i = 0; i < 5000; ++i) values += "," + std::to_string(100'000 + i);
  expect_limit(R"({"items":{"enum":)" + values + "]}}", array_of("104999", 1000), kTooMuchWork);
}

TEST(HostileBodies, GetTheSameVerdictAgainAfterALimit) {
  const CompiledSchema compiled =
      compile_schema(R"({"uniqueItems":true,"items":{"type":"number"}})", "s.json");
  SchemaChecker checker;
  for (int round = 0; round < 3; ++round) {
    EXPECT_EQ(checker.check(*compiled.schema, repeated("[", 100) + repeated("]", 100)), Conformance::limit);
    EXPECT_EQ(checker.check(*compiled.schema, array_of("1", 20'000)), Conformance::limit);
    EXPECT_EQ(checker.check(*compiled.schema, "[1,2]"), Conformance::yes);
    EXPECT_EQ(checker.check(*compiled.schema, "[1,\"2\"]"), Conformance::no);
  }
}

TEST(HostileBodies, MayHaveNumbersAtTheEdges) {
  for (const std::string_view number :
       {"1e308", "-1e308", "5e-324", "18446744073709551615", "-9223372036854775808", "-0.0"}) {
    EXPECT_EQ(check(R"({"multipleOf":7})", number).verdict != Conformance::limit, true) << number;
    EXPECT_EQ(check(R"({"multipleOf":1e-300})", number).verdict != Conformance::limit, true) << number;
    EXPECT_EQ(check(R"({"type":"number","minimum":-1e308,"maximum":1e308})", number).verdict,
              Conformance::yes)
        << number;
  }
}

}  // namespace
}  // namespace headgate::routing
