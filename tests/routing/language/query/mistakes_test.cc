// What the compiler says about routes that compute and are wrong: mistakes.txt, word for word. Set HEADGATE_REWRITE to
// write the file anew, and read what changed.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "routing/table/compile.h"

namespace headgate::routing {
namespace {

// A route, and what is said about it.
struct Mistake {
  std::string text;
  std::string said;
};

std::vector<std::string> lines_of(const std::string& path) {
  std::ifstream in(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

// Routes and answers are parted by `----`, their pairs by an empty line; `#` begins a heading.
std::vector<Mistake> read_mistakes(const std::string& path) {
  std::vector<Mistake> mistakes;
  bool in_answer = false;
  bool open = false;
  for (const std::string& line : lines_of(path)) {
    if (line.empty() || line.starts_with('#')) {
      open = in_answer = false;
    } else if (line == "----") {
      in_answer = true;
    } else {
      if (!open) mistakes.emplace_back();
      open = true;
      std::string& part = in_answer ? mistakes.back().said : mistakes.back().text;
      part.append(in_answer || part.empty() ? "" : "\n").append(line).append(in_answer ? "\n" : "");
    }
  }
  return mistakes;
}

std::string answer(const std::string& text) {
  std::vector<Diagnostic> found;
  const bool compiled = compile_route(text, Semantics::strict, BodyMode::auto_detect, found).has_value();
  std::string said;
  for (const Diagnostic& diagnostic : found) said += render(diagnostic, text);
  return said.empty() || compiled ? said + "taken\n" : said;
}

// Keeps the headings, and the routes in their order.
void rewrite(const std::string& path) {
  std::vector<std::string> out;
  std::string text;
  const auto flush = [&] {
    if (text.empty()) return;
    out.push_back(text + "\n----\n" + answer(text));
    text.clear();
  };
  bool in_answer = false;
  for (const std::string& line : lines_of(path)) {
    if (line.empty() || line.starts_with('#')) {
      flush();
      in_answer = false;
      if (!line.empty()) out.push_back(line + "\n");
    } else if (line == "----") {
      in_answer = true;
    } else if (!in_answer) {
      text.append(text.empty() ? "" : "\n").append(line);
    }
  }
  flush();
  std::ofstream file(path);
  for (size_t i = 0; i < out.size(); ++i) file << (i == 0 ? "" : "\n") << out[i];
}

TEST(Mistakes, AreToldWordForWord) {
  const std::string path = HEADGATE_MISTAKES_TXT;
  if (std::getenv("HEADGATE_REWRITE") != nullptr) rewrite(path);
  const std::vector<Mistake> mistakes = read_mistakes(path);
  EXPECT_GE(mistakes.size(), 100u);
  for (const Mistake& mistake : mistakes) EXPECT_EQ(answer(mistake.text), mistake.said) << mistake.text;
}

TEST(Mistakes, ArePointedAtInsideTheText) {
  for (const Mistake& mistake : read_mistakes(HEADGATE_MISTAKES_TXT)) {
    std::vector<Diagnostic> found;
    (void)compile_route(mistake.text, Semantics::strict, BodyMode::auto_detect, found);
    for (const Diagnostic& d : found) EXPECT_LE(d.offset + d.length, mistake.text.size()) << mistake.text;
  }
}

}  // namespace
}  // namespace headgate::routing
