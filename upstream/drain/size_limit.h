// How large a payload the broker really takes. One may say a larger size than it takes, or none, and refuse what is larger:
// then batches are made smaller from the next one on, instead of each being sent in vain and halved. Pure.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace headgate::upstream {

class SizeLimit {
 public:
  static constexpr int64_t kBelievedMs =
      3'600'000;                          // then what is larger is tried again: brokers are configured anew
  static constexpr size_t kLeast = 1024;  // below that it is not the size of batches that is refused

  // A batch of several messages with a payload of so many bytes was refused as too large. Several may have been made before
  // the first was refused: they say the same, once.
  void on_too_large(size_t payload_bytes, int64_t now_ms) {
    bytes_ = std::max(kLeast, std::min(bytes_, payload_bytes / 2));
    since_ms_ = now_ms;
  }
  void on_link_up(int64_t now_ms) {
    if (bytes_ != SIZE_MAX && now_ms - since_ms_ >= kBelievedMs) bytes_ = SIZE_MAX;
  }
  [[nodiscard]] size_t bytes() const { return bytes_; }

 private:
  size_t bytes_ = SIZE_MAX;
  int64_t since_ms_ = 0;  // mono
};

}  // namespace headgate::upstream
