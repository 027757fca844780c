#include "upstream/link/mosquitto_link.h"

#include <fcntl.h>
#include <mosquitto.h>
#include <mqtt_protocol.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <fstream>
#include <mutex>
#include <optional>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include "core/os/file_rights.h"
#include "core/os/secret.h"
#include "upstream/clouds/sas_token.h"
#include "upstream/link/incoming.h"
#include "upstream/link/interface.h"
#include "upstream/link/publish_properties.h"
#include "upstream/link/socket_meter.h"

namespace headgate::upstream {
namespace {

constexpr int kProtocolV5 = 5;
constexpr uint8_t kTopicNameInvalid = 0x90;
constexpr int64_t kTokenLifeS = 12 * 3600;

// Lets the kernel find out that a broker is gone while MQTT's own keep-alive, which may be hours, has not.
void watch_peer(int fd) {
  const auto set = [fd](int level, int option, int value) {
    ::setsockopt(fd, level, option, &value, sizeof(value));  // one that is refused leaves MQTT's
  };
  set(SOL_SOCKET, SO_KEEPALIVE, 1);
  set(IPPROTO_TCP, TCP_KEEPIDLE, 60);
  set(IPPROTO_TCP, TCP_KEEPINTVL, 15);
  set(IPPROTO_TCP, TCP_KEEPCNT, 4);
}

struct FreeClient {
  void operator()(mosquitto* client) const { mosquitto_destroy(client); }
};

struct MessageAcked {
  int mid = 0;
  uint8_t code = 0;
};

struct Subscribed {
  int mid = 0;
  uint8_t code = 0;  // of an end of a subscription: 0
};

// A libmosquitto client and what its callbacks recorded. Used by one thread at a time.
struct Client {
  using Event = std::variant<LinkUp, LinkDown, MessageAcked, Subscribed, Incoming>;

