#include "store/rocks/work/background.h"

namespace headgate::store {

bool Background::Ticket::holds() const {
  const auto now = current.lock();
  return now && (!generation || *generation == *now);
}

core::Worker& Background::worker(Thread thread) {
  switch (thread) {
    case Thread::writer:
      return writer_;
    case Thread::housekeeper:
      return housekeeper_;
    case Thread::reader:
      return reader_;
  }
  return writer_;
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
  reader_.stop();       // first: it may have work for the housekeeper,
  housekeeper_.stop();  // and that for the writer
  writer_.stop();
}

}  // namespace headgate::store
