// Problems of a configuration: a line for each, all of them collected.
#pragma once

#include <string>
#include <string_view>

namespace headgate::hub {

class Problems {
 public:
  explicit Problems(std::string_view file) : file_(file) {}

  void add(std::string_view path, std::string_view what) {
    text_.append(text_.empty() ? "" : "\n").append(file_).append(": ").append(path).append(": ").append(what);
  }
  // Lines of the form "path: what".
  void add_lines(std::string_view lines) {
    while (!lines.empty()) {
      const size_t end = lines.find('\n');
      const std::string_view line = lines.substr(0, end);
      const size_t path = line.find(": ");
      add(line.substr(0, path), line.substr(path + 2));
      lines.remove_prefix(end == std::string_view::npos ? lines.size() : end + 1);
    }
  }
  [[nodiscard]] const std::string& file() const { return file_; }
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  std::string file_;
  std::string text_;
};

}  // namespace headgate::hub