  int protocol = kProtocolV5;
  bool has_will = false;    // of which a connection that ends by itself is to tell, too
  bool clock_right = true;  // else the dates of certificates are not checked
  int64_t wall_ms = 0;      // when the attempt began
  std::vector<Event> events;
  std::string last_error;  // libmosquitto's log is the only place that names a TLS failure
  std::unique_ptr<mosquitto, FreeClient> handle;
};

struct FreeContext {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};

bool has_wrong_dates(mosquitto* handle) {
  const auto* tls = static_cast<const SSL*>(mosquitto_ssl_get(handle));
  const STACK_OF(X509)* const chain = tls != nullptr ? SSL_get0_verified_chain(tls) : nullptr;
  for (int i = 0; chain != nullptr && i < sk_X509_num(chain); ++i) {
    const X509* const certificate = sk_X509_value(chain, i);
    if (X509_cmp_current_time(X509_get0_notBefore(certificate)) > 0) return true;
    if (X509_cmp_current_time(X509_get0_notAfter(certificate)) < 0) return true;
  }
  return false;
}

bool is_loaded(SSL_CTX* context, const core::TlsFiles& files) {
  if (SSL_CTX_load_verify_locations(context, files.ca_file.c_str(), nullptr) != 1) return false;
  if (files.cert_file.empty()) return true;
  return SSL_CTX_use_certificate_chain_file(context, files.cert_file.c_str()) == 1 &&
         SSL_CTX_use_PrivateKey_file(context, files.key_file.c_str(), SSL_FILETYPE_PEM) == 1;
}

// A list of one name behind its length, as TLS wants it (RFC 7301, 3.1).
bool asks_for(SSL_CTX* context, const std::string& protocol) {
  if (protocol.empty()) return true;
  const std::string list = static_cast<char>(protocol.size()) + protocol;
  const auto* const bytes = reinterpret_cast<const unsigned char*>(list.data());
  return SSL_CTX_set_alpn_protos(context, bytes, static_cast<unsigned>(list.size())) == 0;
}

// Gives libmosquitto a context that verifies certificates but for their dates. It is whole, with the name to look
// for: libmosquitto 2.0 cannot check names with a context that it has not made.
int ignore_dates(mosquitto* handle, const LinkOptions& options) {
  const std::unique_ptr<SSL_CTX, FreeContext> context(SSL_CTX_new(TLS_client_method()));
  if (!context) return MOSQ_ERR_NOMEM;
  X509_VERIFY_PARAM* const rules = SSL_CTX_get0_param(context.get());
  X509_VERIFY_PARAM_set_flags(rules, X509_V_FLAG_NO_CHECK_TIME);
  if (X509_VERIFY_PARAM_set1_ip_asc(rules, options.host.c_str()) != 1)
    X509_VERIFY_PARAM_set1_host(rules, options.host.c_str(), options.host.size());
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  if (!is_loaded(context.get(), options.tls) || !asks_for(context.get(), options.alpn)) return MOSQ_ERR_TLS;
  const int rc = mosquitto_void_option(handle, MOSQ_OPT_SSL_CTX, context.get());
  return rc != MOSQ_ERR_SUCCESS ? rc : mosquitto_int_option(handle, MOSQ_OPT_SSL_CTX_WITH_DEFAULTS, 0);
}

bool is_hopeless(int protocol, int connack_code) {
  if (protocol != kProtocolV5) return connack_code != 3;  // all but "server unavailable"
  switch (connack_code) {
    case MQTT_RC_UNSUPPORTED_PROTOCOL_VERSION:
    case MQTT_RC_CLIENTID_NOT_VALID:
    case MQTT_RC_BAD_USERNAME_OR_PASSWORD:
    case MQTT_RC_NOT_AUTHORIZED:
    case MQTT_RC_BANNED:
    case MQTT_RC_BAD_AUTHENTICATION_METHOD:
      return true;
    default:
      return false;
  }
}

void on_connack(mosquitto*, void* user, int code, int flags, const mosquitto_property* properties) {
  Client& client = *static_cast<Client*>(user);
  if (code != 0) {
    const char* text =
        client.protocol == kProtocolV5 ? mosquitto_reason_string(code) : mosquitto_connack_string(code);
    client.events.emplace_back(LinkDown{std::string("the broker refused the connection: ") + text,
                                        is_hopeless(client.protocol, code), static_cast<uint8_t>(code)});
    return;
  }
  LinkUp up;
  up.ignored_dates = !client.clock_right && has_wrong_dates(client.handle.get());
  up.session_present = (flags & 1) != 0;
  mosquitto_property_read_int16(properties, MQTT_PROP_RECEIVE_MAXIMUM, &up.receive_maximum, false);
  mosquitto_property_read_int32(properties, MQTT_PROP_MAXIMUM_PACKET_SIZE, &up.packet_bytes_max, false);
  client.events.emplace_back(up);
}

// Says what ended a connection, for a person. `code`: a reason code of the broker (from 0x80), or a MOSQ_ERR_*.
LinkDown describe_end(const Client& client, int code, int error_number) {
  if (code >= 0x80) {
    return {std::string("the broker ended the connection: ") + mosquitto_reason_string(code), false,
            static_cast<uint8_t>(code)};
  }
  std::string reason = mosquitto_strerror(code);
  if (code == MOSQ_ERR_ERRNO) reason = std::strerror(error_number);
  if (code == MOSQ_ERR_EAI) reason = gai_strerror(error_number);
  if (!client.last_error.empty()) reason += " (" + client.last_error + ")";
  return {std::move(reason), false, 0};
}

void on_disconnected(mosquitto*, void* user, int code, const mosquitto_property*) {
  Client& client = *static_cast<Client*>(user);
  client.events.emplace_back(describe_end(client, code, errno));
}

void on_published(mosquitto*, void* user, int mid, int code, const mosquitto_property*) {
  static_cast<Client*>(user)->events.emplace_back(MessageAcked{mid, static_cast<uint8_t>(code)});
}

void on_message(mosquitto*, void* user, const mosquitto_message* message,
                const mosquitto_property* properties) {
  static_cast<Client*>(user)->events.emplace_back(read_incoming(*message, properties));
}

void on_suback(mosquitto*, void* user, int mid, int count, const int* granted, const mosquitto_property*) {
  const int code = count > 0 ? granted[0] : 0x80;
  static_cast<Client*>(user)->events.emplace_back(Subscribed{mid, static_cast<uint8_t>(code)});
}

void on_unsuback(mosquitto*, void* user, int mid, const mosquitto_property*) {
  static_cast<Client*>(user)->events.emplace_back(Subscribed{mid, 0});
}

// Why the broker's certificate was not taken: OpenSSL's error says only that it was not. Empty: that is not
// what is wrong.
std::string distrust(mosquitto* handle, std::string_view error) {
  if (error.find("certificate verify failed") == std::string_view::npos) return "";
  const auto* tls = static_cast<const SSL*>(mosquitto_ssl_get(handle));
  if (tls == nullptr) return "";
  const long verdict = SSL_get_verify_result(tls);
  if (verdict == X509_V_OK || verdict == X509_V_ERR_UNSPECIFIED)
    return ": it is not for the name in upstream.host";
  return std::string(": ") + X509_verify_cert_error_string(verdict);
}

void on_log(mosquitto* handle, void* user, int level, const char* text) {
  if (level == MOSQ_LOG_ERR) static_cast<Client*>(user)->last_error = text + distrust(handle, text);
}

// --- Connecting, on the attempt's thread

// Why a file of the configuration cannot be used; empty if it can.
std::string unreadable(std::string_view key, const std::string& path) {
  if (path.empty() || std::ifstream(path).good()) return "";
  return std::string(key) + " \"" + path + "\": " + core::why_unreadable(path, errno);
}

std::string check_files(const LinkOptions& options) {
  for (const auto& [key, path] :
       {std::pair<std::string_view, const std::string&>{"password_file", options.password_file},
        {"sas_key_file", options.sas_key_file},
        {"tls.ca_file", options.tls.ca_file},
        {"tls.cert_file", options.tls.cert_file},
        {"tls.key_file", options.tls.key_file}}) {
    if (std::string why = unreadable(key, path); !why.empty()) return "cannot read upstream." + why;
  }
  return "";
}

std::string read_password(const std::string& path) {
  std::string line;
  std::getline(std::ifstream(path), line);
  if (line.ends_with('\r')) line.pop_back();
  return line;
}

// --- The password of a connection; never in a log. Errors name the key.

core::Result<std::string> secret_of(const core::SecretSource& secret, const std::string& file) {
  return file.empty() ? core::read_secret(secret) : read_password(file);
}

core::Result<std::string> token_of(const LinkOptions& options, int64_t wall_ms) {
  const auto key = options.sas_key_text.empty() ? secret_of(options.sas_key, options.sas_key_file)
                                                : core::Result<std::string>(options.sas_key_text);
  if (!key) return core::fail(key.error().code, "cannot read sas_key: " + key.error().what);
  auto token = sas_token(options.sas_resource, *key, wall_ms / 1000 + kTokenLifeS);
  if (token) return token;
  std::string place = options.sas_key_text.empty() ? "sas_key" : "the key of the identity";
  if (!options.sas_key_file.empty()) place = "sas_key_file \"" + options.sas_key_file + "\"";
  return core::fail(token.error().code, "cannot use " + place + ": " + token.error().what);
}

core::Result<std::string> password_of(const LinkOptions& options, int64_t wall_ms) {
  if (options.has_sas_key()) return token_of(options, wall_ms);
  auto password = secret_of(options.password, options.password_file);
  if (password) return password;
  return core::fail(password.error().code, "cannot read password: " + password.error().what);
}

const char* or_null(const std::string& text) { return text.empty() ? nullptr : text.c_str(); }

int apply_options(mosquitto* handle, const LinkOptions& options, const std::string& password,
                  bool clock_right) {
  mosquitto_int_option(handle, MOSQ_OPT_PROTOCOL_VERSION, options.protocol);
  mosquitto_int_option(handle, MOSQ_OPT_TCP_NODELAY, 1);
  mosquitto_int_option(handle, MOSQ_OPT_SEND_MAXIMUM, options.in_flight_bound());
  mosquitto_max_inflight_messages_set(handle, options.in_flight_bound());
  if (!options.username.empty()) {
    const int rc = mosquitto_username_pw_set(handle, options.username.c_str(), or_null(password));
    if (rc != MOSQ_ERR_SUCCESS) return rc;
  }
  if (!options.will_topic.empty()) {
    const int rc =
        mosquitto_will_set(handle, options.will_topic.c_str(), static_cast<int>(options.will_payload.size()),
                           options.will_payload.data(), 1, true);
    if (rc != MOSQ_ERR_SUCCESS) return rc;
  }
  if (options.tls.ca_file.empty()) return MOSQ_ERR_SUCCESS;
  if (!options.alpn.empty()) mosquitto_string_option(handle, MOSQ_OPT_TLS_ALPN, options.alpn.c_str());
  if (!clock_right) return ignore_dates(handle, options);
  return mosquitto_tls_set(handle, options.tls.ca_file.c_str(), nullptr, or_null(options.tls.cert_file),
                           or_null(options.tls.key_file), nullptr);
}

void set_callbacks(mosquitto* handle) {
  mosquitto_connect_v5_callback_set(handle, on_connack);
  mosquitto_disconnect_v5_callback_set(handle, on_disconnected);
  mosquitto_publish_v5_callback_set(handle, on_published);
  mosquitto_subscribe_v5_callback_set(handle, on_suback);
  mosquitto_unsubscribe_v5_callback_set(handle, on_unsuback);
  mosquitto_message_v5_callback_set(handle, on_message);
  mosquitto_log_callback_set(handle, on_log);
}

// The properties of CONNECT, freed with it.
class ConnectProperties {
 public:
  explicit ConnectProperties(const LinkOptions& options) {
    if (options.protocol != kProtocolV5 || !options.keeps_session) return;
    mosquitto_property_add_int32(&list_, MQTT_PROP_SESSION_EXPIRY_INTERVAL, options.session_expiry_s);
  }
  ~ConnectProperties() { mosquitto_property_free_all(&list_); }
  ConnectProperties(const ConnectProperties&) = delete;
  ConnectProperties& operator=(const ConnectProperties&) = delete;

