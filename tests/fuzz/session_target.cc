// A script is one byte of settings, then steps: a byte that says what happens, of which the upper two bits
// say to whom, then what that step takes. See Run::step().
#include "tests/fuzz/session_target.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "broker/codec/packets/ack.h"
#include "broker/codec/packets/disconnect.h"
#include "broker/codec/packets/unsubscribe.h"
#include "broker/session/shared_publish.h"
#include "tests/fuzz/must.h"
#include "tests/fuzz/peer.h"
#include "tests/fuzz/script.h"
#include "tests/support/client_codec.h"

namespace headgate::fuzz {
namespace {

using broker::PacketType;
using broker::ReasonCode;
using broker::Session;
using broker::Version;

constexpr std::array<std::string_view, 6> kTopics = {"t", "t/u", "v", "", "$x", "a/+/b"};
constexpr std::array<std::string_view, 8> kFilters = {"t", "t/#", "+", "#", "v", "$share/g/t", "t/#/u", ""};
constexpr std::array<std::string_view, 4> kIds = {"a", "b", "c", ""};
constexpr std::array kAcks = {PacketType::puback, PacketType::pubrec, PacketType::pubrel,
                              PacketType::pubcomp};

class NoLog : public core::Log {
 public:
  void write(core::LogLevel, std::string_view, std::initializer_list<core::LogField>) override {}
};

// The hub's side: every publish goes to all subscribers, a durable queue feeds whoever has room, and answers
// wait until the script gives them.
class Hub : public broker::BrokerEvents {
 public:
  std::function<core::Now()> now;
  broker::Broker* broker = nullptr;
  ReasonCode publish_answer = ReasonCode::success;
  int to_feed = 0;  // entries of the durable queue that are left

  [[nodiscard]] size_t unanswered() const { return answers_.size(); }
  void answer_next() {
    if (answers_.empty()) return;
    const auto answer = std::move(answers_.front());
    answers_.pop_front();
    answer();
  }
  void answer_all() {
    while (!answers_.empty()) answer_next();
  }
  void feed(Session& session) {
    while (to_feed > 0 && session.window() > 0) {
      --to_feed;
      ++seq_;
      const auto qos = static_cast<uint8_t>(seq_ % 3);
      core::Message made;
      made.topic = "q";
      made.body = std::string(seq_ % 40, 'x');
      broker::Outgoing out{
          std::make_shared<const core::Message>(std::move(made)), qos, false, {}, {1, 0, seq_}};
      const auto wanted = static_cast<uint16_t>(qos == 2 ? 1 + seq_ % 30 : 0);
      if (session.deliver_from_queue(std::move(out), wanted, now()) == broker::Handed::id_in_use) return;
    }
  }

  // What somebody decides later, in the order in which it was asked.
  void later(std::function<void()> give) { answers_.push_back(std::move(give)); }

  void on_connected(Session&, bool, const broker::WillChange&) override {}
  void on_disconnected(Session&, const broker::WillChange&) override {}
  void on_session_ended(Session&) override {}
  void on_will(Session&, const broker::StoredWill&) override {}
  void on_will_due(Session&, core::MessagePtr will) override { fan_out(will); }
  void on_publish(Session& from, core::MessagePtr message, broker::PublishToken token, core::Now) override {
    must(!message->topic.empty(), "a message has a topic");
    fan_out(message);
    if (token.qos == 0) return;
    answer(from, [token, this](Session& session) { session.accepted(token, publish_answer); });
  }
  void on_edge_request(Session& from, core::MessagePtr, broker::PublishToken token, core::Now) override {
    from.accepted(token, broker::ReasonCode::success);
  }
  void on_release(Session& from, uint16_t packet_id) override {
    answer(from, [packet_id](Session& session) { session.released(packet_id); });
  }
  void on_subscribed(Session& session, uint16_t packet_id, std::vector<broker::AcceptedSubscription>,
                     std::vector<ReasonCode> codes) override {
    answer(session, [packet_id, codes](Session& one) { one.subscribed(packet_id, codes); });
  }
  void on_unsubscribed(Session& session, uint16_t packet_id, std::vector<std::string>,
                       std::vector<ReasonCode> codes) override {
    answer(session, [packet_id, codes](Session& one) { one.unsubscribed(packet_id, codes); });
  }
  void on_delivered(Session& session, broker::DeliveryToken, bool) override { feed(session); }
  void on_received(Session& session, uint16_t packet_id, broker::DeliveryToken) override {
    answer(session, [packet_id](Session& one) { one.release(packet_id); });
  }
  void on_completed(Session&, uint16_t) override {}
  void on_window_open(Session& session) override { feed(session); }

