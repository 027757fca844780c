#include "routing/language/check/name_warnings.h"

#include "core/text.h"
#include "routing/language/system_names.h"
#include "routing/language/text.h"

namespace headgate::routing {
namespace {

bool is_system_property(Op op) { return op == Op::system_property || op == Op::property_or_system; }

// A lookup has the names of members of a row.
bool is_body_value(Op op) { return op == Op::body || op == Op::body_or_property || op == Op::lookup; }

// A system property that there is not has no value, so that the condition never holds.
void warn_about_system_name(const Node& node, std::string_view name, Diagnostics& found) {
  const bool dollar = name.starts_with('$');
  const std::string_view plain = dollar ? name.substr(1) : name;
  if (plain.starts_with('.')) return;  // a name of the IoT Hub property bag: an application property
  std::string_view nearest;
  size_t distance = 4;
  for (const std::string_view known : system_property_names()) {
    if (core::equals_ignoring_case(plain, known)) return;
    const size_t far = edit_distance(core::ascii_lowered(plain), core::ascii_lowered(known));
    if (far < distance) {
      nearest = known;
      distance = far;
    }
  }
  found.warning(node.offset, node.length, "there is no system property " + quote(name),
                nearest.empty() ? "an application property of that name is used if the message has one"
                                : "did you mean " + quote("$" + std::string(nearest)) + "?");
}

bool number_beside_dash(std::string_view name) {
  const size_t dash = name.find_last_of('-');
  if (dash == std::string_view::npos || dash + 1 == name.size()) return false;
  const auto digits = [](std::string_view text) {
    return !text.empty() && text.find_first_not_of("0123456789.") == std::string_view::npos;
  };
  return digits(name.substr(dash + 1)) || digits(name.substr(0, dash));
}

void warn_one_name(const Node& node, std::string_view name, Diagnostics& found) {
  const std::string split = split_name(name);
  found.warning(node.offset, node.length, quote(name) + " is one name",
                split.empty() ? "operators need blanks around them"
                              : "if you mean the operator, write " + quote(split));
}

}  // namespace

void warn_about_name(const Node& node, std::string_view name, Diagnostics& found) {
  if (is_system_property(node.op)) warn_about_system_name(node, name, found);
  if (node.op == Op::property && is_literal_word(name)) {
    found.warning(node.offset, node.length, quote(name) + " is the name of a property",
                  "if you mean the literal, write " + quote(core::ascii_lowered(name)) + " in lower case");
  }
  const bool operators = name.find_first_of("+*%|&!") != std::string_view::npos;
  const bool dash_in_body = is_body_value(node.op) && name.find('-') != std::string_view::npos;
  if (operators || dash_in_body || number_beside_dash(name) || name.starts_with('-'))
    warn_one_name(node, name, found);
}

void warn_about_dash(const Node& node, std::string_view name, Diagnostics& found) {
  if (name.find('-') != std::string_view::npos && !number_beside_dash(name)) warn_one_name(node, name, found);
}

bool is_literal_word(std::string_view name) {
  for (const std::string_view word : {"true", "false", "null", "undefined"}) {
    if (core::equals_ignoring_case(name, word)) return true;
  }
  return false;
}

std::string split_name(std::string_view name) {
  const size_t at = name.find_first_of("+-*%|");
  if (at == 0 || at == std::string_view::npos) return {};
  const size_t end = name.find_first_not_of("+-*%|", at);
  if (end == std::string_view::npos) return {};
  return std::string(name.substr(0, at)) + " " + std::string(name.substr(at, end - at)) + " " +
         std::string(name.substr(end));
}

}  // namespace headgate::routing
