// The keys of one entry of `downstream`, of `upstream` or of a link: names as in the bridge of Mosquitto.
#include "hub/config/key_tables.h"
#include "hub/config/text_rules.h"

namespace headgate::hub {

using upstream::DownstreamTopic;

const std::vector<Key<DownstreamTopic>>& downstream_keys() {
  static const std::vector<Key<DownstreamTopic>> kKeys = {
      {.path = "topic",
       .slot = at(&DownstreamTopic::topic),
       .doc = "Topic filter below the prefixes; empty: the prefixes are whole topics.",
       .rule = kMqttString},
      {"qos", at(&DownstreamTopic::qos), "QoS of the subscription upstream.", Unit::none, 0, 1},
      {.path = "remote_prefix",
       .slot = at(&DownstreamTopic::remote_prefix),
       .doc = "What stands before it upstream; `{hub}` is replaced by the hub id.",
       .rule = kMqttString},
      {.path = "local_prefix",
       .slot = at(&DownstreamTopic::local_prefix),
       .doc = "What stands before it here; `{hub}` is replaced by the hub id.",
       .rule = kMqttString},
      {.path = "publish_as",
       .slot = at(&DownstreamTopic::publish_as),
       .doc = "User by whose rights it is published here; empty: the hub itself, `$downstream`.",
       .rule = kMqttString},
      {.path = "id_member",
       .slot = at(&DownstreamTopic::id_member),
       .doc = "Member of a JSON body that is a command's id; empty: ids are in MQTT 5 properties. See "
              "commands.md#receipts.",
       .rule = kMqttString},
  };
  return kKeys;
}

}  // namespace headgate::hub
