// Answers to clients that wait for the store: PUBACK, PUBREC, PUBREL, PUBCOMP, SUBACK, UNSUBACK; and ends of
// deliveries that wait with them.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "broker/session/session.h"
#include "core/clock.h"
#include "core/histogram.h"
#include "store/queue_store.h"

namespace headgate::hub {

// First in, first out: seqs only grow, and the store makes them durable in order. This is where "a PUBACK is
// a promise" is kept.
class Answers {
 public:
  enum class Kind : uint8_t { accepted, released, release, subscribed, unsubscribed, completed };

  // Borrows both; they must outlive this.
  Answers(store::QueueStore& store, const core::Clock& clock) : store_(store), clock_(clock) {}

  // Decides what becomes of a publish that the store loses: a refusal tells an MQTT 5 client that it was lost; from a
  // consumer of inputs that would part it from the input that caused it, so its connection ends and it sends it again.
  enum class IfLost : uint8_t { refuse, disconnect };

  // Accepts a publish once `seq` is durable; 0: at once, for nothing had to be stored. `why`, which lives for
  // ever, goes to an MQTT 5 client with it; empty: there is nothing to add.
  void accept_when_durable(broker::Session& session, broker::PublishToken token, store::Seq seq,
                           IfLost if_lost, std::string_view why = {});

  // Writes `values`, and gives the answer once they are durable; at once if there are none. If they cannot be
  // written there is no promise and no answer: the connection ends, so that its client does not wait for one.
  void give_when_durable(broker::Session& session, Kind kind, uint16_t packet_id,
                         std::span<const store::KeyValue> values, std::vector<broker::ReasonCode> codes = {});

  // Completes a delivery, whose end was deferred, once `seq` is durable.
  void complete_when_durable(broker::Session& session, uint16_t packet_id, broker::DeliveryToken delivery,
                             store::Seq seq);

  // From when a publish was taken to when its PUBACK or PUBREC left, of those that had to be stored.
  [[nodiscard]] const core::Histogram& accept_times() const { return accept_times_; }

  // Gives every answer that is due.
  void on_durable(store::Seq up_to);
  // The store has failed and lost what was not durable: publishes end as their IfLost says. A delivery that was to end with
  // one has not: its connection ends, so that it is sent again. All else is written once the store has
  // recovered, and answered then.
  void on_failed();

 private:
  // An answer, due once `seq` is durable.
  struct Wait {
    store::Seq seq = 0;
    Kind kind = Kind::accepted;
    std::shared_ptr<broker::Session> session;
    broker::PublishToken token;             // for other kinds than accepted, packet_id and connection
    std::vector<broker::ReasonCode> codes;  // subscribed, unsubscribed
    std::string_view why = {};              // accepted
    broker::DeliveryToken delivery = {};    // completed
    IfLost if_lost = IfLost::disconnect;    // accepted
    int64_t taken_us = 0;                   // accepted; monotonic
  };

  void give(const Wait& wait) const;
  static void refuse(const Wait& wait);

  store::QueueStore& store_;
  const core::Clock& clock_;
  std::deque<Wait> waits_;
  core::Histogram accept_times_;
};

}  // namespace headgate::hub
