// MQTT in WebSocket messages [MQTT-6.0.0-1 to 4]: binary, and one stream of bytes, however it is cut.
#include <array>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket.hpp>
#include <chrono>
#include <utility>

#include "broker/net/connection.h"
#include "broker/net/connection_pool.h"
#include "broker/net/http_side.h"
#include "broker/net/web_socket_upgrade.h"
#include "broker/net/wire_stream.h"

namespace headgate::broker {
namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace websocket = beast::websocket;
using boost::system::error_code;

namespace {

constexpr size_t kReadBytes = 4 * 1024;         // a connection's own, since Beast must have a buffer to wait
constexpr size_t kKeptMessage = 16 * 1024;      // larger write buffers are given back once they are empty
constexpr size_t kMessageBytesMin = 64 * 1024;  // what a message may always have
constexpr std::chrono::seconds kHandshake{5};   // for the answer, and for the other's close frame

// Reason that the close frame gives.
websocket::close_code close_code_of(ReasonCode reason) {
  if (reason == ReasonCode::server_shutting_down) return websocket::close_code::going_away;
  return is_error(reason) ? websocket::close_code::policy_error : websocket::close_code::normal;
}

// Tells what no WebSocket may send from an end that is as it should be, or that TCP has made.
bool is_broken_frame(const error_code& failed) {
  static const auto& kFrames = websocket::make_error_code(websocket::error::closed).category();
  return failed.category() == kFrames && failed != websocket::error::closed;
}

class WebSocketConnection : public Connection {
 public:
  WebSocketConnection(ConnectionPool& pool, Arrival arrival)
      : Connection(pool, std::move(arrival)), ws_(wire_, pool.write_scratch()) {}

 protected:
  void on_open() override { read_request(); }
  void flush_open() override;
  void offer() override {}  // Beast writes a piece a turn
  void hang_up() override;

 private:
  // State that is needed until the connection is a WebSocket.
  struct Upgrade {
    beast::flat_buffer buffer{kHttpHeaderBytesMax};
    std::unique_ptr<HttpParser> parser = HttpSide::make_parser();
    http::response<http::string_body> answer;
  };

  auto self() { return std::static_pointer_cast<WebSocketConnection>(shared_from_this()); }
  const WebSocketOptions& options() const { return listener_->web_socket; }
  bool is_door() const { return listener_->policy.dialect == Dialect::iot_edge; }

  void read_request();
  void on_request(const error_code& failed);
  void hand_over();
  void accept(std::string_view protocol);
  void refuse(unsigned status, const std::string& text, std::string_view why = {});
  void read();
  void on_read(const error_code& failed, size_t bytes);
  void write();
  void on_written(const error_code& failed);
  void send_rest();
  void end();

