// libFuzzer's door to run_schema().
#include <cstddef>
#include <cstdint>

#include "tests/fuzz/schema_target.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  headgate::fuzz::run_schema({reinterpret_cast<const char*>(data), size});
  return 0;
}
