// Tells the store's owner what happens: never from inside a call into the store, and nothing after the owner
// has closed it, be it while he is told.
#pragma once

#include <set>

#include "core/result.h"
#include "store/disk/space_watch.h"
#include "store/queue_store.h"
#include "store/rocks/work/running.h"

namespace headgate::store {

class Announcer {
 public:
  Announcer(Running& store, const SpaceWatch& disk) : store_(store), disk_(disk) {}

  // Borrowed; null: nobody is told.
  void set_events(StoreEvents* events) { events_ = events; }

  // on_durable(), and on_available() for `queues` after it. The owner may have destroyed the store when this
  // returns.
  void durable(Seq up_to, const std::set<QueueId>& queues);

  // on_available() again, later.
  void available_again(QueueId queue);

  // An append was refused as full. Once there is room, on_room() comes, once, later.
  void refused() { refused_ = true; }
  // Something left a queue, or a limit was raised, or the disk has room again.
  void room_made() {
    if (refused_ && disk_.stopped() < RoomFor::consumers) tell_of_room();
  }

  // on_failed(); on_recovered() and on_available() for every queue. False: the owner has closed the store
  // meanwhile, or destroyed it.
  bool failed(const core::Error& error);
  bool recovered();

 private:
  void tell_of_room();

  Running& store_;
  const SpaceWatch& disk_;
  StoreEvents* events_ = nullptr;
  bool refused_ = false;  // since on_room() was told last
};

}  // namespace headgate::store
