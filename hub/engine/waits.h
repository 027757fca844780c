// Answers to clients that wait for the store: PUBACK, PUBREC, PUBREL, PUBCOMP, SUBACK, UNSUBACK.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "broker/session/session.h"
#include "store/queue_store.h"

namespace headgate::hub {

// First in, first out: seqs only grow, and the store makes them durable in order. This is where "a PUBACK is
// a promise" is kept.
class Waits {
 public:
  enum class Answer : uint8_t { accepted, released, release, subscribed, unsubscribed };

  // One answer, due once `seq` is durable.
  struct Wait {
    store::Seq seq = 0;
    Answer answer = Answer::accepted;
    std::shared_ptr<broker::Session> session;
    broker::PublishToken token;             // for other answers than accepted, packet_id and connection
    std::vector<broker::ReasonCode> codes;  // subscribed, unsubscribed
  };

  void add(Wait wait) { waits_.push_back(std::move(wait)); }

  // Gives every answer that is due.
  void on_durable(store::Seq up_to);
  // The store has failed and lost what was not durable: publishes are refused. All else is written once it
  // has recovered, and answered then.
  void on_failed();

 private:
  static void give(Wait& wait);

  std::deque<Wait> waits_;
};

}  // namespace headgate::hub
