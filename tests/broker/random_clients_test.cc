// Several clients that do anything, valid or not, against a hub that answers when it likes. Nothing may
// crash, and what the standard promises to each client must hold at any moment.
#include <cstdlib>
#include <random>
#include <set>
#include <string>

#include "tests/broker/broker_fixture.h"

namespace headgate::broker {
namespace {

constexpr const char* kTopics[] = {"t", "t/u", "v"};
constexpr const char* kFilters[] = {"t", "t/#", "+", "#", "v"};

// A client and what it may hold the broker to.
struct Talker {
  explicit Talker(ScriptedClient& one, std::string client_id) : client(one), id(std::move(client_id)) {}

  ScriptedClient& client;
  std::string id;
  size_t window = 0;
  std::set<uint16_t> unacknowledged;  // deliveries of this connection
  bool has_cheated = false;           // acknowledged what it may not have read yet: it cannot count any more

  // [MQTT-3.3.4-9] and [MQTT-2.2.1-4]
  void hear(const Lines& lines) {
    for (const std::string& line : lines) {
      if (has_cheated) return;
      if (!line.starts_with("PUBLISH q1") && !line.starts_with("PUBLISH q2")) continue;
      const auto packet_id =
          static_cast<uint16_t>(std::atoi(line.c_str() + std::string_view("PUBLISH q1 id").size()));
      EXPECT_TRUE(unacknowledged.insert(packet_id).second) << id << " got an id in use: " << line;
      EXPECT_LE(unacknowledged.size(), window) << id << ": " << line;
    }
  }
};

class RandomClients : public BrokerTest, public ::testing::WithParamInterface<uint32_t> {
 protected:
  RandomClients() : random_(GetParam()) {
    options_.session.receive_maximum = 8;
    options_.session.in_flight_max = 20;
    options_.session.queued_messages_max = 50;
    options_.session.unsent_bytes_max = 2000;
    options_.session.packet_bytes_max = 4000;
    events_.answers_at_once = false;
    events_.also_on_publish = [this](Session&, const core::MessagePtr& message) { fan_out(message); };
    events_.also_on_room = [this](Session& session) { feed(session); };
    for (const char* id : {"a", "b", "c", "d"}) talkers_.emplace_back(client(), id);
  }

  uint32_t below(uint32_t limit) { return static_cast<uint32_t>(random_() % limit); }
  bool once_in(uint32_t times) { return below(times) == 0; }

  void fan_out(const core::MessagePtr& message) {
    SharedPublish shared(message);
    const auto deliver_to = [&](Session* session, const SubscriptionOptions& options, Via via) {
      session->deliver_from_memory(shared, std::min(options.qos, message->qos), message->retain, {}, now(),
                                   via);
    };
    broker().subscriptions().match(
        message->topic,
        [&](Session* one, const SubscriptionOptions& options) {
          deliver_to(one, options, Via::subscription);
        },
        [&](const ShareGroup& group) {
          const Subscriber& any = group.members()[below(static_cast<uint32_t>(group.members().size()))];
          deliver_to(any.session, any.options, Via::share);
        });
  }
  void feed(Session& session) {
    while (session.window() > 0 && !once_in(4)) {
      Outgoing out{message("q", std::string(below(60), 'x')),
                   static_cast<uint8_t>(below(3)),
                   false,
                   {},
                   {1, 0, ++seq_}};
      const auto wanted = static_cast<uint16_t>(out.qos == 2 ? 1 + below(30) : 0);
      if (session.deliver_from_queue(std::move(out), wanted, now()) != Handed::taken) return;
    }
  }

