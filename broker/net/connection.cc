#include "broker/net/connection.h"

#include <boost/asio/post.hpp>
#include <utility>

#include "broker/net/connection_pool.h"

namespace headgate::broker {
using boost::system::error_code;

namespace {

constexpr size_t kKeptBuffer = 16 * 1024;  // larger write buffers are given back once they are empty

}  // namespace

// ---- what every connection does ----

Connection::Connection(ConnectionPool& pool, Arrival arrival)
    : pool_(pool),
      wire_(std::move(arrival.socket)),
      channel_(*this, std::move(arrival.peer)),
      listener_(std::move(arrival.listener)),
      ticket_(arrival.ticket),
      handshake_(std::move(arrival.handshake)) {
  channel_.policy = {listener_, &listener_->policy};
}

void Connection::start() {
  pool_.broker().opened(channel_, pool_.now());
  if (!handshake_) return open();
  wait_for_handshake(Wire::Socket::wait_read);
}

void Connection::wait_for_handshake(Wire::Socket::wait_type what) {
  wire_.wait(what, [self = shared_from_this()](const error_code& error) {
    if (error || self->finished_) return self->finish();
    self->stepping_ = true;
    self->pool_.handshakes().step(std::move(self->handshake_), self);
  });
}

void Connection::on_handshake(std::unique_ptr<TlsHandshake> handshake) {
  stepping_ = false;
  handshake_ = std::move(handshake);
  if (finished_) return let_go();
  switch (handshake_->then()) {
    case TlsHandshake::Then::want_read:
      return wait_for_handshake(Wire::Socket::wait_read);
    case TlsHandshake::Then::want_write:
      return wait_for_handshake(Wire::Socket::wait_write);
    case TlsHandshake::Then::failed:
      report_handshake("tls_handshake_failed", handshake_->error());
      return finish();
    case TlsHandshake::Then::done:
      channel_.certificate_name = handshake_->take_certificate_name();
      channel_.certificates = handshake_->take_certificates();
      if (handshake_->took_wrong_dates()) report_dates();
      wire_.encrypt(handshake_->take());
      handshake_.reset();
      return open();
  }
}

void Connection::open() {
  open_ = true;
  on_open();
}

void Connection::report_dates() {
  const auto left_out = pool_.limiter().admit(channel_.peer(), pool_.now());
  if (!left_out) return;
  pool_.log().warn(
      "certificate_dates_ignored",
      {{"peer", channel_.peer()},
       {"listener", listener_->policy.name},
       {"reason", "it seems to have expired or not to be valid yet, by a clock that is not synchronised"},
       {"left_out", *left_out}});
}

void Connection::report_handshake(std::string_view event, std::string_view reason) {
  const Admission::Verdict verdict = pool_.admission().fail_handshake(ticket_, pool_.now());
  if (!verdict.tell) return;
  pool_.log().warn(event, {{"peer", channel_.peer()},
                           {"listener", listener_->policy.name},
                           {"reason", reason},
                           {"failed_before", verdict.untold}});
}

void Connection::wake() { pool_.flush_soon(shared_from_this()); }

bool Connection::is_wanted() const { return pool_.broker().wants_bytes(channel_); }

void Connection::give_to_broker(core::Bytes input) { pool_.broker().on_bytes(channel_, input, pool_.now()); }

void Connection::flush() {
  if (finished_) return;
  channel_.settle();
  pool_.broker().go_on(channel_, pool_.now());
  if (open_) return flush_open();
  if (channel_.closing()) finish();
}

void Connection::finish() {
  if (finished_) return;
  finished_ = true;
  const auto self = shared_from_this();
  if (!left_broker_) pool_.broker().closed(channel_, pool_.now());
  if (!stepping_) let_go();
}

void Connection::leave_broker() {
  left_broker_ = true;
  pool_.broker().closed(channel_, pool_.now());
}

void Connection::let_go() {
  hang_up();
  pool_.forget(shared_from_this(), ticket_);
}

void Connection::hang_up() { wire_.close(pool_.read_buffer(), ConnectionPool::kReadBytes); }

// ---- MQTT as it is ----

void StreamConnection::wait_readable() {
  if (reading_ || finished() || !is_wanted()) return;
  reading_ = true;
  auto on_readable = [self = std::static_pointer_cast<StreamConnection>(shared_from_this())](
                         const error_code& error) { self->on_readable(error); };
  if (wire_.holds_bytes()) {
    boost::asio::post(pool_.io(), [on_readable = std::move(on_readable)] { on_readable({}); });
  } else {
    wire_.wait(Wire::Socket::wait_read, std::move(on_readable));
  }
}

void StreamConnection::on_readable(const error_code& error) {
  reading_ = false;
  if (finished()) return;
  if (error) return finish();
  const Wire::Moved got = wire_.read(pool_.read_buffer(), ConnectionPool::kReadBytes);
  if (got.bytes > 0) give_to_broker({pool_.read_buffer(), got.bytes});
  if (got.then == Wire::Then::ended) return finish();
  wait_readable();
}

void StreamConnection::flush_open() {
  const bool held_back = channel_.tell_drained || !is_wanted();
  channel_.take_out(unsent_);
  if (broken_ || (!writing_ && !write_unsent())) return finish();
  channel_.unsent_in_shell = unsent_.size() - sent_;
  // A good-bye is sent if the socket takes it at once; a client that does not read is not waited for.
  if (channel_.closing()) return finish();
  if (!unsent_.empty()) {
    wait_writable();
  } else if (held_back) {
    pool_.broker().on_drained(channel_, pool_.now());  // too much for a turn, but not for the socket
  }
  wait_readable();
}

void StreamConnection::offer() {
  if (finished() || !is_open()) return;
  channel_.take_out(unsent_);
  if (!broken_ && !write_unsent()) broken_ = true;
  channel_.unsent_in_shell = unsent_.size() - sent_;
}

bool StreamConnection::write_unsent() {
  const Wire::Moved moved = wire_.write(std::string_view(unsent_).substr(sent_));
  sent_ += moved.bytes;
  if (moved.then == Wire::Then::ended) return false;
  if (sent_ < unsent_.size()) return true;
  unsent_.clear();
  sent_ = 0;
  if (unsent_.capacity() > kKeptBuffer) unsent_.shrink_to_fit();
  return true;
}

void StreamConnection::wait_writable() {
  if (writing_) return;
  writing_ = true;
  wire_.wait(Wire::Socket::wait_write,
             [self = std::static_pointer_cast<StreamConnection>(shared_from_this())](
                 const error_code& error) { self->on_writable(error); });
}

void StreamConnection::on_writable(const error_code& error) {
  writing_ = false;
  if (finished()) return;
  if (error || !write_unsent()) return finish();
  channel_.unsent_in_shell = unsent_.size() - sent_;
  if (!unsent_.empty()) return wait_writable();
  pool_.broker().on_drained(channel_, pool_.now());
  wait_readable();
}

}  // namespace headgate::broker