  [[nodiscard]] const mosquitto_property* get() const { return list_; }

 private:
  mosquitto_property* list_ = nullptr;
};

// Makes a client and opens its connection; blocks. Returns why it failed, or nothing.
std::optional<LinkDown> open(Client& client, const LinkOptions& options, uint64_t& failed_bytes) {
  if (std::string why = check_files(options); !why.empty()) return LinkDown{std::move(why), true, 0};
  client.protocol = options.protocol;
  client.has_will = !options.will_topic.empty();
  client.handle.reset(mosquitto_new(or_null(options.client_id), !options.keeps_session, &client));
  if (!client.handle) return LinkDown{std::string("cannot make a client: ") + std::strerror(errno), false, 0};
  set_callbacks(client.handle.get());
  const auto password = password_of(options, client.wall_ms);
  if (!password) return LinkDown{password.error().what, true, 0};
  int rc = apply_options(client.handle.get(), options, *password, client.clock_right);
  if (rc != MOSQ_ERR_SUCCESS) {
    LinkDown down = describe_end(client, rc, errno);
    down.reason.insert(0, "the configuration of the upstream link is refused: ");
    down.hopeless = true;
    return down;
  }
  std::string from = options.bind_address;
  if (!options.interface.empty()) {
    auto found = address_to_leave_by(options.interface, options.host);
    if (!found)
      return LinkDown{"cannot connect over " + options.interface + ": " + found.error().what, false, 0};
    from = *std::move(found);
  }
  const ConnectProperties properties(options);
  rc = mosquitto_connect_bind_v5(client.handle.get(), options.host.c_str(), options.port,
                                 options.keep_alive_s, or_null(from), properties.get());
  if (rc == MOSQ_ERR_SUCCESS) return std::nullopt;
  LinkDown down = describe_end(client, rc, errno);
  failed_bytes = rc == MOSQ_ERR_TLS ? kFailedHandshakeBytes : kFailedConnectBytes;
  down.reason.insert(0, "cannot connect to " + options.host + ":" + std::to_string(options.port) + ": ");
  return down;
}

// --- Publishing

int send_publish(Client& client, int& mid, const Publication& publication) {
  const std::string topic(publication.topic);
  const auto bytes = static_cast<int>(publication.payload.size());
  constexpr int kQos = 1;
  if (client.protocol != kProtocolV5) {
    return mosquitto_publish(client.handle.get(), &mid, topic.c_str(), bytes, publication.payload.data(),
                             kQos, publication.retain);
  }
  const PublishProperties properties(publication);
  return mosquitto_publish_v5(client.handle.get(), &mid, topic.c_str(), bytes, publication.payload.data(),
                              kQos, publication.retain, properties.get());
}

// Refusals that libmosquitto makes in the broker's place, as reason codes; 0 for what ends the connection.
uint8_t local_refusal(int rc) {
  switch (rc) {
    case MOSQ_ERR_OVERSIZE_PACKET:
    case MOSQ_ERR_PAYLOAD_SIZE:
      return packet_too_large;
    case MOSQ_ERR_INVAL:
    case MOSQ_ERR_MALFORMED_UTF8:
      return kTopicNameInvalid;
    default:
      return 0;
  }
}

}  // namespace

// An attempt to connect, shared by the loop and its thread.
struct MosquittoLink::Attempt {
  // The thread's: read by the loop once `done` was posted.
  std::unique_ptr<Client> client = std::make_unique<Client>();
  std::optional<LinkDown> failure;
  uint64_t failed_bytes = 0;  // that the failure may have cost on the wire

