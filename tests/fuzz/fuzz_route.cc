// libFuzzer's door to run_route().
#include <cstddef>
#include <cstdint>

#include "tests/fuzz/route_target.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  headgate::fuzz::run_route({reinterpret_cast<const char*>(data), size});
  return 0;
}
