// Spoils good route texts: pieces are put in, letters are lost, another text gets in between. The same seed does the same.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <random>
#include <span>
#include <string>
#include <string_view>

namespace headgate::testing {

class Spoiler {
 public:
  // Borrows both; they must outlive this.
  Spoiler(std::span<const std::string_view> texts, std::span<const std::string_view> pieces, uint32_t seed)
      : texts_(texts), pieces_(pieces), random_(seed) {}

  // One of the texts, spoilt in so many places.
  [[nodiscard]] std::string next(size_t places) {
    std::string text(any(texts_));
    for (; places > 0; --places) spoil(text);
    return text;
  }
  [[nodiscard]] size_t pick(size_t count) { return random_() % count; }
  [[nodiscard]] char letter() { return static_cast<char>(random_()); }

 private:
  std::string_view any(std::span<const std::string_view> some) { return some[pick(some.size())]; }

  void spoil(std::string& text) {
    const size_t at = pick(text.size() + 1);
    switch (pick(4)) {
      case 0:
        text.insert(at, any(pieces_));
        break;
      case 1:
        text.erase(at, 1 + pick(8));
        break;
      case 2: {
        const size_t lost = std::min<size_t>(pick(4), text.size() - at);
        text.replace(at, lost, any(pieces_));
        break;
      }
      default: {
        const std::string_view other = any(texts_);
        const size_t from = pick(other.size());
        text.insert(at, other.substr(from, pick(40)));
      }
    }
  }

  std::span<const std::string_view> texts_;
  std::span<const std::string_view> pieces_;
  std::mt19937 random_;
};

}  // namespace headgate::testing
