// A fuzzer's bytes, read as choices. Behind their end every choice is the first one.
#pragma once

#include <cstdint>
#include <string_view>

namespace headgate::fuzz {

class Script {
 public:
  explicit Script(std::string_view bytes) : rest_(bytes) {}

  [[nodiscard]] bool ended() const { return rest_.empty(); }
  uint8_t byte() {
    if (rest_.empty()) return 0;
    const auto value = static_cast<uint8_t>(rest_.front());
    rest_.remove_prefix(1);
    return value;
  }
  // Below `limit`, which is at most 256.
  uint8_t below(unsigned limit) { return static_cast<uint8_t>(byte() % limit); }
  bool yes() { return (byte() & 1) != 0; }
  std::string_view take(size_t bytes) {
    const std::string_view taken = rest_.substr(0, bytes);
    rest_.remove_prefix(taken.size());
    return taken;
  }

 private:
  std::string_view rest_;
};

}  // namespace headgate::fuzz
