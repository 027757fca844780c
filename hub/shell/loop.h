// The loop thread's executor.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <functional>

#include "core/executor.h"

namespace headgate::hub {

// Posts to an io_context that one thread runs. Other threads take no lock that the loop needs: Asio wakes the
// loop while it holds its own, and a thread that runs below the loop may lose its core there, so that the loop
// would wait until nobody else on the machine wants one. The io_context must outlive the executor, and the
// executor the threads that post.
class AsioExecutor : public core::Executor {
 public:
  explicit AsioExecutor(boost::asio::io_context& io);
  ~AsioExecutor() override;
  void post(std::function<void()> work) override;

 private:
  // A list that grows at its head, from any thread; the loop takes all of it at once.
  struct Posted {
    std::function<void()> work;
    Posted* neighbour;  // the one before it; the one behind it once the loop has taken it
  };
  [[nodiscard]] Posted* take_in_order();
  void wait();
  void run_posted();

  boost::asio::io_context& io_;
  boost::asio::posix::stream_descriptor event_;  // an eventfd: readable when the list was empty and is not
  std::atomic<Posted*> newest_ = nullptr;
};

}  // namespace headgate::hub
