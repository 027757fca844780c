// Queues that have a consumer outside the hub's own works, so that an operator may stop them, and put messages in.
#pragma once

#include "store/queue_attributes.h"

namespace headgate::hub {

[[nodiscard]] inline bool is_consumed_outside(store::QueueKind kind) {
  using store::QueueKind;
  return kind == QueueKind::link || kind == QueueKind::input || kind == QueueKind::session ||
         kind == QueueKind::plain;
}

}  // namespace headgate::hub
