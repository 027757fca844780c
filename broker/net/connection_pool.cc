#include "broker/net/connection_pool.h"

#include <boost/asio/post.hpp>
#include <utility>

namespace headgate::broker {

ConnectionPool::~ConnectionPool() { close_all(); }

void ConnectionPool::add(Arrival arrival) {
  const std::shared_ptr<Connection> connection =
      is_web_socket(arrival.listener->transport)
          ? make_web_socket_connection(*this, std::move(arrival))
          : std::make_shared<StreamConnection>(*this, std::move(arrival));
  connections_.insert(connection);
  connection->start();
}

void ConnectionPool::close_all() {
  const auto closing = std::move(connections_);
  connections_.clear();
  for (const auto& connection : closing) {
    connection->flush();
    connection->finish();
  }
}

void ConnectionPool::forget(const std::shared_ptr<Connection>& connection, const Admission::Ticket& ticket) {
  admission_.leave(ticket);
  connections_.erase(connection);
}

void ConnectionPool::flush_soon(std::shared_ptr<Connection> connection) {
  to_flush_.push_back(std::move(connection));
  if (to_flush_.size() == 1) {
    boost::asio::post(io_, [this, alive = std::weak_ptr(alive_)] {
      if (alive.lock()) flush();
    });
  }
}

void ConnectionPool::flush() {
  flushing_.swap(to_flush_);
  for (const auto& connection : flushing_) connection->flush();
  flushing_.clear();
}

}  // namespace headgate::broker
