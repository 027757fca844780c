#include "upstream/drain/window.h"

#include <algorithm>

namespace headgate::upstream {

void Window::narrow() {
  Window anew;
  anew.bound_ = bound_;
  anew.cuts_ = cuts_;
  *this = anew;
}

void Window::on_cut(size_t on_their_way, bool too_many) {
  if (!too_many && (on_their_way <= kSteady || ++cuts_ < 2)) return;
  bound_ = std::max<size_t>(1, std::min(bound_, on_their_way) / 2);
}

void Window::on_accepted(const Answer& answer, size_t max, bool by_itself) {
  if (a_minute_ends(answer.now_ms)) {
    cuts_ = 0;
    bound_ = std::min(2 * bound_, kMax);
    if (by_itself) forget_shortest(answer.now_ms);
  }
  if (by_itself) {
    measure(answer);
    if (size_ < kSteady && shortest_ms_ >= 0) ++size_;
  } else {
    ++size_;
  }
  size_ = std::min({size_, max, bound_});
}

bool Window::a_minute_ends(int64_t now_ms) {
  if (minute_from_ms_ < 0) minute_from_ms_ = now_ms;
  if (now_ms - minute_from_ms_ < kMinuteMs) return false;
  minute_from_ms_ = now_ms;
  return true;
}

// The way may have become a longer one, over which every answer would look like one that waited. So the shortest time is
// forgotten now and then. With half of the batches the line is all but empty when the next is published: that one measures anew.
void Window::forget_shortest(int64_t now_ms) {
  shortest_ms_ = -1;
  measured_from_ms_ = now_ms;
  size_ = std::max<size_t>(1, size_ / 2);
  begin_round(now_ms);
}

void Window::measure(const Answer& answer) {
  const int64_t took_ms = answer.now_ms - answer.published_at_ms;
  const bool tells = answer.published_at_ms >= measured_from_ms_;
  if (tells && (shortest_ms_ < 0 || took_ms < shortest_ms_)) shortest_ms_ = took_ms;
  ++answered_;
  is_used_ |= answer.on_their_way >= size_;
  if (answer.published_at_ms < round_from_ms_) return;
  if (is_used_ && size_ >= kSteady) end_round(answer);
  begin_round(answer.now_ms);
}

void Window::end_round(const Answer& answer) {
  if (shortest_ms_ < 0) return;
  const auto lasted_ms = static_cast<size_t>(std::max<int64_t>(answer.now_ms - round_from_ms_, 1));
  const size_t suited = 1 + answered_ * static_cast<size_t>(shortest_ms_ + kClockMs) * 3 / (2 * lasted_ms);
  const size_t held_max = answer.bytes == 0 ? SIZE_MAX : kBytesMax * answer.on_their_way / answer.bytes;
  size_ = std::max(kSteady, std::min({suited, 2 * size_, held_max}));
}

void Window::begin_round(int64_t now_ms) {
  round_from_ms_ = now_ms;
  answered_ = 0;
  is_used_ = false;
}

}  // namespace headgate::upstream
