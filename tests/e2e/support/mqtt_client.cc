#include "tests/e2e/support/mqtt_client.h"

#include <mosquitto.h>
#include <mqtt_protocol.h>

#include <algorithm>
#include <limits>

namespace headgate::e2e {
namespace {

constexpr int kSuccessBelow = 0x80;  // reason codes from here on are failures
constexpr int kSendMaximum = 100;    // messages in flight; more wait inside libmosquitto

struct Library {
  Library() { mosquitto_lib_init(); }
  ~Library() { mosquitto_lib_cleanup(); }
};

MqttClient& client_of(void* context) { return *static_cast<MqttClient*>(context); }

}  // namespace

// Called by libmosquitto on the client's loop thread.
struct MqttCallbacks {
  static void on_connect(mosquitto*, void* context, int code, int flags, const mosquitto_property*) {
    MqttClient& client = client_of(context);
    const std::lock_guard lock(client.mutex_);
    client.connected_ = code == 0;
    client.session_present_ = (flags & 1) != 0;
    client.connect_code_ = code;
    client.changed_.notify_all();
  }

  static void on_disconnect(mosquitto*, void* context, int code, const mosquitto_property*) {
    MqttClient& client = client_of(context);
    const std::lock_guard lock(client.mutex_);
    // libmosquitto tells twice: first the code of the DISCONNECT, then that the socket was closed.
    if (client.connected_ || client.disconnect_code_ < 0) client.disconnect_code_ = code;
    client.connected_ = false;
    client.changed_.notify_all();
  }

  static void on_publish(mosquitto*, void* context, int id, int code, const mosquitto_property*) {
    MqttClient& client = client_of(context);
    const std::lock_guard lock(client.mutex_);
    client.last_publish_code_ = code;
    const auto number = client.unacked_.find(id);
    if (number == client.unacked_.end()) return;
    if (code < kSuccessBelow) client.acked_.push_back(number->second);
    client.unacked_.erase(number);
    client.changed_.notify_all();
  }

  static void on_subscribe(mosquitto*, void* context, int id, int count, const int* codes,
                           const mosquitto_property*) {
    MqttClient& client = client_of(context);
    const std::lock_guard lock(client.mutex_);
    client.granted_[id] = count > 0 ? codes[0] : -1;
    client.changed_.notify_all();
  }

  static void on_unsubscribe(mosquitto*, void* context, int id, const mosquitto_property*) {
    MqttClient& client = client_of(context);
    const std::lock_guard lock(client.mutex_);
    client.unsubscribed_.push_back(id);
    client.changed_.notify_all();
  }

  static void on_message(mosquitto*, void* context, const mosquitto_message* message,
                         const mosquitto_property*) {
    MqttClient& client = client_of(context);
    const std::string payload(static_cast<const char*>(message->payload),
                              static_cast<size_t>(message->payloadlen));
    const std::lock_guard lock(client.mutex_);
    client.received_.push_back({message->topic, payload, message->qos, message->retain});
    client.changed_.notify_all();
  }
};

MqttClient::MqttClient(uint16_t port, ClientOptions options) : options_(std::move(options)) {
  static const Library library;
  const bool clean = options_.clean || options_.id.empty();
  mosquitto_ = mosquitto_new(options_.id.empty() ? nullptr : options_.id.c_str(), clean, this);
  configure(port);
  thread_ = std::thread([this] { loop(); });
  wait_until([this] { return connect_code_ >= 0 || disconnect_code_ >= 0; }, kPatience);
}

MqttClient::~MqttClient() {
  stopping_ = true;
  thread_.join();
  mosquitto_destroy(mosquitto_);
}

void MqttClient::configure(uint16_t port) {
  mosquitto_threaded_set(mosquitto_, true);
  mosquitto_int_option(mosquitto_, MOSQ_OPT_PROTOCOL_VERSION, static_cast<int>(options_.protocol));
  mosquitto_int_option(mosquitto_, MOSQ_OPT_TCP_NODELAY, 1);
  mosquitto_int_option(mosquitto_, MOSQ_OPT_SEND_MAXIMUM, kSendMaximum);
  if (options_.receive_maximum) {
    mosquitto_int_option(mosquitto_, MOSQ_OPT_RECEIVE_MAXIMUM, *options_.receive_maximum);
  }
  mosquitto_connect_v5_callback_set(mosquitto_, &MqttCallbacks::on_connect);
  mosquitto_disconnect_v5_callback_set(mosquitto_, &MqttCallbacks::on_disconnect);
  mosquitto_publish_v5_callback_set(mosquitto_, &MqttCallbacks::on_publish);
  mosquitto_subscribe_v5_callback_set(mosquitto_, &MqttCallbacks::on_subscribe);
  mosquitto_unsubscribe_v5_callback_set(mosquitto_, &MqttCallbacks::on_unsubscribe);
  mosquitto_message_v5_callback_set(mosquitto_, &MqttCallbacks::on_message);
  if (!options_.username.empty()) {
    mosquitto_username_pw_set(mosquitto_, options_.username.c_str(), options_.password.c_str());
  }
  if (!options_.will_topic.empty()) {
    mosquitto_will_set(mosquitto_, options_.will_topic.c_str(),
                       static_cast<int>(options_.will_payload.size()), options_.will_payload.data(),
                       options_.will_qos, options_.will_retain);
  }
  mosquitto_property* properties = nullptr;
  if (options_.protocol == Protocol::v5 && !options_.clean) {
    mosquitto_property_add_int32(&properties, MQTT_PROP_SESSION_EXPIRY_INTERVAL,
                                 std::numeric_limits<uint32_t>::max());
  }
  if (mosquitto_connect_bind_v5(mosquitto_, "127.0.0.1", port, options_.keep_alive_s, nullptr, properties) !=
      0) {
    disconnect_code_ = 0;  // refused at once: there will be no answer to wait for
  }
  mosquitto_property_free_all(&properties);
}

// Not mosquitto_loop_start(): that one reconnects when it should not, and only after a second.
void MqttClient::loop() {
  while (!stopping_) {
    if (mosquitto_loop(mosquitto_, 20, 1) == MOSQ_ERR_SUCCESS) continue;
    if (!options_.reconnects) return;
    std::this_thread::sleep_for(50ms);
    mosquitto_reconnect(mosquitto_);
  }
}

template <typename Predicate>
bool MqttClient::wait_until(Predicate&& holds, std::chrono::milliseconds patience) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, patience, holds);
}

