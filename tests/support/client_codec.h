// The client's half of the MQTT codec, for tests and load: encodes what clients send, decodes what brokers
// send. It uses the broker's packet types, and its readers and writers.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "broker/codec/packets/connack.h"
#include "broker/codec/packets/connect.h"
#include "broker/codec/packets/disconnect.h"
#include "broker/codec/packets/publish.h"
#include "broker/codec/packets/subscribe.h"
#include "broker/codec/packets/unsubscribe.h"
#include "broker/codec/reason_code.h"
#include "broker/codec/version.h"

namespace headgate::testing {

// All append to `out`. PUBACK and its like, and AUTH, are encoded by the broker's encoders.
void encode_connect(const broker::Connect& connect, std::string& out);
void encode_publish(const broker::Publish& publish, broker::Version version, std::string& out);
void encode_subscribe(const broker::Subscribe& subscribe, broker::Version version, std::string& out);
void encode_unsubscribe(const broker::Unsubscribe& unsubscribe, broker::Version version, std::string& out);
void encode_pingreq(std::string& out);
void encode_client_disconnect(const broker::Disconnect& disconnect, broker::Version version,
                              std::string& out);

// SUBACK, or UNSUBACK (without reasons in 3.1.1).
struct Answers {
  uint16_t packet_id = 0;
  std::vector<broker::ReasonCode> reasons;
  std::string_view reason_string;
};

struct PublishFromServer {
  broker::Publish publish;
  std::vector<uint32_t> subscription_ids;
};

// Success, or why the broker's packet is wrong; views point into `body`.
[[nodiscard]] broker::ReasonCode decode_connack(std::string_view body, broker::Version version,
                                                broker::Connack& out);
[[nodiscard]] broker::ReasonCode decode_suback(std::string_view body, broker::Version version, Answers& out);
[[nodiscard]] broker::ReasonCode decode_unsuback(std::string_view body, broker::Version version,
                                                 Answers& out);
[[nodiscard]] broker::ReasonCode decode_server_disconnect(std::string_view body, broker::Disconnect& out);
[[nodiscard]] broker::ReasonCode decode_server_publish(std::string_view body, uint8_t flags,
                                                       broker::Version version, PublishFromServer& out);

}  // namespace headgate::testing
