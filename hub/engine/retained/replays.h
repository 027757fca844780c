// Retained messages on their way to who has just subscribed.
#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>

#include "broker/session/retained.h"
#include "broker/session/session.h"
#include "core/clock.h"
#include "core/executor.h"
#include "core/message.h"
#include "store/queue_store.h"

namespace headgate::hub {

// Whether a subscription asks for retained messages at once.
[[nodiscard]] bool wants_retained(const broker::AcceptedSubscription& subscription);

// Sends each subscriber as much as its socket and window take, or the store for its queue, and goes on when
// there is room: so all come, however many there are, and none waits in memory a second time. A turn of the
// loop looks at a bounded number of topics, for whatever number of filters and subscribers.
class Replays {
 public:
  // Topics looked at in a turn of the loop.
  static constexpr size_t kLooksMax = 4096;

  // Everything is borrowed and must outlive this.
  Replays(const broker::Retained& retained, store::QueueStore& store, core::Executor& executor,
          const core::Clock& clock)
      : retained_(retained), store_(store), executor_(executor), clock_(clock) {}
  Replays(const Replays&) = delete;
  Replays& operator=(const Replays&) = delete;

  // Begins to send what is retained now and matches the filter [MQTT-3.3.1-9]; from its beginning, if it was
  // being sent for that filter.
  void begin(broker::Session& session, const std::string& filter, const broker::SubscriptionOptions& options);
  void cancel(const broker::Session& session, std::span<const std::string> filters);

  // The session has room again, or has lost its connection: what goes to its queue goes on.
  void on_room(const broker::Session& session);
  // The store may take again what it did not.
  void on_store_room();
  void on_disconnected(const broker::Session& session);
  void on_session_ended(const broker::Session& session) { lines_.erase(&session); }

 private:
  struct Replay {
    broker::Retained::Walk walk;
    broker::SubscriptionOptions options;
  };
  struct Line {
    std::shared_ptr<broker::Session> session;
    std::map<std::string, Replay> replays;  // by filter
    bool ready = false;                     // is in ready_
  };

  void make_ready(const broker::Session& session, Line& line);
  void run();
  void run_later();
  [[nodiscard]] bool go_on(Line& line);
  [[nodiscard]] bool take(broker::Session& session, const Replay& replay, const core::MessagePtr& message,
                          core::Now now);

  const broker::Retained& retained_;
  store::QueueStore& store_;
  core::Executor& executor_;
  const core::Clock& clock_;

  std::unordered_map<const broker::Session*, Line> lines_;
  std::deque<const broker::Session*> ready_;  // may go on; some may have ended meanwhile
  size_t looks_ = kLooksMax;                  // left in this turn
  bool posted_ = false;
  // Lets what was posted find out that this has gone.
  std::shared_ptr<const bool> alive_ = std::make_shared<const bool>(true);
};

}  // namespace headgate::hub
