// The conformance vectors of edgeHub's conditions, each under both semantics. A vector that strict reads
// differently names its own expectation; the reasons stand in docs/route-language.md.
#include <gtest/gtest.h>

#include "routing/evaluation/evaluator.h"
#include "routing/language/check/checker.h"
#include "routing/language/parse/parser.h"
#include "routing/table/compile.h"
#include "tests/routing/table/table_fields.h"

namespace headgate::routing {
namespace {

// yes, no, undefined, compile error.
enum class Expect { T, F, U, CE };
using enum Expect;

struct Vector {
  const char* condition;
  Expect edgehub;
  Expect strict;
};

// Same under both semantics.
constexpr Vector both(const char* condition, Expect expected) { return {condition, expected, expected}; }

std::string replace_all(std::string text, std::string_view from, std::string_view to) {
  for (size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
  return text;
}

class Vectors : public ::testing::Test {
 protected:
  static TableFields message_one() {
    return {{{"key1", "value1"},
             {"key2", "3"},
             {"key3", "VALUE3"},
             {"null_value", std::nullopt},
             {"$sys4", "value4"}},
            {{"sys1", "sysvalue1"},
             {"sys2", "4"},
             {"sys3", "SYSVALUE3"},
             {"sysnull", std::nullopt},
             {"sys4", "sysvalue4"}}};
  }

  static TableFields message_two() {
    return {{{"City", "Redmond"},
             {"$State", "WA"},
             {"$body.message.Weather.Temperature_PropertyConflict", "100"},
             {"IntegerProperty", "110"}},
            {{"State", "CA"}, {"$body.message.Weather.Location.State", "CA"}},
            R"({"message":{"Weather":{"Temperature":50,"FreezingTemperature":-50.4,"PreciseTemperature":50.4,
                "Temperature_PropertyConflict":50,"NullValue":null,"Time":"2017-03-09T00:00:00.000Z",
                "PrevTemperatures":[20,30,40],"IsEnabled":true,"IsDisabled":false,
                "Location":{"Street":"One Microsoft Way","City":"Redmond","State":"WA"},
                "HistoricalData":[{"Month":"Feb","Temperature":40},{"Month":"Jan","Temperature":30}]}}})"};
  }

  static Expect run(const std::string& text, Semantics semantics, Fields& fields) {
    Diagnostics found(text);
    Expression condition = parse_condition(text, semantics, found);
    check(condition, semantics, found);
    const Expect verdict = found.has_errors() ? CE : decide(condition, semantics, fields);
    const bool blank = text.find_first_not_of(' ') == std::string::npos;  // no condition, and WHERE needs one
    for (const char* select : {"", "SELECT * "}) {
      if (blank) break;
      const std::string route = select + ("FROM /messages/events WHERE " + text + " INTO $upstream");
      EXPECT_STREQ(name(run_route(route, semantics, fields)), name(verdict)) << route;
    }
    return verdict;
  }

  static Expect run_route(const std::string& text, Semantics semantics, Fields& fields) {
    std::vector<Diagnostic> found;
    const auto route = compile_route(text, semantics, BodyMode::declared, found);
    if (!route) return CE;
    EXPECT_TRUE(route->query.passes_on() && !route->query.has_state()) << text;
    return decide(route->condition, semantics, fields);
  }

  static Expect decide(const Expression& condition, Semantics semantics, Fields& fields) {
    if (condition.empty()) return U;
    switch (Evaluator().decide(condition, {semantics, BodyMode::declared}, fields)) {
      case Truth::yes:
        return T;
      case Truth::no:
        return F;
      case Truth::undefined:
        return U;
    }
    return CE;
  }

  static const char* name(Expect expect) {
    static constexpr const char* kNames[] = {"T", "F", "U", "CE"};
    return kNames[static_cast<int>(expect)];
  }

  static void expect_all(std::initializer_list<Vector> vectors, TableFields fields) {
    for (const Vector& vector : vectors) {
      const std::string text = replace_all(vector.condition, "W.", "$body.message.Weather.");
      EXPECT_STREQ(name(run(text, Semantics::edgehub, fields)), name(vector.edgehub)) << "edgehub: " << text;
      EXPECT_STREQ(name(run(text, Semantics::strict, fields)), name(vector.strict)) << "strict: " << text;
    }
  }
};

