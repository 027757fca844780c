#include "core/content_type.h"

#include "core/text.h"

namespace headgate::core {
namespace {

std::string_view without_blanks(std::string_view text) {
  constexpr std::string_view kBlanks = " \t";
  const size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

}  // namespace

bool is_json_type(std::string_view content_type) noexcept {
  const std::string_view type = without_blanks(content_type.substr(0, content_type.find(';')));
  if (equals_ignoring_case(type, "application/json") || equals_ignoring_case(type, "text/json")) return true;
  constexpr std::string_view kSuffix = "+json";
  return type.size() > kSuffix.size() &&
         equals_ignoring_case(type.substr(type.size() - kSuffix.size()), kSuffix);
}

}  // namespace headgate::core
