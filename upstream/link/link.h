// The seam to the upstream broker: one connection at a time, QoS 1 publishes, acknowledgements.
//
// Threads: every method is called, and every event raised, on the loop thread. Events are never raised from
// inside a call into the link, so a handler may call it freely. Methods never block.
// Implemented by MosquittoLink and, in tests, by ScriptedLink and its kin.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/bytes.h"
#include "core/clock.h"

namespace headgate::upstream {

using Token = uint64_t;  // names one publish; chosen by the caller, never used twice

// MQTT 5 reason codes that a publish can end with and that are acted upon. On an MQTT 3.1.1 connection every
// PUBACK is `success`.
enum ReasonCode : uint8_t {
  success = 0x00,
  no_matching_subscribers = 0x10,
  implementation_specific_error = 0x83,
  packet_identifier_in_use = 0x91,
  packet_too_large = 0x95,
  quota_exceeded = 0x97,
  payload_format_invalid = 0x99,
};

// Limits that the broker stated when it accepted the connection. MQTT 3.1.1 says nothing: the defaults.
struct LinkUp {
  bool session_present = false;
  uint16_t receive_maximum = 65535;
  uint32_t packet_bytes_max = 0;  // 0 = no limit
  bool ignored_dates = false;     // of a certificate: the clock is not known to be right
};

struct LinkDown {
  std::string reason;     // for a person
  bool hopeless = false;  // retrying soon is pointless: credentials, identity or files are wrong
  uint8_t code = 0;       // of the DISCONNECT or CONNACK that ended it, if one did (MQTT 5)
};

class LinkEvents {
 public:
  virtual ~LinkEvents() = default;

  virtual void on_link_up(const LinkUp& up, core::Now now) = 0;

  // The attempt failed or the connection ended. What was published and not acknowledged is forgotten by the
  // link. Comes once for each connect(), and not after disconnect().
  virtual void on_link_down(const LinkDown& down, core::Now now) = 0;

  // The broker answered a publish of this connection. `reason_code` below 0x80 means it took the message.
  // A publish the link itself cannot send because the broker allows no packet of that size ends the same way,
  // with packet_too_large.
  virtual void on_acked(Token token, uint8_t reason_code, core::Now now) = 0;
};

// A publish. Views are read during the call only. The properties go out on MQTT 5 only.
struct Publication {
  std::string_view topic;
  core::Bytes payload;
  std::string_view content_type;
  std::string_view encoding;  // user property "enc"
  std::string_view id;        // user property "id"
  size_t messages = 0;        // user property "n"
  uint32_t expiry_s = 0;      // Message Expiry Interval; 0 = never
};

class Link {
 public:
  virtual ~Link() = default;

  // Must be called once, before anything else. `events` must outlive the link.
  virtual void set_events(LinkEvents* events) = 0;

  // Starts one attempt; ends in on_link_up or on_link_down. Must not be called while one is under way or up.
  virtual void connect() = 0;

  // Sends at QoS 1. Ends in on_acked, or with the connection. Must only be called between on_link_up and the
  // end of that connection, with no more than the agreed window unacknowledged.
  virtual void publish(Token token, const Publication& publication) = 0;

  // Ends the connection, or gives up the attempt. No event of it is raised afterwards.
  virtual void disconnect() = 0;
};

}  // namespace headgate::upstream
