#include "routing/evaluation/json_members.h"

#include <algorithm>
#include <charconv>
#include <cstdint>

#include "routing/language/text.h"

namespace headgate::routing {
namespace {

class MemberCursor {
 public:
  explicit MemberCursor(std::string_view text) : text_(text) {}

  // Steps over white space, then over `c` if it is next.
  bool accept(char c) {
    while (at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != std::string_view::npos)
      ++at_;
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  // The text of a string whose first quote has been taken.
  [[nodiscard]] std::string_view string() {
    const size_t from = at_;
    while (at_ < text_.size() && text_[at_] != '"') at_ += text_[at_] == '\\' ? 2 : 1;
    if (at_ >= text_.size()) return fail();
    return text_.substr(from, at_++ - from);
  }

  // A value up to the `,`, `}` or `]` behind it.
  [[nodiscard]] std::string_view value() {
    (void)accept('\0');
    const size_t from = at_;
    size_t depth = 0;
    for (; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == '"') {
        ++at_;
        (void)string();
        --at_;
      } else if (c == '{' || c == '[') {
        ++depth;
      } else if (depth == 0 && (c == ',' || c == '}' || c == ']')) {
        return trimmed(text_.substr(from, at_ - from));
      } else if (c == '}' || c == ']') {
        --depth;
      }
    }
    return fail();
  }

  [[nodiscard]] bool failed() const { return failed_; }

 private:
  std::string_view fail() {
    failed_ = true;
    at_ = text_.size();
    return {};
  }

  static std::string_view trimmed(std::string_view text) {
    return text.substr(0, text.find_last_not_of(" \t\r\n") + 1);
  }

  std::string_view text_;
  size_t at_ = 0;
  bool failed_ = false;
};

char32_t code_unit(std::string_view digits) {
  uint32_t unit = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), unit, 16);
  return unit;
}

// The text that a JSON string stands for.
class Unescaping {
 public:
  explicit Unescaping(std::string_view written) : rest_(written) {}

  std::string run() {
    while (!rest_.empty()) {
      const char c = take();
      if (c == '\\' && !rest_.empty())
        escaped(take());
      else
        out_.push_back(c);
    }
    return std::move(out_);
  }

 private:
  char take() {
    const char c = rest_.front();
    rest_.remove_prefix(1);
    return c;
  }

  void escaped(char c) {
    constexpr std::string_view kLetters = "bfnrt";
    constexpr std::string_view kControls = "\b\f\n\r\t";
    if (c == 'u') return append_utf8(out_, code_point());
    const size_t letter = kLetters.find(c);
    out_.push_back(letter == std::string_view::npos ? c : kControls[letter]);
  }

  char32_t unit() {
    const char32_t read = code_unit(rest_.substr(0, 4));
    rest_.remove_prefix(std::min<size_t>(4, rest_.size()));
    return read;
  }

  char32_t code_point() {
    const char32_t high = unit();
    if (high < 0xD800 || high > 0xDBFF || !rest_.starts_with("\\u")) return high;
    rest_.remove_prefix(2);
    return 0x10000 + ((high - 0xD800) << 10) + (unit() - 0xDC00);
  }

  std::string_view rest_;
  std::string out_;
};

}  // namespace

bool for_each_member(std::string_view object, const VisitMember& visit) {
  MemberCursor cursor(object);
  if (!cursor.accept('{')) return false;
  if (cursor.accept('}')) return true;
  do {
    if (!cursor.accept('"')) return false;
    const std::string_view name = cursor.string();
    if (!cursor.accept(':')) return false;
    const std::string_view value = cursor.value();
    if (cursor.failed()) return false;
    visit(name, value);
  } while (cursor.accept(','));
  return cursor.accept('}');
}

std::optional<std::string_view> nth_item(std::string_view array, size_t index) {
  MemberCursor cursor(array);
  if (!cursor.accept('[') || cursor.accept(']')) return std::nullopt;
  do {
    const std::string_view item = cursor.value();
    if (cursor.failed()) return std::nullopt;
    if (index-- == 0) return item;
  } while (cursor.accept(','));
  return std::nullopt;
}

std::string unescaped(std::string_view written) { return Unescaping(written).run(); }

bool names_the_same(std::string_view written, std::string_view name) {
  if (written.find('\\') == std::string_view::npos) return written == name;
  return unescaped(written) == name;
}

}  // namespace headgate::routing
