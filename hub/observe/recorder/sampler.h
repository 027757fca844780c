// Choice of messages to record: all while few come. In a flood it is a sample, or the record would end a moment ago and every
// message would pay for it.
//
// Worked example, with kAll = 1,000: of 50,000 messages in a second on one topic the first 1,000 are taken, then 8 of that
// topic's class, then each 64th: some 1,770. One on another topic comes at the end of that second, and is taken.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>

namespace headgate::hub {

class Sampler {
 public:
  static constexpr uint32_t kAll = 1'000;       // in a second
  static constexpr uint32_t kFirstOfClass = 8;  // of each class of topics beyond that, in a second
  static constexpr uint32_t kOneIn = 64;        // of the others

  // Counts a message on that topic; whether it is taken.
  [[nodiscard]] bool takes(std::string_view topic) {
    if (++arrived_ <= kAll || arrived_ % kOneIn == 0) return true;
    uint8_t& of_class = of_classes_[std::hash<std::string_view>{}(topic) % of_classes_.size()];
    if (of_class >= kFirstOfClass) return false;
    ++of_class;
    return true;
  }
  // Begins the next second.
  void tick() {
    if (arrived_ > kAll) of_classes_.fill(0);
    arrived_ = 0;
  }

 private:
  uint32_t arrived_ = 0;
  std::array<uint8_t, 1024> of_classes_{};
};

}  // namespace headgate::hub
