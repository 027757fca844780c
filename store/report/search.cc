#include "store/report/search.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "core/text.h"

namespace headgate::store {
namespace {

// Bounds of one look: what the loop takes over at once, and how long reading ahead waits.
constexpr size_t kEntriesAtOnce = 1'024;
constexpr size_t kHitsAtOnce = 64;

class RunningSearch : public Search, public std::enable_shared_from_this<RunningSearch> {
 public:
  RunningSearch(QueueId queue, SearchRequest request, SearchParts parts, OnSearched done)
      : queue_(queue), request_(std::move(request)), parts_(std::move(parts)), done_(std::move(done)) {
    report_.next = request_.from;
    if (request_.lane) report_.next = std::max(report_.next, SearchPlace{*request_.lane, 0});
    report_.next.seq = std::max(report_.next.seq, request_.after);
    ends_ms_ = parts_.now().mono_ms + request_.budget.time_ms;
  }

  void stop() override { stopped_ = true; }

  // An answer may come from within look(): then this goes on, and nothing is stacked up.
  void go_on() {
    if (std::exchange(going_on_, true)) return;
    while (!stopped_ && !looking_) {
      if (is_over()) return finish();
      look();
    }
    going_on_ = false;
  }

 private:
  using Hits = std::shared_ptr<std::vector<SearchHit>>;

  [[nodiscard]] bool is_over() {
    const SearchBudget& budget = request_.budget;
    report_.done = report_.next.lane >= kLaneCount || (request_.lane && report_.next.lane > *request_.lane);
    return report_.done || report_.found >= budget.found || found_bytes_ >= budget.found_bytes ||
           report_.looked >= budget.rows || (report_.looked > 0 && parts_.now().mono_ms >= ends_ms_);
  }

  void look() {
    const SearchBudget& budget = request_.budget;
    const size_t hits_max = std::min<uint64_t>(kHitsAtOnce, budget.found - report_.found);
    const auto hits = std::make_shared<std::vector<SearchHit>>();
    looking_ = true;
    parts_.reader.look(
        {.queue = queue_,
         .lane = report_.next.lane,
         .after = report_.next.seq,
         .entries_max = std::min<uint64_t>(kEntriesAtOnce, budget.rows - report_.looked),
         .now = parts_.now()},
        [hits, hits_max, match = parts_.match, lane = report_.next.lane](const Entry& entry) {
          if (auto text = match(entry, lane))
            hits->push_back({lane, entry.seq, entry.message, *std::move(text)});
          return hits->size() < hits_max;
        },
        [self = shared_from_this(), hits](const core::Result<Looked>& looked) {
          self->on_looked(looked, *hits);
        });
  }

  void on_looked(const core::Result<Looked>& looked, std::vector<SearchHit>& hits) {
    looking_ = false;
    if (stopped_) return;
    if (!looked) {
      stopped_ = true;
      return done_(core::fail(looked.error()));
    }
    report_.looked += looked->entries;
    report_.unreadable += looked->unreadable;
    report_.next.seq = looked->after;
    for (SearchHit& hit : hits) take(std::move(hit));
    if (looked->done) report_.next = {static_cast<uint8_t>(report_.next.lane + 1), request_.after};
    go_on();
  }

  void take(SearchHit hit) {
    const size_t bytes = hit.text.seen.size();
    if (!parts_.take(std::move(hit))) return;
    ++report_.found;
    found_bytes_ += bytes;
  }

  void finish() {
    stopped_ = true;
    done_(report_);
  }

  const QueueId queue_;
  const SearchRequest request_;
  const SearchParts parts_;
  const OnSearched done_;
  SearchReport report_;
  uint64_t found_bytes_ = 0;
  int64_t ends_ms_ = 0;  // mono
  bool going_on_ = false;
  bool looking_ = false;
  bool stopped_ = false;
};

}  // namespace

std::string to_text(SearchPlace place) {
  return std::to_string(place.lane) + "." + std::to_string(place.seq);
}

std::optional<SearchPlace> parse_place(std::string_view text) {
  const size_t dot = text.find('.');
  if (dot == std::string_view::npos) return std::nullopt;
  const auto lane = core::parse_whole<uint64_t>(text.substr(0, dot));
  const auto seq = core::parse_whole<Seq>(text.substr(dot + 1));
  if (!lane || !seq || *lane >= kLaneCount) return std::nullopt;
  return SearchPlace{static_cast<uint8_t>(*lane), *seq};
}

std::shared_ptr<Search> search(SearchRequest request, SearchParts parts, OnSearched done) {
  const auto queue = parts.reader.find_queue(request.queue);
  if (!queue) {
    done(core::fail(core::Errc::not_found, "there is no queue \"" + request.queue + "\""));
    return nullptr;
  }
  const auto running =
      std::make_shared<RunningSearch>(*queue, std::move(request), std::move(parts), std::move(done));
  running->go_on();
  return running;
}

}  // namespace headgate::store
