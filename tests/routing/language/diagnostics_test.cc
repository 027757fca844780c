// What the compiler says, word for word: operators read it.
#include "routing/language/diagnostics.h"

#include <gtest/gtest.h>

#include "routing/table/compile.h"

namespace headgate::routing {
namespace {

std::string findings(const std::string& text, Semantics semantics = Semantics::strict) {
  std::vector<Diagnostic> found;
  const bool compiled = compile_route(text, semantics, BodyMode::auto_detect, found).has_value();
  std::string rendered;
  for (const Diagnostic& diagnostic : found) rendered += render(diagnostic, text);
  return rendered + (compiled ? "" : "left out\n");
}

TEST(Diagnostics, SuggestAsNumberForProperties) {
  EXPECT_EQ(findings("FROM /messages WHERE temp > 100 INTO $upstream"),
            "1:22: error: cannot compare a string with a number\n"
            "  FROM /messages WHERE temp > 100 INTO $upstream\n"
            "                       ^^^^^^^^^^\n"
            "  help: properties are strings; write `as_number(temp) > 100`\n"
            "left out\n");
}

TEST(Diagnostics, TellAllMistakesOfARouteWithTheirLines) {
  EXPECT_EQ(findings("FROM /messages\nWHERE temp > 5\n  AND nope(1) = 2\nINTO $upstrem"),
            "2:7: error: cannot compare a string with a number\n"
            "  WHERE temp > 5\n"
            "        ^^^^^^^^\n"
            "  help: properties are strings; write `as_number(temp) > 5`\n"
            "3:7: error: there is no function `nope`\n"
            "    AND nope(1) = 2\n"
            "        ^^^^\n"
            "4:6: error: there is no sink `$upstrem`\n"
            "  INTO $upstrem\n"
            "       ^^^^^^^^\n"
            "  help: did you mean `$upstream`?\n"
            "left out\n");
}

TEST(Diagnostics, CountCharactersAndKeepTabsUnderTabs) {
  EXPECT_EQ(findings("\tFROM 'ünï/#'\tWHERE a == 'b' INTO $null"),
            "1:24: error: `==` is not an operator\n"
            "  \tFROM 'ünï/#'\tWHERE a == 'b' INTO $null\n"
            "  \t            \t         ^\n"
            "  help: write `=`\n"
            "left out\n");
}

TEST(Diagnostics, WarnAboutNamesThatLookLikeSums) {
  EXPECT_EQ(findings("FROM /messages WHERE $body.a-b > 5 INTO $upstream"),
            "1:22: warning: `$body.a-b` is one name\n"
            "  FROM /messages WHERE $body.a-b > 5 INTO $upstream\n"
            "                       ^^^^^^^^^\n"
            "  help: if you mean the operator, write `$body.a - b`\n");
}

TEST(Diagnostics, WarnAboutWhatEdgeHubIgnores) {
  EXPECT_EQ(findings("FROM /messages/* INTO $upstream WHERE x = 'y'  ", Semantics::edgehub),
            "1:33: warning: edgeHub ignores what follows the sink\n"
            "  FROM /messages/* INTO $upstream WHERE x = 'y'  \n"
            "                                  ^^^^^^^^^^^^^\n");
}

struct Case {
  const char* text;
  const char* message;
  const char* suggestion;
};

// The first finding of routes that are all wrong in one place.
constexpr Case kCases[] = {
    {"", "the route is empty", "write FROM /messages/* INTO $upstream"},
    {"FORM /messages INTO $upstream", "expected FROM, found `FORM`", "did you mean `FROM`?"},
    {"FROM messages/* INTO $null", "a source starts with `/`",
     "write `/messages`, or `'messages'` for an MQTT topic filter"},
    {"FROM /messages/* WHRE a = 'b' INTO $null", "expected WHERE or INTO, found `WHRE`",
     "did you mean `WHERE`?"},
    {"FROM /messages/events INTO $null", "this source never matches: no message has this source",
     "sources are /messages/*, /messages/modules/<module>/*, /messages/modules/<module>/outputs/<output> "
     "and "
     "quoted topic filters"},
    {"FROM 'a+/b' INTO $null", "not a valid MQTT topic filter",
     "`+` stands for one whole level, `#` for the rest: 'plant/+/temperature', 'plant/#'"},
    {"FROM '$SYS/#' INTO $null", "topics that begin with `$` are never routed", ""},
    {"FROM 'modules/m/inputs/i' INTO $null", "module inputs are never routed",
     "route the output that feeds the input"},
    {"SELECT FROM /messages INTO $null", "expected `*` or a value after SELECT",
     "write SELECT $body.temp AS temp, or SELECT * for the message as it is"},
    {"FROM 'a' INTO $upstream, ", "the text ends here; expected a sink after INTO",
     R"(sinks are $upstream, BrokeredEndpoint("/modules/<module>/inputs/<input>"), Topic('<topic>'), Upstream('<topic>'), $deadletter and $null)"},
    {"FROM /messages INTO $upstream WHERE a = 'b'", "the route ends at its sink; this follows it",
     "write FROM … WHERE … INTO …"},
    {"FROM /messages INTO", "the text ends here; expected a sink after INTO",
     R"(sinks are $upstream, BrokeredEndpoint("/modules/<module>/inputs/<input>"), Topic('<topic>'), Upstream('<topic>'), $deadletter and $null)"},
    {"FROM /messages INTO upstream", "expected a sink, found `upstream`", "did you mean `$upstream`?"},
    {"FROM /messages INTO '/modules/m/inputs/i'", "expected a sink, found `'/modules/m/inputs/i'`",
     R"(write BrokeredEndpoint("/modules/<module>/inputs/<input>"))"},
    {"FROM /messages INTO BrokerEndpoint('/modules/m/inputs/i')", "there is no sink `BrokerEndpoint`",
     "did you mean `BrokeredEndpoint`?"},
    {"FROM /messages INTO BrokeredEndpoint('/m/i')", "not the address of a module's input",
     R"(write "/modules/<module>/inputs/<input>")"},
    {"FROM /messages INTO Topic('a/#')", "not a valid MQTT topic name",
     "a topic to publish to has no `+` and no `#`"},
    {"FROM /messages INTO Topic('$a')", "topics that begin with `$` belong to the hub",
     "begin it with another level"},
    {"FROM /messages INTO Topic('modules/m/inputs/i')", "module inputs are not published to as topics",
     R"(write BrokeredEndpoint("/modules/m/inputs/i"))"},
    {"FROM /messages WHERE INTO $null", "WHERE has no condition", "leave WHERE out"},
    {"FROM /messages WHERE a = 'b'", "the text ends here; expected INTO", ""},
    {"FROM /messages WHERE (a = 'b' INTO $null", "missing closing `)`", ""},
    {"FROM /messages WHERE (a = 'b')) INTO $null", "unmatched closing `)`", ""},
    {"FROM /messages WHERE a = 'b INTO $null", "unterminated string",
     "close it with the quote that opened it"},
    {"FROM /messages WHERE a = 'b\\n' INTO $null", "unknown escape `\\n` in a string",
     R"(write \\ for a backslash; the others are \" \' and \uXXXX)"},
    {"FROM /messages WHERE a = 'b' && c = 'd' INTO $null", "`&&` is not an operator", "write `AND`"},
    {"FROM /messages WHERE a = 'b' || c = 'd' INTO $null", "cannot compare a boolean with a string",
     "`||` joins strings; the logical operator is `OR`"},
    {"FROM /messages WHERE a LIKE 'b%' INTO $null", "there is no operator `LIKE`",
     "write `starts_with(…)`, `ends_with(…)` or `contains(…)`"},
    {"FROM /messages WHERE length(a) -5 > 1 INTO $null", "`-5` is one number here, not a subtraction",
     "write `- 5`"},
    {"FROM /messages WHERE length(a) -b > 1 INTO $null", "`-b` is one name here, not a subtraction",
     "write `- b`"},
    {"FROM /messages WHERE -foo = 'a' INTO $null", "`-foo` is one name", "operators need blanks around them"},
    {"FROM /messages WHERE a+b = 'a' INTO $null", "`a+b` is one name",
     "if you mean the operator, write `a + b`"},
    {"FROM /messages WHERE as_number(a-b) = 1 INTO $null", "`a-b` is one name",
     "if you mean the operator, write `a - b`"},
    {"FROM /messages WHERE NOT a = 'b' INTO $null", "`NOT` needs a boolean, this is a string",
     "NOT binds tighter than `=`; write `NOT (a = 'b')`"},
    {"FROM /messages WHERE a-b > 5 INTO $null", "cannot compare a string with a number",
     "`a-b` is one name; write `a - b`"},
    {"FROM /messages WHERE a AND b INTO $null", "`AND` needs two booleans, these are a string and a string",
     "compare the property: `a = '…'`"},
    {"FROM /messages WHERE a ?? 'b' = 'c' INTO $null",
     "`??` needs two values of one type, these are a string and a boolean",
     "`??` binds last; write `(a ?? 'b') = …`"},
    {"FROM /messages WHERE 'a' + 'b' = 'ab' INTO $null",
     "`+` needs two numbers, these are a string and a string", "strings are joined with `||`"},
    {"FROM /messages WHERE flag = true INTO $null", "cannot compare a string with a boolean",
     "properties are strings; write `flag = 'true'`"},
    {"FROM /messages WHERE flag = null INTO $null", "cannot compare a string with null",
     "write `NOT is_defined(flag)`"},
    {"FROM /messages WHERE flag INTO $null", "a condition must be true or false, this is a string",
     "write `flag = '…'` or `is_defined(flag)`"},
    {"FROM /messages WHERE TRUE INTO $null", "`TRUE` is the name of a property",
     "if you mean the literal, write `true` in lower case"},
    {"FROM /messages WHERE null INTO $null", "this condition is never true, so the route matches nothing",
     ""},
    {"FROM /messages WHERE as_numbr(a) > 1 INTO $null", "there is no function `as_numbr`",
     "did you mean `as_number`?"},
    {"FROM /messages WHERE -abs(1) = 1 INTO $null", "there is no function `-abs`", "write `- abs(…)`"},
    {"FROM /messages WHERE length(5) = 1 INTO $null", "`length` cannot take a number here",
     "the function is `length(string)`"},
    {"FROM /messages WHERE substring(a) = 'b' INTO $null", "wrong number of arguments: 1",
     "the function is `substring(string, number[, number])`"},
    {"FROM /messages WHERE $body.a[x] = 1 INTO $null", "not a path into the body",
     "write `$body.name.name[0].name`; names are separated by one dot"},
    {"FROM /messages WHERE a[0] = 'x' INTO $null", "a name cannot hold `[` or `]`",
     "only body paths have an index: `$body.a[0]`"},
    {"FROM /messages WHERE from = 'x' INTO $null", "`from` is a keyword and cannot be a property's name here",
     ""},
    {"FROM /messages WHERE a = 'b';", "expected an operator or INTO, found `;`", ""},
};

TEST(Diagnostics, NameTheMistakeAndTheWayOut) {
  for (const Case& c : kCases) {
    std::vector<Diagnostic> found;
    (void)compile_route(c.text, Semantics::strict, BodyMode::auto_detect, found);
    ASSERT_FALSE(found.empty()) << c.text;
    EXPECT_EQ(found[0].message, c.message) << c.text;
    EXPECT_EQ(found[0].suggestion, c.suggestion) << c.text;
  }
}

TEST(Diagnostics, PointAtTheFirstWrongToken) {
  std::vector<Diagnostic> found;
  (void)compile_route("FROM /messages WHERE a = 'b' OR OR c = 'd' INTO $null", Semantics::strict,
                      BodyMode::auto_detect, found);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].column, 33u);
  EXPECT_EQ(found[0].length, 2u);
}

