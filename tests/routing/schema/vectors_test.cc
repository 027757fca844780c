// Each keyword against bodies that conform and bodies that do not: vectors.txt.
#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <string>
#include <string_view>

#include "routing/schema/keywords.h"
#include "routing/schema/schema.h"

namespace headgate::routing {
namespace {

class Vectors {
 public:
  // Calls take() with each line that is no comment.
  template <typename Take>
  static size_t each(const Take& take) {
    std::ifstream file(HEADGATE_SCHEMA_VECTORS);
    size_t count = 0;
    for (std::string line; std::getline(file, line);) {
      if (line.empty() || line.starts_with('#')) continue;
      ++count;
      take(line);
    }
    return count;
  }
};

std::shared_ptr<const Schema> compiled(std::string_view text) {
  const CompiledSchema compiled = compile_schema(text, "s.json");
  for (const SchemaFinding& it : compiled.findings)
    ADD_FAILURE() << text << ": " << it.pointer << " " << it.what;
  return compiled.schema;
}

TEST(SchemaVectors, GiveTheVerdictOfDraftSevenAndSayWhy) {
  std::shared_ptr<const Schema> schema;
  std::string text;
  SchemaChecker checker;
  const size_t lines = Vectors::each([&](const std::string& line) {
    if (line.starts_with("schema ")) return schema = compiled(text = line.substr(7)), void();
    ASSERT_NE(schema, nullptr) << text;
    const size_t colon = line.starts_with('-') ? line.rfind(" : ") : line.size();
    const std::string body = line.substr(2, colon - 2);
    Violation why;
    const Conformance verdict = checker.check(*schema, body, &why);
    EXPECT_EQ(verdict, line.starts_with('+') ? Conformance::yes : Conformance::no)
        << text << " against " << body;
    const std::string reason = line.starts_with('-') ? line.substr(colon + 3) : "the value ";
    EXPECT_EQ(why.text(), reason) << text << " against " << body;
    EXPECT_EQ(checker.check(*schema, body), verdict) << "without a reason: " << text << " against " << body;
  });
  EXPECT_GT(lines, 200u);
}

TEST(SchemaVectors, HaveEachKeyword) {
  std::string schemas;
  Vectors::each([&](const std::string& line) {
    if (line.starts_with("schema ")) schemas += line;
  });
  for (const Keyword& keyword : keywords()) {
    if (keyword.value == KeywordValue::remark) continue;
    EXPECT_NE(schemas.find('"' + std::string(keyword.name) + '"'), std::string::npos) << keyword.name;
  }
}

}  // namespace
}  // namespace headgate::routing
