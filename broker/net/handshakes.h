// TLS handshakes whose next step is due. They stand in line for the worker thread, which has a few at a time;
// the loop touches neither those nor their sockets until they are back. See docs/adr/0031.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>

#include "broker/net/tls_handshake.h"

namespace headgate::broker {

// The seam to the thread that takes the steps. Real: HandshakeThread; in tests: ManualHandshakeWorker.
class HandshakeWorker {
 public:
  virtual ~HandshakeWorker() = default;
  // Takes a step on the worker's thread, then calls `done` on the loop's; steps end in the order of the calls.
  // `handshake` is lent until then.
  virtual void run(TlsHandshake& handshake, std::function<void()> done) = 0;
  // Returns once the steps that were asked for have ended; run() is not called again. Idempotent.
  virtual void stop() = 0;
};

// Whose handshake it is: a connection.
class HandshakeOwner {
 public:
  virtual ~HandshakeOwner() = default;
  // False: closed meanwhile, so that a step would be for nothing.
  [[nodiscard]] virtual bool wants_handshake() const = 0;
  // Gives the handshake back, after a step, or without one if it is not wanted any more.
  virtual void on_handshake(std::unique_ptr<TlsHandshake> handshake) = 0;
};

// Owned by one loop.
class Handshakes {
 public:
  // Enough that the worker need not wait for the loop, and so few that stopping waits for little.
  static constexpr size_t kWithWorkerMax = 16;
  // From here on no client that would speak TLS is let in: the system's queue keeps it.
  static constexpr size_t kWaitingMax = 256;

  // `worker` must outlive this.
  explicit Handshakes(HandshakeWorker& worker) : worker_(worker) {}
  // Waits for the steps that the worker has. Owners are let go and hear nothing.
  ~Handshakes() { worker_.stop(); }
  Handshakes(const Handshakes&) = delete;
  Handshakes& operator=(const Handshakes&) = delete;

  // Takes the handshake until a step has been taken. Keeps the owner, and with it the socket, alive.
  void step(std::unique_ptr<TlsHandshake> handshake, std::shared_ptr<HandshakeOwner> owner);

  [[nodiscard]] bool has_room() const { return waiting_.size() < kWaitingMax; }
  // Some owner has not got its handshake back.
  [[nodiscard]] bool busy() const { return !waiting_.empty() || !with_worker_.empty(); }

 private:
  struct Step {
    std::unique_ptr<TlsHandshake> handshake;
    std::shared_ptr<HandshakeOwner> owner;
  };
  static void give_back(Step step);

  void start();
  void on_done();

  HandshakeWorker& worker_;
  std::deque<Step> waiting_;
  std::deque<Step> with_worker_;
  // Expires with this, so that a `done` that is still under way to the loop finds nobody.
  std::shared_ptr<const bool> alive_ = std::make_shared<const bool>(true);
};

}  // namespace headgate::broker
