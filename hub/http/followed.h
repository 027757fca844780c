// A stream of events, with or without somebody who reads it: for a minute after its reader has gone it goes on, so that the
// reader may come again. Loop thread only.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "hub/admin/api.h"
#include "hub/http/event_stream.h"

namespace headgate::hub {

struct Followed {
  std::string target;  // as it was asked for
  std::string user;    // by whom
  EventStream events;
  std::function<void()> on_event = [] {};  // its reader's
  std::unique_ptr<Subscription> subscription = nullptr;
};

// Streams whose readers have gone.
class Deserted {
 public:
  static constexpr size_t kMax = 8;
  static constexpr int64_t kKeptMs = 60'000;

  // The oldest makes room.
  void add(std::shared_ptr<Followed> stream, int64_t now_mono_ms) {
    end_due(now_mono_ms);
    stream->on_event = [] {};
    if (streams_.size() >= kMax) streams_.pop_front();
    streams_.push_back({std::move(stream), now_mono_ms + kKeptMs});
  }

  // The stream that an event of that id is of, if the same user asks for the same; null: it is not there any more. `number`:
  // of the event.
  [[nodiscard]] std::shared_ptr<Followed> take(std::string_view last_id, std::string_view target,
                                               std::string_view user, int64_t now_mono_ms, uint64_t& number) {
    end_due(now_mono_ms);
    for (auto at = streams_.begin(); at != streams_.end(); ++at) {
      const auto found = at->stream->events.number_in(last_id);
      if (!found || at->stream->target != target || at->stream->user != user) continue;
      number = *found;
      std::shared_ptr<Followed> stream = std::move(at->stream);
      streams_.erase(at);
      return stream;
    }
    return nullptr;
  }

  void end_due(int64_t now_mono_ms) {
    while (!streams_.empty() && streams_.front().until_mono_ms <= now_mono_ms) streams_.pop_front();
  }
  void clear() { streams_.clear(); }
  [[nodiscard]] size_t size() const { return streams_.size(); }

 private:
  struct Kept {
    std::shared_ptr<Followed> stream;
    int64_t until_mono_ms = 0;
  };
  std::deque<Kept> streams_;  // in the order in which they end
};

}  // namespace headgate::hub
