// The identity that must hold for every queue at any moment: in = waiting + delivered + expired + dropped +
// dead.
#pragma once

#include <gtest/gtest.h>

#include "store/queue_store.h"

namespace headgate::testing {

inline void expect_accounts_balance(const store::QueueReader& reader) {
  for (const store::QueueId id : reader.queues()) {
    const store::QueueStats& s = reader.stats(id);
    EXPECT_EQ(s.in, s.waiting() + s.delivered + s.expired + s.dropped + s.dead) << "queue " << s.name;
    for (const store::LaneStats& lane : s.lanes) {
      EXPECT_EQ(lane.waiting == 0, lane.oldest_ms == 0) << "queue " << s.name;
    }
  }
}

}  // namespace headgate::testing
