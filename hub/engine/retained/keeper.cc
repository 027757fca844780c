#include "hub/engine/retained/keeper.h"

#include <utility>
#include <vector>

#include "hub/engine/session_records.h"
#include "store/format/record_codec.h"

namespace headgate::hub {
core::Status RetainedKeeper::restore() {
  return store_.for_each(kRetainedPrefix, [this](std::string_view, std::string_view value) -> core::Status {
    auto message = store::decode_record(value);
    if (!message) return core::fail(message.error());
    retained_.set(std::move(*message));
    return {};
  });
}

// Once a minute is often enough: an expired message is not sent to anybody in between.
bool RetainedKeeper::repeats(const core::Message& message, const core::Message* coming, core::Now now) const {
  const core::Message* const known = coming ? coming : retained_.find(message.topic, now.hub_ms);
  return known && known->body == message.body && known->props() == message.props();
}

void RetainedKeeper::tick(core::Now now) {
  constexpr int64_t kEveryMs = 60'000;
  if (now.mono_ms - checked_ms_ < kEveryMs) return;
  checked_ms_ = now.mono_ms;
  std::vector<store::KeyValue> gone;
  for (const std::string& topic : retained_.remove_expired(now.hub_ms)) gone.push_back(erase_retained(topic));
  if (!gone.empty()) (void)store_.put(gone, false);  // lost: it expires again after a restart
}

}  // namespace headgate::hub