  void connect(Talker& one) {
    Connect connect = once_in(2) ? v5(one.id) : v3(one.id);
    if (!once_in(4)) connect = kept(connect, 1 + below(30));
    if (once_in(2)) connect = with_will(connect, below(10));
    if (connect.version == Version::v5) {
      connect.receive_maximum = static_cast<uint16_t>(1 + below(5));
      if (once_in(3)) connect.packet_bytes_max = 20 + below(60);
    }
    connect.keep_alive_s = static_cast<uint16_t>(below(20));
    one.window = std::min<size_t>(connect.receive_maximum, options_.session.in_flight_max);
    one.unacknowledged.clear();
    one.has_cheated = false;
    one.hear(one.client.connect(connect));
  }
  void acknowledge(Talker& one, PacketType type) {
    auto packet_id = static_cast<uint16_t>(1 + below(30));
    if (once_in(100)) {
      one.has_cheated = true;
    } else if (!one.unacknowledged.empty()) {
      packet_id = *one.unacknowledged.begin();
    } else {
      return;
    }
    if (type != PacketType::pubrec) one.unacknowledged.erase(packet_id);
    one.hear(one.client.ack(type, packet_id));
  }
  Publish publication(std::string_view payload) {
    Publish publish = qos0(kTopics[below(3)], payload);
    publish.qos = static_cast<uint8_t>(below(3));
    publish.packet_id = static_cast<uint16_t>(1 + below(12));
    publish.dup = publish.qos > 0 && once_in(4);
    publish.retain = once_in(4);
    return publish;
  }
  std::string noise() {
    std::string bytes(1 + below(40), '\0');
    for (char& byte : bytes) byte = static_cast<char>(random_());
    return bytes;
  }

  void step(Talker& one) {
    const std::string payload(below(80), 'p');
    switch (below(20)) {
      case 0:
        return connect(one);
      case 1:
        return once_in(5) ? one.hear(one.client.send(noise())) : void();
      case 2:
        return once_in(4) ? one.client.drop() : void();
      case 3:
        return once_in(4) ? one.hear(one.client.disconnect()) : void();
      case 4:
        return one.client.stall();
      case 5:
      case 6:
        return one.client.resume(), one.hear(one.client.read());
      case 7:
      case 8:
        return one.hear(one.client.subscribe(9, {to(kFilters[below(5)], static_cast<uint8_t>(below(3)))}));
      case 9:
        return one.hear(one.client.unsubscribe(9, {kFilters[below(5)]}));
      case 10:
        return one.hear(one.client.pubrel(static_cast<uint16_t>(1 + below(12))));
      case 11:
      case 12:
        return acknowledge(one, PacketType::puback);
      case 13:
        return acknowledge(one, PacketType::pubrec);
      case 14:
        return acknowledge(one, PacketType::pubcomp);
      case 15:
        return events_.unanswered() > 0 ? events_.answer_next() : void();
      case 16:
        return events_.answer_all();
      case 17:
        return pass_ms(below(3000));
      default:
        return one.hear(one.client.publish(publication(payload)));
    }
  }

  std::mt19937 random_;
  std::deque<Talker> talkers_;
  uint64_t seq_ = 0;
};

TEST_P(RandomClients, NeverBreakTheBrokerNorItsPromises) {
  for (int i = 0; i < 6000 && !HasFailure(); ++i) {
    SCOPED_TRACE(i);
    step(talkers_[below(static_cast<uint32_t>(talkers_.size()))]);
    for (Talker& other : talkers_) other.hear(other.client.read());
    happened();
  }
}

TEST_P(RandomClients, LeaveNothingBehind) {
  for (int i = 0; i < 1000; ++i) step(talkers_[below(static_cast<uint32_t>(talkers_.size()))]);
  events_.answer_all();
  events_.also_on_room = nullptr;
  for (Talker& one : talkers_) one.client.drop();
  pass_s(100'000);
  for (Talker& one : talkers_) one.client.connect(v5(one.id)), one.client.drop();
  EXPECT_EQ(broker().sessions(), 0u);
  EXPECT_EQ(broker().connections(), 0u);
  EXPECT_EQ(broker().subscriptions().size(), 0u);
  EXPECT_EQ(broker().timers(), 0u);
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomClients, ::testing::Range(uint32_t{1}, uint32_t{9}));

}  // namespace
}  // namespace headgate::broker
