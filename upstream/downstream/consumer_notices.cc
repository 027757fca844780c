#include "upstream/downstream/consumer_notices.h"

#include <utility>

#include "upstream/drain/acks/notice.h"

namespace headgate::upstream {
namespace {

constexpr uint8_t kRefusedFrom = 0x80;  // reason codes

}  // namespace

ConsumerNotices::ConsumerNotices(Carrier& carrier, std::string topic, Hear hear, core::Log& log)
    : carrier_(carrier), prefix_(std::move(topic) + "/" + ack_level("")), hear_(std::move(hear)), log_(log) {
  carrier_.listen(*this);
}

// At QoS 0: notices that come while the link is down are not kept for it, as the last one is retained. One that is lost comes
// with the next batch.
void ConsumerNotices::subscribe(const std::string& topic) { carrier_.link().subscribe(topic, 0); }

void ConsumerNotices::hear_of(const std::string& stream) {
  const auto [topic, is_new] = topics_.insert(prefix_ + stream);
  if (is_new && carrier_.is_up()) subscribe(*topic);
}

void ConsumerNotices::on_carrier_up(const LinkUp&, core::Now) {
  for (const std::string& topic : topics_) subscribe(topic);
}

bool ConsumerNotices::on_subscribed(const std::string& filter, uint8_t reason_code, core::Now) {
  if (!topics_.contains(filter)) return false;
  if (reason_code < kRefusedFrom) return true;
  log_.error(
      "upstream_acknowledgements_refused",
      {{"link", carrier_.named().name},
       {"topic", filter},
       {"code", reason_code},
       {"effect", "nothing that goes over this link is ever deleted, and upstream.credit_batches are sent"},
       {"help",
        "let the hub's user subscribe to it upstream, or set upstream.acknowledgement to \"broker\""}});
  return true;
}

bool ConsumerNotices::on_unsubscribed(const std::string& filter, core::Now) {
  return topics_.contains(filter);
}

bool ConsumerNotices::on_message(Incoming& message, core::Now) {
  if (!message.topic.starts_with(prefix_)) return false;
  if (!message.payload.empty())
    hear_(std::string_view(message.topic).substr(prefix_.size()), message.payload);
  return true;  // an empty one is how a retained message is removed
}

}  // namespace headgate::upstream
