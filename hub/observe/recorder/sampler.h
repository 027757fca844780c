// Choice of messages to record: all while few come. In a flood it is a sample, or the record would end a moment ago and every
// message would pay for it.
//
// Worked example, with kAll = 1,000: of 50,000 messages in a second on one topic the first 1,000 are taken, then 8 of that
// topic's class, then each 256th: some 1,200. One on another topic comes at the end of that second, and is taken.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace headgate::hub {

class Sampler {
 public:
  static constexpr uint32_t kAll = 1'000;       // in a second
  static constexpr uint32_t kFirstOfClass = 8;  // of each class of topics beyond that, in a second
  static constexpr uint32_t kOneIn = 256;       // of the others

  // Counts a message on that topic; whether it is taken.
  [[nodiscard]] bool takes(std::string_view topic) {
    if (++arrived_ <= kAll || arrived_ % kOneIn == 0) return true;
    uint8_t& of_class = of_classes_[class_of(topic)];
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
  static constexpr uint32_t kClassBits = 10;

  // Eight bytes at a time, each multiplied by 2^64 / golden ratio (Knuth, TAOCP 6.4). The standard library's hash took longer
  // than all else that is done for a message that is passed over.
  [[nodiscard]] static size_t class_of(std::string_view topic) {
    uint64_t hash = topic.size();
    while (!topic.empty()) {
      uint64_t word = 0;
      const size_t bytes = std::min(topic.size(), sizeof word);
      std::memcpy(&word, topic.data(), bytes);
      hash = (hash ^ (hash >> 32) ^ word) * 0x9E3779B97F4A7C15;
      topic.remove_prefix(bytes);
    }
    return hash >> (64 - kClassBits);
  }

  uint32_t arrived_ = 0;
  std::array<uint8_t, 1U << kClassBits> of_classes_{};
};

}  // namespace headgate::hub
