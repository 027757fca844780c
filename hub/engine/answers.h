// Answers to clients that wait for the store: PUBACK, PUBREC, PUBREL, PUBCOMP, SUBACK, UNSUBACK.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "broker/session/session.h"
#include "store/queue_store.h"

namespace headgate::hub {

// First in, first out: seqs only grow, and the store makes them durable in order. This is where "a PUBACK is
// a promise" is kept.
class Answers {
 public:
  enum class Kind : uint8_t { accepted, released, release, subscribed, unsubscribed };

  // `store` is borrowed and must outlive this.
  explicit Answers(store::QueueStore& store) : store_(store) {}

  // Accepts a publish once `seq` is durable; 0: at once, for nothing had to be stored. `why`, which lives for
  // ever, goes to an MQTT 5 client with it; empty: there is nothing to add.
  void accept_when_durable(broker::Session& session, broker::PublishToken token, store::Seq seq,
                           std::string_view why = {});

  // Writes `values`, and gives the answer once they are durable; at once if there are none. If they cannot be
  // written there is no promise and no answer: the connection ends, so that its client does not wait for one.
  void give_when_durable(broker::Session& session, Kind kind, uint16_t packet_id,
                         std::span<const store::KeyValue> values, std::vector<broker::ReasonCode> codes = {});

  // Gives every answer that is due.
  void on_durable(store::Seq up_to);
  // The store has failed and lost what was not durable: publishes are refused. All else is written once it
  // has recovered, and answered then.
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
  };

  static void give(const Wait& wait);

  store::QueueStore& store_;
  std::deque<Wait> waits_;
};

}  // namespace headgate::hub
