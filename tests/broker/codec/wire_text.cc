#include "tests/broker/codec/wire_text.h"

#include <stdexcept>

#include "broker/codec/wire.h"

namespace headgate::testing {
namespace {

class Parser {
 public:
  explicit Parser(std::string_view text) : rest_(text) {}

  std::string parse_until(char end) {
    std::string out;
    while (!rest_.empty() && rest_.front() != end) parse_one(out);
    if (end != '\0') expect(end);
    return out;
  }

 private:
  void parse_one(std::string& out) {
    switch (rest_.front()) {
      case ' ':
        expect(' ');
        break;
      case '\'':
        parse_text(out);
        break;
      case '<':
        expect('<'), broker::append_string(out, parse_until('>'));
        break;
      case '(':
        parse_counted(out);
        break;
      default:
        parse_byte(out);
    }
  }

  void parse_text(std::string& out) {
    expect('\'');
    const size_t end = rest_.find('\'');
    if (end == std::string_view::npos) throw std::invalid_argument("wire: text without its end");
    out.append(rest_.substr(0, end));
    rest_.remove_prefix(end + 1);
  }

  void parse_counted(std::string& out) {
    expect('(');
    const std::string inside = parse_until(')');
    broker::append_varint(out, inside.size());
    out += inside;
  }

  void parse_byte(std::string& out) {
    const unsigned high = digit();
    broker::append_u8(out, static_cast<uint8_t>(high << 4 | digit()));
  }

  unsigned digit() {
    constexpr std::string_view kDigits = "0123456789ABCDEF";
    const size_t value = rest_.empty() ? std::string_view::npos : kDigits.find(rest_.front());
    if (value == std::string_view::npos) throw std::invalid_argument("wire: not hex: " + std::string(rest_));
    rest_.remove_prefix(1);
    return static_cast<unsigned>(value);
  }

  void expect(char want) {
    if (rest_.empty() || rest_.front() != want) throw std::invalid_argument(std::string("wire: no ") + want);
    rest_.remove_prefix(1);
  }

  std::string_view rest_;
};

}  // namespace

std::string wire(std::string_view text) { return Parser(text).parse_until('\0'); }

std::string to_hex(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string hex;
  for (const char byte : bytes) {
    if (!hex.empty()) hex += ' ';
    hex += kDigits[static_cast<uint8_t>(byte) >> 4];
    hex += kDigits[static_cast<uint8_t>(byte) & 0x0F];
  }
  return hex;
}

}  // namespace headgate::testing
