// What must hold for every queue at any moment, whatever the store: in = waiting + delivered + expired +
// dropped
// + dead; a lane that is empty has no bytes and no oldest message; no gap counts what was not lost.
#pragma once

#include <gtest/gtest.h>

#include "store/queue_store.h"

namespace headgate::testing {

inline void expect_gaps_were_lost(const store::QueueReader& reader, const store::QueueStats& s) {
  uint64_t in_gaps = 0;
  for (const store::Gap& gap : reader.gaps(s.id)) in_gaps += gap.count;
  EXPECT_LE(in_gaps, s.expired + s.dropped + s.dead) << "queue " << s.name;
}

inline void expect_accounts_balance(store::QueueReader& reader) {
  for (const store::QueueId id : reader.queues()) {
    const store::QueueStats& s = reader.stats(id);
    EXPECT_EQ(s.in, s.waiting() + s.delivered + s.expired + s.dropped + s.dead) << "queue " << s.name;
    for (uint8_t i = 0; i < store::kLaneCount; ++i) {
      const store::LaneStats& lane = s.lanes[i];
      EXPECT_EQ(lane.waiting == 0, reader.oldest_ms(id, i) == 0) << "queue " << s.name;
      EXPECT_EQ(lane.waiting == 0, lane.waiting_bytes == 0) << "queue " << s.name;
    }
    expect_gaps_were_lost(reader, s);
  }
}

}  // namespace headgate::testing
