#include "core/text/json_nesting.h"

namespace headgate::core {

bool is_nested_within(std::string_view json, size_t levels_max) {
  size_t open = 0;
  bool in_text = false;
  for (size_t at = json.find_first_of("\"[]{}\\"); at != std::string_view::npos;
       at = json.find_first_of("\"[]{}\\", at + 1)) {
    const char c = json[at];
    if (c == '\\') {
      ++at;  // what it stands before ends no text
    } else if (c == '"') {
      in_text = !in_text;
    } else if (in_text) {
      continue;
    } else if (c == '[' || c == '{') {
      if (++open > levels_max) return false;
    } else if (open > 0) {
      --open;
    }
  }
  return true;
}

}  // namespace headgate::core
