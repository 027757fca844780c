// Who wants to know how entries end.
#pragma once

#include <cstdint>

#include "store/change.h"

namespace headgate::store {

// Called from within calls into the store: must not call into it, and must be quick.
class EndWatcher {
 public:
  virtual ~EndWatcher() = default;

  // Entries of a lane within [first, last] have ended like that, `count` of them: one, unless the queue was purged. An
  // end may be undone (IfLost::undo): then the entry waits again.
  virtual void on_ended(QueueId queue, uint8_t lane, Seq first, Seq last, uint64_t count,
                        Outcome outcome) = 0;
};

}  // namespace headgate::store
