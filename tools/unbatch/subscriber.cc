#include "tools/unbatch/subscriber.h"

#include <mosquitto.h>
#include <mqtt_protocol.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <fstream>
#include <memory>
#include <ostream>
#include <thread>

#include "tools/interrupt.h"

namespace headgate::tools {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr int kProtocolV5 = 5;
constexpr int kSessionPresent = 1;               // flag of a CONNACK
constexpr int kRefused = 0x80;                   // and above, in a SUBACK
constexpr int kWaitMs = 100;                     // for a packet, before looking at the clock and at signals
constexpr uint32_t kSessionExpiryS = 7 * 86400;  // of a named client
constexpr auto kRetry = milliseconds(200);

const char* or_null(const std::string& text) { return text.empty() ? nullptr : text.c_str(); }

class Subscriber {
 public:
  Subscriber(const SubscribeOptions& options, const Take& take, std::ostream& err, const Talk& talk)
      : options_(options), take_(take), err_(err), talk_(talk) {}

  core::Status run() {
    if (core::Status made = make_client(); !made) return made;
    const Interrupt interrupt;
    const auto end = steady_clock::now() + std::chrono::seconds(options_.timeout_s);
    const auto time_is_up = [&] { return options_.timeout_s > 0 && steady_clock::now() >= end; };
    while (!done_ && refusal_.empty() && !Interrupt::requested() && !time_is_up()) step();
    leave();
    if (!refusal_.empty()) return core::fail(core::Errc::invalid, refusal_);
    if (!was_connected_ && time_is_up())
      return core::fail(core::Errc::unavailable, "no connection to " + broker());
    return {};
  }

 private:
  struct FreeClient {
    void operator()(mosquitto* client) const { mosquitto_destroy(client); }
  };

  [[nodiscard]] std::string broker() const { return options_.host + ":" + std::to_string(options_.port); }

  core::Status make_client() {
    mosquitto_lib_init();
    client_.reset(mosquitto_new(or_null(options_.client_id), options_.client_id.empty(), this));
    mosquitto* const client = client_.get();
    if (client == nullptr)
      return core::fail(core::Errc::invalid, std::string("client id: ") + std::strerror(errno));
    mosquitto_int_option(client, MOSQ_OPT_PROTOCOL_VERSION, options_.protocol);
    mosquitto_int_option(client, MOSQ_OPT_TCP_NODELAY, 1);
    mosquitto_connect_v5_callback_set(
        client, [](mosquitto*, void* self, int code, int flags, const mosquitto_property*) {
          static_cast<Subscriber*>(self)->on_connected(code, flags);
        });
    mosquitto_subscribe_v5_callback_set(
        client, [](mosquitto*, void* self, int id, int count, const int* granted, const mosquitto_property*) {
          static_cast<Subscriber*>(self)->on_subscribed(id, count > 0 ? granted[0] : 0);
        });
    mosquitto_message_v5_callback_set(
        client, [](mosquitto*, void* self, const mosquitto_message* message, const mosquitto_property*) {
          static_cast<Subscriber*>(self)->on_message(*message);
        });
    // Pretends that another thread writes packets: libmosquitto queues the PUBACK of a message before it shows the message, and
    // writes it in the next loop, when the message has been taken.
    mosquitto_threaded_set(client, true);
    return use_credentials(client, options_.credentials);
  }

  // Writes what is queued, first of all the last PUBACK; or nothing, so that the message comes again.
  void leave() {
    if (!acknowledges_) return;
    say(true);
    mosquitto_disconnect(client_.get());
    while (mosquitto_want_write(client_.get()) &&
           mosquitto_loop_write(client_.get(), 1) == MOSQ_ERR_SUCCESS) {
    }
  }

  // Connects again where needed, or waits for a packet.
  void step() {
    const int rc =
        mosquitto_socket(client_.get()) < 0 ? connect() : mosquitto_loop(client_.get(), kWaitMs, 1);
    if (rc == MOSQ_ERR_SUCCESS) say(false);
    if (rc == MOSQ_ERR_SUCCESS || done_ || !refusal_.empty()) return;
    is_connected_ = false;
    if (!std::exchange(told_, true)) {
      const char* why = rc == MOSQ_ERR_ERRNO ? std::strerror(errno) : mosquitto_strerror(rc);
      err_ << "headgate unbatch: no connection to " << broker() << " (" << why << "); trying again\n"
           << std::flush;
    }
    std::this_thread::sleep_for(kRetry);
  }

  // Not from inside of a callback: what libmosquitto repeats on a new connection, an older note among it, goes first.
  void say(bool end) {
    if (!is_connected_) return;
    for (const RetainedNote& note : talk_.take_due(end))
      mosquitto_publish(client_.get(), nullptr, note.topic.c_str(), static_cast<int>(note.payload.size()),
                        note.payload.data(), 1, true);
  }

  int connect() {
    mosquitto_property* properties = nullptr;
    if (options_.protocol == kProtocolV5 && !options_.client_id.empty()) {
      mosquitto_property_add_int32(&properties, MQTT_PROP_SESSION_EXPIRY_INTERVAL, kSessionExpiryS);
    }
    constexpr int kKeepAliveS = 60;
    const int rc = mosquitto_connect_bind_v5(client_.get(), options_.host.c_str(), options_.port, kKeepAliveS,
                                             nullptr, properties);
    mosquitto_property_free_all(&properties);
    return rc;
  }

  void on_connected(int code, int flags) {
    if (code != 0) {
      const bool v5 = options_.protocol == kProtocolV5;
      refusal_ = broker() + " refused the connection: " +
                 (v5 ? mosquitto_reason_string(code) : mosquitto_connack_string(code));
      return;
    }
    was_connected_ = is_connected_ = true;
    talk_.on_connected((flags & kSessionPresent) != 0);
    told_ = false;
    mosquitto_subscribe(client_.get(), nullptr, options_.topic.c_str(), 1);
    if (!options_.second_topic.empty())
      mosquitto_subscribe(client_.get(), &second_id_, options_.second_topic.c_str(), 1);
  }

  void on_subscribed(int id, int granted) {
    if (granted < kRefused) return;
    if (id != second_id_) {
      refusal_ = broker() + " refused the subscription to " + options_.topic;
      return;
    }
    err_ << "headgate unbatch: " << broker() << " refused the subscription to " << options_.second_topic
         << "; it goes on without\n"
         << std::flush;
  }

  void on_message(const mosquitto_message& message) {
    if (done_) return;
    const core::Bytes payload(static_cast<const char*>(message.payload),
                              static_cast<size_t>(message.payloadlen));
    const Taken taken = take_(payload, message.topic);
    done_ = taken != Taken::more;
    acknowledges_ = taken != Taken::not_it;
  }

  const SubscribeOptions& options_;
  const Take& take_;
  std::ostream& err_;
  const Talk& talk_;
  std::unique_ptr<mosquitto, FreeClient> client_;
  std::string refusal_;  // what no retry will change
  bool was_connected_ = false;
  bool is_connected_ = false;  // as far as is known
  bool told_ = false;          // that there is no connection, since the last one
  bool done_ = false;
  bool acknowledges_ = true;
  int second_id_ = 0;  // packet id of the subscription to the second topic; 0: none
};

}  // namespace

core::Status subscribe(const SubscribeOptions& options, const Take& take, std::ostream& err,
                       const Talk& talk) {
  return Subscriber(options, take, err, talk).run();
}

}  // namespace headgate::tools
