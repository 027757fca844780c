// Publishes that a queue has no room for, and that their clients cannot be refused: they have no answer yet, and
// are taken once there is room (docs/adr/0036).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "broker/session/session.h"
#include "hub/engine/publish/parcel.h"
#include "store/queue_store.h"

namespace headgate::hub {

// How much is held: of one client, and of all together. Beyond it a client is not read.
struct HeldLimits {
  size_t publishes_max = 64;
  size_t bytes_max = 1'048'576;
  // Limits for a consumer of inputs, which is read on for its acknowledgements, and gets no more inputs meanwhile.
  size_t consumer_publishes_max = 1024;
  size_t consumer_bytes_max = 4'194'304;
  size_t total_bytes_max = 33'554'432;
};

// Where the order of a client's publishes counts: what comes later for one of these queues, or under one of
// these topics, must not overtake [MQTT-4.6.0-6].
struct Claim {
  std::vector<store::QueueId> queues;
  std::vector<std::string> topics;
};

// Claims of several publishes together.
class Claims {
 public:
  void add(const Claim& claim);
  [[nodiscard]] bool hold_up(const Claim& claim) const;

 private:
  std::unordered_set<store::QueueId> queues_;
  std::unordered_set<std::string> topics_;
};

// A PUBLISH without an answer yet, and the part of it that is still to be taken.
struct HeldPublish {
  broker::PublishToken token;
  Parcel parcel;
  Claim claim = {};
  bool consumer = false;  // its client works off inputs
  // Set by HeldPublishes:
  size_t bytes = 0;          // of memory
  uint64_t number = 0;       // counts up
  uint64_t oldest_left = 0;  // while it is tried: the number of the oldest other of its session; kNoneLeft
};

inline constexpr uint64_t kNoneLeft = UINT64_MAX;

// A client with publishes that are held, for people.
struct HeldClient {
  std::string client_id;
  size_t publishes = 0;
  size_t bytes = 0;
  bool paused = false;  // it is not read
};

// Each session's in their order, as far as their claims touch; sessions in turn. A session that holds as much as
// it may, or adds to all that may be held, is paused.
class HeldPublishes {
 public:
  explicit HeldPublishes(const HeldLimits& limits = {}) : limits_(limits) {}

  [[nodiscard]] bool empty() const { return sessions_.empty(); }
  [[nodiscard]] size_t bytes() const { return bytes_; }
  // Claims of what is held of the session; null: nothing is. Good until the next call that changes anything.
  [[nodiscard]] const Claims* claims_of(const broker::Session& session) const;
  // The number of the newest; something of the session is held.
  [[nodiscard]] uint64_t newest(const broker::Session& session) const;
  // Clients that are connected, in no order: `visit(HeldClient)`. Costs a step for each.
  void for_each(const std::function<void(const HeldClient& client)>& visit) const;

  // True if its session is paused by it.
  bool add(broker::Session& session, HeldPublish publish);

  // Tries what is held, each behind those before it that it must not overtake, whose claims are `before`. An
  // attempt without success sets the publish's claim anew. Gives up once so many attempts had no luck; the
  // sessions that were tried go to the end of the line.
  using Try = std::function<bool(broker::Session& session, HeldPublish& publish, const Claims& before)>;
  void retry(const Try& attempt, size_t failures_max);
  void retry(const broker::Session& session, const Try& attempt);

  // The connection is gone. Its QoS 1 is lost with it and will come again; QoS 2 goes on.
  void on_disconnected(broker::Session& session);
  void on_session_ended(const broker::Session& session);

 private:
  struct Line {
    std::shared_ptr<broker::Session> session;
    std::list<HeldPublish> publishes;
    Claims claims;
    size_t bytes = 0;
    bool consumer = false;  // the last that was added was from a consumer
  };
  using Lines = std::list<Line>;

  [[nodiscard]] size_t serve(Line& line, const Try& attempt);
  [[nodiscard]] static uint64_t oldest_but(const Line& line, const HeldPublish& publish);
  bool leave(Lines::iterator line);
  void remove(Line& line, std::list<HeldPublish>::iterator publish);
  void settle(Line& line) const;
  void settle_all() const;
  void end(Lines::iterator line);

  HeldLimits limits_;
  Lines sessions_;  // the next to be tried first
  std::unordered_map<const broker::Session*, Lines::iterator> index_;
  size_t bytes_ = 0;
  uint64_t last_number_ = 0;
};

}  // namespace headgate::hub
