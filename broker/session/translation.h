// Ways in which a session of the dialect of IoT Edge differs from one of plain MQTT.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "broker/access.h"
#include "broker/codec/packets/subscribe.h"
#include "broker/codec/topic_filter.h"
#include "broker/dialect/translator.h"
#include "broker/session/channel.h"

namespace headgate::broker {

// The translator of a client that has come in by that channel as that identity; null: it speaks plain MQTT.
[[nodiscard]] std::unique_ptr<const Translator> translator_of(const Channel& channel,
                                                              const Identity& identity);

// Puts the filters inside the hub in the place of those of a packet, for as long as it lives. One that is none of the
// client's own becomes empty. A QoS above 1 becomes 1. Without a translator nothing is changed.
class TranslatedFilters {
 public:
  TranslatedFilters(const Translator* translator, std::vector<SubscriptionRequest>& requests);
  TranslatedFilters(const Translator* translator, std::vector<TopicFilter>& filters);
  TranslatedFilters(const TranslatedFilters&) = delete;
  TranslatedFilters& operator=(const TranslatedFilters&) = delete;

 private:
  void translate(const Translator& translator, TopicFilter& filter);

  std::deque<std::string> texts_;
};

}  // namespace headgate::broker
