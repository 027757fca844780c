// Second stage of a drain: makes batches of what the Loader has taken, has them encoded, and takes them back. Owned by the
// Forwarder; loop thread only, but for the encoding, which is up to the Encoder.
//
// What holds:
// - A batch that comes back from the encoder is kept only if it is still wanted: what was given up meanwhile, because the
//   link dropped, an answer moved the lane back or the forwarder closed, is dropped when it comes. Its entries were never
//   finished and are read again.
// - One that came out too large is cut, and its lane goes on behind the cut.
// - One that is made again is as large as it was, and the same byte for byte; else its plan is given up.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/clock.h"
#include "core/result.h"
#include "core/time/hub_time.h"
#include "store/queue_store.h"
#include "upstream/drain/chain/plan.h"
#include "upstream/drain/flight.h"
#include "upstream/drain/stages/drain_state.h"
#include "upstream/payload/encoder.h"

namespace headgate::upstream {

class Packer {
 public:
  // `drain` and `encoder` must outlive it.
  Packer(DrainState& drain, Encoder& encoder) : drain_(drain), encoder_(encoder) {}

  // When stamps may have been wrong, for batches to say so; null: never. Borrowed.
  void doubt(const core::DoubtfulStretches* doubtful) { doubtful_ = doubtful; }

  // The broker takes packets that hold a batch at all. Where it does not, nothing goes: each message would be buried as too
  // large, though there is nothing wrong with any.
  [[nodiscard]] bool has_room() const { return packet_payload_max() >= kPayloadLeast; }

  // Each of these has a batch encoded, which takes its place in the window. REQUIRES: that is open.
  // A new one; without entries and gaps it only says which numbers were given up. `ahead`: older messages of the lane may
  // go after it.
  void pack(uint8_t lane, std::vector<store::Entry> entries, std::vector<store::Gap> gaps, core::Now now,
            bool ahead = false);
  // Asks whether anybody subscribes.
  void pack_probe(core::Now now);
  // Makes the batch of a plan again, of its entries.
  void pack_again(const Plan& plan, std::vector<store::Entry> entries);

  // The encoder has answered a job. Returns the batch, taken out of the flight, if no packet of this connection can hold
  // it: it counts as refused.
  [[nodiscard]] std::optional<Batch> take(uint64_t job, core::Result<EncodedJob> made, core::Now now);

 private:
  static constexpr size_t kPayloadLeast = 128;  // the head of a batch alone comes to as much

  [[nodiscard]] Batch begun(uint8_t lane, core::Now now) const;
  void encode_new(Batch batch, std::vector<store::Entry> entries);
  void encode(Batch batch, std::vector<store::Entry> entries, size_t payload_bytes_max);
  void cut(Batch& batch);
  [[nodiscard]] bool came_in_doubt(const std::vector<store::Entry>& entries) const;
  [[nodiscard]] size_t packet_payload_max() const;

  DrainState& drain_;
  Encoder& encoder_;
  const core::DoubtfulStretches* doubtful_ = nullptr;
};

}  // namespace headgate::upstream