 private:
  void fan_out(const core::MessagePtr& message) {
    broker::SharedPublish shared(message);
    const auto deliver_to = [&](Session* session, const broker::SubscriptionOptions& options,
                                broker::Via via) {
      const std::vector<uint32_t> ids = options.id != 0 ? std::vector{options.id} : std::vector<uint32_t>{};
      session->deliver_from_memory(shared, std::min(options.qos, message->qos), message->retain, ids, now(),
                                   via);
    };
    broker->subscriptions().match(
        message->topic,
        [&](Session* session, const broker::SubscriptionOptions& options) {
          deliver_to(session, options, broker::Via::subscription);
        },
        [&](const broker::ShareGroup& group) {
          const auto* one = group.choose(1, [](const broker::Subscriber&) { return 1; });
          deliver_to(one->session, one->options, broker::Via::share);
        });
  }
  void answer(Session& session, std::function<void(Session&)> give) {
    answers_.push_back([give = std::move(give), kept = session.shared_from_this()] { give(*kept); });
  }

  std::deque<std::function<void()>> answers_;
  uint64_t seq_ = 0;
};

// Lets everybody in or nobody, at once or when the hub gives its answers.
class Door : public broker::AccessControl {
 public:
  explicit Door(Hub& hub) : hub_(hub) {}
  bool slow = false;
  bool shut = false;

  void authenticate(const std::shared_ptr<const broker::Credentials>& credentials, core::Now now,
                    Decided decided) override {
    const auto decide = [this, alive = std::weak_ptr(credentials), decided = std::move(decided), now] {
      const auto asked = alive.lock();
      if (!asked) return;
      if (shut) return decided({ReasonCode::not_authorized, {}}, now);
      decided({ReasonCode::success, renew({}, asked->client_id)}, now);
    };
    if (slow) return hub_.later(decide);
    decide();
  }
  [[nodiscard]] broker::Grant renew(const broker::Identity& identity, std::string_view) const override {
    return {std::make_shared<const broker::Identity>(identity), broker::Rights::all()};
  }

 private:
  Hub& hub_;
};

broker::BrokerOptions options_of(uint8_t settings) {
  broker::BrokerOptions options;
  options.session.receive_maximum = static_cast<uint16_t>(1 + (settings & 7));
  options.session.in_flight_max = static_cast<uint16_t>(1 + (settings >> 3 & 15));
  options.session.queued_messages_max = 20;
  options.session.queued_bytes_max = 2000;
  options.session.unsent_bytes_max = 1000;
  options.session.unanswered_bytes_max = 4000;
  options.session.packet_bytes_max = 1000;
  options.session.topic_aliases_max = 3;
  options.session_expiry_s_max = 3600;
  options.keep_alive_s_max = (settings & 0x80) != 0 ? 20 : 0;
  return options;
}

class Run {
 public:
  explicit Run(std::string_view input)
      : script_(input), options_(options_of(script_.byte())), broker_(options_, door_, log_) {
    broker_.set_events(&hub_);
    hub_.broker = &broker_;
    hub_.now = [this] { return clock_.now(); };
    for (int i = 0; i < 4; ++i) peers_.emplace_back(broker_, clock_, options_.session);
  }

  void go() {
    while (!script_.ended()) {
      step();
      for (Peer& peer : peers_) peer.flush();
    }
    settle();
    everything_goes();
  }

