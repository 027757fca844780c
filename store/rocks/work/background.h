// The one way for the store's loop side to have something done on another thread, and to hear of it.
//
// Four threads, each for what may keep it waiting: the *writer* for the log (writes, syncs, asking the disk,
// opening the database again), the *housekeeper* for what takes seconds (compaction, copies, making the
// reserve), the *reader* for rows and blocks that are read ahead, the *searcher* for what people look for, which gives way to
// all others: beside two cores' work it would take the loop's time.
//
// A result is for the database that was open when its work was handed over. Once another one is opened
// (renew()) it is dropped, and so is every result after stop(): nobody needs to ask whether he still lives.
//
// Functions are called on the loop thread. The executor must outlive this.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "core/executor.h"
#include "core/worker.h"
#include "store/rocks/work/stall_watch.h"

namespace headgate::store {

class Background {
 public:
  enum class Thread { writer, housekeeper, reader, searcher };

  explicit Background(core::Executor& loop) : loop_(loop) {}
  ~Background() { stop(); }
  Background(const Background&) = delete;
  Background& operator=(const Background&) = delete;

  // Runs `work` on that thread, after all that it was given before, and then `then` with its result on the
  // loop. `work` is destroyed on its thread before that is posted, so that a database which it holds is not
  // kept open by a loop that is busy; `then` is destroyed on the loop.
  template <typename Work, typename Then>
  void run(Thread thread, Work work, Then then) {
    give(thread, job(std::move(work), std::move(then), ticket()));
  }

  // Runs `work` on that thread. Nobody is told.
  void run(Thread thread, std::function<void()> work) { give(thread, std::move(work)); }

  // Does what run() does, for results that hold whichever database is open by then.
  template <typename Work, typename Then>
  void run_for_any(Thread thread, Work work, Then then) {
    give(thread, job(std::move(work), std::move(then), Ticket{current_, std::nullopt}));
  }

  // Does what run() does, on the writer, once all threads have done what they were given.
  template <typename Work, typename Then>
  void run_last(Work work, Then then) {
    give_last(Thread::searcher, job(std::move(work), std::move(then), ticket()));
  }

  // How far a thread is with what it was given: for whoever looks whether it hangs.
  [[nodiscard]] ThreadProgress progress(Thread thread) const;

  // Expires with stop(): for a caller whose callee may have destroyed the store.
  [[nodiscard]] std::weak_ptr<const uint64_t> pulse() const { return current_; }

  // Runs `work` on the loop, later, whichever database is open by then; never after stop().
  void post(std::function<void()> work);

  // Another database is to be opened: results for the one before are of no interest.
  void renew();

  // Drops all results, then waits for the threads to finish what they were given. Further calls do nothing.
  void stop();

 private:
  // The right of a result to be heard: `generation` is that of the database it is for; none: any.
  struct Ticket {
    std::weak_ptr<const uint64_t> current;
    std::optional<uint64_t> generation;

    [[nodiscard]] bool holds() const;
  };

  [[nodiscard]] Ticket ticket() const { return {current_, generation_}; }

  template <typename Work, typename Then>
  struct Job {
    using Result = std::invoke_result_t<Work&>;

    std::optional<Work> work;
    Then then;
    Ticket ticket;
    std::optional<Result> result;
  };

  template <typename Work, typename Then>
  std::function<void()> job(Work work, Then then, Ticket ticket) {
    auto job = std::make_shared<Job<Work, Then>>(
        Job<Work, Then>{std::move(work), std::move(then), std::move(ticket), std::nullopt});
    return [&loop = loop_, job = std::move(job)]() mutable {
      job->result.emplace((*job->work)());
      job->work.reset();
      loop.post([job = std::move(job)] {
        if (job->ticket.holds()) job->then(*std::move(job->result));
      });
    };
  }

  struct CountedWorker {
    explicit CountedWorker(core::Worker::Priority priority) : worker(priority) {}

    std::atomic<uint64_t> begun = 0;
    std::atomic<uint64_t> ended = 0;
    core::Worker worker;  // last, so that it ends first
  };

  // On any thread.
  void give(Thread thread, std::function<void()> work);
  // Goes from thread to thread, from that one down to the writer, behind all that each was given.
  void give_last(Thread thread, std::function<void()> work);
  [[nodiscard]] CountedWorker& worker(Thread thread) { return workers_[static_cast<size_t>(thread)]; }

  core::Executor& loop_;
  uint64_t generation_ = 0;
  std::shared_ptr<uint64_t> current_ = std::make_shared<uint64_t>(0);  // generation_; null once stopped
  std::array<CountedWorker, 4> workers_{
      // by Thread
      CountedWorker(core::Worker::Priority::normal), CountedWorker(core::Worker::Priority::normal),
      CountedWorker(core::Worker::Priority::normal), CountedWorker(core::Worker::Priority::background)};
};

}  // namespace headgate::store