  websocket::stream<WireStream, false> ws_;                         // without compression
  std::unique_ptr<Upgrade> upgrade_ = std::make_unique<Upgrade>();  // null: it is a WebSocket
  std::shared_ptr<HttpSide> http_;                                  // not null: it is none, but speaks HTTPS
  std::array<char, kReadBytes> input_;
  std::string unsent_;
  std::string sending_;
  websocket::close_code close_code_ = websocket::close_code::none;  // none: the other side has gone
  bool reading_ = false;
  bool writing_ = false;
  bool lingers_ = false;  // finished for the broker, but for the close frames
};

// ---- HTTP ----

void WebSocketConnection::read_request() {
  // A request for a WebSocket has no body.
  http::async_read_header(ws_.next_layer(), upgrade_->buffer, *upgrade_->parser,
                          [self = self()](const error_code& failed, size_t) { self->on_request(failed); });
}

// Takes a request that is no upgrade for HTTPS where the listener is IoT Edge's door.
void WebSocketConnection::hand_over() {
  leave_broker();
  HttpSide::Owner owner{[self = std::weak_ptr(self())] {
                          if (const auto alive = self.lock()) alive->finish();
                        },
                        [self = std::weak_ptr(self())] {
                          const auto alive = self.lock();
                          return !alive || alive->finished();
                        },
                        [&pool = pool_] { return pool.now(); },
                        [self = std::weak_ptr(self())](std::string_view reason) {
                          if (const auto alive = self.lock())
                            alive->report_handshake("https_refused", reason);
                        },
                        self(),
                        channel_.peer()};
  http_ = std::make_shared<HttpSide>(std::move(owner), ws_.next_layer(), std::move(upgrade_->buffer),
                                     pool_.http());
  http_->start(std::move(upgrade_->parser));
}

void WebSocketConnection::on_request(const error_code& failed) {
  if (finished()) return;
  // Nobody may speak MQTT before the answer, so more than the request is wrong, too.
  const bool is_http_error = failed.category() == http::make_error_code(http::error::bad_method).category();
  if (failed && (!is_http_error || failed == http::error::end_of_stream)) return finish();
  if (failed == http::error::body_limit) return refuse(413, "The body is too large.\n");
  if (failed) return refuse(400, "This is no HTTP request for a WebSocket.\n");
  const auto& request = upgrade_->parser->get();
  if (is_door() && !http::token_list(request[http::field::upgrade]).exists("websocket")) return hand_over();
  if (upgrade_->buffer.size() > 0 || !upgrade_->parser->is_done())
    return refuse(400, "This is no HTTP request for a WebSocket.\n");
  const auto header = [&](http::field name) {
    const auto value = request[name];
    return std::string_view(value.data(), value.size());
  };
  const auto target = request.target();
  const UpgradeVerdict verdict = judge_upgrade({.target = {target.data(), target.size()},
                                                .asks_for_web_socket = websocket::is_upgrade(request),
                                                .protocols = header(http::field::sec_websocket_protocol),
                                                .origin = header(http::field::origin)},
                                               options(), listener_->policy.dialect);
  if (verdict.status == 101) return accept(verdict.protocol);
  refuse(verdict.status, verdict.text, verdict.why);
}

void WebSocketConnection::refuse(unsigned status, const std::string& text, std::string_view why) {
  if (why.empty()) {
    report_handshake("web_socket_refused", "HTTP " + std::to_string(status));
  } else if (const auto left_out =
                 pool_.limiter().admit(why, pool_.now())) {  // it says what to do: no other line hides it
    pool_.log().warn("other_protocol_refused", {{"peer", channel_.peer()},
                                                {"listener", listener_->policy.name},
                                                {"reason", why},
                                                {"left_out", *left_out}});
  }
  auto& answer = upgrade_->answer;
  answer.result(status);
  answer.set(http::field::content_type, "text/plain; charset=utf-8");
  if (status == 426) answer.set(http::field::upgrade, "websocket");
  answer.keep_alive(false);
  answer.body() = text;
  answer.prepare_payload();
  http::async_write(ws_.next_layer(), answer, [self = self()](const error_code&, size_t) { self->finish(); });
}

void WebSocketConnection::accept(std::string_view protocol) {
  // [MQTT-6.0.0-4]; 3.1.1 [MQTT-6.0.0-4]
  ws_.set_option(websocket::stream_base::decorator([protocol](websocket::response_type& answer) {
    answer.set(http::field::sec_websocket_protocol, {protocol.data(), protocol.size()});
  }));
  ws_.set_option(websocket::stream_base::timeout{kHandshake, websocket::stream_base::none(),
                                                 /*keep_alive_pings=*/false});
  ws_.binary(true);  // [MQTT-6.0.0-1]; 3.1.1 [MQTT-6.0.0-1]
  ws_.auto_fragment(false);
  ws_.read_message_max(std::max(2 * pool_.broker().packet_bytes_max(channel_), kMessageBytesMin));
  ws_.async_accept(upgrade_->parser->get(), [self = self()](const error_code& failed) {
    if (self->finished()) return;
    if (failed) {  // it has been answered
      self->report_handshake("web_socket_refused", failed.message());
      return self->finish();
    }
    self->upgrade_.reset();
    self->read();
  });
}

// ---- MQTT ----

void WebSocketConnection::read() {
  if (upgrade_ || reading_ || finished() || !is_wanted()) return;
  reading_ = true;
  ws_.async_read_some(asio::buffer(input_), [self = self()](const error_code& failed, size_t bytes) {
    self->on_read(failed, bytes);
  });
}

void WebSocketConnection::on_read(const error_code& failed, size_t bytes) {
  reading_ = false;
  if (finished()) return;
  if (is_broken_frame(failed))
    channel_.close(ReasonCode::protocol_error, "bad WebSocket frame");  // Beast has said so
  if (failed) return finish();
  if (ws_.got_text()) {  // [MQTT-6.0.0-1]
    report_handshake("web_socket_refused", "a text message");
    close_code_ = websocket::close_code::unknown_data;
    return finish();
  }
  give_to_broker({input_.data(), bytes});  // [MQTT-6.0.0-2]; 3.1.1 [MQTT-6.0.0-2]
  read();
}

void WebSocketConnection::flush_open() {
  if (upgrade_) {
    if (channel_.closing()) finish();
    return;
  }
  channel_.take_out(unsent_);
  if (channel_.closing()) {
    close_code_ = close_code_of(channel_.close_reason());
    return finish();
  }
  write();
  channel_.unsent_in_shell = unsent_.size() + sending_.size();
  read();
}

void WebSocketConnection::write() {
  if (writing_ || unsent_.empty()) return;
  writing_ = true;
  sending_.swap(unsent_);
  ws_.async_write(asio::buffer(sending_),
                  [self = self()](const error_code& failed, size_t) { self->on_written(failed); });
}

void WebSocketConnection::on_written(const error_code& failed) {
  writing_ = false;
  sending_.clear();
  if (sending_.capacity() > kKeptMessage) sending_.shrink_to_fit();
  if (finished()) return failed ? end() : send_rest();
  if (failed) return finish();
  write();
  channel_.unsent_in_shell = unsent_.size() + sending_.size();
  if (!writing_) pool_.broker().on_drained(channel_, pool_.now());
  read();
}

// ---- the end ----

void WebSocketConnection::hang_up() {
  if (http_) {
    http_->stop();
    http_.reset();  // it has kept this alive
    return Connection::hang_up();
  }
  // Who does not read is not waited for.
  if (close_code_ == websocket::close_code::none || ws_.next_layer().is_blocked())
    return Connection::hang_up();
  lingers_ = true;
  pool_.linger(+1);
  if (!writing_) send_rest();
}

void WebSocketConnection::end() {
  Connection::hang_up();
  if (std::exchange(lingers_, false)) pool_.linger(-1);
}

void WebSocketConnection::send_rest() {
  if (!wire_.socket().is_open()) return end();
  if (unsent_.empty()) {
    return ws_.async_close(close_code_, [self = self()](const error_code&) { self->end(); });
  }
  write();
  if (ws_.next_layer().is_blocked()) end();
}

}  // namespace

std::shared_ptr<Connection> make_web_socket_connection(ConnectionPool& pool, Arrival arrival) {
  return std::make_shared<WebSocketConnection>(pool, std::move(arrival));
}

}  // namespace headgate::broker
