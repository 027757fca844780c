#include "tools/bench/pacer.h"

namespace headgate::tools::bench {
namespace {

constexpr auto kSecondNs = static_cast<uint64_t>(kNsPerSecond);

}  // namespace

// Whole seconds and the rest apart: the product of a long run and a high rate would not fit.
uint64_t Pacer::due(int64_t now_ns) const {
  if (now_ns < start_ns_) return 0;
  const auto elapsed_ns = static_cast<uint64_t>(now_ns - start_ns_);
  return elapsed_ns / kSecondNs * per_second_ + elapsed_ns % kSecondNs * per_second_ / kSecondNs + 1;
}

int64_t Pacer::due_at_ns(uint64_t number) const {
  const uint64_t seconds = number / per_second_;
  const uint64_t rest_ns = (number % per_second_ * kSecondNs + per_second_ - 1) / per_second_;
  return start_ns_ + static_cast<int64_t>(seconds * kSecondNs + rest_ns);
}

}  // namespace headgate::tools::bench
