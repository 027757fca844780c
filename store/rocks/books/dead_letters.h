// Dead letters (docs/adr/0020): what ends as dead goes into the queue of dead letters, in one write.
#pragma once

#include <memory>
#include <string>

#include "core/message.h"
#include "core/result.h"
#include "store/dead_letter.h"
#include "store/queue_store.h"
#include "store/rocks/books/books.h"
#include "store/rocks/books/finisher.h"
#include "store/rocks/books/intake.h"
#include "store/rocks/books/limits.h"
#include "store/rocks/work/committer.h"
#include "store/rocks/work/running.h"

namespace headgate::store {

class DeadLetters {
 public:
  DeadLetters(Running& store, Committer& committer, Books& books, Intake& intake, Finisher& finisher,
              Limits& limits)
      : store_(store),
        committer_(committer),
        books_(books),
        intake_(intake),
        finisher_(finisher),
        limits_(limits) {}

  // Finds a durable entry that has not ended, with its message. Errors: not_found, corrupt (its message), io,
  // unavailable.
  core::Result<Entry> waiting_entry(QueueState& queue, uint8_t lane, Seq seq);

  // Ends an entry as dead. Its message goes into the queue of dead letters, if there is one and it is not that
  // queue's own. Returns the seq of the letter; 0: there is none.
  Seq dead_letter(QueueState& queue, uint8_t lane, Seq seq, const std::shared_ptr<const Death>& death,
                  IfLost if_lost);

 private:
  Seq keep_letter(QueueState& dead, core::MessagePtr message, std::string tag);

  Running& store_;
  Committer& committer_;
  Books& books_;
  Intake& intake_;
  Finisher& finisher_;
  Limits& limits_;
};

}  // namespace headgate::store
