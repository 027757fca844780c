#include "routing/evaluation/json_body.h"

#include <simdjson.h>

#include <algorithm>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "routing/evaluation/json_members.h"
#include "routing/evaluation/json_number.h"
#include "routing/evaluation/json_repair.h"
#include "routing/language/text.h"

namespace headgate::routing {
namespace {

namespace dom = simdjson::dom;

// Reads code units of `width` bytes.
class UnitReader {
 public:
  UnitReader(std::string_view bytes, size_t width) : bytes_(bytes), width_(width) {
    const auto first = next();
    const char32_t swapped = width == 2 ? 0xFFFE : 0xFFFE0000;
    big_endian_ = first == swapped;
    if (first != swapped && first != 0xFEFF) at_ = 0;
  }

  std::optional<char32_t> next() {
    if (at_ + width_ > bytes_.size()) return std::nullopt;
    char32_t unit = 0;
    for (size_t i = 0; i < width_; ++i) {
      const size_t place = big_endian_ ? i : width_ - 1 - i;
      unit = (unit << 8) | static_cast<uint8_t>(bytes_[at_ + place]);
    }
    at_ += width_;
    return unit;
  }

 private:
  std::string_view bytes_;
  size_t width_;
  size_t at_ = 0;
  bool big_endian_ = false;
};

bool is_surrogate(char32_t c) { return c >= 0xD800 && c <= 0xDFFF; }

void utf16_to_utf8(std::string_view bytes, std::string& out) {
  UnitReader units(bytes, 2);
  for (auto unit = units.next(); unit; unit = units.next()) {
    if (*unit < 0xD800 || *unit > 0xDBFF) {
      append_utf8(out, is_surrogate(*unit) ? 0xFFFD : *unit);
      continue;
    }
    const auto low = units.next();
    const bool pair = low && *low >= 0xDC00 && *low <= 0xDFFF;
    append_utf8(out, pair ? 0x10000 + ((*unit - 0xD800) << 10) + (*low - 0xDC00) : 0xFFFD);
  }
}

void utf32_to_utf8(std::string_view bytes, std::string& out) {
  UnitReader units(bytes, 4);
  for (auto unit = units.next(); unit; unit = units.next()) {
    append_utf8(out, is_surrogate(*unit) || *unit > 0x10FFFF ? 0xFFFD : *unit);
  }
}

// The last field of that name; object::at_key would give the first.
std::optional<dom::element> last_field(const dom::element& parent, std::string_view name) {
  dom::object object;
  if (parent.get_object().get(object) != simdjson::SUCCESS) return std::nullopt;
  std::optional<dom::element> found;
  for (const dom::key_value_pair field : object) {
    if (field.key == name) found = field.value;
  }
  return found;
}

std::optional<dom::element> step_into(const dom::element& parent, const BodyStep& step) {
  auto field = last_field(parent, step.name);
  if (!field || !step.index) return field;
  dom::element item;
  if (field->at(*step.index).get(item) != simdjson::SUCCESS) return std::nullopt;
  return item;
}

Value to_value(const dom::element& element) {
  switch (element.type()) {
    case dom::element_type::NULL_VALUE:
      return Value::null();
    case dom::element_type::BOOL:
      return Value::of(bool(element));
    case dom::element_type::STRING:
      return Value::of(std::string_view(element.get_string().value_unsafe()));
    case dom::element_type::INT64:
    case dom::element_type::UINT64:
    case dom::element_type::DOUBLE:
      return Value::of(element.get_double().value_unsafe());
    default:
      return Value::undefined();
  }
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const size_t begin = std::min(text.find_first_not_of(kBlanks), text.size());
  return text.substr(begin, text.find_last_not_of(kBlanks) + 1 - begin);
}

// A member of the body as it is written.
struct WrittenMember {
  std::string_view name;
  std::string_view value;
};

bool is_key(std::string_view text, size_t at, size_t bytes) {
  if (at == 0 || text[at - 1] != '"' || at + bytes >= text.size() || text[at + bytes] != '"') return false;
  const size_t colon = text.find_first_not_of(" \t\r\n", at + bytes + 1);
  return colon != std::string_view::npos && text[colon] == ':';
}

// The value behind the only key of that name, wherever it stands; nullopt if that is not certain. `text` is JSON without
// escapes, so that a quote begins or ends a string.
std::optional<std::string_view> behind_only_key(std::string_view text, std::string_view name) {
  if (name.empty()) return std::nullopt;
  size_t found = std::string_view::npos;
  for (size_t at = text.find(name); at != std::string_view::npos; at = text.find(name, at + 1)) {
    if (!is_key(text, at, name.size())) continue;
    if (found != std::string_view::npos) return std::nullopt;
    found = at;
  }
  if (found == std::string_view::npos) return std::nullopt;
  return first_value(text.substr(text.find(':', found + name.size()) + 1));
}

// Finds the last of equal names.
std::optional<std::string_view> last_named(std::span<const WrittenMember> members, std::string_view name) {
  const auto is_named = [name](const WrittenMember& member) { return names_the_same(member.name, name); };
  const auto found = std::find_if(members.rbegin(), members.rend(), is_named);
  return found == members.rend() ? std::nullopt : std::optional(found->value);
}

std::optional<std::string_view> last_named(std::string_view object, std::string_view name) {
  std::optional<std::string_view> found;
  const auto visit = [&](std::string_view written, std::string_view value) {
    if (names_the_same(written, name)) found = value;
  };
  return for_each_member(object, visit) ? found : std::nullopt;
}

// Words for what people's devices get wrong; all else is simply no JSON.
std::string_view problem_of(simdjson::error_code error) {
  switch (error) {
    case simdjson::EMPTY:
      return "is empty";
    case simdjson::UTF8_ERROR:
      return "is not UTF-8";
    case simdjson::NUMBER_ERROR:
      return "has a number that is no JSON, such as 01 or 1.";
    case simdjson::N_ATOM_ERROR:
      return "has a word with n that is not null, such as nan";
    case simdjson::T_ATOM_ERROR:
    case simdjson::F_ATOM_ERROR:
      return "has a word that is neither true nor false";
    case simdjson::STRING_ERROR:
      return "has a string that is no JSON";
    case simdjson::UNCLOSED_STRING:
      return "has a string without an end";
    case simdjson::UNESCAPED_CHARS:
      return "has a control character in a string";
    case simdjson::DEPTH_ERROR:
      return "is nested too deeply";
    default:
      return "is not JSON: quotes must be double, nothing may follow, NaN and Infinity are no numbers";
  }
}

}  // namespace

struct JsonBody::State {
  dom::parser parser;
  std::string buffer;     // the body, and the padding simdjson reads beyond it
  size_t text_bytes = 0;  // in the buffer, without the padding
  dom::element root;
  simdjson::error_code error = simdjson::SUCCESS;
  bool has_large_numbers = false;  // which are 0 in `root`
  std::vector<WrittenMember> members;
  bool members_known = false;
  std::optional<bool> has_escapes;  // nullopt: nobody has looked
  std::deque<std::string> written;  // by find_json(), of which `in_use` are of this body
  size_t in_use = 0;

