#include "hub/observe/losses.h"

#include <utility>

#include "core/log_limiter.h"

namespace headgate::hub {
namespace {

constexpr int64_t kLookMs = 2000;
constexpr int64_t kMinuteMs = core::LogLimiter::kPeriodMs;

void add(Losses::Counts& sum, const Losses::Counts& more) {
  sum.expired += more.expired;
  sum.dropped += more.dropped;
}

// A counter never goes back but with its queue, whose id may then be another's.
uint64_t grown(uint64_t before, uint64_t now) { return now > before ? now - before : 0; }

}  // namespace

void Losses::begin() {
  for (const store::QueueId queue : store_.queues()) {
    const store::QueueStats& stats = store_.stats(queue);
    books_[queue].known = {stats.expired, stats.dropped};
  }
}

void Losses::tick(core::Now now) {
  if (now.mono_ms < next_look_ms_) return;
  next_look_ms_ = now.mono_ms + kLookMs;
  ++look_;
  for (const store::QueueId queue : store_.queues()) look_at(queue, now);
  write_lines(now);
  std::erase_if(books_, [this](const auto& book) { return book.second.look != look_; });
}

void Losses::look_at(store::QueueId queue, core::Now now) {
  Book& book = books_[queue];
  book.look = look_;
  const store::QueueStats& stats = store_.stats(queue);
  if (stats.attributes.kind == store::QueueKind::history) return;
  const Counts lost{grown(book.known.expired, stats.expired), grown(book.known.dropped, stats.dropped)};
  book.known = {stats.expired, stats.dropped};
  if (!lost.any()) return;
  add(book.unlogged, lost);
  note(lost, now);
}

void Losses::on_removal(store::QueueId queue, uint64_t moved, core::Now now) {
  const store::QueueStats& stats = store_.stats(queue);
  const Book book = std::exchange(books_[queue], {});
  const Counts lost{grown(book.known.expired, stats.expired),
                    grown(book.known.dropped, stats.dropped) + grown(moved, stats.waiting())};
  books_.erase(queue);
  if (lost.any()) note(lost, now);
}

void Losses::note(const Counts& lost, core::Now now) {
  add(total_, lost);
  last_ms_ = now.wall_ms;
}

// Writes of each queue at once, then a minute later what came since.
void Losses::write_lines(core::Now now) {
  if (now.mono_ms - minute_ms_ >= kMinuteMs) {
    if (sharers_ > 0)
      log_.warn("messages_lost",
                {{"more_queues", sharers_}, {"expired", shared_.expired}, {"dropped", shared_.dropped}});
    minute_ms_ = now.mono_ms;
    lines_ = 0;
    sharers_ = 0;
    shared_ = {};
  }
  for (auto& [queue, book] : books_) {
    if (!book.unlogged.any() || book.look != look_ || now.mono_ms < book.next_line_ms) continue;
    const Counts lost = std::exchange(book.unlogged, {});
    book.next_line_ms = now.mono_ms + kMinuteMs;
    if (lines_ == kLinesMax) {
      ++sharers_;
      add(shared_, lost);
      continue;
    }
    ++lines_;
    log_.warn("messages_lost",
              {{"queue", store_.stats(queue).name}, {"expired", lost.expired}, {"dropped", lost.dropped}});
  }
}

}  // namespace headgate::hub