  // Guarded by `mutex`: null once the attempt is given up, after which nothing may be posted.
  std::mutex mutex;
  core::Executor* executor = nullptr;

  MosquittoLink* link = nullptr;  // the loop's; null once given up

  void give_up() {
    link = nullptr;
    const std::lock_guard lock(mutex);
    executor = nullptr;
  }
};

// An open socket, driven by the loop.
class MosquittoLink::Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(MosquittoLink& link, std::unique_ptr<Client> client)
      : link_(&link), client_(std::move(client)), descriptor_(link.io_), misc_timer_(link.io_) {}

  // The descriptor is a duplicate: libmosquitto closes its own at moments of its own choosing, and a closed
  // number may already be somebody else's file.
  void start() {
    const int duplicate = ::fcntl(mosquitto_socket(client_->handle.get()), F_DUPFD_CLOEXEC, 0);
    if (duplicate >= 0) watch_peer(duplicate);
    boost::system::error_code error;
    if (duplicate >= 0) descriptor_.assign(duplicate, error);
    if (duplicate < 0 || error) client_->events.emplace_back(LinkDown{"cannot watch the socket", false, 0});
    run_misc();
  }

  void publish(Token token, const Publication& publication) {
    int mid = 0;
    const int rc = send_publish(*client_, mid, publication);
    if (const uint8_t code = local_refusal(rc); code != 0) {
      mid = --last_local_mid_;
      client_->events.emplace_back(MessageAcked{mid, code});
    }
    tokens_.emplace_back(mid, token);
    after_call(local_refusal(rc) != 0 ? MOSQ_ERR_SUCCESS : rc);
  }