  [[nodiscard]] std::string_view text() const { return std::string_view(buffer).substr(0, text_bytes); }

  // The element at `path`; nullopt if there is none.
  [[nodiscard]] std::optional<dom::element> at(const BodyPath& path) const {
    std::optional<dom::element> element = root;
    for (const BodyStep& step : path) {
      element = step_into(*element, step);
      if (!element) return std::nullopt;
    }
    return element;
  }

  void parse() {
    error = parser.parse(buffer.data(), text_bytes, false).get(root);
    if (error == simdjson::STRING_ERROR || error == simdjson::NUMBER_ERROR) {
      replace_lone_surrogates(std::span(buffer).first(text_bytes));
      error = parser.parse(buffer.data(), text_bytes, false).get(root);
    }
    has_large_numbers = error == simdjson::NUMBER_ERROR;
    if (has_large_numbers) error = parser.parse(without_large_numbers(text())).get(root);
  }

  // The value at `path` as it is written. REQUIRES: there is one.
  [[nodiscard]] std::optional<std::string_view> written_at(std::span<const BodyStep> path) {
    if (!has_escapes) has_escapes = text().find('\\') != std::string_view::npos;
    if (!*has_escapes && !path.back().index) {
      if (const auto found = behind_only_key(text(), path.back().name)) return found;
    }
    return search(path);
  }

