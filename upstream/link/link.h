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
#include "core/message.h"
#include "upstream/drain_order.h"

namespace headgate::upstream {

using Token = uint64_t;  // names one publish; chosen by the caller, never used twice

// MQTT 5 reason codes that a publish can end with and that are acted upon. On an MQTT 3.1.1 connection every
// PUBACK is `success`.
enum ReasonCode : uint8_t {
  success = 0x00,
  no_matching_subscribers = 0x10,
  implementation_specific_error = 0x83,
  packet_identifier_in_use = 0x91,
  receive_maximum_exceeded = 0x93,
  packet_too_large = 0x95,
  quota_exceeded = 0x97,
  payload_format_invalid = 0x99,
};

// Something that is told beside batches.
struct Note {
  std::string_view topic;  // of the batches
  std::string_view level;  // levels below it, where the note is
  core::Bytes payload;
};

// Limits that the broker stated when it accepted the connection. MQTT 3.1.1 says nothing: the defaults.
struct LinkUp {
  bool session_present = false;
  uint16_t receive_maximum = 65535;
  uint32_t packet_bytes_max = 0;                // 0 = no limit
  bool ignored_dates = false;                   // of a certificate: the clock is not known to be right
  DrainOrder order = DrainOrder::oldest_first;  // in which what waits goes over it
  int zstd_level = 0;  // that batches are worth over this link; 0: that of all batches
};

struct LinkDown {
  std::string reason;      // for a person
  bool hopeless = false;   // retrying soon is pointless: credentials, identity or files are wrong
  uint8_t code = 0;        // of the DISCONNECT or CONNACK that ended it, if one did (MQTT 5)
  bool blameless = false;  // nothing that this user of the link has published can be why
};

// A message that the broker sent. It has been acknowledged already, as libmosquitto does before it hands one over.
struct Incoming {
  std::string topic;
  std::string payload;
  uint8_t qos = 0;
  bool retain = false;
  core::Properties properties;  // MQTT 5
  uint32_t expiry_s = 0;        // Message Expiry Interval; 0: never
};

// Publishes that a link takes now.
struct Intake {
  uint16_t lanes = UINT16_MAX;  // bit n: lane n
  int64_t from_mono_ms = 0;     // when it takes the next publish; INT64_MAX: once something else has happened

  [[nodiscard]] bool takes(uint8_t lane) const { return (lanes >> lane & 1U) != 0; }
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

  // The link could not have the publish answered, and nothing is wrong with it: it is to go again once
  // on_takes_again() says so. Others go on meanwhile.
  virtual void on_put_back(Token /*token*/, core::Now /*now*/) {}

  // Messages that the link did not take(), or has put back, may be tried again, the oldest first.
  virtual void on_takes_again(core::Now /*now*/) {}

  // The broker granted a subscription, or refused it with a `reason_code` from 0x80.
  virtual void on_subscribed(const std::string& /*filter*/, uint8_t /*reason_code*/, core::Now /*now*/) {}

  // A subscription has ended, as it was asked to.
  virtual void on_unsubscribed(const std::string& /*filter*/, core::Now /*now*/) {}

  virtual void on_message(Incoming /*message*/, core::Now /*now*/) {}
};

// A publish. Views are read during the call only. The properties go out on MQTT 5 only, those that are empty or 0 not
// at all.
struct Publication {
  std::string_view topic;
  core::Bytes payload;
  std::string_view content_type;
  std::string_view encoding;  // user property "enc"
  std::string_view id;        // user property "id"
  size_t messages = 0;        // user property "n"; 0: it brings none of a queue
  uint32_t expiry_s = 0;      // Message Expiry Interval; 0 = never
  std::string_view correlation_data = {};
  bool has_own_topic = false;               // not that of batches
  const core::Message* original = nullptr;  // that passes through: its properties go instead of those above
  bool retain = false;
  size_t json_bytes = 0;  // of the payload before compression; for counters, and not sent
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

  // To be asked right before a message that passes through is published. False: not this one now, while others may go; see
  // LinkEvents::on_takes_again().
  [[nodiscard]] virtual bool takes(const core::Message& /*message*/) { return true; }

  // Publishes retained, at QoS 0: nobody answers, and what is lost with the connection is lost. As publish().
  virtual void announce(const Note& /*note*/) {}

  // Asks for what is published on a topic that the filter matches: at most at this QoS, with the retain flag as it was
  // published and without what this client published, where the protocol can say so (MQTT 5). Ends in on_subscribed, or
  // with the connection; as publish(), only between on_link_up and its end.
  virtual void subscribe(const std::string& /*filter*/, uint8_t /*qos*/) {}
  // Ends in on_unsubscribed, or with the connection.
  virtual void unsubscribe(const std::string& /*filter*/) {}

  // Ends the connection, or gives up the attempt. No event of it is raised afterwards.
  virtual void disconnect() = 0;

  // To be asked before each publish. Whoever changes the answer, but for time, lets its users know.
  [[nodiscard]] virtual Intake intake() const { return {}; }

  // After on_link_down: a search for what ends connections is on, so that the next attempt should come this soon.
  virtual void hurry(int64_t /*wait_ms*/) {}

  // Bytes that have passed on the wire since the link was made, both ways, headers and repetitions included.
  [[nodiscard]] virtual uint64_t wire_bytes() { return 0; }
};

}  // namespace headgate::upstream
