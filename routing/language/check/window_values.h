// Values of a window's result: it is one of many messages, so that it can name only what they have in common.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "routing/language/ast.h"
#include "routing/language/diagnostics.h"
#include "routing/language/query.h"

namespace headgate::routing {

// `$window.start` and its like, with or without braces.
[[nodiscard]] bool is_window_name(std::string_view name);

// Rewrites expressions of a route with a window; the keys of `query` are known.
class WindowValues {
 public:
  enum class Of : uint8_t { select, having, topic };

  WindowValues(const Query& query, Diagnostics& found);

  // Puts keys and fields of the window where `value` names them. What is left of single messages is reported.
  void resolve(Expression& value, Of of);

 private:
  bool stand_in(Expression& value, NodeIndex index);
  [[nodiscard]] int key_of(const Expression& value, NodeIndex part) const;
  Node window_field(const Node& node, std::string_view name);
  void judge(Expression& value, NodeIndex index, Of of);
  [[nodiscard]] const SelectItem* item_named(const Expression& value, const Node& node) const;
  [[nodiscard]] std::string text_of(const Node& node) const;

  const Query& query_;
  Diagnostics& found_;
  std::vector<std::string> keys_;  // as printed
  std::vector<size_t> sizes_;      // of the parts of what is being resolved
};

}  // namespace headgate::routing
