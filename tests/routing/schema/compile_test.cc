// Schemas that cannot be taken, and what is only told.
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "routing/schema/schema.h"

namespace headgate::routing {
namespace {

// All findings, a line each: "error /minimum is 'x'; allowed: number (help)".
std::string findings(std::string_view schema) {
  std::string text;
  for (const SchemaFinding& it : compile_schema(schema, "s.json").findings) {
    text += it.severity == Severity::error ? "error " : "warning ";
    text += (it.pointer.empty() ? "" : it.pointer + " ") + it.what;
    text += it.advice.empty() ? "\n" : " (" + it.advice + ")\n";
  }
  return text;
}

bool compiles(std::string_view schema) { return compile_schema(schema, "s.json").schema != nullptr; }

std::string many_of(std::string_view part, size_t times) {
  std::string text;
  for (size_t i = 0; i < times; ++i) text += part;
  return text;
}

TEST(SchemaErrors, SayWhereTheSchemaBreaksTheRulesOfTheDraft) {
  EXPECT_EQ(findings(R"({"properties":{"t":{"type":"nmber"}}})"),
            "error /properties/t/type is 'nmber', none of the 7 values allowed\n");
  EXPECT_EQ(findings(R"({"minimum":"5"})"), "error /minimum is '5'; allowed: number\n");
  EXPECT_EQ(findings(R"({"items":{"maxLength":-1}})"), "error /items/maxLength is -1; allowed: at least 0\n");
  EXPECT_EQ(findings(R"({"required":["a","a"]})"), "error /required has an item twice: 'a'\n");
  EXPECT_EQ(findings(R"({"allOf":[]})"), "error /allOf has 0 items; allowed: 1 or more\n");
  EXPECT_EQ(findings(R"({"multipleOf":0})"), "error /multipleOf is 0; allowed: more than 0\n");
  EXPECT_EQ(findings(R"({"exclusiveMinimum":true,"minimum":1})"),
            "error /exclusiveMinimum is true; allowed: number\n");
  EXPECT_EQ(findings("5"), "error is 5; allowed: boolean, object\n");
}

TEST(SchemaErrors, SayWhereTheTextIsNoJson) {
  EXPECT_EQ(findings("{\n \"type\": }").substr(0, 28), "error is no JSON: s.json:2:1");
  EXPECT_EQ(findings(R"({"type":"string","type":"number"})"),
            "error is no JSON: s.json: type: appears twice; keep one of them\n");
}

TEST(SchemaErrors, RefuseReferencesThatLeadOutOrNowhere) {
  EXPECT_NE(findings(R"({"$ref":"http://example.com/a.json"})").find("error /$ref leads to another text"),
            std::string::npos);
  EXPECT_NE(findings(R"({"items":{"$ref":"other.json#/a"}})").find("error /items/$ref leads to another text"),
            std::string::npos);
  EXPECT_NE(findings(R"({"$ref":"file:///etc/passwd"})").find("leads to another text"), std::string::npos);
  EXPECT_NE(findings(R"({"$ref":"#/definitions/none"})").find("leads nowhere: '#/definitions/none'"),
            std::string::npos);
  EXPECT_NE(findings(R"({"$ref":"#name"})").find("leads nowhere"), std::string::npos);
  EXPECT_NE(findings(R"({"examples":[5],"not":{"$ref":"#/examples/0"}})").find("error /examples/0 is 5"),
            std::string::npos);
}

TEST(SchemaErrors, RefuseASchemaThatNeverComesToAnEnd) {
  for (const char* schema :
       {R"({"$ref":"#"})", R"({"allOf":[{"$ref":"#"}]})",
        R"({"definitions":{"a":{"$ref":"#/definitions/b"},"b":{"$ref":"#/definitions/a"}}})",
        R"({"not":{"if":{"$ref":"#"}}})", R"({"dependencies":{"a":{"$ref":"#"}}})"})
    EXPECT_NE(findings(schema).find("refers to itself for the same value"), std::string::npos) << schema;
  EXPECT_TRUE(compiles(R"({"properties":{"a":{"$ref":"#"}},"items":{"$ref":"#"},"contains":{"$ref":"#"}})"));
}

TEST(SchemaErrors, RefusePatternsThatNeedToGoBack) {
  EXPECT_NE(findings(R"x({"pattern":"^(?!x)"})x").find("error /pattern is no pattern that RE2 knows"),
            std::string::npos);
  EXPECT_NE(findings(R"({"pattern":"(a)\\1"})").find("error /pattern is no pattern"), std::string::npos);
  EXPECT_NE(findings(R"({"patternProperties":{"[":{}}})").find("error /patternProperties/[ is no pattern"),
            std::string::npos);
  EXPECT_FALSE(compiles(R"({"pattern":"((a{100}){100}){100}"})"));
}

TEST(SchemaErrors, KeepWithinTheLimits) {
  EXPECT_NE(findings("{\"description\":\"" + many_of("x", kSchemaBytesMax) + "\"}").find("allowed: 64 KiB"),
            std::string::npos);
  EXPECT_NE(findings(many_of("{\"not\":", 40) + "{}" + many_of("}", 40)).find("nested deeper"),
            std::string::npos);
  EXPECT_TRUE(compiles(many_of("{\"items\":", 30) + "{}" + many_of("}", 30)));
  EXPECT_NE(findings("{\"allOf\":[{}" + many_of(",{}", kSubschemasMax) + "]}").find("more than 1000 schemas"),
            std::string::npos);
  std::string patterns;
  for (size_t i = 0; i <= kPatternsMax; ++i)
    patterns += (i == 0 ? "\"" : ",\"") + std::to_string(i) + "\":{}";
  EXPECT_NE(findings("{\"patternProperties\":{" + patterns + "}}").find("more than 64 patterns"),
            std::string::npos);
}

TEST(SchemaErrors, RefuseNamesThatTheLibraryWouldCut) {
  EXPECT_NE(findings(R"({"properties":{"a\u0000b":{}}})").find("holds a U+0000"), std::string::npos);
  EXPECT_NE(findings(R"({"required":["a\u0000b"]})").find("holds a U+0000"), std::string::npos);
}

TEST(SchemaWarnings, NameKeywordsWithoutEffect) {
  EXPECT_EQ(
      findings(R"({"properties":{"a":{"minLenght":1}}})"),
      "warning /properties/a/minLenght is no keyword of draft 7 and has no effect (did you mean `minLength`?)\n");
  EXPECT_EQ(findings(R"({"dependentRequired":{}})"),
            "warning /dependentRequired is no keyword of draft 7 and has no effect (write `dependencies`)\n");
  EXPECT_EQ(
      findings(R"({"definitions":{"a":{"prefixItems":[]}}})"),
      "warning /definitions/a/prefixItems is no keyword of draft 7 and has no effect (write `items` with an "
      "array)\n");
}

TEST(SchemaWarnings, NameFormatsAndDraftsThatAreNotChecked) {
  EXPECT_EQ(
      findings(R"({"format":"email"})"),
      "warning /format is 'email', a format that has no effect here (date, time and date-time are checked; write "
      "a `pattern` for others)\n");
  EXPECT_EQ(findings(R"({"$schema":"https://json-schema.org/draft/2020-12/schema"})"),
            "warning /$schema names another draft; the schema is read as draft 7\n");
  EXPECT_NE(
      findings(R"({"$ref":"#/definitions/a","type":"string","definitions":{"a":{}}})").find("beside other"),
      std::string::npos);
}

}  // namespace
}  // namespace headgate::routing
