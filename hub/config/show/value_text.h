// Values of keys as JSON. Internal to hub/config/show.
#pragma once

#include <array>
#include <cstdio>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "core/text/json_string.h"
#include "hub/access/settings.h"
#include "hub/config/keys.h"

namespace headgate::hub {

// The value of a key in an Owner, as JSON.
template <class Owner>
struct ValueText {
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
  static std::string text(const std::string& value) {
    std::string quoted;
    core::append_json_string(quoted, value);
    return quoted;
  }
  // Where it is, never what it says.
  static std::string text(const core::SecretSource& secret) {
    if (secret.empty()) return "\"\"";
    return secret.env.empty() ? "{\"file\": " + text(secret.file) + "}"
                              : "{\"env\": " + text(secret.env) + "}";
  }
  static std::string text(const store::Durability& value) { return text(to_string(value)); }
  // Routes are not kept as they were written.
  static std::string text(const routing::RouteFile&) { return "{}"; }
  static std::string text(const std::vector<IdentityPattern>& identities) { return to_json(identities); }
  static std::string text(const std::vector<AccessRule>& rules) { return to_json(rules); }
  static std::string text(const PartLevels& levels) {
    std::string list;
    for (const auto& [part, level] : levels)
      list.append(list.empty() ? "" : ", ")
          .append(text(std::string(name_of(part))))
          .append(": ")
          .append(text(level));
    return "{" + list + "}";
  }
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
std::string ValueText<Owner>::one_line(Entry& entry, const std::vector<Key<Entry>>& keys) {
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
    line += std::visit(ValueText<Entry>{entry}, key.slot);
  }
  return line + (open.empty() ? " }" : " } }");
}

}  // namespace headgate::hub
