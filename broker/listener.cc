#include "broker/listener.h"

#include <boost/asio/error.hpp>
#include <boost/asio/ip/address.hpp>
#include <chrono>
#include <utility>

namespace headgate::broker {
namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

constexpr int kBacklog = 4096;                    // a site's clients all come back at once after an outage
constexpr std::chrono::milliseconds kRetry{100};  // out of file descriptors: do not spin

}  // namespace

core::Status Listener::open(const std::string& address, uint16_t port) {
  error_code failed;
  const auto ip = asio::ip::make_address(address, failed);
  if (failed) return core::fail(core::Errc::invalid, "'" + address + "' is not an IP address");
  const tcp::endpoint endpoint(ip, port);
  acceptor_.open(endpoint.protocol(), failed);
  if (!failed) acceptor_.set_option(tcp::acceptor::reuse_address(true), failed);
  if (!failed) acceptor_.bind(endpoint, failed);
  if (!failed) acceptor_.listen(kBacklog, failed);
  if (failed) {
    return core::fail(core::Errc::io, "cannot listen on " + address + ":" + std::to_string(port) + ": " +
                                          failed.message() + "; is another broker running there?");
  }
  port_ = acceptor_.local_endpoint(failed).port();
  accept();
  return {};
}

void Listener::close() {
  error_code ignored;
  acceptor_.close(ignored);
  retry_.cancel();
}

void Listener::accept() {
  acceptor_.async_accept([this](const error_code& failed, tcp::socket socket) {
    if (!acceptor_.is_open()) return;  // closed meanwhile: whoever just came in is not let in
    if (failed) {
      log_.warn("accept_failed", {{"port", port_}, {"error", failed.message()}});
      return accept_later();
    }
    pool_.add(std::move(socket));
    accept();
  });
}

void Listener::accept_later() {
  retry_.expires_after(kRetry);
  retry_.async_wait([this](const error_code& cancelled) {
    if (!cancelled) accept();
  });
}

}  // namespace headgate::broker
