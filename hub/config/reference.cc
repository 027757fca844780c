// The reference is a commented headgate.json made from the table, so that it cannot drift from the parser.
#include <algorithm>
#include <array>
#include <cstdio>

#include "hub/access/settings.h"
#include "hub/config/keys.h"

namespace headgate::hub {
namespace {

// A default as JSON.
template <class Owner>
struct Default {
  Owner& owner;

  std::string operator()(const Number<Owner>& number) { return std::to_string(number.get(owner)); }
  std::string operator()(const Octal<Owner>& mode) {
    std::array<char, 16> digits{};
    const int size =
        std::snprintf(digits.data(), digits.size(), "%04o", static_cast<unsigned>(mode.number.get(owner)));
    return text(std::string(digits.data(), static_cast<size_t>(size)));
  }
  std::string operator()(const auto& ref) { return text(ref(owner)); }

 private:
  static std::string text(bool value) { return value ? "true" : "false"; }
  static std::string text(const std::string& value) { return "\"" + value + "\""; }
  static std::string text(const store::Durability& value) { return text(to_string(value)); }
  static std::string text(const routing::RouteFile&) { return "{}"; }
  static std::string text(const std::vector<IdentityPattern>& identities) { return to_json(identities); }
  static std::string text(const std::vector<AccessRule>& rules) { return to_json(rules); }
  template <class E>
  requires std::is_enum_v<E>
  static std::string text(E value) { return text(std::string(enum_name(value))); }
  static std::string text(Anonymous value) {
    return value == Anonymous::loopback ? "\"loopback\"" : text(value == Anonymous::yes);
  }
  static std::string text(const std::vector<std::string>& list) {
    if (list.size() == 1) return text(list.front());
    std::string all;
    for (const std::string& one : list) all.append(all.empty() ? "" : ", ").append(text(one));
    return "[" + all + "]";
  }
  static std::string text(std::vector<ListenerConfig>& listeners) {
    std::string list;
    for (ListenerConfig& it : listeners)
      list.append(list.empty() ? "[ " : ", ").append(one_line(it, listener_keys()));
    return list + " ]";
  }
  static std::string text(std::vector<upstream::DownstreamTopic>& topics) {
    std::string list;
    for (upstream::DownstreamTopic& it : topics)
      list.append(list.empty() ? " " : ", ").append(one_line(it, downstream_keys()));
    return "[" + list + (list.empty() ? "]" : " ]");
  }
  // {"fiber": {…}}
  static std::string text(std::vector<upstream::NamedLink>& links) {
    std::string list;
    for (upstream::NamedLink& it : links)
      list.append(list.empty() ? " " : ", ")
          .append(text(it.name))
          .append(": ")
          .append(one_line(it, link_keys()));
    return "{" + list + (list.empty() ? "}" : " }");
  }
  template <class Entry>
  static std::string one_line(Entry& entry, const std::vector<Key<Entry>>& keys);
};

// { "address": "127.0.0.1", "tls": { "cert_file": "" } }
template <class Owner>
template <class Entry>
std::string Default<Owner>::one_line(Entry& entry, const std::vector<Key<Entry>>& keys) {
  std::string line;
  std::string_view open;
  for (const Key<Entry>& key : keys) {
    const size_t dot = key.path.find('.');
    const std::string_view parent = dot == std::string_view::npos ? "" : key.path.substr(0, dot);
    if (!open.empty() && parent != open) line += " }";
    line += line.empty() ? "{ " : ", ";
    if (!parent.empty() && parent != open) line.append("\"").append(parent).append("\": { ");
    open = parent;
    line.append("\"").append(key.path.substr(dot + 1)).append("\": ");
    line += std::visit(Default<Entry>{entry}, key.slot);
  }
  return line + (open.empty() ? " }" : " } }");
}

std::string bounds(const auto& key) {
  if (key.max == 0 || key.path == "listeners" || key.path == "links" || key.path.ends_with("downstream"))
    return "";
  return " (" + with_unit(key.min, key.unit) + " to " + with_unit(key.max, key.unit) + ")";
}

class Reference {
 public:
  std::string write() {
    Config config = default_config();
    for (const Key<Config>& key : config_keys()) {
      enter(key.path);
      comment(std::string(key.doc) + bounds(key));
      if (key.path == "listeners") comments_of(listener_keys());
      if (key.path == "upstream.downstream") comments_of(downstream_keys());
      if (key.path == "links") comments_of(link_keys());
      const std::string_view name = key.path.substr(key.path.rfind('.') + 1);
      member("\"" + std::string(name) + "\": " + std::visit(Default<Config>{config}, key.slot));
    }
    enter("");
    return "{" + text_ + "\n}\n";
  }

 private:
  // Closes and opens objects until the key's parent is the open one.
  void enter(std::string_view path) {
    const size_t dot = path.rfind('.');
    const std::string_view parent = dot == std::string_view::npos ? "" : path.substr(0, dot);
    while (!open_.empty() && open_.back() != parent && !parent.starts_with(std::string(open_.back()) + "."))
      close();
    while (parent != (open_.empty() ? std::string_view() : open_.back())) {
      const size_t known = open_.empty() ? 0 : open_.back().size() + 1;
      const std::string_view next = parent.substr(0, parent.find('.', known));
      member("\"" + std::string(next.substr(known)) + "\": {");
      open_.push_back(next);
      first_ = true;
    }
  }

  void close() {
    open_.pop_back();
    text_ += "\n" + indent() + "}";
    first_ = false;
  }

  // A comment opens the next member, so the comma of the one before it comes first.
  void comment(const std::string& sentence) {
    separate();
    text_ += "\n" + indent() + "// " + sentence;
  }

  void member(const std::string& line) {
    separate();
    text_ += "\n" + indent() + line;
    separated_ = false;
    first_ = false;
  }

  void separate() {
    if (!first_ && !separated_) text_ += ",";
    separated_ = true;
  }

  template <class Entry>
  void comments_of(const std::vector<Key<Entry>>& keys) {
    for (const Key<Entry>& key : keys) {
      comment("  " + std::string(key.path) + ": " + std::string(key.doc) + bounds(key));
    }
  }

  [[nodiscard]] std::string indent() const { return std::string(2 * (open_.size() + 1), ' '); }

  std::string text_;
  std::vector<std::string_view> open_;
  bool first_ = true;
  bool separated_ = false;
};

}  // namespace

std::string config_reference() { return Reference().write(); }

std::vector<std::string> changed_keys(Config before, Config after) {
  std::vector<std::string> changed;
  for (const Key<Config>& key : config_keys()) {
    const std::string was = std::visit(Default<Config>{before}, key.slot);
    if (was != std::visit(Default<Config>{after}, key.slot)) changed.emplace_back(key.path);
  }
  return changed;
}

}  // namespace headgate::hub
