// A machine's readings as JSON, random-walked so that they compress as real ones do, not as padding does.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <string_view>

#include "tools/bench/wire.h"

namespace headgate::tools::bench {

inline constexpr size_t kReadingBytes = 219;  // every reading, exactly

class ReadingSource {
 public:
  // Gives equal readings for an equal `machine` in every run.
  explicit ReadingSource(uint32_t machine);

  // Valid until the next call.
  [[nodiscard]] std::string_view next();

 private:
  double walk(double value, double step, double low, double high);

  std::minstd_rand random_;
  uint32_t machine_;
  int64_t time_ms_ = 1'786'999'800'000;
  double temperature_ = 85;
  double pressure_ = 4;
  double rms_ = 1.2;
  double ambient_ = 21;
  std::array<char, kReadingBytes + 64> text_{};
};

inline constexpr size_t kStampedBytes = 220;  // every stamped reading, exactly

// A reading whose member `stamp` is the stamp as text, so that it outlives a route that makes another body of it.
[[nodiscard]] std::string stamped_reading(const Stamp& stamp);
// The stamp of a body that has one, such as a row with the reading's `stamp`; nullopt: it has none.
[[nodiscard]] std::optional<Stamp> stamp_of_row(std::string_view body);

}  // namespace headgate::tools::bench