  [[nodiscard]] std::optional<std::string_view> search(std::span<const BodyStep> path) {
    if (!std::exchange(members_known, true)) {
      members.clear();
      (void)for_each_member(text(), [this](std::string_view name, std::string_view value) {
        members.push_back({name, value});
      });
    }
    auto found = last_named(members, path.front().name);
    if (found && path.front().index) found = nth_item(*found, *path.front().index);
    for (const BodyStep& step : path.subspan(1)) {
      if (found) found = last_named(*found, step.name);
      if (found && step.index) found = nth_item(*found, *step.index);
    }
    return found;
  }

  // Keeps the text without blanks between its parts.
  std::string_view keep(std::string_view text) {
    if (in_use == written.size()) written.emplace_back();
    std::string& kept = written[in_use++];
    kept.resize(text.size() + simdjson::SIMDJSON_PADDING);
    size_t bytes = 0;
    if (simdjson::minify(text.data(), text.size(), kept.data(), bytes) != simdjson::SUCCESS) return {};
    kept.resize(bytes);
    return kept;
  }
};

JsonBody::JsonBody() : state_(std::make_unique<State>()) {}
JsonBody::~JsonBody() = default;
JsonBody::JsonBody(JsonBody&&) noexcept = default;
JsonBody& JsonBody::operator=(JsonBody&&) noexcept = default;

bool JsonBody::parse(std::string_view bytes, TextEncoding encoding) noexcept {
  constexpr std::string_view kUtf8Mark = "\xEF\xBB\xBF";
  std::string& buffer = state_->buffer;
  buffer.clear();
  switch (encoding) {
    case TextEncoding::utf8:
      if (bytes.starts_with(kUtf8Mark)) bytes.remove_prefix(kUtf8Mark.size());
      buffer.append(bytes);
      break;
    case TextEncoding::utf16:
      utf16_to_utf8(bytes, buffer);
      break;
    case TextEncoding::utf32:
      utf32_to_utf8(bytes, buffer);
      break;
  }
  state_->in_use = 0;
  state_->text_bytes = buffer.size();
  buffer.append(simdjson::SIMDJSON_PADDING, '\0');
  state_->members_known = false;
  state_->has_escapes.reset();
  state_->parse();
  return state_->error == simdjson::SUCCESS && state_->root.is_object();
}

std::string_view JsonBody::whole() const noexcept {
  return state_->error == simdjson::SUCCESS ? trimmed(state_->text()) : std::string_view();
}

std::string_view JsonBody::problem() const noexcept {
  if (state_->error == simdjson::SUCCESS) return "is JSON, but not an object";
  return problem_of(state_->error);
}

Value JsonBody::find(const BodyPath& path) const noexcept {
  const auto element = state_->at(path);
  if (!element) return Value::missing();
  const Value value = to_value(*element);
  if (!state_->has_large_numbers || !value.is(Value::Kind::number)) return value;
  const auto written = state_->written_at(path);
  return written ? Value::of(read_json_number(*written)) : value;
}

std::string_view JsonBody::find_json(const BodyPath& path) noexcept {
  if (path.empty()) return trimmed(state_->text());
  if (!state_->at(path)) return {};
  const auto written = state_->written_at(path);
  if (!written) return {};
  const bool nested = written->starts_with('{') || written->starts_with('[');
  return nested ? state_->keep(*written) : *written;
}

Value JsonBody::scalar() const noexcept {
  const std::string_view text = state_->text();
  if (is_json_number(trimmed(text))) {
    Value number = Value::of(read_json_number(trimmed(text)));
    number.text = trimmed(text);
    return number;
  }
  if (state_->error == simdjson::SUCCESS) return to_value(state_->root);
  if (trimmed(text).empty() || !simdjson::validate_utf8(text)) return Value::undefined();
  return Value::of(text);
}

}  // namespace headgate::routing
