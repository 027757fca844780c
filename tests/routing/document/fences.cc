#include "tests/routing/document/fences.h"

#include <fstream>
#include <sstream>
#include <utility>

namespace headgate::routing {

std::vector<Fence> fences_of(const std::string& markdown) {
  std::vector<Fence> fences;
  std::istringstream lines(markdown);
  std::string line;
  while (std::getline(lines, line)) {
    if (!line.starts_with("```")) continue;
    Fence fence{line.substr(3), {}};
    while (std::getline(lines, line) && line != "```") fence.text += line + "\n";
    fences.push_back(std::move(fence));
  }
  return fences;
}

std::string read_text_file(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace headgate::routing
