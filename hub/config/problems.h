// Problems of a configuration: a line for each, all of them collected.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace headgate::hub {

// A place in a configuration, and what is wrong there; the sentence says what is allowed.
struct Problem {
  std::string path;
  std::string what;
  std::string file = {};  // empty: the one that Problems are of
};

class Problems {
 public:
  explicit Problems(std::string_view file) : file_(file) {}

  void add(std::string_view path, std::string_view what) {
    all_.push_back({std::string(path), std::string(what)});
  }
  void add_in(std::string_view file, std::string_view path, std::string_view what) {
    all_.push_back({std::string(path), std::string(what), std::string(file)});
  }
  // Says of each problem which file it is in, if that is not known yet.
  void name_files(const std::function<std::string(const std::string& path)>& file_of) {
    for (Problem& problem : all_)
      if (problem.file.empty()) problem.file = file_of(problem.path);
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
  [[nodiscard]] const std::vector<Problem>& all() const { return all_; }
  [[nodiscard]] bool empty() const { return all_.empty(); }
  // A line for each: `file: path: what`.
  [[nodiscard]] std::string text() const {
    std::string lines;
    for (const Problem& problem : all_)
      lines.append(lines.empty() ? "" : "\n")
          .append(problem.file.empty() ? file_ : problem.file)
          .append(": ")
          .append(problem.path)
          .append(": ")
          .append(problem.what);
    return lines;
  }

 private:
  std::string file_;
  std::vector<Problem> all_;
};

}  // namespace headgate::hub
