#include "routing/language/body_path.h"

#include <charconv>

namespace headgate::routing {
namespace {

std::optional<uint32_t> parse_index(std::string_view digits) {
  uint32_t index = 0;
  const char* const end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, index);
  return error == std::errc{} && stop == end ? std::optional(index) : std::nullopt;
}

std::optional<BodyStep> parse_step(std::string_view text) {
  const size_t open = text.find_first_of("[]");
  if (open == 0 || text.empty()) return std::nullopt;
  if (open == std::string_view::npos) return BodyStep{std::string(text), std::nullopt};
  if (text[open] != '[' || text.back() != ']') return std::nullopt;
  const auto index = parse_index(text.substr(open + 1, text.size() - open - 2));
  return index ? std::optional(BodyStep{std::string(text.substr(0, open)), index}) : std::nullopt;
}

}  // namespace

std::optional<BodyPath> parse_body_path(std::string_view text) {
  BodyPath path;
  for (;;) {
    const size_t dot = text.find('.');
    auto step = parse_step(text.substr(0, dot));
    if (!step) return std::nullopt;
    path.push_back(std::move(*step));
    if (dot == std::string_view::npos) return path;
    text.remove_prefix(dot + 1);
  }
}

}  // namespace headgate::routing
