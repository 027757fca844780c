// A network connection as the protocol sees it: bytes to send, limits of the peer, why it ends. No socket.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "broker/codec/frame.h"
#include "broker/codec/reason_code.h"
#include "broker/codec/version.h"
#include "broker/counters.h"
#include "broker/listener_policy.h"
#include "broker/session/burst.h"
#include "broker/session/proof_end.h"
#include "broker/session/topic_aliases.h"
#include "core/bytes.h"
#include "core/clock.h"

namespace headgate::broker {

class Session;
struct PendingConnect;

// Who moves the bytes: implemented by Connection, and by a recorder in tests.
class ChannelShell {
 public:
  virtual ~ChannelShell() = default;
  // Comes at most once until Channel::settle(): bytes are waiting, or the channel is to be closed, or it
  // wants to read again. Act on it at the end of the loop turn, never inside the call.
  virtual void wake() = 0;
  // Gives the socket what the channel has, as far as it takes that now. May come inside any call into the
  // broker: calls nothing of it, and ends nothing. A shell that cannot do that in the middle of a turn leaves
  // it to the end of the turn.
  virtual void offer() = 0;
};

// Puts packets together that arrive in pieces. Holds only bytes that have arrived; while whole packets come
// in, nothing is copied.
// [MQTT-4.2-1]; 3.1.1 [MQTT-7.1.1-1]
class FrameAssembler {
 public:
  // Takes the next packet off the front of `input`. A frame's views are valid until the next call and as
  // long as `input`'s bytes. After need_more, `input` is empty.
  NextFrame next(core::Bytes& input, size_t packet_bytes_max, bool v3_1 = false);
  // Room taken for a packet in pieces.
  [[nodiscard]] size_t held_bytes() const { return partial_.capacity(); }

 private:
  std::string partial_;
  bool delivered_ = false;  // partial_ is the frame that was returned last
};

class Channel {
 public:
  Channel(ChannelShell& shell, std::string peer) : peer_(std::move(peer)), shell_(shell) {}

  [[nodiscard]] const std::string& peer() const { return peer_; }

  // Where the next packet is appended. Asks the shell to send it at the end of the turn.
  std::string& out() {
    if (traffic) ++traffic->packets_out;
    wake();
    return out_;
  }
  // Takes the packet that was appended from `begin` on back, if it is larger than the client takes, as if it
  // had been sent [MQTT-3.1.2-24, MQTT-3.1.2-25]. False if it did.
  bool keep_if_it_fits(size_t begin);
  [[nodiscard]] size_t unsent_bytes() const { return out_.size() + unsent_in_shell; }
  // Lets the socket take some of it in the middle of a turn: what only this turn has filled says nothing about
  // the client. Tries once a millisecond, or with enough that is new.
  void offer(core::Now now);
  // For the shell: takes what is to be sent, or nothing.
  void take_out(std::string& into);

  // Bytes that the socket has accepted since the start: whether the client takes anything.
  [[nodiscard]] uint64_t taken_bytes() const { return handed_out_ - unsent_in_shell; }

  // Sends what is waiting, then ends the connection. `why`, for log and counters, lives for ever; empty: the
  // reason's name.
  void close(ReasonCode reason, std::string_view why = {});
  [[nodiscard]] bool closing() const { return closing_; }
  [[nodiscard]] ReasonCode close_reason() const { return close_reason_; }
  [[nodiscard]] std::string_view close_text() const { return close_text_; }

  // Asks the shell to look again; see ChannelShell::wake().
  void wake();
  void settle() { woken_ = false; }

  // Set by the broker.
  Traffic* traffic = nullptr;               // what the channel counts into; outlives it
  Session* session = nullptr;               // null until CONNECT was accepted
  bool was_client = false;                  // CONNECT was accepted
  bool end_is_told = false;                 // why it ends is in the log
  std::shared_ptr<PendingConnect> pending;  // while it is being decided on
  Version version = Version::v3_1_1;
  bool is_v3_1 = false;                       // see Connect::is_v3_1
  std::string username;                       // that it has proved to have; empty: anonymous
  ProofEnd proof_end;                         // of what it was let in by
  uint16_t keep_alive_s = 0;                  // as granted
  bool graceful = false;                      // the client said DISCONNECT: no will [MQTT-3.14.4-3]
  bool wants_reason_text = true;              // Request Problem Information
  size_t client_packet_bytes_max = SIZE_MAX;  // the client's Maximum Packet Size
  int64_t last_received_ms = 0;               // monotonic
  uint64_t taken_at_tick = 0;                 // taken_bytes() at the last tick
  int64_t stuck_since_ms = 0;  // monotonic: too much is unsent, and none of it was taken since; 0 = not so
  int64_t silence_max_ms = 0;  // 1.5 × keep alive, or the CONNECT timeout; 0 = none
  std::vector<std::string> topic_aliases;     // client to hub; index = alias - 1
  std::unique_ptr<TopicAliases> aliases_out;  // hub to client; null: the client takes none
  FrameAssembler assembler;
  std::string unread;  // came with what made the hub pause the session; see Broker::go_on()

  bool tell_drained = false;  // somebody waits for Broker::on_drained()
  Burst burst;                // sent beyond what may be unsent

  // Set by the shell: bytes taken that the socket has not accepted yet.
  size_t unsent_in_shell = 0;
  // Set by the shell: the first before opened(), the second before the first on_bytes().
  std::shared_ptr<const ListenerPolicy> policy;  // null: the default one
  std::optional<std::string> certificate_name;   // of a client certificate that was verified
  std::vector<std::string> certificates;         // see Credentials; CONNECT takes them

 private:
  std::string peer_;
  std::string out_;
  ChannelShell& shell_;
  bool woken_ = false;
  bool closing_ = false;
  ReasonCode close_reason_ = ReasonCode::success;
  std::string_view close_text_;
  uint64_t handed_out_ = 0;  // bytes that the shell has taken
  int64_t offered_ms_ = 0;   // monotonic: when the socket was last offered something within a turn
};

}  // namespace headgate::broker
