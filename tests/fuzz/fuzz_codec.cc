// libFuzzer's door to run_codec().
#include <cstddef>
#include <cstdint>

#include "tests/fuzz/codec_target.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  headgate::fuzz::run_codec({reinterpret_cast<const char*>(data), size});
  return 0;
}
