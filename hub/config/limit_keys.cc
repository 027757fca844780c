// `limits`: the broker's options.
#include "hub/config/key_tables.h"

namespace headgate::hub {
namespace {

using broker::AdmissionLimits;
using broker::BrokerOptions;
using broker::RetainedLimits;
using broker::SessionLimits;

auto all(auto... members) { return at(&Config::broker, members...); }
auto session(auto member) { return all(&BrokerOptions::session, member); }
auto admission(auto member) { return at(&Config::admission, member); }

Keys client_keys() {
  return {
      {"limits.packet_bytes_max", session(&SessionLimits::packet_bytes_max),
       "Largest MQTT packet taken from a client; larger ones close the connection.", Unit::bytes, kKiB,
       kPacketBytesMax},
      {"limits.connect_timeout_s", all(&BrokerOptions::connect_timeout_s),
       "How long a new connection may take to send CONNECT.", Unit::seconds, 1, 3600},
      {"limits.keep_alive_s_max", all(&BrokerOptions::keep_alive_s_max),
       "Longest keep-alive granted; 0 grants what the client asks for.", Unit::seconds, 0, kU16Max},
      {"limits.receive_maximum", session(&SessionLimits::receive_maximum),
       "QoS 1 and 2 publishes that a client may have unacknowledged.", Unit::none, 1, kU16Max},
      {"limits.in_flight_max", session(&SessionLimits::in_flight_max),
       "QoS 1 and 2 publishes that the hub sends a client before it acknowledges.", Unit::none, 1, kU16Max},
      {"limits.queued_messages_max", session(&SessionLimits::queued_messages_max),
       "Messages kept in memory for one client that is slow to read; durable queues are not concerned.",
       Unit::none, 1, 100'000'000},
      {"limits.queued_bytes_max", session(&SessionLimits::queued_bytes_max),
       "The same in bytes; whichever limit comes first.", Unit::bytes, kKiB, kTiB},
      {"limits.write_buffer_bytes_max", session(&SessionLimits::unsent_bytes_max),
       "Bytes sent to a client that its socket has not taken; beyond it the client is not read, its QoS 0 "
       "is dropped and the rest waits.",
       Unit::bytes, kKiB, kTiB},
      {"limits.slow_reader_timeout_s", all(&BrokerOptions::slow_reader_timeout_s),
       "How long a client may be beyond that and take nothing before it is closed.", Unit::seconds, 1,
       86'400},
      {"limits.session_expiry_s_max", all(&BrokerOptions::session_expiry_s_max),
       "Longest session expiry granted; 4294967295 is for ever.", Unit::seconds, 0, kU32Max},
      {"limits.session_expiry_s_default", all(&BrokerOptions::session_expiry_s_default),
       "How long a client without clean session that names no expiry, as 3.1.1 ones cannot, may be away "
       "before its session ends and what waits for it is dropped; 4294967295 is for ever.",
       Unit::seconds, 0, kU32Max},
  };
}

Keys admission_keys() {
  return {
      {"limits.connections_max", admission(&AdmissionLimits::connections_max),
       "Connections open at a time, over all listeners.", Unit::none, 1, 1'000'000},
      {"limits.connections_per_address_max", admission(&AdmissionLimits::connections_per_address_max),
       "Connections open at a time from one address (of IPv6: one /64 network) other than this machine's; 0 "
       "is no limit.",
       Unit::none, 0, 1'000'000},
      {"limits.connect_rate_max", admission(&AdmissionLimits::connect_rate_max),
       "New connections a second from one address other than this machine's; ten seconds' worth may come at "
       "once; 0 is no limit.",
       Unit::none, 0, 1'000'000},
  };
}

Keys topic_keys() {
  return {
      {"limits.topic_aliases_max", session(&SessionLimits::topic_aliases_max),
       "Topic aliases that an MQTT 5 client may use towards the hub; 0 forbids them.", Unit::none, 0,
       kU16Max},
      {"limits.topic_aliases_out_max", session(&SessionLimits::topic_aliases_out_max),
       "Topic aliases that the hub uses towards a client that takes some; 0 for none.", Unit::none, 0,
       kU16Max},
      {"limits.topic_levels_max", session(&SessionLimits::topic_levels_max),
       "Levels of a topic or filter; deeper ones are refused.", Unit::none, 1, 1000},
      {"limits.topic_bytes_max", session(&SessionLimits::topic_bytes_max),
       "Length of a topic or filter; longer ones are refused.", Unit::bytes, 1, kU16Max},
      {"limits.user_properties_max", session(&SessionLimits::user_properties_max),
       "User properties in one message; messages with more are refused.", Unit::none, 0, 100'000},
      {"limits.subscriptions_per_client_max", session(&SessionLimits::subscriptions_max),
       "Subscriptions that a client may have; further ones are refused.", Unit::none, 1, 1'000'000},
  };
}

Keys kept_keys() {
  return {
      {"limits.sessions_max", all(&BrokerOptions::sessions_max),
       "Sessions at a time, of connected clients and kept ones; new clients beyond are refused.", Unit::none,
       1, 10'000'000},
      {"limits.retained_messages_max", all(&BrokerOptions::retained, &RetainedLimits::messages_max),
       "Retained messages kept; one published beyond goes to all who want it now and is not retained.",
       Unit::none, 0, 10'000'000},
      {"limits.retained_bytes_max", all(&BrokerOptions::retained, &RetainedLimits::bytes_max),
       "The same in bytes: retained messages are also held in memory.", Unit::bytes, 0, kTiB},
  };
}

}  // namespace

Keys limit_keys() { return joined({client_keys(), admission_keys(), topic_keys(), kept_keys()}); }

}  // namespace headgate::hub