TEST_F(Vectors, LiteralsAndThreeValuedLogic) {
  expect_all({both("", U),
              both("  ", U),
              {"3", U, CE},
              {"'a string'", U, CE},
              both("true", T),
              both("false", F),
              both("undefined", U),
              both("true = false", F),
              both("true = true", T),
              both("undefined or true", T),
              both("undefined or false", U),
              both("true or undefined", T),
              both("false or undefined", U),
              both("undefined or undefined", U),
              both("true and undefined", U),
              both("false and undefined", F),
              both("undefined and false", F),
              both("undefined and undefined", U),
              both("undefined < undefined", U),
              both("none = 'true' or true", T),
              both("none = 'true' or false", U),
              both("none = 'true' and false", F),
              both("none = 'true' and true", U),
              both("not (none = 'true')", U),
              both("is_defined(undefined and true)", F)},
             message_one());
}

TEST_F(Vectors, PropertiesAreStringsLookedUpInAnyCase) {
  expect_all({both("key2 = '3'", T),
              both("KEY1 = \"value1\"", T),
              both("key1 = \"value2\"", F),
              both("none = 'x'", U),
              both("is_defined(none = \"4\")", F),
              both("$sys1 = 'sysvalue1'", T),
              both("$sys2 = '4'", T),
              both("as_number($sys2) = 4", T),
              both("is_defined($none)", F),
              both("$sys4 = 'value4'", T),
              both("{$sys4} = 'sysvalue4'", T),
              both("{ $sys1 } = 'sysvalue1'", T),
              both("sys1 = 'sysvalue1'", U),
              both("key1 = 'value1' and KEY3 = 'VALUE3'", T),
              {"$body", U, CE}},
             message_one());
}

TEST_F(Vectors, NullIsAValueOfItsOwn) {
  expect_all({both("null", F), both("not null", T), both("null and null", F),
              both("(null and null) = null", T), both("(null and true) = null", T),
              both("(null and false) = null", T), both("null or true", T), both("null or false", F),
              both("(null or null) = null", T), both("null = null", T), both("null < null", F)},
             message_one());
}

TEST_F(Vectors, CoalesceTakesTheFirstDefinedOfOneType) {
  expect_all(
      {both("(as_number(key1) ?? 12.34) = 12.34", T), both("(3 % 0 ?? 12.34) = 12.34", T),
       both("(key1 ?? 'hello') = 'value1'", T), both("(none ?? none ?? 'hello') = 'hello'", T),
       both("(none ?? none) = 'value'", U), both("undefined ?? undefined", U), both("(key1 ?? 12.34)", CE),
       both("(12.34 ?? key1)", CE), both("(key1 ?? null)", CE), both("key1 ?? \"hello\" = \"value1\"", CE)},
      message_one());
}

TEST_F(Vectors, ArithmeticIsOnNumbersOnly) {
  expect_all({both("3 + 4 = 7", T),
              both("3 - 4 = -1", T),
              both("3 * 4 = 12", T),
              both("3 / 4 = 0.75", T),
              both("4 % 3 = 1", T),
              both("-(3 + 4) = -7", T),
              both("-1 < 0", T),
              both("3 + 4 <= 7", T),
              both("0x1F = 31", T),
              both("1e3 = 1000", T),
              both(".5 = 0.5", T),
              both("2 + 3 * 4 = 14", T),
              both("10 - 4 - 3 = 3", T),
              both("3 + '4' = 7", CE),
              both("is_defined('a' + 'b')", CE),
              both("is_defined(3 + undefined)", CE),
              both("is_defined(3 + none)", CE),
              both("is_defined(true * 3)", CE),
              both("is_defined(3 % 0)", F),
              both("is_defined(3 / 0)", T),
              both("is_defined(-undefined)", F)},
             message_one());
}

TEST_F(Vectors, ComparisonsNeedOneType) {
  expect_all({both("'a' < 'b'", T), both("'a' < 'a'", F), both("'a' <= 'a'", T), both("'b' > 'a'", T),
              both("'a' <> 'b'", T), both("'a' != 'a'", F), both("'a' < none", U),
              both("3 < as_number(null_value)", U), both("7 >= 7", T), both("3 = none", CE),
              both("3 > null_value", CE), both("true > false", T), both("key1 = true", CE),
              both("test == true", CE), both("- (key1)", CE), both("is_defined(not key1)", CE),
              both("none = \"", CE), both("NOT key1 = 'x'", CE), both("(null && key1)", CE)},
             message_one());
}