bool MqttClient::is_connected() const {
  const std::lock_guard lock(mutex_);
  return connected_;
}

bool MqttClient::session_was_present() const {
  const std::lock_guard lock(mutex_);
  return session_present_;
}

int MqttClient::connect_code() const {
  const std::lock_guard lock(mutex_);
  return connect_code_;
}

bool MqttClient::wait_disconnected(std::chrono::milliseconds patience) {
  return wait_until([this] { return !connected_; }, patience);
}

int MqttClient::disconnect_code() const {
  const std::lock_guard lock(mutex_);
  return disconnect_code_;
}

int MqttClient::subscribe(const std::string& filter, int qos) {
  int id = 0;
  if (mosquitto_subscribe(mosquitto_, &id, filter.c_str(), qos) != MOSQ_ERR_SUCCESS) return -1;
  if (!wait_until([&] { return granted_.contains(id); }, kPatience)) return -1;
  const std::lock_guard lock(mutex_);
  return granted_[id];
}

bool MqttClient::unsubscribe(const std::string& filter) {
  int id = 0;
  if (mosquitto_unsubscribe(mosquitto_, &id, filter.c_str()) != MOSQ_ERR_SUCCESS) return false;
  return wait_until([&] { return std::ranges::find(unsubscribed_, id) != unsubscribed_.end(); }, kPatience);
}

uint64_t MqttClient::publish(const std::string& topic, std::string_view payload, int qos, bool retain) {
  const std::lock_guard lock(mutex_);  // the acknowledgement must find its number
  int id = 0;
  const int rc = mosquitto_publish(mosquitto_, &id, topic.c_str(), static_cast<int>(payload.size()),
                                   payload.data(), qos, retain);
  if (rc != MOSQ_ERR_SUCCESS) return 0;
  unacked_[id] = ++published_;
  return published_;
}

bool MqttClient::publish_and_wait(const std::string& topic, std::string_view payload, int qos, bool retain) {
  const uint64_t number = publish(topic, payload, qos, retain);
  const auto is_answered = [&] {
    return std::ranges::none_of(unacked_, [&](const auto& open) { return open.second == number; });
  };
  if (number == 0 || !wait_until(is_answered, kPatience)) return false;
  const std::lock_guard lock(mutex_);
  return std::ranges::find(acked_, number) != acked_.end();
}

bool MqttClient::wait_unacked_below(size_t count, std::chrono::milliseconds patience) {
  return wait_until([&] { return unacked_.size() < count || !connected_; }, patience);
}

std::vector<uint64_t> MqttClient::acked() const {
  const std::lock_guard lock(mutex_);
  return acked_;
}

int MqttClient::last_publish_code() const {
  const std::lock_guard lock(mutex_);
  return last_publish_code_;
}

bool MqttClient::wait_received(size_t count, std::chrono::milliseconds patience) {
  return wait_until([&] { return received_.size() >= count; }, patience);
}

std::vector<Received> MqttClient::received() const {
  const std::lock_guard lock(mutex_);
  return received_;
}

std::vector<std::string> MqttClient::payloads() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> payloads;
  for (const Received& message : received_) payloads.push_back(message.payload);
  return payloads;
}

std::vector<std::string> MqttClient::expect_payloads(size_t count) {
  wait_until([&] { return received_.size() >= count; }, kPatience);
  return payloads();
}

void MqttClient::disconnect() {
  mosquitto_disconnect(mosquitto_);
  wait_until([this] { return !connected_; }, kPatience);
}

}  // namespace headgate::e2e
