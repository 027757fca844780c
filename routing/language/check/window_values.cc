#include "routing/language/check/window_values.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "core/text.h"
#include "routing/language/functions.h"
#include "routing/language/print.h"
#include "routing/language/text.h"

namespace headgate::routing {
namespace {

constexpr std::string_view kWindowPrefix = "$window.";
constexpr WindowField kFields[] = {WindowField::start, WindowField::end, WindowField::rev,
                                   WindowField::complete};

// With `$`; empty for what is no name of the system.
std::string system_name(const Expression& value, const Node& node) {
  if (node.op == Op::property_or_system) return value.names[node.name];
  if (node.op == Op::system_property) return "$" + value.names[node.name];
  return {};
}

bool has_left(Op op) { return (op >= Op::negate && op <= Op::coalesce) || op == Op::lookup; }
bool has_right(Op op) { return op >= Op::multiply && op <= Op::coalesce; }

// Arguments of a function that there is not are left alone: the checker tells of the function.
template <typename Visit>
void for_each_child(const Expression& value, const Node& node, Visit visit) {
  if (node.op == Op::call && find_function(value.names[node.name])) {
    for (uint32_t i = 0; i < node.right; ++i) visit(value.arguments[node.left + i]);
  }
  if (has_left(node.op)) visit(node.left);
  if (has_right(node.op)) visit(node.right);
}

// Nodes of each part, itself included.
std::vector<size_t> sizes_of(const Expression& value) {
  std::vector<size_t> sizes(value.nodes.size(), 1);
  for (NodeIndex i = 0; i < value.nodes.size(); ++i)
    for_each_child(value, value[i], [&](NodeIndex child) { sizes[i] += sizes[child]; });
  return sizes;
}

// Leaves out the other nodes.
void keep_only(Expression& value, const std::vector<bool>& used) {
  std::vector<NodeIndex> place(used.size());
  std::vector<Node> kept;
  for (NodeIndex i = 0; i < used.size(); ++i) {
    if (!used[i]) continue;
    Node node = value[i];
    if (has_left(node.op)) node.left = place[node.left];
    if (has_right(node.op)) node.right = place[node.right];
    place[i] = static_cast<NodeIndex>(kept.size());
    kept.push_back(node);
  }
  for (NodeIndex& argument : value.arguments) argument = place[argument];
  value.nodes = std::move(kept);
}

Node replacement(Op op, NodeIndex left, const Node& replaced) {
  Node node;
  node.op = op;
  node.left = left;
  node.offset = replaced.offset;
  node.length = replaced.length;
  return node;
}

bool is_of_a_message(Op op) {
  return (op >= Op::property && op <= Op::body_or_property) || op == Op::topic_level || op == Op::payload ||
         op == Op::conforms || op == Op::twin_change_includes;
}

}  // namespace

bool is_window_name(std::string_view name) {
  return name.size() > kWindowPrefix.size() &&
         core::equals_ignoring_case(name.substr(0, kWindowPrefix.size()), kWindowPrefix);
}

WindowValues::WindowValues(const Query& query, Diagnostics& found) : query_(query), found_(found) {
  for (const Expression& key : query.keys) keys_.push_back(print(key, query));
}

// Goes from the root down: parents come after their children. What a key or a field stands in for falls away.
void WindowValues::resolve(Expression& value, Of of) {
  if (value.empty()) return;
  sizes_ = sizes_of(value);
  std::vector<bool> used(value.nodes.size());
  used.back() = true;
  for (NodeIndex i = value.root() + 1; i-- > 0;) {
    if (!used[i] || stand_in(value, i)) continue;
    judge(value, i, of);
    for_each_child(value, value[i], [&](NodeIndex child) { used[child] = true; });
  }
  keep_only(value, used);
}

bool WindowValues::stand_in(Expression& value, NodeIndex index) {
  Node& node = value.nodes[index];
  if (const int key = key_of(value, index); key >= 0) {
    node = replacement(Op::group_key, static_cast<NodeIndex>(key), node);
    return true;
  }
  const std::string name = system_name(value, node);
  if (!is_window_name(name)) return false;
  node = window_field(node, name);
  return true;
}

// Only a part as large as the key is printed: parts of one size do not overlap, so that this takes no longer than the
// expression is long, a key.
int WindowValues::key_of(const Expression& value, NodeIndex part) const {
  for (size_t i = 0; i < keys_.size(); ++i) {
    const Expression& key = query_.keys[i];
    const bool alike = key[key.root()].op == value[part].op && key.nodes.size() == sizes_[part];
    if (alike && print(value, part, query_) == keys_[i]) return static_cast<int>(i);
  }
  return -1;
}

Node WindowValues::window_field(const Node& node, std::string_view name) {
  for (const WindowField field : kFields) {
    if (core::equals_ignoring_case(name, print(field)))
      return replacement(Op::window_field, static_cast<NodeIndex>(field), node);
  }
  const auto* const near = std::min_element(std::begin(kFields), std::end(kFields), [&](auto a, auto b) {
    return edit_distance(name, print(a)) < edit_distance(name, print(b));
  });
  const bool close = edit_distance(core::ascii_lowered(name), print(*near)) <= 3;
  found_.error(node.offset, node.length, "a window has no field " + quote(name),
               close ? "did you mean " + quote(print(*near)) + "?"
                     : "its fields are $window.start, .end, .rev and .complete");
  return replacement(Op::window_field, 0, node);
}

// A value that is told needs no type: what it stands in is not told again.
void WindowValues::judge(Expression& value, NodeIndex index, Of of) {
  Node& node = value.nodes[index];
  const std::string text = text_of(node);
  if (node.op == Op::stateful && of == Of::select) {
    found_.error(node.offset, node.length,
                 "a function that remembers follows single messages, and a window holds many",
                 "put it into WHERE");
  }
  if (!is_of_a_message(node.op)) return;
  const SelectItem* item = of == Of::having ? item_named(value, node) : nullptr;
  const std::string advice =
      item != nullptr ? "HAVING sees no names of SELECT; write " + quote(print(item->value, query_))
                      : "write " + quote("last(" + text + ")") + ", or add it to GROUP BY";
  found_.error(node.offset, node.length, quote(text) + " is a value of one message, and a window holds many",
               advice);
  if (item != nullptr) node.op = Op::payload;
}

const SelectItem* WindowValues::item_named(const Expression& value, const Node& node) const {
  if (node.op != Op::property) return nullptr;
  const auto found = std::find_if(query_.items.begin(), query_.items.end(),
                                  [&](const SelectItem& i) { return i.name == value.names[node.name]; });
  return found == query_.items.end() ? nullptr : &*found;
}

std::string WindowValues::text_of(const Node& node) const {
  return std::string(found_.text().substr(node.offset, node.length));
}

}  // namespace headgate::routing