  void subscribe(const std::string& filter, uint8_t qos) {
    int mid = 0;
    const bool v5 = client_->protocol == kProtocolV5;
    const int options =
        v5 ? MQTT_SUB_OPT_NO_LOCAL | MQTT_SUB_OPT_RETAIN_AS_PUBLISHED | MQTT_SUB_OPT_SEND_RETAIN_NEW : 0;
    const int rc = mosquitto_subscribe_v5(client_->handle.get(), &mid, filter.c_str(), qos, options, nullptr);
    await_answer({mid, filter, true}, rc);
  }

  void unsubscribe(const std::string& filter) {
    int mid = 0;
    const int rc = mosquitto_unsubscribe_v5(client_->handle.get(), &mid, filter.c_str(), nullptr);
    await_answer({mid, filter, false}, rc);
  }

  // A broker that retains nothing says so to libmosquitto, which then sends nothing.
  void announce(const Note& note) {
    const std::string topic = std::string(note.topic).append("/").append(note.level);
    const int rc = mosquitto_publish(client_->handle.get(), nullptr, topic.c_str(),
                                     static_cast<int>(note.payload.size()), note.payload.data(), 0, true);
    const bool refused = rc == MOSQ_ERR_RETAIN_NOT_SUPPORTED || local_refusal(rc) != 0;
    after_call(refused ? MOSQ_ERR_SUCCESS : rc);
  }

  // Says goodbye if the socket still takes it, and closes. Must not be called from a callback.
  void close() {
    MosquittoLink* const link = std::exchange(link_, nullptr);
    if (!client_) return;
    say_goodbye();
    client_.reset();
    if (link != nullptr) link->ended_bytes_ += wire_bytes() + wire_bytes_of_end(descriptor_.native_handle());
    boost::system::error_code ignored;
    descriptor_.close(ignored);
    misc_timer_.cancel(ignored);
  }

  // The duplicate tells also once libmosquitto has closed its own.
  [[nodiscard]] uint64_t wire_bytes() {
    return descriptor_.is_open() ? wire_bytes_of(descriptor_.native_handle()) : 0;
  }

