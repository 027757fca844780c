// Last stage of a drain: what becomes of a batch once the broker or the consumer has answered. Owned by the Forwarder; loop
// thread only.
//
// What holds:
// - An entry is finished as delivered when the broker has acknowledged a batch that holds it, never before.
//   Brokers acknowledge in the order of publishing [MQTT-4.6.0-2], so this moves in order; a refused batch
//   does not hold back those behind it.
// - A batch that is refused is halved until the culprit is alone; only that one ends as a dead letter, and only
//   if the refusal is about the message or other messages got through meanwhile. An upstream that refuses
//   everything loses nothing: the drain pauses.
// - Where a broker ends the connection instead of refusing, the search costs connections (see DropSearch), and no
//   waits of an outage; lanes that are not suspected go first over each.
// - With end-to-end acknowledgement the broker's answer ends nothing (see EndToEnd): a batch is held, plan and entries, until
//   its consumer has it.
// - Where a broker tells that nobody subscribes, nothing is delivered (see Audience): what it took is read again
//   once somebody does.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "core/bytes.h"
#include "core/clock.h"
#include "store/queue_store.h"
#include "upstream/drain/acks/notice.h"
#include "upstream/drain/chain/plan.h"
#include "upstream/drain/drop_search.h"
#include "upstream/drain/flight.h"
#include "upstream/drain/lane_feed.h"
#include "upstream/drain/stages/drain_state.h"
#include "upstream/link/link.h"

namespace headgate::upstream {

class Answers {
 public:
  // `drain` must outlive it.
  explicit Answers(DrainState& drain) : drain_(drain), search_(drain.options.backoff.base_ms) {}

  void on_link_up(core::Now now);
  // The connection has ended, before what was on its way is given up: some of it may be why.
  void on_link_down(const LinkDown& down, core::Now now);
  // How long to wait before connecting again, if that is a step of a search; asks once for each connection. `random` is
  // any uniformly distributed number.
  [[nodiscard]] std::optional<int64_t> quick_wait_ms(uint64_t random) {
    return search_.quick_wait_ms(random);
  }

  // The broker has answered. False if no such publish waits for it.
  bool on_acked(Token token, uint8_t code, core::Now now);
  // The link has put a publish back, see LinkEvents. False if no such publish waits for it.
  bool on_put_back(Token token, core::Now now);
  // The consumer has said what it has. settle() does what follows.
  void on_notice(core::Bytes notice, core::Now now) { drain_.end_to_end.hear(notice, drain_.ledger, now); }

  // Ends batches that the consumer has or refuses, in the order of their numbers. False if there is more to do, at
  // DrainState::more_at_ms.
  [[nodiscard]] bool settle(core::Now now);

  // The batch, which is out of the flight, was refused. `error`: what to say of it, if there is more to say than the code.
  void refuse(const Batch& batch, uint8_t code, core::Now now, std::string error = {});

  // Mono time from which something may go again that the consumer lacks.
  [[nodiscard]] int64_t next_deadline() const;

 private:
  void accept(Batch batch, uint8_t code, core::Now now);
  void end(const Batch& batch, core::Now now);
  void end_message(const Batch& batch, store::Seq seq, core::Now now);
  [[nodiscard]] size_t window_max() const;

  [[nodiscard]] std::optional<Batch> recall(const Plan& plan, store::ReadLimit& budget, core::Now now);
  void take_refusal(const Batch& batch, const Nack& nack, core::Now now);

  void on_probe_answered(uint8_t code, core::Now now);
  void await_audience(const Batch& batch, uint8_t code, core::Now now);
  void note_audience(core::Now now);
  void leave_behind(const Batch& batch);

  void shrink(const Batch& refused, core::Now now);
  void refuse_gaps(const Batch& batch, core::Now now);
  void refuse_messages(LaneFeed& lane, const Batch& batch, uint8_t code, core::Now now);
  void note_refused_everything(uint8_t code, core::Now now);
  void begin_pause(uint8_t code, core::Now now);
  void bury(LaneFeed& lane, store::Seq seq, core::Now now);
  void bury_passed_over(core::Now now);

  DrainState& drain_;
  DropSearch search_;
};

}  // namespace headgate::upstream