TEST_F(Vectors, AsNumberReadsWhatDotNetReads) {
  expect_all(
      {both("as_number(key2) = 3", T), both("as_number(key1) = 3", U), both("as_number(none) = 3", U),
       both("AS_NUMBER('10e1000') = 1/0", T), both("AS_NUMBER('10e10') = 10e10", T),
       both("as_number(' -3 ') = -3", T), both("as_number('1,234.5') = 1234.5", T),
       both("as_number('(5)') = -5", T), both("as_number('5-') = -5", T), both("as_number('3 4') = 34", U),
       both("as_number('') = 0", U), both("as_number(as_number(4)) * 3 = 12", T),
       both("as_number(true) = 1", CE), both("as_number(null) = 1", CE)},
      message_one());
}

TEST_F(Vectors, TypePredicates) {
  expect_all(
      {both("is_bool(true)", T),          both("is_bool(none)", F),       both("is_bool(12.34)", F),
       both("is_bool(none = 'a')", U),    both("is_number(12.34)", T),    both("is_number(3 / 0)", F),
       both("is_number(3 % 0)", F),       both("is_number('1')", F),      both("is_string(key1)", T),
       both("is_string(null_value)", F),  both("is_string(none)", F),     both("is_string('a' || 'b')", T),
       both("is_null(null)", T),          both("is_null(null_value)", T), both("is_null(none)", F),
       both("is_null(3 / 0)", F),         both("is_defined(key1)", T),    both("is_defined(none)", F),
       both("is_defined(null_value)", T), both("is_defined(null)", T),    both("is_defined(undefined)", F)},
      message_one());
}

TEST_F(Vectors, StringFunctions) {
  expect_all({both("'a' || null_value || 'd' = 'ad'", T),
              both("is_defined('a' || none || 'd')", F),
              both("concat('a', key1, 'd') = 'avalue1d'", T),
              both("concat('a') = 'a'", CE),
              both("concat('a', null) = 'a'", CE),
              both("LENGTH('') = 0", T),
              both("length(key3) = 6", T),
              both("is_defined(length(null_value))", F),
              both("lower(key3) = 'value3'", T),
              both("upper(key1) = 'VALUE1'", T),
              both("substring('abc', 1) = 'bc'", T),
              both("substring('abc', 3) = 'c'", F),
              both("substring('abc', 4) = 'c'", U),
              both("substring('abc', -1) = ''", U),
              both("substring('abc', 1, 1) = 'b'", T),
              both("substring('abc', 1, 0) = ''", T),
              both("substring('abc', 1, -2) = ''", U),
              both("substring('hello', 4, 1) = 'o'", T),
              both("substring('abc', 1, 1 % 0) = ''", U),
              both("index_of('abcdef','cd') = 2", T),
              both("index_of('abc','xz') = -1", T),
              both("index_of(none,'1') = 0", U),
              both("starts_with('abc', key1)", F),
              both("STARTS_WITH(key1, 'val')", T),
              both("contains(none,'1')", U),
              both("contains('value1value1', key1)", T),
              both("ends_with('hello', 12.34)", CE),
              both("ends_with('abc', 'bc')", T)},
             message_one());
}

TEST_F(Vectors, NumberFunctions) {
  expect_all({both("is_defined(abs(3 / 0))", T), both("abs(-12) = 12", T), both("sign(-3 / 0) = -1", T),
              both("sign(0) = 0", T), both("exp(4000) = 3/0", T), both("POWER(10, 4000) = 3/0", T),
              both("power(2, 3) = 8", T), both("square(3) = 9", T), both("SQRT(-4) = -2", U),
              both("sqrt(4) = 2", T), both("ceiling(-2.1) = -2", T), both("floor(-2.1) = -3", T),
              both("abs('1') = 1", CE), both("abs() = 1", CE), both("is_defined(floor(3 % 0))", F)},
             message_one());
}

TEST_F(Vectors, MistakesDoNotCompile) {
  expect_all({both("nope(true) = true", CE), both("(2 + 22 = 24", CE), both("(2 + 22 )) = 24", CE),
              both("key1 = 'a' 'b'", CE), both("and", CE), both("key1 =", CE), both("$body.properties[]", CE),
              both("$body.properties[1:2]", CE), both("$body;@", CE), both("'a\\n' = 'a'", CE)},
             message_one());
}

TEST_F(Vectors, LexerTraps) {
  expect_all({{"key1!='a'", U, T},
              both("key1 != 'a'", T),
              {"$body.t!=5", U, U},
              both("is_defined(a+b)", F),
              both("is_defined(4%3)", F),
              {"'x'||'y' = 'xy'", U, T},
              both("'a' || 'b' = 'ab'", T),
              both("3/3 = 1", T),
              both("key1='value1'", T),
              both("/* a comment */ key1 = 'value1'", T),
              both("x -5 > 1", CE)},
             message_one());
}

