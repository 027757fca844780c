// Bounded waiting for what another process does.
#pragma once

#include <chrono>
#include <thread>

namespace headgate::e2e {

using namespace std::chrono_literals;

inline constexpr auto kPatience = 15s;  // for anything that should happen at once, on a busy machine

// Asks every few milliseconds until `holds()` or until patience ends; returns the last answer.
template <typename Predicate>
[[nodiscard]] bool eventually(Predicate&& holds, std::chrono::milliseconds patience = kPatience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (!holds()) {
    if (std::chrono::steady_clock::now() > deadline) return holds();
    std::this_thread::sleep_for(5ms);
  }
  return true;
}

}  // namespace headgate::e2e
