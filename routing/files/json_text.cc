#include "routing/files/json_text.h"

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>
#include <set>

#include "core/topic.h"
#include "routing/language/odd_character.h"
#include "routing/language/text.h"

namespace headgate::routing {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kQuotedMax = 60;  // bytes of a value that an error repeats

// Builds the value from the parser's events, and watches for keys that their object has already and for too deep
// nesting. Takes time in proportion to the text: the library's own builder looks through an object for each key.
class Builder : public nlohmann::json_sax<Json> {
 public:
  bool null() override { return add(nullptr); }
  bool boolean(bool value) override { return add(value); }
  bool number_integer(number_integer_t value) override { return add(value); }
  bool number_unsigned(number_unsigned_t value) override { return add(value); }
  bool number_float(number_float_t value, const string_t& /*digits*/) override { return add(value); }
  bool string(string_t& value) override { return add(std::move(value)); }
  bool binary(binary_t& value) override { return add(std::move(value)); }

  bool start_object(std::size_t /*size*/) override {
    if (!open(Json::object())) return false;
    seen_.emplace_back();
    path_.push_back({});
    return true;
  }
  bool key(string_t& key) override {
    if (too_deep()) return false;
    path_.back() = key;
    if (!seen_.back().insert(key).second) problems_.push_back(path() + ": appears twice; keep one of them");
    return true;
  }
  bool end_object() override {
    seen_.pop_back();
    path_.pop_back();
    return close();
  }
  bool start_array(std::size_t /*size*/) override { return open(Json::array()); }
  bool end_array() override { return close(); }

  bool parse_error(std::size_t byte, const std::string& /*token*/,
                   const nlohmann::detail::exception& error) override {
    byte_ = byte == 0 ? 0 : byte - 1;
    is_syntax_ = dynamic_cast<const Json::parse_error*>(&error) != nullptr;
    error_ = error.what();
    return false;
  }

  // Lists the problems, a line each; empty if there is none.
  [[nodiscard]] std::string problems(std::string_view file) const {
    std::string text;
    for (const std::string& problem : problems_)
      text.append(text.empty() ? "" : "\n").append(file).append(": ").append(problem);
    return text;
  }
  [[nodiscard]] const std::string& error() const { return error_; }  // the library's words; empty: none
  [[nodiscard]] bool is_syntax() const { return is_syntax_; }
  [[nodiscard]] std::size_t byte() const { return byte_; }  // where parsing ended
  [[nodiscard]] Json take() { return std::move(root_); }

 private:
  bool add(Json value) {
    if (too_deep()) return false;
    place(std::move(value));
    return true;
  }

  bool open(Json container) {
    if (too_deep()) return false;
    open_.push_back(&place(std::move(container)));
    return true;
  }

  bool close() {
    open_.pop_back();
    return true;
  }

  Json& place(Json value) {
    if (open_.empty()) return root_ = std::move(value);
    if (auto* const list = open_.back()->get_ptr<Json::array_t*>())
      return list->emplace_back(std::move(value));
    auto& members = open_.back()->get_ref<Json::object_t&>();
    return members.emplace_back(path_.back(), std::move(value)).second;
  }

  bool too_deep() {
    if (open_.size() < size_t{kJsonDepthMax}) return false;
    problems_.push_back(path() + ": is nested deeper than " + std::to_string(kJsonDepthMax) + " levels");
    return true;
  }

  [[nodiscard]] std::string path() const {
    std::string joined;
    for (const std::string& key : path_) joined = join_path(joined, key);
    return joined;
  }

