#include "store/rocks/work/background.h"

#include <utility>

namespace headgate::store {

bool Background::Ticket::holds() const {
  const auto now = current.lock();
  return now && (!generation || *generation == *now);
}

void Background::give(Thread thread, std::function<void()> work) {
  CountedWorker& to = worker(thread);
  to.worker.post([&to, work = std::move(work)] {
    ++to.begun;
    work();
    ++to.ended;
  });
}

void Background::give_last(Thread thread, std::function<void()> work) {
  if (thread == Thread::writer) return give(thread, std::move(work));
  const auto next = static_cast<Thread>(static_cast<int>(thread) - 1);
  give(thread, [this, next, work = std::move(work)]() mutable { give_last(next, std::move(work)); });
}

ThreadProgress Background::progress(Thread thread) const {
  const CountedWorker& of = workers_[static_cast<size_t>(thread)];
  const uint64_t ended = of.ended;  // first: a piece that ends in between counts as being worked on
  const uint64_t begun = of.begun;
  return {begun, begun != ended};
}

void Background::post(std::function<void()> work) {
  loop_.post([ticket = Ticket{current_, std::nullopt}, work = std::move(work)] {
    if (ticket.holds()) work();
  });
}

void Background::renew() {
  ++generation_;
  if (current_) *current_ = generation_;
}

void Background::stop() {
  current_.reset();
  worker(Thread::searcher).worker.stop();  // first: each may have work for the next
  worker(Thread::reader).worker.stop();
  worker(Thread::housekeeper).worker.stop();
  worker(Thread::writer).worker.stop();
}

}  // namespace headgate::store
