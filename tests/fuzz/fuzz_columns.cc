// libFuzzer's door to run_columns().
#include <cstddef>
#include <cstdint>

#include "tests/fuzz/columns_target.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  headgate::fuzz::run_columns({reinterpret_cast<const char*>(data), size});
  return 0;
}