 private:
  // MQTT 3.1.1 has no goodbye that leaves a will standing.
  void say_goodbye() {
    const bool is_v5 = client_->protocol == kProtocolV5;
    if (client_->has_will && !is_v5) return;
    const int reason = client_->has_will ? MQTT_RC_DISCONNECT_WITH_WILL_MSG : 0;
    mosquitto_disconnect_v5(client_->handle.get(), reason, nullptr);
  }

  // A subscription that is to begin or to end.
  struct Asked {
    int mid = 0;
    std::string filter;
    bool to_begin = true;
  };

  void on_readable() {
    reading_ = false;
    int rc = mosquitto_loop_read(client_->handle.get(), 1);
    // Bytes that OpenSSL has already taken off the socket will not make it readable again.
    const auto* tls = static_cast<const SSL*>(mosquitto_ssl_get(client_->handle.get()));
    while (rc == MOSQ_ERR_SUCCESS && tls != nullptr && SSL_pending(tls) > 0) {
      rc = mosquitto_loop_read(client_->handle.get(), 1);
    }
    after_call(rc);
  }

  void on_writable() {
    writing_ = false;
    after_call(mosquitto_loop_write(client_->handle.get(), 1));
  }

  // Keep-alive, about once a second.
  void run_misc() {
    after_call(mosquitto_loop_misc(client_->handle.get()));
    misc_timer_.expires_after(std::chrono::seconds(1));
    misc_timer_.async_wait([self = shared_from_this()](boost::system::error_code error) {
      if (!error && self->is_open()) self->run_misc();
    });
  }

  // After any call into libmosquitto: pass on what its callbacks recorded, wait for what it wants next.
  void after_call(int rc) {
    const int error_number = errno;
    if (rc != MOSQ_ERR_SUCCESS && !has_ended()) {
      client_->events.emplace_back(describe_end(*client_, rc, error_number));
    }
    if (!client_->events.empty() && !std::exchange(delivery_posted_, true)) {
      link_->executor_.post([self = shared_from_this()] { self->deliver(); });
    }
    if (!has_ended()) wait();
  }

  void wait() {
    if (!std::exchange(reading_, true))
      wait_for(boost::asio::posix::stream_descriptor::wait_read, &Connection::on_readable);
    if (mosquitto_want_write(client_->handle.get()) && !std::exchange(writing_, true)) {
      wait_for(boost::asio::posix::stream_descriptor::wait_write, &Connection::on_writable);
    }
  }

  void wait_for(boost::asio::posix::stream_descriptor::wait_type what, void (Connection::*handler)()) {
    descriptor_.async_wait(what, [self = shared_from_this(), handler](boost::system::error_code error) {
      if (!error && self->is_open()) ((*self).*handler)();
    });
  }

  [[nodiscard]] bool is_open() const { return client_ != nullptr && !has_ended(); }
  [[nodiscard]] bool has_ended() const {
    return std::any_of(client_->events.begin(), client_->events.end(),
                       [](const Client::Event& event) { return std::holds_alternative<LinkDown>(event); });
  }

  void deliver() {
    delivery_posted_ = false;
    if (link_ == nullptr) return;
    auto events = std::exchange(client_->events, {});
    for (Client::Event& event : events) {
      if (link_ == nullptr) return;  // the last handler disconnected
      if (const auto* down = std::get_if<LinkDown>(&event)) return raise_down(*down);
      raise(event);
    }
  }

  void raise(Client::Event& event) {
    LinkEvents& sink = *link_->events_;
    const core::Now now = link_->clock_.now();
    if (const auto* up = std::get_if<LinkUp>(&event)) return sink.on_link_up(*up, now);
    if (auto* message = std::get_if<Incoming>(&event)) return sink.on_message(std::move(*message), now);
    if (const auto* subscribed = std::get_if<Subscribed>(&event)) return raise_subscribed(*subscribed, now);
    const auto& acked = std::get<MessageAcked>(event);
    const auto found = std::find_if(tokens_.begin(), tokens_.end(),
                                    [&](const auto& sent) { return sent.first == acked.mid; });
    if (found == tokens_.end()) return;
    const Token token = found->second;
    tokens_.erase(found);
    sink.on_acked(token, acked.code, now);
  }

