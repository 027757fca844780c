#include "upstream/links/connection/meter.h"

#include <algorithm>

namespace headgate::upstream {

void Meter::look(uint64_t wire_bytes, core::Now now) {
  const bool rises = wire_bytes > wire_bytes_;
  looks_left_ = std::max(looks_left_ - 1, rises ? 1 : 0);
  wire_bytes_ = std::max(wire_bytes_, wire_bytes);
  look_at_ms_ = now.mono_ms + kLookMs;
}

void Meter::measure(bool busy, core::Now now) {
  const int64_t lasts_ms = now.mono_ms - stretch_.from_ms;
  if (busy && stretch_.busy) {
    if (lasts_ms < kStretchMs) return;
    busy_bytes_per_s_ = (wire_bytes_ - stretch_.wire_bytes) * 1000 / static_cast<uint64_t>(lasts_ms);
  }
  stretch_ = {now.mono_ms, wire_bytes_, busy};
}

}  // namespace headgate::upstream
