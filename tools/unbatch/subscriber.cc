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
constexpr int kWaitMs = 100;                     // for a packet, before looking at the clock and at signals
constexpr uint32_t kSessionExpiryS = 7 * 86400;  // of a named client
constexpr auto kRetry = milliseconds(200);

const char* or_null(const std::string& text) { return text.empty() ? nullptr : text.c_str(); }

class Subscriber {
 public:
  Subscriber(const SubscribeOptions& options, const std::function<bool(core::Bytes)>& take, std::ostream& err)
      : options_(options), take_(take), err_(err) {}

  core::Status run() {
    if (core::Status made = make_client(); !made) return made;
    const Interrupt interrupt;
    const auto end = steady_clock::now() + std::chrono::seconds(options_.timeout_s);
    const auto time_is_up = [&] { return options_.timeout_s > 0 && steady_clock::now() >= end; };
    while (!done_ && refusal_.empty() && !Interrupt::requested() && !time_is_up()) step();
    mosquitto_disconnect(client_.get());
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
    mosquitto_connect_v5_callback_set(client,
                                      [](mosquitto*, void* self, int code, int, const mosquitto_property*) {
                                        static_cast<Subscriber*>(self)->on_connected(code);
                                      });
    mosquitto_subscribe_v5_callback_set(
        client, [](mosquitto*, void* self, int, int count, const int* granted, const mosquitto_property*) {
          static_cast<Subscriber*>(self)->on_subscribed(count > 0 ? granted[0] : 0);
        });
    mosquitto_message_v5_callback_set(
        client, [](mosquitto*, void* self, const mosquitto_message* message, const mosquitto_property*) {
          static_cast<Subscriber*>(self)->on_message(*message);
        });
    return set_credentials();
  }

  core::Status set_credentials() {
    if (!options_.username.empty()) {
      std::string password;
      std::ifstream file(options_.password_file);
      if (!options_.password_file.empty() && !std::getline(file, password)) {
        return core::fail(core::Errc::invalid, "cannot read a password from " + options_.password_file);
      }
      mosquitto_username_pw_set(client_.get(), options_.username.c_str(), or_null(password));
    }
    if (options_.ca_file.empty()) return {};
    const int rc = mosquitto_tls_set(client_.get(), options_.ca_file.c_str(), nullptr,
                                     or_null(options_.cert_file), or_null(options_.key_file), nullptr);
    if (rc == MOSQ_ERR_SUCCESS) return {};
    return core::fail(core::Errc::invalid,
                      std::string("cannot use the TLS files: ") + mosquitto_strerror(rc));
  }

  // Connects again where needed, or waits for a packet.
  void step() {
    const int rc =
        mosquitto_socket(client_.get()) < 0 ? connect() : mosquitto_loop(client_.get(), kWaitMs, 1);
    if (rc == MOSQ_ERR_SUCCESS || done_ || !refusal_.empty()) return;
    if (!std::exchange(told_, true)) {
      const char* why = rc == MOSQ_ERR_ERRNO ? std::strerror(errno) : mosquitto_strerror(rc);
      err_ << "headgate unbatch: no connection to " << broker() << " (" << why << "); trying again\n"
           << std::flush;
    }
    std::this_thread::sleep_for(kRetry);
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

  void on_connected(int code) {
    if (code != 0) {
      const bool v5 = options_.protocol == kProtocolV5;
      refusal_ = broker() + " refused the connection: " +
                 (v5 ? mosquitto_reason_string(code) : mosquitto_connack_string(code));
      return;
    }
    was_connected_ = true;
    told_ = false;
    mosquitto_subscribe(client_.get(), nullptr, options_.topic.c_str(), 1);
  }

  void on_subscribed(int granted) {
    if (granted >= 0x80) refusal_ = broker() + " refused the subscription to " + options_.topic;
  }

  void on_message(const mosquitto_message& message) {
    if (done_) return;
    const core::Bytes payload(static_cast<const char*>(message.payload),
                              static_cast<size_t>(message.payloadlen));
    done_ = !take_(payload);
  }

  const SubscribeOptions& options_;
  const std::function<bool(core::Bytes)>& take_;
  std::ostream& err_;
  std::unique_ptr<mosquitto, FreeClient> client_;
  std::string refusal_;  // what no retry will change
  bool was_connected_ = false;
  bool told_ = false;  // that there is no connection, since the last one
  bool done_ = false;
};

}  // namespace

core::Status subscribe(const SubscribeOptions& options, const std::function<bool(core::Bytes)>& take,
                       std::ostream& err) {
  return Subscriber(options, take, err).run();
}

}  // namespace headgate::tools
