// Fenced blocks of a document.
#pragma once

#include <string>
#include <vector>

namespace headgate::routing {

struct Fence {
  std::string info;  // behind the opening ```
  std::string text;  // whole lines
};

// All of a Markdown text, in their order.
[[nodiscard]] std::vector<Fence> fences_of(const std::string& markdown);

[[nodiscard]] std::string read_text_file(const std::string& path);

}  // namespace headgate::routing
