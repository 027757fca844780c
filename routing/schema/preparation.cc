#include "routing/schema/preparation.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "core/text.h"
#include "routing/schema/formats.h"
#include "routing/schema/keywords.h"

namespace headgate::routing {
namespace {

using Json = nlohmann::json;

// A finite number of 15 digits or fewer that is whole is an integer, as draft 7 has it.
constexpr double kWholeMax = 9007199254740992.0;

std::string escaped(std::string_view name) {
  std::string text;
  for (const char c : name) c == '~' ? text.append("~0") : c == '/' ? text.append("~1") : text.append(1, c);
  return text;
}

std::string under(const std::string& pointer, std::string_view name) { return pointer + "/" + escaped(name); }

std::optional<char> hex_byte(std::string_view digits) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
  if (error != std::errc{} || end != digits.data() + digits.size() || digits.size() != 2) return std::nullopt;
  return static_cast<char>(value);
}

// A step of a pointer in a URI: %25 is a percent sign, ~1 a slash, ~0 a tilde.
std::string unescaped(std::string_view step) {
  std::string text;
  for (size_t i = 0; i < step.size(); ++i) {
    const auto byte = step[i] == '%' ? hex_byte(step.substr(i + 1, 2)) : std::nullopt;
    text.push_back(byte.value_or(step[i]));
    if (byte) i += 2;
  }
  std::string plain;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool pair = text[i] == '~' && i + 1 < text.size() && (text[i + 1] == '0' || text[i + 1] == '1');
    plain.push_back(!pair ? text[i] : text[i + 1] == '0' ? '~' : '/');
    if (pair) ++i;
  }
  return plain;
}

const Json* step_into(const Json& value, const std::string& step) {
  if (value.is_object()) {
    const auto found = value.find(step);
    return found == value.end() ? nullptr : &*found;
  }
  size_t index = 0;
  const auto [end, error] = std::from_chars(step.data(), step.data() + step.size(), index);
  const bool is_index = error == std::errc{} && end == step.data() + step.size() && !step.empty();
  return value.is_array() && is_index && index < value.size() ? &value[index] : nullptr;
}

// True if `$ref` takes the place of something.
bool has_effect_beside_reference(const Json& schema) {
  for (const auto& [name, value] : schema.items()) {
    const Keyword* const keyword = find_keyword(name);
    const auto form = keyword == nullptr ? KeywordValue::plain : keyword->value;
    if (form != KeywordValue::remark && form != KeywordValue::definitions && form != KeywordValue::reference)
      return true;
  }
  return false;
}

bool has_nul(std::string_view text) { return text.find('\0') != std::string_view::npos; }

class Preparation {
 public:
  Preparation(const Json& whole, MistakesOf mistakes_of) : whole_(whole), mistakes_of_(mistakes_of) {}

  PreparedSchema run() {
    (void)root_at("", whole_);
    for (current_ = 0; current_ < sources_.size() && prepared_.ok(); ++current_) {
      const auto [pointer, source] = sources_[current_];
      prepared_.roots.push_back(schema(*source, pointer, true));
    }
    if (prepared_.ok()) find_loops();
    return std::move(prepared_);
  }

 private:
  struct Source {
    std::string pointer;
    const Json* schema;
  };

  size_t root_at(const std::string& pointer, const Json& source) {
    const auto [known, is_new] = root_of_.try_emplace(pointer, sources_.size());
    if (is_new) {
      sources_.push_back({pointer, &source});
      leads_to_.emplace_back();
    }
    return known->second;
  }

  // `here`: no value was gone into since the root, so a reference that leads back there would not end.
  Json schema(const Json& source, const std::string& pointer, bool here) {
    if (++subschemas_ > kSubschemasMax) {
      if (subschemas_ == kSubschemasMax + 1)
        error(pointer, "is one of more than " + std::to_string(kSubschemasMax) + " schemas", "divide it");
      return true;
    }
    if (!source.is_object()) return source;
    if (const auto reference = source.find("$ref"); reference != source.end()) {
      if (has_effect_beside_reference(source))
        warn(pointer, "has `$ref` beside other keywords, which have no effect", "put them into `allOf`");
      return follow(reference->get_ref<const std::string&>(), pointer, here);
    }
    Json prepared = Json::object();
    for (const auto& [name, value] : source.items()) {
      if (const Keyword* const keyword = find_keyword(name))
        add(*keyword, value, under(pointer, name), here, prepared);
      else
        warn(under(pointer, name), "is no keyword of draft 7 and has no effect", advice_for_keyword(name));
    }
    return prepared;
  }

