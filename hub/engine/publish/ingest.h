// The way of a PUBLISH through the hub, on one page: who subscribes to it, where routes send it, what must be
// durable before it is acknowledged.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "broker/session/session.h"
#include "core/clock.h"
#include "core/log.h"
#include "core/log_limiter.h"
#include "core/message.h"
#include "core/result.h"
#include "hub/engine/answers.h"
#include "hub/engine/computation/computer.h"
#include "hub/engine/delivery.h"
#include "hub/engine/history/message_history.h"
#include "hub/engine/publish/deferred_ends.h"
#include "hub/engine/publish/held_publishes.h"
#include "hub/engine/publish/parcel.h"
#include "hub/engine/publish/spreader.h"
#include "hub/engine/retained/keeper.h"
#include "hub/engine/thinning/thinners.h"
#include "hub/observe/recorder/recorder.h"
#include "hub/observe/tails.h"
#include "store/queue_store.h"

namespace headgate::hub {

struct IngestStats {
  uint64_t messages = 0;  // published by clients that may, wills and commands from upstream
  uint64_t stored = 0;    // those, and messages that routes republished, written to at least one queue
  uint64_t refused = 0;   // the store could not take them
  uint64_t held = 0;      // taken later than they came, see HeldPublishes
  uint64_t dropped = 0;   // QoS 0, for each queue or computation that had no room, or retained and not stored
  uint64_t not_retained = 0;  // for lack of room among the retained; all else was done with them
};

class Ingest {
 public:
  // Everything is borrowed and must outlive the ingest.
  struct Parts {
    store::QueueStore& store;
    Spreader& spreader;
    RetainedKeeper& retained;
    Delivery& delivery;
    HeldPublishes& held;
    Answers& answers;
    Tails& tails;
    Recorder& recorder;
    Computer& computer;
    MessageHistory& history;
    Thinners& thinners;
    const core::Clock& clock;
    core::Log& log;
  };
  explicit Ingest(const Parts& parts) : parts_(parts) {}

  // Takes a message from a client that may publish it, and delivers it as of `now`. Acknowledged through `answers` if anything has to be
  // durable, else at once.
  void publish(broker::Session& from, core::MessagePtr message, broker::PublishToken token, core::Now now);

  // Tries again what waits for room in a queue. Call when there may be some, and about once a second.
  void retry_held();

  // A client has acknowledged an input. True: outputs of it are held, and the input ends with them.
  [[nodiscard]] bool defers_end(broker::Session& from, DeferredEnd end);
  // Forgets what its client has acknowledged meanwhile: that has not ended, and comes again.
  void on_disconnected(const broker::Session& session) { deferred_.forget(session); }

  // Takes a will that is due, and forgets its record in the same write. What the store refuses now is still
  // there after the next start.
  void publish_will(const broker::Session& from, core::MessagePtr will);

  // Takes a message from upstream, and `values` in the Change that stores the last of what it leads to. The seq to wait
  // for. Errors: full, io; then what it led to may have been stored in part, and `values` are not.
  [[nodiscard]] core::Result<store::Seq> take_command(core::MessagePtr message,
                                                      std::span<const store::KeyValue> values);

  [[nodiscard]] const IngestStats& stats() const { return stats_; }

 private:
  // Writes that go with one message. Used again for every message, too.
  struct Beside {
    std::vector<store::KeyValue> values;
    std::vector<store::End> ends;
    bool from_consumer = false;
    bool retains = false;                    // the message is to be retained
    const store::Target* history = nullptr;  // where it is kept besides; null: it is not
    store::Seq kept = 0;                     // as this, if there alone
  };

  // Conditions of taking a parcel: it must not overtake some, and others end with it.
  struct Terms {
    core::Now now;
    const Claims* before = nullptr;  // null: nothing
    bool from_consumer = false;
    std::span<const store::End> ends = {};  // in the Change that stores its last message
    std::span<const store::KeyValue> values = {};
  };

  // A publish and its answer.
  void answer(broker::Session& from, const HeldPublish& publish, const core::Status& taken);
  [[nodiscard]] bool missed_everybody(const broker::Session& from, const Parcel& parcel) const;
  void forget_incoming(const broker::Session& from, uint16_t packet_id);
  static void end_connection(broker::Session& from, const core::Error& error);
  [[nodiscard]] static bool has_to_wait(const broker::Session& from, const HeldPublish& publish,
                                        const core::Error& error);
  void hold(broker::Session& from, HeldPublish publish);
  [[nodiscard]] HeldPublishes::Try retrying();
  [[nodiscard]] bool retry(broker::Session& from, HeldPublish& publish, const Claims& before);
  [[nodiscard]] core::Status take_held(const broker::Session& from, HeldPublish& publish,
                                       const Claims& before, std::span<const DeferredEnd> due);
  void complete(broker::Session& from, const HeldPublish& publish, const core::Status& taken,
                std::span<const DeferredEnd> due);
  [[nodiscard]] Claim claim_of(const Parcel& parcel) const;
  void log_full(const core::Error& error);
  void log_paused(const broker::Session& from);

  // A parcel, message by message. On an error the parcel holds what could not be taken and all behind it; what
  // came before is stored and delivered. Error unavailable: a message must not overtake what came before.
  // `from`: null if it is no client's.
  [[nodiscard]] core::Status take(const broker::Session* from, Parcel& parcel, const Terms& terms);
  [[nodiscard]] core::Result<store::Seq> take_message(const broker::Session* from, const Parcel& parcel,
                                                      const Terms& terms);

  // Takes one message.
  void spread(const broker::Session* from, const Parcel& parcel, const Terms& terms);
  [[nodiscard]] bool is_too_much(const core::Message& message);
  void count_not_retained(const core::Message& message);
  [[nodiscard]] core::Result<store::Seq> write(const core::MessagePtr& message);
  [[nodiscard]] core::Result<store::Seq> append(const core::MessagePtr& message);
  [[nodiscard]] core::Result<store::Seq> append_message(const core::MessagePtr& message);
  [[nodiscard]] core::Result<store::Seq> append_with_results(const core::MessagePtr& message);
  [[nodiscard]] core::Result<store::Seq> append_one(const core::MessagePtr& message,
                                                    const store::Target& target);
  [[nodiscard]] core::Result<store::Seq> write_to_queues(const core::MessagePtr& message);
  [[nodiscard]] core::Result<store::Seq> write_where_there_is_room(const core::MessagePtr& message);
  [[nodiscard]] bool is_still_input() const;
  void leave_table_as_it_was(const core::Message& message);
  [[nodiscard]] bool takes(const core::MessagePtr& message, const store::Target& target,
                           core::Result<store::Seq>& last);
  void deliver(const core::MessagePtr& message, store::Seq seq, core::Now now);
  void keep_alone(const core::MessagePtr& message);
  void tell_recorder(Parcel& parcel, store::Seq seq);
  [[nodiscard]] uint64_t record(const Parcel& parcel, store::Seq seq);
  void record_results(store::Seq last, uint64_t made_of);
  void record_refused(const Parcel& parcel, const core::Error& error);

  Parts parts_;
  Spread spread_;
  Beside beside_;
  DeferredEnds deferred_;
  IngestStats stats_;
  core::LogLimiter full_;  // by what is full
  core::LogLimiter not_retained_;
  core::LogLimiter paused_;  // by client
};

}  // namespace headgate::hub
