// Rests of a thread that has long work of little hurry, so that it has a quarter of a core and no more than a short stretch at a
// time: with as many cores as busy threads, what it takes others wait for.
#pragma once

#include <chrono>
#include <thread>

namespace headgate::store {

class Pacer {
 public:
  static constexpr std::chrono::microseconds kStretch{50};
  static constexpr int kRest = 3;  // as long as the stretch before

  // Call between pieces of work, microseconds each.
  void step() {
    if (++steps_ % kStepsALook != 0) return;
    const auto worked = std::chrono::steady_clock::now() - begun_;
    if (worked < kStretch) return;
    std::this_thread::sleep_for(kRest * worked);
    begun_ = std::chrono::steady_clock::now();
  }

 private:
  static constexpr unsigned kStepsALook = 8;  // at the clock

  std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
  unsigned steps_ = 0;
};

}  // namespace headgate::store
