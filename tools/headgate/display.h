// How a command shows its tables: what the terminal and the command line ask for.
#pragma once

#include <cstddef>
#include <string>

namespace headgate::tools {

struct Display {
  size_t width = 0;       // of the terminal, in characters; 0: there is none, and nothing is cut
  size_t height = 0;      // in lines
  bool colour = false;    // a terminal, and no NO_COLOR
  bool wide = false;      // -o wide: every column, whole
  std::string sort = {};  // --sort COLUMN[:desc]; empty: as it comes
};

}  // namespace headgate::tools