  void add(const Keyword& keyword, const Json& value, const std::string& pointer, bool here, Json& prepared) {
    const std::string name(keyword.name);
    const bool inner = here && keyword.in_place;
    switch (keyword.value) {
      case KeywordValue::remark:
        if (keyword.name == "$schema") remark_draft(value, pointer);
        return;
      case KeywordValue::plain:
        prepared[name] = plain(value, pointer);
        return;
      case KeywordValue::values:
        prepared[std::string(name == "const" ? kConstKey : kEnumKey)] = prepared_.constants.size();
        prepared_.constants.push_back(name == "const" ? Json::array({value}) : value);
        return;
      case KeywordValue::pattern:
        prepared[std::string(kPatternKey)] = pattern(value.get_ref<const std::string&>(), pointer);
        return;
      case KeywordValue::format:
        return add_format(value, pointer, prepared);
      case KeywordValue::reference:
        return;
      case KeywordValue::schema:
        prepared[name] = schema(value, pointer, inner);
        return;
      case KeywordValue::schemas:
        prepared[name] = list(value, pointer, inner);
        return;
      case KeywordValue::schema_or_schemas:
        prepared[name] = value.is_array() ? list(value, pointer, inner) : schema(value, pointer, inner);
        return;
      case KeywordValue::by_name:
      case KeywordValue::by_dependency:
        prepared[name] = members(value, pointer, inner);
        return;
      case KeywordValue::by_pattern:
        prepared[name] = patterns(value, pointer);
        return;
      case KeywordValue::definitions:
        for (const auto& [key, definition] : value.items()) (void)root_at(under(pointer, key), definition);
        return;
    }
  }

  void remark_draft(const Json& value, const std::string& pointer) {
    const bool known =
        value.is_string() && (value.get_ref<const std::string&>().find("draft-07") != std::string::npos ||
                              value.get_ref<const std::string&>().find("draft-06") != std::string::npos);
    if (!known) warn(pointer, "names another draft; the schema is read as draft 7", "");
  }

  Json plain(const Json& value, const std::string& pointer) {
    if (value.is_string() && has_nul(value.get_ref<const std::string&>())) nul(pointer);
    if (value.is_array()) {
      for (const Json& each : value) (void)plain(each, pointer);
    }
    if (!value.is_number_float()) return value;
    const double number = value.get<double>();
    return std::abs(number) <= kWholeMax && std::floor(number) == number ? Json(static_cast<int64_t>(number))
                                                                         : value;
  }

  void add_format(const Json& value, const std::string& pointer, Json& prepared) {
    const auto& name = value.get_ref<const std::string&>();
    if (is_known_format(name)) {
      prepared["format"] = name;
    } else {
      warn(pointer,
           "is '" + core::printable(core::shortened(name, 40)) + "', a format that has no effect here",
           "date, time and date-time are checked; write a `pattern` for others");
    }
  }

  Json list(const Json& schemas, const std::string& pointer, bool here) {
    Json prepared = Json::array();
    for (size_t i = 0; i < schemas.size(); ++i)
      prepared.push_back(schema(schemas[i], under(pointer, std::to_string(i)), here));
    return prepared;
  }

  // Schemas by name; of dependencies also lists of names.
  Json members(const Json& named, const std::string& pointer, bool here) {
    Json prepared = Json::object();
    for (const auto& [name, value] : named.items()) {
      const std::string at = under(pointer, name);
      if (has_nul(name)) nul(at);
      prepared[name] = value.is_array() ? plain(value, at) : schema(value, at, here);
    }
    return prepared;
  }

  Json patterns(const Json& named, const std::string& pointer) {
    Json prepared = Json::object();
    for (const auto& [text, value] : named.items()) {
      const std::string at = under(pointer, text);
      prepared[std::to_string(pattern(text, at))] = schema(value, at, false);
    }
    return prepared;
  }

