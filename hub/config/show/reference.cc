// The reference is a commented headgate.json made from the table, so that it cannot drift from the parser.
#include "hub/config/show/value_text.h"

namespace headgate::hub {
namespace {

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
      member("\"" + std::string(name) + "\": " + std::visit(ValueText<Config>{config}, key.slot));
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
    const std::string was = std::visit(ValueText<Config>{before}, key.slot);
    if (was != std::visit(ValueText<Config>{after}, key.slot)) changed.emplace_back(key.path);
  }
  return changed;
}

}  // namespace headgate::hub
