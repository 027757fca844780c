// The Asio shell of one client connection: moves bytes between a Wire and a Channel. Two kinds share what is
// here: StreamConnection for MQTT as it is, and the one of web_socket.cc.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "broker/net/admission.h"
#include "broker/net/handshakes.h"
#include "broker/net/listener_options.h"
#include "broker/net/wire.h"
#include "broker/session/channel.h"

namespace headgate::broker {

class ConnectionPool;

// Who has just come in, by which listener.
struct Arrival {
  Wire::Socket socket;
  std::unique_ptr<TlsHandshake> handshake;  // null: in the clear
  std::string peer;
  std::shared_ptr<const ListenerOptions> listener;
  Admission::Ticket ticket;
};

class Connection : public ChannelShell,
                   public HandshakeOwner,
                   public std::enable_shared_from_this<Connection> {
 public:
  Connection(ConnectionPool& pool, Arrival arrival);

  // The CONNECT timeout runs from here, TLS and WebSocket handshakes included.
  void start();
  void wake() override;
  // Writes what the channel has, without waiting; then whatever it asks for: reading again, or closing.
  void flush();
  // Ends the connection. Idempotent. For the broker it is over at once; while the worker has the socket, the
  // socket is closed once it is back.
  void finish();

 protected:
  // The wire is ready for the client's bytes: the TLS handshake, if there is one, is done.
  virtual void on_open() = 0;
  virtual void flush_open() = 0;
  // The last step of finish(): says good-bye and closes the socket.
  virtual void hang_up();

  void give_to_broker(core::Bytes input);
  // The client is none of MQTT: the broker hears no more of it, and does not limit its time.
  void leave_broker();
  // Counts it, and logs it unless this address had its line a moment ago.
  void report_handshake(std::string_view event, std::string_view reason);
  [[nodiscard]] bool finished() const { return finished_; }
  [[nodiscard]] bool is_open() const { return open_; }  // see on_open()
  [[nodiscard]] bool is_wanted() const;                 // the broker wants more bytes

  ConnectionPool& pool_;
  Wire wire_;
  Channel channel_;
  std::shared_ptr<const ListenerOptions> listener_;

 private:
  void wait_for_handshake(Wire::Socket::wait_type what);
  [[nodiscard]] bool wants_handshake() const override { return !finished_; }
  void on_handshake(std::unique_ptr<TlsHandshake> handshake) override;
  void report_dates();
  void open();
  void let_go();

  Admission::Ticket ticket_;
  std::unique_ptr<TlsHandshake> handshake_;  // null: over, none, or with pool_.handshakes()
  bool stepping_ = false;                    // pool_.handshakes() has the handshake, and with it the socket
  bool open_ = false;
  bool left_broker_ = false;
  bool finished_ = false;
};

// MQTT over TCP, TLS or a Unix socket.
class StreamConnection : public Connection {
 public:
  using Connection::Connection;

 protected:
  void on_open() override { wait_readable(); }
  void flush_open() override;
  void offer() override;

 private:
  void wait_readable();
  void on_readable(const boost::system::error_code& error);
  void wait_writable();
  void on_writable(const boost::system::error_code& error);
  // False if the wire is broken.
  [[nodiscard]] bool write_unsent();

  std::string unsent_;
  size_t sent_ = 0;  // bytes at the front of unsent_ that the socket has taken
  bool reading_ = false;
  bool broken_ = false;   // the socket has failed in offer(): the end of the turn finishes it
  bool writing_ = false;  // waiting for the socket to take more
};

// MQTT in binary WebSocket messages, over TCP or TLS (web_socket.cc).
[[nodiscard]] std::shared_ptr<Connection> make_web_socket_connection(ConnectionPool& pool, Arrival arrival);

}  // namespace headgate::broker
