// libFuzzer's door to run_aggregates().
#include <cstddef>
#include <cstdint>

#include "tests/fuzz/aggregates_target.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  headgate::fuzz::run_aggregates({reinterpret_cast<const char*>(data), size});
  return 0;
}
