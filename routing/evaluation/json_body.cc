#include "routing/evaluation/json_body.h"

#include <simdjson.h>

#include <algorithm>
#include <charconv>
#include <deque>
#include <optional>
#include <string>

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

// A number that JSON has, but not this parser: an integer of more than 64 bits.
std::optional<double> large_number(std::string_view text) {
  const std::string_view digits = text.substr(text.starts_with('-') ? 1 : 0);
  const bool integer = digits.find_first_not_of("0123456789") == std::string_view::npos;
  if (!integer || digits.empty() || digits.starts_with('0')) return std::nullopt;
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} ? std::optional(number) : std::nullopt;
}

// Words for what people's devices get wrong; all else is simply no JSON.
std::string_view problem_of(simdjson::error_code error) {
  switch (error) {
    case simdjson::EMPTY:
      return "is empty";
    case simdjson::UTF8_ERROR:
      return "is not UTF-8";
    case simdjson::NUMBER_ERROR:
      return "has a number that is no JSON, or larger than 64 bits hold";
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
  simdjson::internal::string_builder<> writer;
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

  std::string_view keep(std::string_view text) {
    if (in_use == written.size()) written.emplace_back();
    return written[in_use++].assign(text);
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
  state_->error = state_->parser.parse(buffer.data(), state_->text_bytes, false).get(state_->root);
  return state_->error == simdjson::SUCCESS && state_->root.is_object();
}

std::string_view JsonBody::problem() const noexcept {
  if (state_->error == simdjson::SUCCESS) return "is JSON, but not an object";
  return problem_of(state_->error);
}

Value JsonBody::find(const BodyPath& path) const noexcept {
  const auto element = state_->at(path);
  return element ? to_value(*element) : Value::missing();
}

std::string_view JsonBody::find_json(const BodyPath& path) noexcept {
  if (path.empty()) return trimmed(state_->text());
  const auto element = state_->at(path);
  if (!element) return {};
  state_->writer.clear();
  state_->writer.append(*element);
  return state_->keep(state_->writer.str());
}

Value JsonBody::scalar() const noexcept {
  if (state_->error == simdjson::SUCCESS) return to_value(state_->root);
  const std::string_view text = state_->text();
  if (trimmed(text).empty() || !simdjson::validate_utf8(text)) return Value::undefined();
  const auto number = large_number(trimmed(text));
  return number ? Value::of(*number) : Value::of(text);
}

}  // namespace headgate::routing
