// A machine's readings as JSON, random-walked so that they compress as real ones do, not as padding does.
#pragma once

#include <array>
#include <cstdint>
#include <random>
#include <string_view>

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

}  // namespace headgate::tools::bench
