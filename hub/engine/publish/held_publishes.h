// Publishes of MQTT 3.1.1 clients for which a queue has no room. That version has no way to refuse one: so it
// is not acknowledged, its client is not read, and it is taken once there is room.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <unordered_map>

#include "broker/session/session.h"
#include "hub/engine/publish/parcel.h"

namespace headgate::hub {

// A PUBLISH without an answer yet, and the part of it that is still to be taken.
struct HeldPublish {
  broker::PublishToken token;
  Parcel parcel;
};

// Each session's in their order; sessions in turn. No session of its own has ever more than its client sent
// before it was read no more.
class HeldPublishes {
 public:
  [[nodiscard]] bool empty() const { return sessions_.empty(); }
  [[nodiscard]] size_t sessions() const { return sessions_.size(); }
  [[nodiscard]] bool holds(const broker::Session& session) const { return index_.contains(&session); }

  void add(broker::Session& session, HeldPublish publish);

  // Tries the oldest publish of each session, and those behind it, until one does not succeed; gives up once
  // `failures_max` sessions had no luck: they go to the end of the line.
  using Try = std::function<bool(broker::Session& session, HeldPublish& publish)>;
  void retry(const Try& attempt, size_t failures_max);

  // The connection is gone. Its QoS 0 is lost with it and QoS 1 will come again; QoS 2 goes on.
  void on_disconnected(broker::Session& session);
  void on_session_ended(const broker::Session& session);

 private:
  struct Line {
    std::shared_ptr<broker::Session> session;
    std::deque<HeldPublish> publishes;
  };
  using Lines = std::list<Line>;

  bool serve(Line& line, const Try& attempt);
  void end(Lines::iterator line);

  Lines sessions_;  // the next to be tried first
  std::unordered_map<const broker::Session*, Lines::iterator> index_;
};

}  // namespace headgate::hub
