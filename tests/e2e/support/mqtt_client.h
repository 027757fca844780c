// libmosquitto as tests want it: calls that wait, with patience, for the broker's answer.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "tests/e2e/support/wait.h"

struct mosquitto;
struct mosquitto_message;
struct mqtt5__property;

namespace headgate::e2e {

enum class Protocol { v311 = 4, v5 = 5 };

struct ClientOptions {
  std::string id = {};  // empty: the broker chooses
  Protocol protocol = Protocol::v5;
  bool clean = true;        // false: a session that outlives the connection, for ever
  bool reconnects = false;  // connect again, every 50 ms, when the connection is lost
  int keep_alive_s = 60;
  std::optional<uint16_t> receive_maximum = {};  // MQTT 5
  std::string will_topic = {};                   // empty: no will
  std::string will_payload = {};
  int will_qos = 0;
  bool will_retain = false;
  std::string username = {};  // empty: none, and no password
  std::string password = {};
};

struct Received {
  std::string topic;
  std::string payload;
  int qos = 0;
  bool retain = false;
};

class MqttClient {
 public:
  // Connects; is_connected() tells whether that went well.
  MqttClient(uint16_t port, ClientOptions options);
  ~MqttClient();
  MqttClient(const MqttClient&) = delete;
  MqttClient& operator=(const MqttClient&) = delete;

  [[nodiscard]] bool is_connected() const;
  [[nodiscard]] bool session_was_present() const;
  [[nodiscard]] int connect_code() const;  // the CONNACK's, or -1 before it
  [[nodiscard]] bool wait_disconnected(std::chrono::milliseconds patience = kPatience);
  [[nodiscard]] int disconnect_code() const;  // the DISCONNECT's in MQTT 5

  // The code granted in the SUBACK; -1 when none came.
  [[nodiscard]] int subscribe(const std::string& filter, int qos);
  [[nodiscard]] bool unsubscribe(const std::string& filter);

  // Hands a message over and returns its number, counted from 1 in the order of the calls; 0 when refused.
  uint64_t publish(const std::string& topic, std::string_view payload, int qos, bool retain = false);
  // The same, and waits for the PUBACK or PUBCOMP, or with QoS 0 until it has been written.
  [[nodiscard]] bool publish_and_wait(const std::string& topic, std::string_view payload, int qos,
                                      bool retain = false);
  bool wait_unacked_below(size_t count, std::chrono::milliseconds patience = kPatience);
  [[nodiscard]] std::vector<uint64_t> acked() const;  // numbers of publishes acknowledged with success
  [[nodiscard]] int last_publish_code() const;        // reason code of the last PUBACK, PUBREC or PUBCOMP

  [[nodiscard]] bool wait_received(size_t count, std::chrono::milliseconds patience = kPatience);
  [[nodiscard]] std::vector<Received> received() const;
  [[nodiscard]] std::vector<std::string> payloads() const;
  // Waits for `count` messages and returns all payloads by then, however many came.
  [[nodiscard]] std::vector<std::string> expect_payloads(size_t count);

  void disconnect();  // with a DISCONNECT packet

 private:
  friend struct MqttCallbacks;

  void configure(uint16_t port);
  void loop();
  template <typename Predicate>
  bool wait_until(Predicate&& holds, std::chrono::milliseconds patience);

  const ClientOptions options_;
  mosquitto* mosquitto_ = nullptr;
  std::thread thread_;
  std::atomic<bool> stopping_ = false;

  // State below is shared with the loop's thread.
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool connected_ = false;
  bool session_present_ = false;
  int connect_code_ = -1;
  int disconnect_code_ = -1;
  uint64_t published_ = 0;
  std::map<int, uint64_t> unacked_;  // packet id → number
  std::vector<uint64_t> acked_;
  int last_publish_code_ = -1;
  std::map<int, int> granted_;  // packet id → code
  std::vector<int> unsubscribed_;
  std::vector<Received> received_;
};

}  // namespace headgate::e2e
