#include "upstream/options.h"

namespace headgate::upstream {

std::string expand_hub(std::string_view pattern, std::string_view hub) {
  constexpr std::string_view kVariable = "{hub}";
  std::string text;
  for (size_t at = pattern.find(kVariable); at != std::string_view::npos; at = pattern.find(kVariable)) {
    text.append(pattern.substr(0, at)).append(hub);
    pattern.remove_prefix(at + kVariable.size());
  }
  return text.append(pattern);
}

}  // namespace headgate::upstream