  // A filter that libmosquitto refuses is answered like one that the broker refuses.
  void await_answer(Asked asked, int rc) {
    const uint8_t code = local_refusal(rc);
    if (code != 0) {
      asked.mid = --last_local_mid_;
      client_->events.emplace_back(Subscribed{asked.mid, code});
    }
    asked_.push_back(std::move(asked));
    after_call(code != 0 ? MOSQ_ERR_SUCCESS : rc);
  }

  void raise_subscribed(const Subscribed& subscribed, core::Now now) {
    const auto found = std::ranges::find(asked_, subscribed.mid, &Asked::mid);
    if (found == asked_.end()) return;
    const Asked asked = std::move(*found);
    asked_.erase(found);
    if (asked.to_begin) return link_->events_->on_subscribed(asked.filter, subscribed.code, now);
    link_->events_->on_unsubscribed(asked.filter, now);
  }

  void raise_down(const LinkDown& down) {
    MosquittoLink& link = *link_;
    close();
    link.connection_.reset();
    link.raise_down(down);
  }

  MosquittoLink* link_;  // null once closed
  std::unique_ptr<Client> client_;
  boost::asio::posix::stream_descriptor descriptor_;
  boost::asio::steady_timer misc_timer_;
  std::vector<std::pair<int, Token>> tokens_;  // of what is not acknowledged, by libmosquitto's message id
  std::vector<Asked> asked_;                   // and not answered
  int last_local_mid_ = 0;                     // below 0: what libmosquitto refused
  bool reading_ = false;
  bool writing_ = false;
  bool delivery_posted_ = false;
};

MosquittoLink::MosquittoLink(boost::asio::io_context& io, core::Executor& executor, const core::Clock& clock,
                             LinkOptions options)
    : io_(io), executor_(executor), clock_(clock), options_(std::move(options)) {
  // Never cleaned up: an attempt that was given up may still be using the library when the process ends.
  static const int kInitialised = mosquitto_lib_init();
  (void)kInitialised;
}

MosquittoLink::~MosquittoLink() { disconnect(); }

void MosquittoLink::connect() {
  attempt_ = std::make_shared<Attempt>();
  attempt_->link = this;
  attempt_->executor = &executor_;
  attempt_->client->clock_right = clock_.now().clock_right;
  attempt_->client->wall_ms = clock_.now().wall_ms;
  const auto report = [](const std::shared_ptr<Attempt>& attempt) {
    const std::lock_guard lock(attempt->mutex);
    if (attempt->executor == nullptr) return;
    attempt->executor->post([attempt] {
      if (attempt->link != nullptr) attempt->link->on_attempt_done(*attempt);
    });
  };
  try {
    std::thread([attempt = attempt_, options = options_, report] {
      attempt->failure = open(*attempt->client, options, attempt->failed_bytes);
      report(attempt);
    }).detach();
  } catch (const std::system_error& error) {
    attempt_->failure = LinkDown{std::string("cannot start a thread to connect: ") + error.what(), false, 0};
    report(attempt_);
  }
}

void MosquittoLink::on_attempt_done(Attempt& attempt) {
  const auto keep = std::exchange(attempt_, nullptr);
  if (attempt.failure) {
    ended_bytes_ += attempt.failed_bytes;
    return raise_down(*attempt.failure);
  }
  connection_ = std::make_shared<Connection>(*this, std::move(attempt.client));
  connection_->start();
}

void MosquittoLink::publish(Token token, const Publication& publication) {
  if (connection_) connection_->publish(token, publication);
}

void MosquittoLink::subscribe(const std::string& filter, uint8_t qos) {
  if (connection_) connection_->subscribe(filter, qos);
}

void MosquittoLink::unsubscribe(const std::string& filter) {
  if (connection_) connection_->unsubscribe(filter);
}

void MosquittoLink::announce(const Note& note) {
  if (connection_) connection_->announce(note);
}

void MosquittoLink::disconnect() {
  if (const auto attempt = std::exchange(attempt_, nullptr)) {
    attempt->give_up();
    ended_bytes_ += kFailedConnectBytes;
  }
  if (const auto connection = std::exchange(connection_, nullptr)) connection->close();
}

uint64_t MosquittoLink::wire_bytes() { return ended_bytes_ + (connection_ ? connection_->wire_bytes() : 0); }

void MosquittoLink::raise_down(const LinkDown& down) { events_->on_link_down(down, clock_.now()); }

}  // namespace headgate::upstream