TEST(Limits, RefuseWhatIsTooLong) {
  const std::string text = "FROM /messages WHERE a = '" + std::string(kRouteBytesMax, 'x') + "' INTO $null";
  EXPECT_NE(findings(text).find("the route is longer than 32768 bytes"), std::string::npos);
}

TEST(Limits, RefuseWhatIsTooDeep) {
  const auto nested = [](size_t depth) {
    return "FROM /messages WHERE " + std::string(depth, '(') + "true" + std::string(depth, ')') +
           " INTO $null";
  };
  EXPECT_EQ(findings(nested(kNestingDepthMax - 1)), "");
  EXPECT_NE(findings(nested(kNestingDepthMax)).find("the condition is nested deeper than 64 levels"),
            std::string::npos);
  EXPECT_NE(findings("FROM /messages WHERE " + std::string(2000, '-') + " 1 = 1 INTO $null").find("left out"),
            std::string::npos);
}

TEST(Limits, RefuseWhatHasTooManyParts) {
  const auto sum = [](size_t terms) {
    std::string text = "FROM /messages WHERE 1 = 1";
    for (size_t i = 1; i < terms; ++i) text += " + 1";
    return text + " INTO $null";
  };
  EXPECT_EQ(findings(sum(kNodesMax / 2 - 1)), "");
  EXPECT_NE(findings(sum(kNodesMax / 2 + 1)).find("the condition has more than 4096 parts"),
            std::string::npos);
}

