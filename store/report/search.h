// A search through what waits in a queue: lane by lane, some entries at a time, within a budget, with a cursor to go on from.
// It ends nothing and holds up nobody. On a running store it is made of many short turns of the loop.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/clock.h"
#include "core/result.h"
#include "store/queue_store.h"

namespace headgate::store {

// A place in a queue: all before `lane`, and in it all up to `seq`, was looked at.
struct SearchPlace {
  uint8_t lane = 0;
  Seq seq = 0;

  friend auto operator<=>(const SearchPlace&, const SearchPlace&) = default;
};

// "10.4711".
[[nodiscard]] std::string to_text(SearchPlace place);
[[nodiscard]] std::optional<SearchPlace> parse_place(std::string_view text);

inline constexpr uint64_t kSearchRowsMax = 10'000'000;
inline constexpr int64_t kSearchMsMax = 60'000;

struct SearchBudget {
  uint64_t found = 100;             // so many found end it
  uint64_t found_bytes = 4u << 20;  // so many bytes of their texts too
  uint64_t rows = 100'000;          // looked at
  int64_t time_ms = 2'000;
};

struct SearchRequest {
  std::string queue;                 // its name
  std::optional<uint8_t> lane = {};  // nullopt: all, best priority first
  SearchPlace from = {};
  Seq after = 0;  // of no lane anything up to it
  SearchBudget budget = {};
};

struct SearchReport {
  uint64_t looked = 0;      // entries
  uint64_t unreadable = 0;  // of them
  uint64_t found = 0;
  bool done = false;      // all of the queue was looked at
  SearchPlace next = {};  // to go on from; meaningless if done
};

// An entry written down, and the same for who may not see its body.
struct SearchText {
  std::string seen;
  std::string hidden = {};
};

struct SearchHit {
  uint8_t lane = 0;
  Seq seq = 0;
  core::MessagePtr message;
  SearchText text;
};

// Parts that a search works with.
struct SearchParts {
  QueueReader& reader;  // must outlive it
  std::function<core::Now()> now;
  // Judges an entry, on the store's searching thread, and writes it down; nullopt: it is not wanted. One call at a time.
  std::function<std::optional<SearchText>(const Entry& entry, uint8_t lane)> match;
  // Takes what was found, in order, on the loop. False: it does not count.
  std::function<bool(SearchHit hit)> take;
};

// A search that is under way.
class Search {
 public:
  virtual ~Search() = default;
  // Ends it soon; `done` is not called.
  virtual void stop() = 0;
};

// Begins one. `done` is called on the loop, from within or later; never, if it is stopped or the store is closed. Errors:
// not_found (no such queue), and those of QueueReader::look().
using OnSearched = std::function<void(const core::Result<SearchReport>& report)>;
std::shared_ptr<Search> search(SearchRequest request, SearchParts parts, OnSearched done);

}  // namespace headgate::store
