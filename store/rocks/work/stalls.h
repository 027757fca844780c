// Says when a thread of the store hangs, and when it goes on. On the loop.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "core/clock.h"
#include "store/rocks/work/running.h"
#include "store/rocks/work/stall_watch.h"

namespace headgate::store {

class Stalls {
 public:
  explicit Stalls(Running& store) : store_(store) {}

  // Looks at each thread. About once a second.
  void tick(core::Now now);

  // Names of those that hang.
  [[nodiscard]] std::vector<std::string> hanging() const;

 private:
  struct Watched {
    Background::Thread thread;
    const char* name;
    StallWatch watch;
  };
  void look(Watched& watched, core::Now now);

  // Whoever writes waits for one sync. Merging and copies take minutes, as does mending, which the writer
  // does too; a search waits for whoever has more to do.
  static constexpr int64_t kPatienceMs = 10'000;
  static constexpr int64_t kLongPatienceMs = 600'000;

  Running& store_;
  std::array<Watched, 4> watched_{
      Watched{Background::Thread::writer, "writer", StallWatch(kPatienceMs)},
      Watched{Background::Thread::reader, "reader", StallWatch(kPatienceMs)},
      Watched{Background::Thread::housekeeper, "housekeeper", StallWatch(kLongPatienceMs)},
      Watched{Background::Thread::searcher, "searcher", StallWatch(kLongPatienceMs)}};
};

}  // namespace headgate::store