TEST(Limits, RefuseFiltersWithTooManyLevels) {
  std::string filter(kTopicLevelsMax, '/');
  EXPECT_NE(findings("FROM '" + filter + "' INTO $null").find("more than 128 levels"), std::string::npos);
  filter.pop_back();
  EXPECT_EQ(findings("FROM '" + filter + "' INTO $null"), "");
}

TEST(Diagnostics, NameTypographicQuotesByTheirCodePoint) {
  EXPECT_EQ(findings("FROM \u2018plant/#\u2019 INTO $upstream"),
            "1:6: error: U+2018 LEFT SINGLE QUOTATION MARK is no part of the language\n"
            "  FROM \u2018plant/#\u2019 INTO $upstream\n"
            "       ^\n"
            "  help: write `'`\n"
            "1:14: error: U+2019 RIGHT SINGLE QUOTATION MARK is no part of the language\n"
            "  FROM \u2018plant/#\u2019 INTO $upstream\n"
            "               ^\n"
            "  help: write `'`\n"
            "left out\n");
}

TEST(Diagnostics, NameWhatCannotBeSeen) {
  for (const auto& [text, name] :
       {std::pair("FROM\u00A0/* INTO $upstream", "U+00A0 NO-BREAK SPACE"),
        {"\uFEFFFROM /* INTO $upstream", "U+FEFF ZERO WIDTH NO-BREAK SPACE"},
        {"FROM /* WHERE a\u200B = '1' INTO $upstream", "U+200B ZERO WIDTH SPACE"},
        {"FROM /* WHERE $body.a \u2265 1 INTO $upstream", "U+2265 GREATER-THAN OR EQUAL"}}) {
    EXPECT_NE(findings(text).find(name), std::string::npos) << findings(text);
    EXPECT_NE(findings(text).find("left out"), std::string::npos) << text;
  }
}

