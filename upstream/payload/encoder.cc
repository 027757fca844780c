#include "upstream/payload/encoder.h"

#include <algorithm>
#include <span>

namespace headgate::upstream {
namespace {

std::string batch_id(const EncodeJob& job, std::span<const store::Entry> entries) {
  std::string id = job.hub + "/" + job.epoch + "/";
  if (entries.empty() && job.gaps.empty()) return id + "probe";
  if (entries.empty()) {
    return id + "gaps/" + std::to_string(job.gaps.front().from) + "-" + std::to_string(job.gaps.back().to);
  }
  return id + std::to_string(entries.front().seq) + "-" + std::to_string(entries.back().seq);
}

int64_t last_expiry_ms(std::span<const store::Entry> entries) {
  int64_t last_ms = 0;
  for (const store::Entry& entry : entries) {
    if (entry.expires_ms == 0) return 0;
    last_ms = std::max(last_ms, entry.expires_ms);
  }
  return last_ms;
}

}  // namespace

core::Result<EncodedJob> encode_to_fit(BatchEncoder& encoder, const EncodeJob& job) {
  const BatchHeader header{job.hub, job.epoch, job.stream, job.lane, job.sent_ms, job.gaps, job.clock_right};
  std::span<const store::Entry> entries = job.entries;
  EncodedJob made;
  for (;;) {
    const auto encoded = encoder.encode(header, entries, job.form, job.dictionary.get());
    if (!encoded) return core::fail(encoded.error());
    const size_t payload_bytes = encoded->payload.size();
    made.tries.push_back({encoded->json_bytes, payload_bytes});
    if (payload_bytes <= job.payload_bytes_max || entries.size() <= 1) {
      made.payload = encoded->payload;
      made.layout = encoded->layout;
      made.content = sha256(encoded->content);
      break;
    }
    const size_t fitting = entries.size() * job.payload_bytes_max / payload_bytes * 9 / 10;
    entries = entries.first(std::clamp<size_t>(fitting, 1, entries.size() - 1));
  }
  made.messages = entries.size();
  made.id = batch_id(job, entries);
  made.expires_ms = last_expiry_ms(entries);
  return made;
}

}  // namespace headgate::upstream
