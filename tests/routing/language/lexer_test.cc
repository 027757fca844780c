#include "routing/language/parse/lexer.h"

#include <gtest/gtest.h>

namespace headgate::routing {
namespace {

using Kind = Token::Kind;

std::string joined(std::string_view text, Semantics semantics) {
  std::string out;
  for (const Token& token : tokenize(text, semantics)) {
    if (token.kind != Kind::end)
      out.append(out.empty() ? "" : " ").append(text.substr(token.offset, token.length));
  }
  return out;
}

Kind first(std::string_view text, Semantics semantics = Semantics::strict) {
  return tokenize(text, semantics)[0].kind;
}

struct Split {
  const char* text;
  const char* edgehub;
  const char* strict;
};

TEST(Lexer, TakesTheLongestMatch) {
  constexpr Split kSplits[] = {
      {"a+b", "a+b", "a+b"},
      {"a-b*c", "a-b*c", "a-b*c"},
      {"4%3", "4%3", "4%3"},
      {"a='x'", "a = 'x'", "a = 'x'"},
      {"3/3", "3 / 3", "3 / 3"},
      {"$body.t>5", "$body.t > 5", "$body.t > 5"},
      {"$body.t+1", "$body.t+1", "$body.t+1"},
      {"it's", "it's", "it's"},
      {"a<>b", "a <> b", "a <> b"},
      {"a!b", "a!b", "a!b"},
      {"f(a,b)", "f ( a , b )", "f ( a , b )"},
      {"{ $a }", "{ $a }", "{ $a }"},
      {"a/*c*/=b", "a = b", "a = b"},
      {"a??b", "a ?? b", "a ?? b"},
      {"$body.a[1].b", "$body.a[1].b", "$body.a[1].b"},
      // What strict cuts elsewhere.
      {"key1!='a'", "key1! = 'a'", "key1 != 'a'"},
      {"$body.t!=5", "$body.t! = 5", "$body.t != 5"},
      {"'x'||'y'", "'x'||'y'", "'x' || 'y'"},
      {"'x' ||'y'", "'x' ||'y'", "'x' || 'y'"},
      {"-$body.t", "-$body.t", "- $body.t"},
      {"FROM /a/* x /*c*/ INTO", "FROM / a INTO", "FROM / a / * x INTO"},
      {"FROM /* x /*c*/ INTO", "FROM INTO", "FROM / * x INTO"},
      {"FROM /*c*/ /a INTO", "FROM / a INTO", "FROM / a INTO"},
      {"FROM /a /*c*/ INTO", "FROM / a INTO", "FROM / a INTO"},
      {"FROM /a/* GROUP BY $b/*c*/ INTO", "FROM / a INTO", "FROM / a / * GROUP BY $b INTO"},
      {"FROM /from/* WHERE /*c*/ x", "FROM / from x", "FROM / from / * WHERE x"},
  };
  for (const Split& split : kSplits) {
    EXPECT_EQ(joined(split.text, Semantics::edgehub), split.edgehub);
    EXPECT_EQ(joined(split.text, Semantics::strict), split.strict);
  }
}

TEST(Lexer, TellsNumbersFromNames) {
  for (const char* integer : {"0", "42", "-7"}) EXPECT_EQ(first(integer), Kind::integer) << integer;
  for (const char* real : {"1.5", ".5", "-.5e3", "1e5", "1E-5", "-2e+3"})
    EXPECT_EQ(first(real), Kind::real) << real;
  for (const char* name : {"5.", "1.2.3", "5m", "1e", "e", "0x", "0xg", "-0x1", "--1"})
    EXPECT_EQ(first(name), Kind::name) << name;
  EXPECT_EQ(first("0xFf"), Kind::hex);
  EXPECT_EQ(first("e5"), Kind::name);
  EXPECT_EQ(first("e5", Semantics::edgehub), Kind::real);
}

TEST(Lexer, KnowsKeywordsInAnyCaseAndLiteralsInLowerCase) {
  EXPECT_EQ(first("sElEcT"), Kind::select_word);
  EXPECT_EQ(first("Not"), Kind::not_word);
  EXPECT_EQ(first("true"), Kind::true_word);
  EXPECT_EQ(first("True"), Kind::name);
  EXPECT_EQ(first("undefined"), Kind::undefined_word);
  EXPECT_EQ(first("group"), Kind::name);
}

TEST(Lexer, ResolvesEscapes) {
  EXPECT_EQ(unquote(R"('a\'b\"c\\d')"), "a'b\"c\\d");
  EXPECT_EQ(unquote(R"("\u00e4\u20AC\ud83d\ude00")"), "ä€😀");
  EXPECT_EQ(unquote(R"('\ud83d')"), "\xEF\xBF\xBD");
  EXPECT_EQ(first(R"('\n')"), Kind::bad_escape);
  EXPECT_EQ(first(R"('\u12')"), Kind::bad_escape);
  EXPECT_EQ(first("'abc"), Kind::unterminated_string);
  EXPECT_EQ(first("'line\nbreak'"), Kind::string);
}

TEST(Lexer, EndsWithTheEnd) {
  EXPECT_EQ(first(""), Kind::end);
  EXPECT_EQ(first(" /* only a comment */ "), Kind::end);
  EXPECT_EQ(tokenize("a ", Semantics::strict).back().offset, 2u);
}

}  // namespace
}  // namespace headgate::routing