TEST(Diagnostics, WarnInAQuotedTextOnlyOfWhatCannotBeSeen) {
  EXPECT_EQ(findings("FROM 'Caf\u00E9 \u2019t/#' INTO $upstream"), "");
  const std::string found = findings("FROM 'a\u00A0b/#' INTO $upstream");
  EXPECT_NE(found.find("warning: U+00A0 NO-BREAK SPACE in a quoted text"), std::string::npos) << found;
  EXPECT_EQ(found.find("left out"), std::string::npos);
}

TEST(Diagnostics, KeepTheMeaningThatEdgeHubGivesToSuchCharacters) {
  const std::string found = findings("FROM /* WHERE a\u2019s = '1' INTO $upstream", Semantics::edgehub);
  EXPECT_NE(found.find("warning: U+2019 RIGHT SINGLE QUOTATION MARK is part of a name"), std::string::npos)
      << found;
  EXPECT_EQ(found.find("left out"), std::string::npos);
}

TEST(Diagnostics, CutALongLineAroundThePlace) {
  const std::string route = "FROM /* WHERE a = '" + std::string(5'000, 'x') + "' AND \u00E9 > 5 AND b = '" +
                            std::string(5'000, 'y') + "' INTO $upstream";
  EXPECT_EQ(findings(route),
            "1:5026: error: cannot compare a string with a number\n"
            "  …" +
                std::string(94, 'x') + "' AND \u00E9 > 5 AND b = '" + std::string(84, 'y') + "…\n" + "   " +
                std::string(100, ' ') + "^^^^^\n" +
                "  help: properties are strings; write `as_number(\u00E9) > 5`\nleft out\n");
}

TEST(Diagnostics, WarnOfASystemPropertyThatThereIsNot) {
  EXPECT_EQ(findings("FROM /* WHERE $conectionModuleId = 'm' INTO $upstream"),
            "1:15: warning: there is no system property `$conectionModuleId`\n"
            "  FROM /* WHERE $conectionModuleId = 'm' INTO $upstream\n"
            "                ^^^^^^^^^^^^^^^^^^\n"
            "  help: did you mean `$connectionModuleId`?\n");
  EXPECT_NE(findings("FROM /* WHERE {$nothing} = 'm' INTO $upstream").find("there is no system property"),
            std::string::npos);
}

TEST(Diagnostics, DoNotWarnOfSystemPropertiesThatThereAre) {
  for (const char* name :
       {"$connectionModuleId", "$CONNECTIONDEVICEID", "$topic", "$cid", "$iothub-interface-id", "$.mid"})
    EXPECT_EQ(findings("FROM /* WHERE " + std::string(name) + " = 'x' INTO $upstream"), "") << name;
}

TEST(Diagnostics, ShowTheirPlaceInALineWithoutAnyCharacters) {
  const std::string text = "FROM " + std::string(2'000, '\xA0') + " x";
  for (size_t offset = 0; offset <= text.size(); ++offset) {
    Diagnostics diagnostics(text);
    diagnostics.error(offset, 1, "wrong");
    EXPECT_NE(render(diagnostics.take().front(), text).find('^'), std::string::npos);
  }
}

}  // namespace
}  // namespace headgate::routing
