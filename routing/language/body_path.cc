#include "routing/language/body_path.h"

#include "core/text.h"

namespace headgate::routing {
namespace {

std::optional<BodyStep> parse_step(std::string_view text) {
  const size_t open = text.find_first_of("[]");
  if (open == 0 || text.empty()) return std::nullopt;
  if (open == std::string_view::npos) return BodyStep{std::string(text), std::nullopt};
  if (text[open] != '[' || text.back() != ']') return std::nullopt;
  const auto index = core::parse_whole<uint32_t>(text.substr(open + 1, text.size() - open - 2));
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

std::string print(const BodyPath& path) {
  std::string text;
  for (const BodyStep& step : path) {
    text.append(text.empty() ? "" : ".").append(step.name);
    if (step.index) text.append("[").append(std::to_string(*step.index)).append("]");
  }
  return text;
}

}  // namespace headgate::routing
