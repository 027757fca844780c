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
namespace ondemand = simdjson::ondemand;

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

// A value of the body, and whether each name on the way to it is there once.
struct Place {
  dom::element element;
  bool only = true;
};

// The last field of that name; object::at_key would give the first.
bool step_to_last_field(Place& place, std::string_view name) {
  dom::object object;
  if (place.element.get_object().get(object) != simdjson::SUCCESS) return false;
  bool found = false;
  for (const dom::key_value_pair field : object) {
    if (field.key != name) continue;
    place = {field.value, place.only && !found};
    found = true;
  }
  return found;
}

bool step_into(Place& place, const BodyStep& step) {
  if (!step_to_last_field(place, step.name)) return false;
  return !step.index || place.element.at(*step.index).get(place.element) == simdjson::SUCCESS;
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

// Gives values as they are written, in JSON that has been parsed and holds no escapes: then a key is written as it reads.
class WrittenReader {
 public:
  // Another text is read from now on.
  void restart() { ready_ = false; }

  // The value at `path`, of which no part has a name that its object has twice; nullopt if that cannot be read. `buffer`
  // is the text with simdjson's padding behind it, and stays until restart().
  [[nodiscard]] std::optional<std::string_view> read(std::string_view text, size_t buffer_bytes,
                                                     std::span<const BodyStep> path) {
    if (!std::exchange(ready_, true) &&
        parser_.iterate(text.data(), text.size(), buffer_bytes).get(document_) != simdjson::SUCCESS)
      return std::nullopt;
    document_.rewind();
    ondemand::value value;
    if (document_.get_value().get(value) != simdjson::SUCCESS) return std::nullopt;
    for (const BodyStep& step : path) {
      if (value.find_field_unordered(step.name).get(value) != simdjson::SUCCESS) return std::nullopt;
      if (step.index && value.at(*step.index).get(value) != simdjson::SUCCESS) return std::nullopt;
    }
    std::string_view written;
    if (raw(value).get(written) != simdjson::SUCCESS) return std::nullopt;
    return trimmed(written);
  }

 private:
  static simdjson::simdjson_result<std::string_view> raw(ondemand::value& value) {
    ondemand::object object;
    ondemand::array array;
    if (value.get_object().get(object) == simdjson::SUCCESS) return object.raw_json();
    if (value.get_array().get(array) == simdjson::SUCCESS) return array.raw_json();
    return value.raw_json_token();
  }

  ondemand::parser parser_;
  ondemand::document document_;
  bool ready_ = false;
};

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
  WrittenReader reader;
  std::deque<std::string> written;  // by find_json(), of which `in_use` are of this body
  size_t in_use = 0;

  [[nodiscard]] std::string_view text() const { return std::string_view(buffer).substr(0, text_bytes); }

  // The value at `path`; nullopt if there is none.
  [[nodiscard]] std::optional<Place> at(const BodyPath& path) const {
    Place place{root};
    for (const BodyStep& step : path)
      if (!step_into(place, step)) return std::nullopt;
    return place;
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

  // The value at `path` as it is written. REQUIRES: it is at `place`.
  [[nodiscard]] std::optional<std::string_view> written_at(std::span<const BodyStep> path,
                                                           const Place& place) {
    if (!has_escapes) has_escapes = text().find('\\') != std::string_view::npos;
    if (place.only && !*has_escapes) {
      if (const auto found = reader.read(text(), buffer.size(), path)) return found;
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
  state_->reader.restart();
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
  const auto place = state_->at(path);
  if (!place) return Value::missing();
  const Value value = to_value(place->element);
  if (!state_->has_large_numbers || !value.is(Value::Kind::number)) return value;
  const auto written = state_->written_at(path, *place);
  return written ? Value::of(read_json_number(*written)) : value;
}

std::string_view JsonBody::find_json(const BodyPath& path) noexcept {
  if (path.empty()) return trimmed(state_->text());
  const auto place = state_->at(path);
  if (!place) return {};
  const auto written = state_->written_at(path, *place);
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
