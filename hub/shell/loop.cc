#include "hub/shell/loop.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <boost/asio/post.hpp>
#include <memory>
#include <utility>

namespace headgate::hub {

AsioExecutor::AsioExecutor(boost::asio::io_context& io)
    : io_(io), event_(io, ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  wait();
}

AsioExecutor::~AsioExecutor() {
  for (Posted* next = take_in_order(); next != nullptr;) {
    const std::unique_ptr<Posted> dropped(next);
    next = dropped->neighbour;
  }
}

void AsioExecutor::post(std::function<void()> work) {
  if (io_.get_executor().running_in_this_thread()) return boost::asio::post(io_, std::move(work));
  Posted* newest = newest_.load(std::memory_order_relaxed);
  auto* const posted = new Posted{std::move(work), newest};
  // Afterwards the loop may have `posted` already, so nothing of it is read any more.
  while (!newest_.compare_exchange_weak(newest, posted, std::memory_order_release, std::memory_order_relaxed))
    posted->neighbour = newest;
  if (newest != nullptr) return;  // whoever was the first in the list has woken the loop
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t woken = ::write(event_.native_handle(), &one, sizeof(one));
}

AsioExecutor::Posted* AsioExecutor::take_in_order() {
  Posted* oldest = nullptr;
  for (Posted* next = newest_.exchange(nullptr, std::memory_order_acquire); next != nullptr;)
    oldest = std::exchange(next, std::exchange(next->neighbour, oldest));
  return oldest;
}

void AsioExecutor::wait() {
  event_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                    [this](const boost::system::error_code& failed) {
                      if (!failed) run_posted();
                    });
}

void AsioExecutor::run_posted() {
  uint64_t count = 0;
  // Before the list is taken, so that whatever is posted behind it wakes the loop again.
  [[maybe_unused]] const ssize_t read = ::read(event_.native_handle(), &count, sizeof(count));
  wait();
  for (Posted* next = take_in_order(); next != nullptr;) {
    const std::unique_ptr<Posted> posted(next);
    next = posted->neighbour;
    posted->work();
  }
}

}  // namespace headgate::hub
