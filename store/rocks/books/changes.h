// Changes (docs/adr/0027). All of one is checked before any of it is done, so that an error leaves nothing
// behind; what is done then joins the open group, which is one write.
//
// A write that fails takes all of a Change with it. One that is `redo` leaves what is needed to do it again in
// Group::redo: for an entry that ended 24 bytes, for a message that was appended the message.
#pragma once

#include <span>

#include "core/result.h"
#include "store/accounts/overflow.h"
#include "store/change.h"
#include "store/format/group.h"
#include "store/queue_store.h"
#include "store/rocks/books/books.h"
#include "store/rocks/books/dead_letters.h"
#include "store/rocks/books/finisher.h"
#include "store/rocks/books/intake.h"
#include "store/rocks/books/limits.h"
#include "store/rocks/db/read_path.h"
#include "store/rocks/upkeep/disk_room.h"
#include "store/rocks/work/committer.h"
#include "store/rocks/work/running.h"

namespace headgate::store {

class Changes {
 public:
  // The parts that it works with; borrowed.
  struct Parts {
    Running& store;
    Committer& committer;
    DiskRoom& disk;
    Books& books;
    Intake& intake;
    Finisher& finisher;
    Limits& limits;
    DeadLetters& letters;
  };

  explicit Changes(const Parts& parts) : parts_(parts) {}

  // Does QueueStore::commit().
  core::Result<Seq> commit(const Change& change);

  // Keeps of a group that is lost what is to be done again, before what is kept already.
  void keep(Group& lost);

  // Does again what was kept, and writes that and the values. All of it joins one group, so that each Change is
  // whole in it. Once another database is open.
  void do_again();

 private:
  core::Status check(const Change& change);
  core::Status check_ends(std::span<const End> ends);
  core::Status check_append(const Append& append) const;
  core::Status check_room(const Change& change);
  void forecast_ends(std::span<const End> ends, Forecast& forecast);
  core::Result<bool> find_waiting(const End& end, RowPlace& place);
  Seq end(const End& end, IfLost if_lost, RowPlace& place);
  void drop_gaps(const GapsDropped& gaps, IfLost if_lost);
  Seq append(const Append& append, IfLost if_lost);
  Seq turn_away(const Target& target);
  void note_folded(const Folded& folded, Seq into_from, Seq into_to);
  core::Result<Seq> keep_for_later(const Change& change);

  Parts parts_;
  Redo redo_;  // to be done once the store is open again; its values are in the open group
};

}  // namespace headgate::store
