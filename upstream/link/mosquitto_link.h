// The link over libmosquitto 2.0, driven by the loop's io_context: no thread of libmosquitto's own runs.
//
// Threads: connecting blocks (name lookup, TCP), so each attempt has a thread of its own that makes the
// libmosquitto client, connects it, posts it to the executor and ends. From then on only the loop thread
// touches the client. An attempt that is given up is left to its thread: nothing waits for it.
// Callbacks of libmosquitto only record; what they recorded is delivered by a posted function, so a handler
// may disconnect, connect again or destroy the link.
//
// Every attempt uses a new client: libmosquitto remembers nothing, the store does. The broker remembers subscriptions,
// and what came for them, where the options want a session that outlives the connection; else each start is a clean one.
#pragma once

#include <memory>

#include "core/clock.h"
#include "core/executor.h"
#include "upstream/link/link.h"
#include "upstream/options.h"

namespace boost::asio {
class io_context;
}

namespace headgate::upstream {

class MosquittoLink : public Link {
 public:
  // `executor` must run its work on the thread that runs `io`. All must outlive the link.
  MosquittoLink(boost::asio::io_context& io, core::Executor& executor, const core::Clock& clock,
                LinkOptions options);
  ~MosquittoLink() override;
  MosquittoLink(const MosquittoLink&) = delete;
  MosquittoLink& operator=(const MosquittoLink&) = delete;

  void set_events(LinkEvents* events) override { events_ = events; }
  void connect() override;
  void publish(Token token, const Publication& publication) override;
  void announce(const Note& note) override;
  void subscribe(const std::string& filter, uint8_t qos) override;
  void unsubscribe(const std::string& filter) override;
  void disconnect() override;
  [[nodiscard]] uint64_t wire_bytes() override;

 private:
  struct Attempt;
  class Connection;

  void on_attempt_done(Attempt& attempt);
  void raise_down(const LinkDown& down);

  boost::asio::io_context& io_;
  core::Executor& executor_;
  const core::Clock& clock_;
  const LinkOptions options_;
  LinkEvents* events_ = nullptr;
  uint64_t ended_bytes_ = 0;                // on the wire, of connections and attempts that are over
  std::shared_ptr<Attempt> attempt_;        // while connecting
  std::shared_ptr<Connection> connection_;  // from the socket being open until it is closed
};

}  // namespace headgate::upstream
