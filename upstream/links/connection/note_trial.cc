#include "upstream/links/connection/note_trial.h"

#include <utility>

namespace headgate::upstream {

bool NoteTrial::on_link_down(core::Now now) {
  const auto told_at_ms = std::exchange(told_at_ms_, std::nullopt);
  if (!told_at_ms || !allows()) return false;
  const bool may_be_why = now.mono_ms - *told_at_ms < kEndedForItMs;
  ended_ = may_be_why ? ended_ + 1 : 0;
  return may_be_why;
}

}  // namespace headgate::upstream
