#include "routing/schema/formats.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace headgate::routing {
namespace {

// Reads a text from its front.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : rest_(text) {}

  [[nodiscard]] bool at_end() const { return rest_.empty(); }

  bool take(std::string_view one_of) {
    if (rest_.empty() || one_of.find(rest_.front()) == std::string_view::npos) return false;
    rest_.remove_prefix(1);
    return true;
  }

  // Exactly so many digits.
  std::optional<unsigned> number(size_t digits) {
    if (rest_.size() < digits) return std::nullopt;
    unsigned value = 0;
    for (size_t i = 0; i < digits; ++i) {
      if (rest_[i] < '0' || rest_[i] > '9') return std::nullopt;
      value = value * 10 + static_cast<unsigned>(rest_[i] - '0');
    }
    rest_.remove_prefix(digits);
    return value;
  }

  bool number_below(unsigned limit) {
    const auto value = number(2);
    return value && *value < limit;
  }

  void skip_digits() {
    while (take("0123456789")) {
    }
  }

 private:
  std::string_view rest_;
};

bool takes_date(Cursor& text) {
  const auto year = text.number(4);
  if (!year || !text.take("-")) return false;
  const auto month = text.number(2);
  if (!month || !text.take("-")) return false;
  const auto day = text.number(2);
  using namespace std::chrono;
  return day && year_month_day(std::chrono::year(static_cast<int>(*year)), std::chrono::month(*month),
                               std::chrono::day(*day))
                    .ok();
}

bool takes_zone(Cursor& text) {
  if (text.take("Zz")) return true;
  return text.take("+-") && text.number_below(24) && text.take(":") && text.number_below(60);
}

bool takes_time(Cursor& text) {
  if (!text.number_below(24) || !text.take(":") || !text.number_below(60) || !text.take(":")) return false;
  if (!text.number_below(61)) return false;
  if (text.take(".")) {
    if (!text.take("0123456789")) return false;
    text.skip_digits();
  }
  return takes_zone(text);
}

}  // namespace

bool is_known_format(std::string_view name) {
  return name == "date" || name == "time" || name == "date-time";
}

bool has_format(std::string_view name, std::string_view text) {
  Cursor rest(text);
  if (name == "date") return takes_date(rest) && rest.at_end();
  if (name == "time") return takes_time(rest) && rest.at_end();
  if (name != "date-time") return true;
  return takes_date(rest) && rest.take("Tt ") && takes_time(rest) && rest.at_end();
}

}  // namespace headgate::routing
