#include "tests/fuzz/peer.h"

#include <algorithm>
#include <iterator>

#include "broker/codec/packets/ack.h"
#include "broker/codec/packets/auth.h"
#include "broker/session/session.h"
#include "tests/fuzz/must.h"
#include "tests/support/client_codec.h"

namespace headgate::fuzz {

using broker::Frame;
using broker::NextFrame;
using broker::PacketType;
using broker::ReasonCode;
using broker::Version;

namespace {

// Beyond its limit a channel may still hold what one turn of a fuzzed client can cause.
constexpr size_t kOneTurnBytes = 65'536;

}  // namespace

void Peer::open() {
  drop();
  channel_ = std::make_unique<broker::Channel>(shell_, "peer");
  socket_.clear();
  aliases_.clear();
  open_.clear();
  stray_.clear();
  window_ = limits_.in_flight_max;
  packet_bytes_max_ = SIZE_MAX;
  alias_max_ = 0;
  stalled_ = false;
  has_cheated_ = false;
  connected_ = false;
  good_bye_ = false;
  broker_.opened(*channel_, clock_.now());
  flush();
}

void Peer::connect(const broker::Connect& connect) {
  open();
  version_ = connect.version;
  window_ = std::min<size_t>(connect.receive_maximum, limits_.in_flight_max);
  if (connect.packet_bytes_max != 0) packet_bytes_max_ = connect.packet_bytes_max;
  alias_max_ = connect.topic_alias_maximum;
  std::string bytes;
  testing::encode_connect(connect, bytes);
  send(bytes);
}

void Peer::drop() {
  if (channel_) finish();
}

void Peer::finish() {
  broker_.closed(*channel_, clock_.now());
  channel_.reset();
}

// As a connection does: a client that the broker does not want to hear is not read.
void Peer::send(std::string_view bytes) {
  if (!is_read()) return;
  const std::string copy(bytes);  // of its own size, for the sanitizer
  broker_.on_bytes(*channel_, copy, clock_.now());
  flush();
}

void Peer::send_raw(std::string_view bytes) {
  has_cheated_ = true;
  send(bytes);
}

void Peer::acked(PacketType type, uint16_t packet_id, bool refused) {
  if (!is_read()) return;
  const auto it = open_.find(packet_id);
  if (it == open_.end()) {
    if (type == PacketType::pubrec) stray_.insert(packet_id);
    return;
  }
  const bool ends = type == PacketType::puback ? it->second == 1 : type == PacketType::pubcomp || refused;
  if (ends) open_.erase(it);
}

uint16_t Peer::some_id(size_t which) const {
  if (open_.empty()) return 1;
  return std::next(open_.begin(), static_cast<std::ptrdiff_t>(which % open_.size()))->first;
}

void Peer::resume() {
  stalled_ = false;
  if (!channel_) return;
  socket_.clear();
  channel_->unsent_in_shell = 0;
  broker_.on_drained(*channel_, clock_.now());
  flush();
}

void Peer::flush() {
  while (channel_) {
    channel_->settle();
    broker_.go_on(*channel_, clock_.now());
    const bool held_back = channel_->tell_drained || !broker_.wants_bytes(*channel_);
    std::string written;
    channel_->take_out(written);
    hear(written);
    socket_ += written;
    if (!stalled_) socket_.clear();
    channel_->unsent_in_shell = socket_.size();
    check_bounds();
    if (channel_->closing()) return finish();
    if (held_back && socket_.empty()) broker_.on_drained(*channel_, clock_.now());
    if (stalled_ || channel_->unsent_bytes() == 0) return;
  }
}

void Peer::check_bounds() const {
  const size_t unsent_max = std::max(limits_.unsent_bytes_max, limits_.queued_bytes_max);  // a burst's
  must(channel_->unsent_bytes() <= unsent_max + kOneTurnBytes, "what is unsent is bounded");
  must(channel_->assembler.held_bytes() <= 2 * limits_.packet_bytes_max + 4096,
       "a partial packet is bounded");
  const broker::Session* session = channel_->session;
  if (!session) return;
  must(session->waiting_bytes() <= limits_.queued_bytes_max, "what waits in memory is bounded in bytes");
  must(session->waiting() <= limits_.queued_messages_max, "what waits in memory is bounded in messages");
  must(session->in_flight() <= limits_.in_flight_max, "what is in flight is bounded");
}

// ---- what the broker says ----

void Peer::hear(std::string_view bytes) {
  while (!bytes.empty()) {
    const NextFrame next = broker::next_frame(bytes, SIZE_MAX);
    must(next.kind == NextFrame::Kind::frame, "the broker writes whole packets");
    must(!good_bye_, "nothing follows DISCONNECT");
    must(connected_ || next.frame.type == PacketType::connack, "the first packet is CONNACK");
    must(next.frame.bytes <= packet_bytes_max_ || next.frame.bytes <= 5,
         "no packet is larger than the client takes");
    hear_packet(next.frame);
    bytes.remove_prefix(next.frame.bytes);
  }
}

void Peer::hear_packet(const Frame& frame) {
  // A CONNECT among raw bytes may have chosen the other version.
  const Version version = channel_->version;
  testing::Answers answers;
  broker::Connack connack;
  broker::Disconnect disconnect;
  broker::Ack ack;
  switch (frame.type) {
    case PacketType::connack:
      must(!connected_, "CONNACK comes once");
      connected_ = true;
      return must(!is_error(testing::decode_connack(frame.body, version, connack)), "CONNACK is well formed");
    case PacketType::publish:
      return hear_publish(frame);
    case PacketType::pubrel:
      return hear_pubrel(frame);
    case PacketType::puback:
    case PacketType::pubrec:
    case PacketType::pubcomp:
      return must(!is_error(decode_ack(frame.type, frame.body, version, ack)), "an ack is well formed");
    case PacketType::suback:
      return must(!is_error(testing::decode_suback(frame.body, version, answers)), "SUBACK is well formed");
    case PacketType::unsuback:
      return must(!is_error(testing::decode_unsuback(frame.body, version, answers)), "UNSUBACK too");
    case PacketType::pingresp:
      return must(frame.body.empty(), "PINGRESP is empty");
    case PacketType::disconnect:
      good_bye_ = true;
      must(version == Version::v5, "a 3.1.1 client is told no DISCONNECT");
      return must(!is_error(testing::decode_server_disconnect(frame.body, disconnect)), "DISCONNECT too");
    default:
      return must(false, "the broker sends what a server sends");
  }
}

void Peer::hear_publish(const Frame& frame) {
  testing::PublishFromServer packet;
  must(!is_error(testing::decode_server_publish(frame.body, frame.flags, channel_->version, packet)),
       "PUBLISH is well formed");
  const broker::Publish& publish = packet.publish;
  if (has_cheated_) return;
  must(publish.topic_alias <= alias_max_, "an alias is within the client's maximum");
  if (publish.topic_alias != 0 && !publish.topic.empty()) aliases_[publish.topic_alias] = publish.topic;
  must(!publish.topic.empty() || aliases_.contains(publish.topic_alias), "a topic is known");
  if (publish.qos == 0) return;
  must(publish.packet_id != 0, "a packet id is not 0");
  must(open_.emplace(publish.packet_id, publish.qos).second, "no packet id is used twice");
  must(open_.size() <= window_, "no more in flight than the client's receive maximum");
}

void Peer::hear_pubrel(const Frame& frame) {
  broker::Ack ack;
  must(!is_error(decode_ack(frame.type, frame.body, channel_->version, ack)), "PUBREL is well formed");
  if (stray_.erase(ack.packet_id) > 0) return;  // the answer to a PUBREC for nothing; 3.1.1 cannot say so
  // On a new connection a release comes without its PUBLISH, and is open as well.
  if (ack.reason == ReasonCode::success) open_.emplace(ack.packet_id, uint8_t{2});
}

}  // namespace headgate::fuzz
