#include "hub/engine/publish/returned_batches.h"

#include "upstream/payload/origin.h"

namespace headgate::hub {

bool ReturnedBatches::notice(const core::Message& message, const core::Clock& clock) {
  if (upstream::is_chain_head(message)) return true;  // nobody's mistake
  if (!upstream::came_from(message, hub_id_)) return false;
  ++count_;
  if (const auto left_out = limiter_.admit(message.topic, clock.now())) {
    log_.warn("own_batch_came_back",
              {{"topic", message.topic},
               {"from", message.source ? message.source->client_id : std::string()},
               {"effect", "it is not routed"},
               {"help", "upstream.host is this hub, or a bridge or another hub leads back here"},
               {"left_out", *left_out}});
  }
  return true;
}

}  // namespace headgate::hub
