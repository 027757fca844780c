// Lines of mosquitto.conf, with those of the files that it includes, each with the place where it stands.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tools/headgate/import/draft.h"

namespace headgate::tools::mosquitto {

struct Line {
  Place place;
  std::string key;
  std::string value;  // the rest of the line

  [[nodiscard]] std::string text() const { return value.empty() ? key : key + " " + value; }
};

// Takes the first word off a text.
[[nodiscard]] std::string_view take_word(std::string_view& text);

// Lines of a text that are neither empty nor comments.
[[nodiscard]] std::vector<Line> lines_of(std::string_view text, const std::string& file);

// Lines of a configuration, and in the place of each include_dir those of its *.conf files in their order. What cannot be
// read is noted as an error.
[[nodiscard]] std::vector<Line> read_lines(const std::string& file, const ImportFiles& files, Imported& out);

}  // namespace headgate::tools::mosquitto
