#include "hub/shell/loop.h"

#include <boost/asio/post.hpp>
#include <chrono>
#include <utility>

namespace headgate::hub {

core::Now SystemClock::now() const {
  const auto in_ms = [](auto since) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(since).count();
  };
  return {in_ms(std::chrono::steady_clock::now().time_since_epoch()),
          in_ms(std::chrono::system_clock::now().time_since_epoch())};
}

void AsioExecutor::post(std::function<void()> work) { boost::asio::post(io_, std::move(work)); }

}  // namespace headgate::hub