  size_t pattern(const std::string& text, const std::string& pointer) {
    if (prepared_.patterns.size() == kPatternsMax) {
      error(pointer, "is one of more than " + std::to_string(kPatternsMax) + " patterns",
            "divide the schema");
      return 0;
    }
    auto compiled = Pattern::compile(text);
    if (!compiled) {
      error(pointer, "is no pattern that RE2 knows: " + core::printable(compiled.error().what),
            "RE2 has no look-ahead, look-behind and back-references");
      return 0;
    }
    prepared_.patterns.push_back(*std::move(compiled));
    return prepared_.patterns.size() - 1;
  }

  Json follow(const std::string& reference, const std::string& pointer, bool here) {
    const std::string at = under(pointer, "$ref");
    if (!reference.starts_with('#')) {
      return refused(at, "leads to another text, '" + core::printable(core::shortened(reference, 80)) + "'",
                     "copy that schema into `definitions` and write `#/definitions/name`");
    }
    const Json* target = &whole_;
    std::string canonical;
    std::string_view rest = std::string_view(reference).substr(1);
    const bool is_path = rest.empty() || rest.starts_with('/');
    while (is_path && target != nullptr && !rest.empty()) {
      rest.remove_prefix(1);
      const std::string step = unescaped(rest.substr(0, rest.find('/')));
      rest.remove_prefix(std::min(rest.find('/'), rest.size()));
      target = step_into(*target, step);
      canonical = under(canonical, step);
    }
    if (!is_path || target == nullptr) {
      return refused(at, "leads nowhere: '" + core::printable(core::shortened(reference, 80)) + "'",
                     "write the path of a schema in this file, such as `#/definitions/name`");
    }
    return refer_to(canonical, *target, here);
  }

  Json refer_to(const std::string& pointer, const Json& target, bool here) {
    if (!root_of_.contains(pointer)) {
      auto mistakes = mistakes_of_(target, pointer);
      std::move(mistakes.begin(), mistakes.end(), std::back_inserter(prepared_.findings));
      if (!prepared_.ok()) return true;
    }
    const size_t root = root_at(pointer, target);
    if (here) leads_to_[current_].push_back(root);
    return {{std::string(kReferenceKey), root}};
  }

  // A schema that leads back to itself without going into the value would never come to an end.
  void find_loops() {
    enum class Seen : uint8_t { no, open, done };
    std::vector<Seen> seen(sources_.size(), Seen::no);
    const auto visit = [&](const auto& self, size_t root) -> bool {
      if (seen[root] != Seen::no) return seen[root] == Seen::open;
      seen[root] = Seen::open;
      for (const size_t next : leads_to_[root]) {
        if (self(self, next)) return true;
      }
      seen[root] = Seen::done;
      return false;
    };
    for (size_t root = 0; root < sources_.size(); ++root) {
      if (!visit(visit, root)) continue;
      return error(sources_[root].pointer, "refers to itself for the same value",
                   "let `$ref` stand below `properties` or `items`");
    }
  }

  Json refused(const std::string& pointer, std::string what, std::string advice) {
    error(pointer, std::move(what), std::move(advice));
    return true;
  }
  void nul(const std::string& pointer) { error(pointer, "holds a U+0000", "leave it out"); }
  void error(const std::string& pointer, std::string what, std::string advice) {
    prepared_.findings.push_back({Severity::error, pointer, std::move(what), std::move(advice)});
  }
  void warn(const std::string& pointer, std::string what, std::string advice) {
    prepared_.findings.push_back({Severity::warning, pointer, std::move(what), std::move(advice)});
  }

  const Json& whole_;
  MistakesOf mistakes_of_;
  PreparedSchema prepared_;
  std::vector<Source> sources_;                // by root
  std::map<std::string, size_t> root_of_;      // by pointer
  std::vector<std::vector<size_t>> leads_to_;  // by root: references that go into no value
  size_t current_ = 0;
  size_t subschemas_ = 0;
};

}  // namespace

bool PreparedSchema::ok() const {
  return std::ranges::none_of(findings,
                              [](const SchemaFinding& it) { return it.severity == Severity::error; });
}

PreparedSchema prepare_schema(const Json& schema, MistakesOf mistakes_of) {
  return Preparation(schema, mistakes_of).run();
}

}  // namespace headgate::routing