 private:
  void step() {
    const uint8_t what = script_.byte();
    Peer& peer = peers_[what >> 6];
    switch (what & 0x0F) {
      case 0:
        return connect(peer);
      case 1:
        return publish(peer);
      case 2:
        return subscribe(peer);
      case 3:
        return unsubscribe(peer);
      case 4:
        return acknowledge(peer);
      case 5:
        return (what & 0x10) != 0 ? peer.send(std::string_view("\xC0\0", 2)) : disconnect(peer);
      case 6:
        return (what & 0x10) != 0 ? peer.drop() : peer.open();
      case 7:
        return (what & 0x10) != 0 ? peer.stall() : peer.resume();
      case 8:
        return peer.send_raw(script_.take(script_.byte()));
      case 9:
        return pass_ms(int64_t{script_.byte()} * 100);
      case 10:
        return pass_ms(int64_t{script_.byte()} * 20'000);
      case 11:
        return hub_.answer_next();
      case 12:
        return hub_.answer_all();
      case 13:
        return feed(peer);
      case 14:
        return change_its_mind();
      default:
        return acknowledge_what_came(peer);
    }
  }

  void connect(Peer& peer) {
    broker::Connect connect;
    const uint8_t flags = script_.byte();
    connect.version = (flags & 1) != 0 ? Version::v5 : Version::v3_1_1;
    connect.clean_start = (flags & 2) != 0;
    connect.client_id = kIds[flags >> 2 & 3];
    connect.keep_alive_s = (flags & 0x10) != 0 ? 7 : 0;
    if ((flags & 0x20) != 0) connect.will = will();
    if (connect.version == Version::v5 && (flags & 0x40) != 0) {
      connect.session_expiry_s = script_.byte();
      connect.receive_maximum = static_cast<uint16_t>(1 + script_.below(8));
      connect.packet_bytes_max = script_.byte();
      connect.topic_alias_maximum = script_.below(3);
      connect.request_problem_information = script_.yes();
    }
    peer.connect(connect);
  }
  broker::Will will() {
    broker::Will will;
    will.topic = kTopics[script_.below(3)];
    will.payload = "gone";
    will.qos = script_.below(3);
    will.retain = script_.yes();
    will.delay_s = script_.byte();
    return will;
  }

  void publish(Peer& peer) {
    const uint8_t flags = script_.byte();
    broker::Publish publish;
    publish.qos = static_cast<uint8_t>((flags & 3) % 3);
    publish.retain = (flags & 4) != 0;
    publish.dup = publish.qos > 0 && (flags & 8) != 0;
    publish.topic = kTopics[(flags >> 4 & 7) % kTopics.size()];
    publish.packet_id = static_cast<uint16_t>(publish.qos > 0 ? 1 + script_.below(12) : 0);
    const std::string payload(script_.byte(), 'p');
    publish.payload = payload;
    if ((flags & 0x80) != 0) {
      publish.topic_alias = script_.below(5);
      publish.properties.expiry_s = script_.byte();
      publish.properties.user = {{"k", "v"}};
    }
    std::string bytes;
    testing::encode_publish(publish, peer.version(), bytes);
    peer.send(bytes);
  }

  void subscribe(Peer& peer) {
    broker::Subscribe packet;
    packet.packet_id = 9;
    packet.subscription_id = script_.below(4);
    for (int left = 1 + script_.below(2); left > 0; --left) {
      const uint8_t choice = script_.byte();
      broker::SubscriptionRequest request;
      request.filter.text = kFilters[choice & 7];
      request.qos = static_cast<uint8_t>((choice >> 3 & 3) % 3);
      request.no_local = (choice & 0x20) != 0;
      request.retain_as_published = (choice & 0x40) != 0;
      packet.requests.push_back(request);
    }
    std::string bytes;
    testing::encode_subscribe(packet, peer.version(), bytes);
    peer.send(bytes);
  }

  void unsubscribe(Peer& peer) {
    broker::Unsubscribe packet;
    packet.packet_id = 9;
    const std::string_view filter = kFilters[script_.below(8)];
    packet.filters.push_back({filter, {}, filter});
    std::string bytes;
    testing::encode_unsubscribe(packet, peer.version(), bytes);
    peer.send(bytes);
  }

  void acknowledge(Peer& peer) {
    const uint8_t choice = script_.byte();
    send_ack(peer, kAcks[choice & 3], static_cast<uint16_t>(choice >> 3), (choice & 4) != 0);
  }
  void acknowledge_what_came(Peer& peer) {
    const uint8_t choice = script_.byte();
    send_ack(peer, kAcks[choice & 3], peer.some_id(choice >> 3), (choice & 4) != 0);
  }
  static void send_ack(Peer& peer, PacketType type, uint16_t packet_id, bool refused) {
    const bool release = type == PacketType::pubrel || type == PacketType::pubcomp;
    const ReasonCode error =
        release ? ReasonCode::packet_identifier_not_found : ReasonCode::unspecified_error;
    std::string bytes;
    encode_ack(type, packet_id, refused ? error : ReasonCode::success, peer.version(), bytes);
    if (type != PacketType::pubrel) peer.acked(type, packet_id, refused && peer.version() == Version::v5);
    peer.send(bytes);
  }

  void disconnect(Peer& peer) {
    broker::Disconnect packet;
    const uint8_t choice = script_.byte();
    if ((choice & 1) != 0) packet.reason = ReasonCode::disconnect_with_will;
    if ((choice & 2) != 0) packet.session_expiry_s = choice;
    std::string bytes;
    testing::encode_client_disconnect(packet, peer.version(), bytes);
    peer.send(bytes);
  }

  void feed(Peer& peer) {
    hub_.to_feed += script_.below(32);
    if (peer.session()) hub_.feed(*peer.session());
  }

  void change_its_mind() {
    const uint8_t choice = script_.byte();
    hub_.publish_answer = (choice & 1) != 0 ? ReasonCode::success : ReasonCode::quota_exceeded;
    door_.slow = (choice & 2) != 0;
    door_.shut = (choice & 4) != 0;
    broker_.renew_grants();
  }

  void pass_ms(int64_t ms) {
    clock_.advance_ms(ms);
    broker_.tick(clock_.now());
  }

  // The hub gives its answers and the clients read: nobody may be owed anything then.
  void settle() {
    hub_.publish_answer = ReasonCode::success;
    hub_.to_feed = 0;
    door_.slow = false;
    for (int turns = 0; turns < 4; ++turns) {
      hub_.answer_all();
      for (Peer& peer : peers_) peer.resume();
    }
    for (Peer& peer : peers_) {
      if (peer.session()) must(peer.is_read(), "a client that is owed nothing is read");
      if (peer.session() && peer.version() == Version::v5 && peer.counts()) use_the_quota(peer);
    }
  }
  // What the client has not completed counts against its quota, and nothing else does [MQTT-4.9.0-1].
  void use_the_quota(Peer& peer) {
    const std::vector<uint16_t> used = peer.session()->incoming_ids();
    const size_t open =
        options_.session.receive_maximum - std::min<size_t>(used.size(), options_.session.receive_maximum);
    for (size_t i = 0; i < open && peer.session(); ++i) {
      broker::Publish publish;
      publish.topic = "quota";
      publish.qos = 1;
      publish.packet_id = static_cast<uint16_t>(100 + i);
      std::string bytes;
      testing::encode_publish(publish, Version::v5, bytes);
      peer.send(bytes);
    }
    must(peer.is_open(), "a client may use its whole quota");
    hub_.answer_all();
    peer.flush();
  }

  void everything_goes() {
    for (Peer& peer : peers_) peer.drop();
    hub_.answer_all();
    pass_ms(int64_t{options_.session_expiry_s_max} * 1000 + 1000);
    must(broker_.connections() == 0, "no connection is left");
    must(broker_.sessions() == 0, "no session is left");
    must(broker_.subscriptions().size() == 0, "no subscription is left");
    must(broker_.timers() == 0, "no timer is left");
  }

  Script script_;
  testing::ManualClock clock_;
  NoLog log_;
  Hub hub_;
  Door door_{hub_};
  broker::BrokerOptions options_;
  broker::Broker broker_;
  std::deque<Peer> peers_;
};

}  // namespace

void run_session(std::string_view input) { Run(input).go(); }

}  // namespace headgate::fuzz
