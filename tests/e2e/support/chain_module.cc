#include "tests/e2e/support/chain_module.h"

#include <algorithm>
#include <utility>

#include "broker/codec/packets/ack.h"
#include "tests/support/client_codec.h"

namespace headgate::e2e {

using broker::PacketType;
using broker::ReasonCode;

namespace {

// Text that a body begins with.
std::string name_in(std::string_view body) { return std::string(body.substr(0, body.find(' '))); }

}  // namespace

ChainModule::ChainModule(uint16_t port, Options options, const std::vector<std::string>& again)
    : options_(std::move(options)), socket_(port) {
  broker::Connect connect;
  connect.version = options_.version;
  connect.client_id = options_.client_id;
  connect.clean_start = true;
  connect.keep_alive_s = 600;
  broker::SubscriptionRequest request;
  request.filter.text = options_.input_topic;
  request.qos = 1;
  std::string bytes;
  testing::encode_connect(connect, bytes);
  testing::encode_subscribe({60'000, 0, {request}}, options_.version, bytes);
  for (const std::string& body : again) publish(body, bytes);
  socket_.send(bytes);
}

std::vector<std::string> ChainModule::outputs_unanswered() const {
  std::vector<std::string> bodies;
  for (const auto& [id, body] : open_) bodies.push_back(body);
  return bodies;
}

bool ChainModule::work_until(const std::function<bool()>& done, std::chrono::milliseconds patience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (!done()) {
    if (std::chrono::steady_clock::now() >= deadline) return false;
    work_for(200ms);
  }
  return true;
}

// Ends early if nothing comes.
void ChainModule::work_for(std::chrono::milliseconds time) {
  const auto end = std::chrono::steady_clock::now() + time;
  while (std::chrono::steady_clock::now() < end && socket_.receive(socket_.received().size() + 1, time))
    read_packets();
}

void ChainModule::read_packets() {
  for (;;) {
    const auto rest = std::string_view(socket_.received()).substr(read_);
    const broker::NextFrame next = broker::next_frame(rest, SIZE_MAX);
    if (next.kind != broker::NextFrame::Kind::frame) return;
    take(next.frame);
    read_ += next.frame.bytes;
  }
}

void ChainModule::take(const broker::Frame& frame) {
  if (frame.type == PacketType::publish) return take_input(frame);
  broker::Ack ack;
  if (frame.type != PacketType::puback || is_error(decode_ack(frame.type, frame.body, options_.version, ack)))
    return;
  const auto open = open_.extract(ack.packet_id);
  if (is_error(ack.reason))
    ++refused_;
  else if (!open.empty())
    acknowledged_.insert(name_in(open.mapped()));
}

void ChainModule::take_input(const broker::Frame& frame) {
  testing::PublishFromServer packet;
  (void)testing::decode_server_publish(frame.body, frame.flags, options_.version, packet);
  std::string name = name_in(packet.publish.payload);
  std::string body = name + " ";
  const size_t head = body.size();
  if (head < options_.output_bytes)
    body += packet.publish.payload.substr(head, options_.output_bytes - head);  // it cannot be compressed
  body.resize(std::max(head, options_.output_bytes), 'x');
  inputs_.insert(std::move(name));
  std::string bytes;
  publish(std::move(body), bytes);
  encode_ack(PacketType::puback, packet.publish.packet_id, ReasonCode::success, options_.version, bytes);
  socket_.send(bytes);
}

void ChainModule::publish(std::string body, std::string& bytes) {
  do {
    last_id_ = static_cast<uint16_t>(last_id_ % 50'000 + 1);
  } while (open_.contains(last_id_));
  broker::Publish publish;
  publish.topic = options_.output_topic;
  publish.payload = body;
  publish.packet_id = last_id_;
  publish.qos = 1;
  testing::encode_publish(publish, options_.version, bytes);
  open_[last_id_] = std::move(body);
}

}  // namespace headgate::e2e