  Json root_;
  std::vector<Json*> open_;                  // containers that have not ended; they do not move until then
  std::vector<std::set<std::string>> seen_;  // of the open objects
  std::vector<std::string> path_;
  std::vector<std::string> problems_;
  std::string error_;
  std::size_t byte_ = 0;
  bool is_syntax_ = false;
};

// `file:line:column` of a byte (the last of the wrong token); columns count bytes, from 1.
std::string position(std::string_view text, size_t byte, std::string_view file) {
  const std::string_view before = text.substr(0, std::min(byte, text.size()));
  const size_t line = 1 + static_cast<size_t>(std::count(before.begin(), before.end(), '\n'));
  const size_t line_start = before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
  return std::string(file) + ":" + std::to_string(line) + ":" +
         std::to_string(before.size() - line_start + 1);
}

// nlohmann prefixes its sentence with an id and its own position: only the sentence is for people. It also quotes what it
// has read of a string or a number, which may be a secret and is on its way into the log.
std::string sentence(std::string_view what) {
  const size_t start = what.find("syntax error");
  std::string text(start == std::string_view::npos ? what : what.substr(start));
  const size_t quoted = text.find("; last read: ");
  if (quoted == std::string::npos) return text;
  const size_t expected = text.rfind("; expected ");
  const bool goes_on = expected != std::string::npos && expected > quoted;
  return text.erase(quoted, goes_on ? expected - quoted : std::string::npos);
}

// Names the character at the byte where parsing ended, or just before it, if it is one that only looks right.
std::string odd_at(std::string_view text, size_t byte) {
  for (size_t at = byte < 2 ? 0 : byte - 2; at <= byte && at < text.size(); ++at) {
    if (const auto odd = odd_character_at(text, at))
      return "; there is " + odd->text() + ": " + odd->advice();
  }
  const bool two_bytes_a_character = text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF");
  return two_bytes_a_character ? "; it is UTF-16: save it as UTF-8" : "";
}

}  // namespace

void skip_byte_order_mark(std::string_view& text) {
  constexpr std::string_view kMark = "\xEF\xBB\xBF";
  if (text.starts_with(kMark)) text.remove_prefix(kMark.size());
}

std::optional<std::string> encoding_fault(std::string_view text, std::string_view file) {
  if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF"))
    return std::string(file) + ":1: it is UTF-16: save it as UTF-8";
  if (core::is_valid_utf8(text)) return std::nullopt;
  size_t line = 1;
  for (; !text.empty(); ++line) {
    const size_t end = std::min(text.find('\n'), text.size());
    if (!core::is_valid_utf8(text.substr(0, end))) break;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return std::string(file) + ":" + std::to_string(line) +
         ": the line is no text in UTF-8: save the file as UTF-8";
}

const nlohmann::ordered_json* member(const nlohmann::ordered_json& object, std::string_view key) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(std::string(key));
  return found == object.end() ? nullptr : &*found;
}

core::Result<Json> parse_json_text(std::string_view text, std::string_view file) {
  if (text.find_first_not_of(" \t\r\n") == std::string_view::npos)
    return core::fail(core::Errc::invalid, std::string(file) + ": is empty");
  Builder builder;
  constexpr bool kStrict = true;
  constexpr bool kCommentsIgnored = true;
  Json::sax_parse(text.begin(), text.end(), &builder, Json::input_format_t::json, kStrict, kCommentsIgnored);
  if (builder.is_syntax()) {
    return core::fail(core::Errc::invalid, position(text, builder.byte(), file) + ": " +
                                               sentence(builder.error()) + odd_at(text, builder.byte()));
  }
  if (!builder.error().empty())
    return core::fail(core::Errc::invalid, std::string(file) + ": " + builder.error());
  if (std::string problems = builder.problems(file); !problems.empty())
    return core::fail(core::Errc::invalid, std::move(problems));
  return builder.take();
}

std::string describe(const Json& value) {
  if (value.is_object()) return "an object";
  if (value.is_array()) return "a list";
  std::string text = value.dump(-1, ' ', false, Json::error_handler_t::replace);
  if (text.size() > kQuotedMax) text = text.substr(0, kQuotedMax) + "…";
  return text;
}

std::string join_path(std::string_view parent, std::string_view key) {
  const auto plain = [](unsigned char c) { return std::isalnum(c) != 0 || c == '_' || c == '-' || c == '$'; };
  const std::string path(parent);
  if (key.empty() || !std::all_of(key.begin(), key.end(), plain))
    return path + "[\"" + std::string(key) + "\"]";
  return path + (path.empty() ? "" : ".") + std::string(key);
}

std::string did_you_mean(std::string_view word, const std::vector<std::string_view>& candidates) {
  const size_t tolerated = std::max<size_t>(2, word.size() / 3);
  std::string_view best;
  size_t best_distance = tolerated + 1;
  for (const std::string_view candidate : candidates) {
    const size_t distance = edit_distance(word, candidate);
    if (distance < best_distance && distance < candidate.size()) {
      best = candidate;
      best_distance = distance;
    }
  }
  if (best.empty()) return "";
  return "; did you mean \"" + std::string(best) + "\"?";
}

}  // namespace headgate::routing
