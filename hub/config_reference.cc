// The reference is a commented headgate.json made from the table, so that it cannot drift from the parser.
#include <algorithm>

#include "hub/access_config.h"
#include "hub/config_keys.h"

namespace headgate::hub {
namespace {

// A default as JSON.
struct Default {
  Config& config;

  std::string operator()(const auto& ref) { return text(ref(config)); }

 private:
  static std::string text(bool value) { return value ? "true" : "false"; }
  static std::string text(const std::string& value) { return "\"" + value + "\""; }
  static std::string text(const Durability& value) { return text(to_string(value)); }
  static std::string text(const routing::RouteFile&) { return "{}"; }
  static std::string text(const std::vector<IdentityPattern>& identities) { return to_json(identities); }
  static std::string text(const std::vector<AccessRule>& rules) { return to_json(rules); }
  template <class Number>
  requires std::is_unsigned_v<Number>
  static std::string text(Number value) { return std::to_string(value); }
  static std::string text(core::LogLevel level) {
    const auto& names = log_level_names();
    const auto found =
        std::find_if(names.begin(), names.end(), [&](auto& name) { return name.level == level; });
    return text(std::string(found->name));
  }
  static std::string text(const std::vector<ListenerConfig>& listeners) {
    std::string list;
    for (const ListenerConfig& it : listeners) {
      list.append(list.empty() ? "[ " : ", ").append("{ \"address\": ").append(text(it.address));
      list.append(", \"port\": ")
          .append(text(it.port))
          .append(", \"insecure\": ")
          .append(text(it.insecure) + " }");
    }
    return list + " ]";
  }
};

std::string bounds(const auto& key) {
  if (key.max == 0 || key.path == "listeners") return "";
  return " (" + with_unit(key.min, key.unit) + " to " + with_unit(key.max, key.unit) + ")";
}

class Reference {
 public:
  std::string write() {
    Config config = default_config();
    for (const Key<Config>& key : config_keys()) {
      enter(key.path);
      comment(std::string(key.doc) + bounds(key));
      if (key.path == "listeners") listener_comments();
      const std::string_view name = key.path.substr(key.path.rfind('.') + 1);
      member("\"" + std::string(name) + "\": " + std::visit(Default{config}, key.slot));
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

  void listener_comments() {
    for (const Key<ListenerConfig>& key : listener_keys()) {
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

}  // namespace headgate::hub
