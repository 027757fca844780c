// Every ```route block of docs/route-language.md compiles without a finding, and its example of an error
// is what the compiler says.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "routing/table/compile.h"

namespace headgate::routing {
namespace {

std::string document() {
  std::ifstream file(HEADGATE_ROUTE_LANGUAGE_MD);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// The contents of the fenced blocks whose fence is exactly "```" + `info`.
std::vector<std::string> blocks(std::string_view info) {
  std::vector<std::string> found;
  std::istringstream lines(document());
  std::string line;
  while (std::getline(lines, line)) {
    if (!line.starts_with("```")) continue;
    const bool wanted = line.substr(3) == info;
    std::string block;
    while (std::getline(lines, line) && line != "```") block += line + "\n";
    if (wanted) found.push_back(std::move(block));
  }
  return found;
}

void expect_clean(const std::string& text, Semantics semantics) {
  std::vector<Diagnostic> found;
  EXPECT_TRUE(compile_route(text, semantics, BodyMode::auto_detect, found)) << text;
  for (const Diagnostic& d : found) ADD_FAILURE() << render(d, text);
}

TEST(Document, ShowsRoutesThatCompile) {
  const auto strict = blocks("route");
  EXPECT_GE(strict.size(), 6u);
  for (const std::string& text : strict) expect_clean(text, Semantics::strict);
  const auto edgehub = blocks("route edgehub");
  EXPECT_GE(edgehub.size(), 1u);
  for (const std::string& text : edgehub) expect_clean(text, Semantics::edgehub);
}

TEST(Document, ShowsErrorsAsTheyAre) {
  const std::string text = "FROM /messages/* WHERE temp > 100 INTO $upstrem";
  std::vector<Diagnostic> found;
  EXPECT_FALSE(compile_route(text, Semantics::strict, BodyMode::auto_detect, found));
  std::string rendered;
  for (const Diagnostic& d : found) rendered += render(d, text);
  EXPECT_NE(document().find("```\n" + rendered + "```\n"), std::string::npos) << rendered;
}

}  // namespace
}  // namespace headgate::routing
