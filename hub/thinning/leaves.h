// Scalars of a JSON body with their places, for bodies that can be summed up number by number. Pure; simdjson stays
// behind it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace headgate::hub {

struct Leaf {
  enum class Kind : uint8_t { number, other };

  Kind kind = Kind::other;
  std::string_view path;  // JSON Pointer (RFC 6901); empty: the body itself
  std::string_view text;  // as it is written; a string with its quotes
  double number = 0;
};

// Keeps its memory from one body to the next. Not for two threads at once.
class LeafReader {
 public:
  static constexpr size_t kReadingLeavesMax = 64;
  static constexpr size_t kDepthMax = 8;
  static constexpr size_t kNumberBytesMax = 24;  // doubles need no more
  static constexpr size_t kOtherBytesMax = 128;

  LeafReader();
  ~LeafReader();
  LeafReader(const LeafReader&) = delete;
  LeafReader& operator=(const LeafReader&) = delete;

  // The leaves of a body, in their order; nullopt if it is irregular: no JSON, with an array, a name that an object has
  // twice, a number that a double does not hold, more than `leaves_max` leaves, or longer or deeper than the limits
  // above. Views are good until the next call, some of them into `body`.
  [[nodiscard]] std::optional<std::span<const Leaf>> read(std::string_view body,
                                                          size_t leaves_max = kReadingLeavesMax);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace headgate::hub
