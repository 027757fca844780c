#include "tools/unbatch/sink/republisher.h"

#include <mosquitto.h>
#include <mqtt_protocol.h>

#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstring>
#include <map>
#include <ostream>
#include <string_view>
#include <thread>
#include <utility>

#include "tools/interrupt.h"

namespace headgate::tools {
namespace {

constexpr int kV5 = 5;
constexpr int kSinkWaitMs = 100;
constexpr auto kSinkRetry = std::chrono::milliseconds(200);
constexpr uint16_t kPlainPort = 1883;
constexpr uint16_t kTlsPort = 8883;
constexpr std::string_view kSystemRoots = "/etc/ssl/certs/ca-certificates.crt";

bool take_prefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

std::string replaced(std::string text, std::string_view name, std::string_view value) {
  for (size_t at = 0; (at = text.find(name, at)) != std::string::npos; at += value.size())
    text.replace(at, name.size(), value);
  return text;
}

// The MQTT 5 properties of a message, freed with it.
class Properties {
 public:
  explicit Properties(const Message& message) {
    if (message.content_type)
      mosquitto_property_add_string(&list_, MQTT_PROP_CONTENT_TYPE, message.content_type->c_str());
    for (const auto& [name, value] : message.properties) add(name, value);
    add("headgate-id", message.hub + "/" + message.epoch + "/" + std::to_string(message.seq));
  }
  ~Properties() { mosquitto_property_free_all(&list_); }
  Properties(const Properties&) = delete;
  Properties& operator=(const Properties&) = delete;

  [[nodiscard]] const mosquitto_property* get() const { return list_; }

 private:
  void add(const std::string& name, const std::string& value) {
    mosquitto_property_add_string_pair(&list_, MQTT_PROP_USER_PROPERTY, name.c_str(), value.c_str());
  }

  mosquitto_property* list_ = nullptr;
};

}  // namespace

core::Status read_target(const std::string& text, RepublishOptions& options) {
  std::string_view rest = text;
  const bool tls = take_prefix(rest, "mqtts://");
  if (!tls) take_prefix(rest, "mqtt://");
  if (rest.ends_with('/')) rest.remove_suffix(1);
  if (const size_t at = rest.find('@'); at != std::string_view::npos) {
    options.credentials.username = std::string(rest.substr(0, at));
    rest.remove_prefix(at + 1);
  }
  std::string_view port;
  if (const size_t colon = rest.rfind(':'); colon != std::string_view::npos && rest.find(':') == colon) {
    port = rest.substr(colon + 1);
    rest = rest.substr(0, colon);
  }
  options.host = std::string(rest);
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), options.port);
  const bool port_right =
      port.empty() || (error == std::errc() && end == port.data() + port.size() && options.port > 0);
  if (options.host.empty() || options.host.find('/') != std::string::npos || !port_right) {
    return core::fail(core::Errc::invalid,
                      "--to " + text + ": expected HOST, HOST:PORT or mqtt[s]://[USER@]HOST[:PORT]");
  }
  if (tls && options.credentials.ca_file.empty()) options.credentials.ca_file = kSystemRoots;
  if (options.port == 0) options.port = options.credentials.ca_file.empty() ? kPlainPort : kTlsPort;
  return {};
}

struct Republisher::State {
  struct Free {
    void operator()(mosquitto* handle) const { mosquitto_destroy(handle); }
  };

  State(const RepublishOptions& wanted, std::ostream& told) : options(wanted), err(told) {}

  const RepublishOptions options;
  std::ostream& err;
  std::unique_ptr<mosquitto, Free> client;
  std::map<int, std::string> unanswered;  // packet id to what it is
  std::string refusal;
  bool connected_once = false;
  bool said_down = false;

  [[nodiscard]] std::string broker() const { return options.host + ":" + std::to_string(options.port); }

