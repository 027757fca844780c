#include "upstream/drain/stages/packer.h"

#include <algorithm>
#include <utility>

namespace headgate::upstream {
namespace {

constexpr int64_t kEncodeRetryMs = 1000;

}  // namespace

void Packer::pack(uint8_t lane, std::vector<store::Entry> entries, std::vector<store::Gap> gaps,
                  core::Now now, bool ahead) {
  Batch batch = begun(lane, now);
  batch.ahead = ahead;
  batch.gaps = std::move(gaps);
  batch.clock_right = batch.clock_right && !came_in_doubt(entries);
  encode_new(std::move(batch), std::move(entries));
}

void Packer::pack_probe(core::Now now) {
  Batch batch = begun(drain_.lanes.back().number(), now);
  batch.is_probe = true;
  encode_new(std::move(batch), {});
}

Batch Packer::begun(uint8_t lane, core::Now now) const {
  const BatchOptions& options = drain_.options.batch;
  const int said_level = drain_.connection.said.zstd_level;
  Batch batch;
  batch.lane = lane;
  batch.sent_ms = now.wall_ms;
  batch.clock_right = now.clock_right;
  batch.form = {options.layout, options.compression, said_level != 0 ? said_level : options.zstd_level};
  return batch;
}

void Packer::encode_new(Batch batch, std::vector<store::Entry> entries) {
  encode(
      std::move(batch), std::move(entries),
      std::min({drain_.options.batch.compressed_bytes_max, packet_payload_max(), drain_.size_limit.bytes()}));
}

void Packer::encode(Batch batch, std::vector<store::Entry> entries, size_t payload_bytes_max) {
  for (const store::Entry& entry : entries) batch.seqs.push_back(entry.seq);
  const Batch& added = drain_.flight.add(std::move(batch));
  const store::Identity& identity = drain_.store.identity();
  encoder_.encode({added.token, identity.hub, identity.epoch, drain_.options.stream, added.lane,
                   added.sent_ms, added.gaps, std::move(entries), payload_bytes_max, added.clock_right,
                   added.form, drain_.end_to_end.dictionary()});
}

// Makes a batch as large as it was, whatever has been learnt about sizes since.
void Packer::pack_again(const Plan& plan, std::vector<store::Entry> entries) {
  Batch batch;
  batch.lane = plan.lane;
  batch.gaps = plan.gaps;
  batch.sent_ms = plan.sent_ms;
  batch.clock_right = plan.clock_right;
  batch.form = plan.form;
  batch.number = plan.mark.number;
  drain_.ledger.follow(batch.number);
  encode(std::move(batch), std::move(entries), SIZE_MAX);
}

bool Packer::came_in_doubt(const std::vector<store::Entry>& entries) const {
  return doubtful_ != nullptr &&
         std::any_of(entries.begin(), entries.end(), [this](const store::Entry& entry) {
           return doubtful_->contains(entry.message->arrived_hub_ms);
         });
}

size_t Packer::packet_payload_max() const {
  const size_t packet_bytes_max = drain_.connection.said.packet_bytes_max;
  if (packet_bytes_max == 0) return SIZE_MAX;
  const store::Identity& identity = drain_.store.identity();
  // Fixed header, packet id, property lengths, and the properties of Publication with room to spare.
  const size_t overhead = drain_.topic.size() + identity.hub.size() + identity.epoch.size() + 192 +
                          (drain_.ledger.enabled() ? Ledger::kMarkBytesMax : 0);
  return packet_bytes_max > overhead ? packet_bytes_max - overhead : 0;
}

std::optional<Batch> Packer::take(uint64_t job, core::Result<EncodedJob> made, core::Now now) {
  Batch* const batch = drain_.flight.on_encoded(job);
  if (batch == nullptr) return std::nullopt;
  LaneFeed& lane = drain_.lanes[batch->lane];
  if (!made) {
    drain_.note_error(made.error().what, now);
    lane.hold_until(now.mono_ms + kEncodeRetryMs);
    drain_.rewind(lane);
    return std::nullopt;
  }
  batch->encoded = *std::move(made);
  if (batch->number != 0 && batch->encoded.content != drain_.ledger.plan(batch->number).content) {
    drain_.rewind_all();  // made by other settings, or of other messages
    drain_.ledger.abandon_waiting();
    return std::nullopt;
  }
  lane.learn(batch->encoded.tries);
  if (batch->encoded.messages < batch->seqs.size()) cut(*batch);
  if (batch->encoded.payload.size() <= packet_payload_max()) return std::nullopt;
  return drain_.flight.take_encoded(batch->token);
}

// The lane goes on behind the cut, so what it has read beyond is read again.
void Packer::cut(Batch& batch) {
  const size_t cut_off = batch.seqs.size() - batch.encoded.messages;
  const store::Seq first = batch.seqs[batch.encoded.messages];
  batch.seqs.resize(batch.encoded.messages);
  const GivenBack others =
      drain_.flight.give_up_unpublished(batch.lane, batch.token);  // none of them has a number
  drain_.lanes[batch.lane].go_back(first, cut_off, others);
}

}  // namespace headgate::upstream
