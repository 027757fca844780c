// The loop thread's executor.
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>

#include "core/executor.h"

namespace headgate::hub {

// Posts to an io_context that one thread runs. The io_context must outlive it.
class AsioExecutor : public core::Executor {
 public:
  explicit AsioExecutor(boost::asio::io_context& io) : io_(io) {}
  void post(std::function<void()> work) override;

 private:
  boost::asio::io_context& io_;
};

}  // namespace headgate::hub
