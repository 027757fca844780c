#include "tools/headgate/import/mosquitto/lines.h"

#include <algorithm>
#include <iterator>

namespace headgate::tools::mosquitto {
namespace {

constexpr std::string_view kSpace = " \t\r";

std::string_view trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

void include_directory(const Line& line, const ImportFiles& files, Imported& out, std::vector<Line>& all) {
  auto names = files.list(line.value);
  if (!names) return out.error(line.place, line.text(), names.error().what);
  std::ranges::sort(*names);
  for (const std::string& name : *names) {
    if (!name.ends_with(".conf")) continue;
    const std::string path = line.value + (line.value.ends_with('/') ? "" : "/") + name;
    const auto text = files.read(path);
    if (!text) {
      out.error(line.place, line.text(), text.error().what);
      continue;
    }
    for (Line& inner : lines_of(*text, path)) {
      if (inner.key == "include_dir") {
        out.note(inner.place, inner.text(), "a file that is included includes nothing, in Mosquitto either");
      } else {
        all.push_back(std::move(inner));
      }
    }
  }
}

}  // namespace

std::string_view take_word(std::string_view& text) {
  text = trimmed(text);
  const std::string_view word = text.substr(0, text.find_first_of(kSpace));
  text = trimmed(text.substr(word.size()));
  return word;
}

std::vector<Line> lines_of(std::string_view text, const std::string& file) {
  std::vector<Line> lines;
  for (size_t number = 1; !text.empty(); ++number) {
    const size_t end = text.find('\n');
    std::string_view rest = trimmed(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (rest.empty() || rest.front() == '#') continue;
    const std::string_view key = take_word(rest);
    lines.push_back({{file, number}, std::string(key), std::string(rest)});
  }
  return lines;
}

std::vector<Line> read_lines(const std::string& file, const ImportFiles& files, Imported& out) {
  const auto text = files.read(file);
  if (!text) {
    out.errors.push_back({file, "", text.error().what});
    return {};
  }
  std::vector<Line> all;
  for (Line& line : lines_of(*text, file)) {
    if (line.key == "include_dir") {
      include_directory(line, files, out, all);
    } else {
      all.push_back(std::move(line));
    }
  }
  return all;
}

}  // namespace headgate::tools::mosquitto