  core::Status make() {
    mosquitto_lib_init();
    client.reset(mosquitto_new(nullptr, true, this));
    if (!client) return core::fail(core::Errc::invalid, std::string("--to: ") + std::strerror(errno));
    mosquitto_int_option(client.get(), MOSQ_OPT_PROTOCOL_VERSION, options.protocol);
    mosquitto_int_option(client.get(), MOSQ_OPT_TCP_NODELAY, 1);
    mosquitto_connect_v5_callback_set(client.get(),
                                      [](mosquitto*, void* self, int code, int, const mosquitto_property*) {
                                        static_cast<State*>(self)->on_connected(code);
                                      });
    mosquitto_publish_v5_callback_set(
        client.get(), [](mosquitto*, void* self, int id, int code, const mosquitto_property*) {
          static_cast<State*>(self)->on_answered(id, code);
        });
    return use_credentials(client.get(), options.credentials);
  }

  void on_connected(int code) {
    said_down = false;
    if (code != 0) {
      refusal = broker() + " refused the connection: " +
                (options.protocol == kV5 ? mosquitto_reason_string(code) : mosquitto_connack_string(code));
    }
  }
  void on_answered(int id, int code) {
    const auto found = unanswered.find(id);
    if (found == unanswered.end()) return;
    if (code >= 0x80) refusal = broker() + " refused " + found->second + ": " + mosquitto_reason_string(code);
    unanswered.erase(found);
  }

  // Connects again where needed, or exchanges packets. What is not answered goes again over the next connection:
  // libmosquitto keeps it.
  void step() {
    const bool down = mosquitto_socket(client.get()) < 0;
    const int rc = down ? connect() : mosquitto_loop(client.get(), kSinkWaitMs, 1);
    if (rc == MOSQ_ERR_SUCCESS || !refusal.empty()) return;
    if (!std::exchange(said_down, true)) {
      const char* why = rc == MOSQ_ERR_ERRNO ? std::strerror(errno) : mosquitto_strerror(rc);
      err << "headgate unbatch: no connection to " << broker() << " (" << why << "); trying again\n"
          << std::flush;
    }
    std::this_thread::sleep_for(kSinkRetry);
  }
  int connect() {
    constexpr int kKeepAliveS = 60;
    if (std::exchange(connected_once, true)) return mosquitto_reconnect(client.get());
    return mosquitto_connect(client.get(), options.host.c_str(), options.port, kKeepAliveS);
  }
};

core::Result<std::unique_ptr<Republisher>> Republisher::make(const RepublishOptions& options,
                                                             std::ostream& err) {
  auto state = std::make_unique<State>(options, err);
  if (auto made = state->make(); !made) return core::fail(made.error());
  return std::unique_ptr<Republisher>(new Republisher(std::move(state)));
}

Republisher::Republisher(std::unique_ptr<State> state) : state_(std::move(state)) {}
Republisher::~Republisher() = default;

core::Status Republisher::put(const Message& message) {
  const auto body = body_bytes(message);
  if (!body) return core::fail(body.error());
  while (mosquitto_socket(state_->client.get()) < 0 && state_->refusal.empty() && !Interrupt::requested())
    state_->step();
  const std::string topic =
      replaced(replaced(state_->options.topic, "{hub}", message.hub), "{topic}", message.topic);
  const Properties properties(message);
  int id = 0;
  const int rc = mosquitto_publish_v5(state_->client.get(), &id, topic.c_str(),
                                      static_cast<int>(body->size()), body->data(), 1, false,
                                      state_->options.protocol == kV5 ? properties.get() : nullptr);
  // A connection that just ended has the message all the same.
  const bool kept =
      rc == MOSQ_ERR_SUCCESS || rc == MOSQ_ERR_NO_CONN || rc == MOSQ_ERR_CONN_LOST || rc == MOSQ_ERR_ERRNO;
  const std::string name =
      "message " + message.hub + "/" + message.epoch + "/" + std::to_string(message.seq) + " on " + topic;
  if (!kept) return core::fail(core::Errc::invalid, "cannot publish " + name + ": " + mosquitto_strerror(rc));
  state_->unanswered.emplace(id, name);
  return {};
}

core::Status Republisher::flush() {
  while (!state_->unanswered.empty() && state_->refusal.empty()) {
    if (Interrupt::requested())
      return core::fail(core::Errc::unavailable, "interrupted before all was acknowledged");
    state_->step();
  }
  if (state_->refusal.empty()) return {};
  return core::fail(core::Errc::invalid, state_->refusal);
}

}  // namespace headgate::tools
