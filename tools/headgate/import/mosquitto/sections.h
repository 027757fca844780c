// The lines of a mosquitto.conf by what they belong to.
#pragma once

#include <string_view>
#include <vector>

#include "tools/headgate/import/mosquitto/lines.h"

namespace headgate::tools::mosquitto {

// A listener or a connection: the line that begins it, and those that belong to it.
struct Section {
  Line head;  // of the default listener empty
  std::vector<Line> lines;

  // The last of that name; null: none.
  [[nodiscard]] const Line* find(std::string_view key) const;
};

struct Sections {
  std::vector<Line> hub;
  std::vector<Section> listeners;  // the first is the default listener, which may be empty
  std::vector<Section> bridges;
};

// Lines without counterpart are noted, and are in none of the sections. What Mosquitto does not know is an error.
[[nodiscard]] Sections sections_of(const std::vector<Line>& lines, Imported& out);

// Values, with an error for what is none.
[[nodiscard]] bool flag_of(const Line* line, bool otherwise, Imported& out);
[[nodiscard]] uint64_t number_of(const Line* line, uint64_t otherwise, Imported& out);

}  // namespace headgate::tools::mosquitto