TEST_F(Vectors, BodyValuesCompareByTheirOwnType) {
  expect_all({both("50 >= W.Temperature", T),
              both("$BODY.message.Weather.Temperature >= 50", T),
              both("W.Temperature = '50'", F),
              both("W.Temperature <> '100'", T),
              both("W.Temperature = 40 + 10", T),
              both("W.Temperature < 50", F),
              both("W.HistoricalData[0].Temperature - 10 = W.HistoricalData[1].Temperature", T),
              both("W.HistoricalData[0].Month = 'Feb'", T),
              both("W.PrevTemperatures[1] / W.PrevTemperatures[0] = 1.5", T),
              both("W.Location.City = City", T),
              both("W.Location.State = $State", T),
              both("W.IsEnabled", T),
              both("NOT W.IsDisabled", T),
              both("W.IsEnabled OR W.IsDisabled", T),
              both("W.IsEnabled = true", T),
              both("W.IsDisabled OR NOT(W.IsDisabled)", T),
              {"W.Temperature!=5", F, T},
              {"W.Temperature > 'a'", F, U},
              {"W.Location.City > 5", T, U}},
             message_two());
}

TEST_F(Vectors, ApplicationPropertiesHideBodyPathsUnlessBraced) {
  expect_all(
      {both("W.Temperature_PropertyConflict = '100'", T), both("{W.Temperature_PropertyConflict} <> 100", T),
       both("{W.Temperature_PropertyConflict} = 50", T), both("W.Location.State = 'WA'", T),
       both("{W.Location.State} <> 'CA'", T), both("as_number(W.Temperature_PropertyConflict) = 100", T)},
      message_two());
}

TEST_F(Vectors, MissingAndNullBodyFields) {
  expect_all({{"W.InvalidKey <> '100'", T, U},
              both("W.InvalidProperty = null", T),
              both("NOT (W.InvalidProperty != null)", T),
              both("W.NullValue = null", T),
              both("W.Temperature != null", T),
              both("is_null(W.NullValue)", T),
              {"W.InvalidKey > 50", T, U},
              {"is_defined(W.InvalidKey)", T, F},
              {"is_null(W.Temperature)", T, F},
              both("is_null(W.InvalidKey)", F),
              both("$City <> W.InvalidKey", U),
              both("W.HistoricalData[0].Temperature.InvalidKey", U),
              {"(W.InvalidKey ?? 5) = 5", F, T},
              both("W.Location <> null", U),
              {"W.Time <> '100'", U, T},
              both("is_defined(W.Location.Street)", T),
              both("as_number(W.InvalidKey) > 50", U)},
             message_two());
}

TEST_F(Vectors, FunctionsOfBodyValues) {
  expect_all(
      {both("concat(W.Location.Street, ', ', W.Location.City) = 'One Microsoft Way, Redmond'", T),
       both("length(W.Location.State) = 2", T),
       both("power(W.Temperature, length(W.Location.State)) = square(W.Temperature)", T),
       both("substring(W.Location.Street, 4, length('Microsoft')) = 'Microsoft'", T),
       both("abs(W.FreezingTemperature) = 50.4", T), both("ceiling(as_number(W.PreciseTemperature)) = 51", T),
       both("exp((W.Temperature - 49)) < (W.Temperature - 47)", T),
       both("sign(W.FreezingTemperature) = -1", T), both("index_of(W.Location.Street, 'Way') > 6", T),
       both("length(W.Temperature) = 2", U), both("upper(W.Location.Street) = 'ONE MICROSOFT WAY'", T)},
      message_two());
}

TEST_F(Vectors, OperatorsEdgeHubCannotCompile) {
  expect_all({{"true AND W.IsEnabled", CE, T},
              both("W.IsEnabled AND true", T),
              {"W.Temperature % 7 = 1", CE, T},
              {"- W.Temperature = -50", CE, T},
              {"W.IsEnabled AND 'a'", U, CE},
              {"W.IsDisabled AND none = 'x'", U, F},
              {"W.IsEnabled OR none = 'x'", U, T}},
             message_two());
}

TEST_F(Vectors, ABodyThatIsNoObjectIsUndefined) {
  for (const char* body : {"", "not json", "[1]", "50", "\"a\"", "{\"a\":"}) {
    expect_all({both("$body.a = 50", U), both("$body.a = null", U), both("is_defined($body.a)", F)},
               {{}, {}, body});
  }
}

}  // namespace
}  // namespace headgate::routing
