#include "tools/headgate/import/mosquitto/sections.h"

#include <algorithm>

#include "core/text.h"
#include "tools/headgate/import/mosquitto/keywords.h"

namespace headgate::tools::mosquitto {
namespace {

bool is_per_listener(const std::vector<Line>& lines) {
  const auto last = std::find_if(lines.rbegin(), lines.rend(),
                                 [](const Line& line) { return line.key == "per_listener_settings"; });
  return last != lines.rend() && last->value == "true";
}

// Shows a line without its secret.
std::string shown(const Line& line) {
  const bool secret = line.key.ends_with("password") || line.key == "bridge_psk" ||
                      line.key.starts_with("auth_opt_") || line.key.starts_with("plugin_opt_");
  return secret ? line.key + " ***" : line.text();
}

class Sorter {
 public:
  Sorter(bool per_listener, Imported& out) : per_listener_(per_listener), out_(out) {
    sections_.listeners.emplace_back();
  }

  void take(const Line& line) {
    const Keyword* const known = keyword_of(line.key);
    if (known == nullptr) return out_.error(line.place, line.text(), "Mosquitto 2.0 has no such key");
    if (!known->why.empty()) return out_.note(line.place, shown(line), std::string(known->why));
    if (line.value.empty()) return out_.error(line.place, line.text(), "has no value");
    if (line.key == "listener") return begin(sections_.listeners, line);
    if (line.key == "connection") return begin(sections_.bridges, line);
    place(known->scope, line);
  }

  [[nodiscard]] Sections finish() && { return std::move(sections_); }

 private:
  static void begin(std::vector<Section>& sections, const Line& line) { sections.push_back({line, {}}); }

  void place(Scope scope, const Line& line) {
    const bool of_hub = scope == Scope::hub || (scope == Scope::access && !per_listener_);
    if (of_hub) return sections_.hub.push_back(line);
    std::vector<Section>& sections = scope == Scope::bridge ? sections_.bridges : sections_.listeners;
    if (sections.empty())
      return out_.error(line.place, shown(line),
                        "belongs to a bridge; write it behind its `connection` line");
    sections.back().lines.push_back(line);
  }

  bool per_listener_;
  Imported& out_;
  Sections sections_;
};

}  // namespace

const Line* Section::find(std::string_view key) const {
  const auto found =
      std::find_if(lines.rbegin(), lines.rend(), [&](const Line& line) { return line.key == key; });
  return found == lines.rend() ? nullptr : &*found;
}

Sections sections_of(const std::vector<Line>& lines, Imported& out) {
  Sorter sorter(is_per_listener(lines), out);
  for (const Line& line : lines) sorter.take(line);
  return std::move(sorter).finish();
}

bool flag_of(const Line* line, bool otherwise, Imported& out) {
  if (line == nullptr) return otherwise;
  if (line->value == "true" || line->value == "1") return true;
  if (line->value == "false" || line->value == "0") return false;
  out.error(line->place, line->text(), "is neither true nor false");
  return otherwise;
}

uint64_t number_of(const Line* line, uint64_t otherwise, Imported& out) {
  if (line == nullptr) return otherwise;
  if (const auto number = core::parse_whole<uint64_t>(line->value)) return *number;
  out.error(line->place, line->text(), "is no whole number");
  return otherwise;
}

}  // namespace headgate::tools::mosquitto
