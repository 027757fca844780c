// What a fuzzed run may not break: says which promise, and stops the process where the debugger can see why.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace headgate::fuzz {

// What is being run, for who reads the message; libFuzzer says it itself.
inline std::string_view now_running = "this input";

inline void must(bool holds, std::string_view promise) {
  if (holds) return;
  std::fprintf(stderr, "broken by %.*s: %.*s\n", static_cast<int>(now_running.size()), now_running.data(),
               static_cast<int>(promise.size()), promise.data());
  std::abort();
}

}  // namespace headgate::fuzz
