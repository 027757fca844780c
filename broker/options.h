// The broker's limits as plain values. Defaults are those of headgate.json (`limits`).
#pragma once

#include <cstddef>
#include <cstdint>

namespace headgate::broker {

// Limits of one session.
struct SessionLimits {
  uint16_t receive_maximum = 1024;       // QoS 1 and 2 publishes of a client not yet acknowledged
  uint16_t in_flight_max = 1024;         // deliveries to a client not yet acknowledged
  size_t queued_messages_max = 10'000;   // waiting in memory behind the window
  size_t queued_bytes_max = 16'777'216;  // their topics, bodies and properties
  size_t unsent_bytes_max = 1'048'576;   // encoded, not yet taken by the socket: beyond it QoS 0 is dropped
  size_t unanswered_bytes_max =
      262'144;  // publishes that wait for the store: beyond it the client is not read
  size_t packet_bytes_max = 1'048'576;
  uint16_t topic_aliases_max = 32;      // per connection, client to hub
  uint16_t topic_aliases_out_max = 32;  // per connection, hub to client
  uint32_t topic_levels_max = 200;     // topics and filters; the trie of subscriptions is walked by recursion
  uint32_t topic_bytes_max = 4096;     // length of topics and filters
  uint32_t user_properties_max = 256;  // in one PUBLISH or will
  uint32_t subscriptions_max = 10'000;  // one client's
};

struct RetainedLimits {
  size_t messages_max = 100'000;
  size_t bytes_max = 67'108'864;  // topics, bodies and properties
};

struct BrokerOptions {
  SessionLimits session;
  uint16_t connect_timeout_s = 10;
  uint16_t keep_alive_s_max = 0;  // the most that clients may ask for (5.0 clients are told); 0 = any
  uint32_t session_expiry_s_max =
      UINT32_MAX;  // that clients may ask for; UINT32_MAX = for ever [MQTT-3.1.2-23]
  uint32_t session_expiry_s_default = 604'800;  // of clients that name none, as 3.1.1 ones cannot
  uint32_t slow_reader_timeout_s = 60;  // how long a client may take nothing of too much that is unsent
  size_t sessions_max = 100'000;        // client ids, connected or not
  RetainedLimits retained;              // for the hub, which keeps the retained messages
};

// Who is let in, see Admission.
struct AdmissionLimits {
  size_t connections_max = 10'000;
  size_t connections_per_address_max = 5'000;  // 0 = no limit
  // New connections a second from one address, 0 = no limit; ten seconds' worth may come at once.
  uint32_t connect_rate_max = 200;
};

}  // namespace headgate::broker
