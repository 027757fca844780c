// libFuzzer's door to run_session().
#include <cstddef>
#include <cstdint>

#include "tests/fuzz/session_target.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  headgate::fuzz::run_session({reinterpret_cast<const char*>(data), size});
  return 0;
}
