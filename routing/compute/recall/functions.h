// Functions that remember, of one route: changed, every, sample, rising, falling, holds, lag, diff, dedup.
//
// Time is the arrival. Those of WHERE see every message, those of SELECT the messages for which WHERE holds. Each
// message is seen in two phases: values first, from what was remembered before it; then
//  - rising, falling, holds, lag and diff remember the message, whether it is forwarded or not;
//  - changed remembers it if it is forwarded, for whatever reason; every and dedup, if it is forwarded and they said yes.
// An undefined argument makes the function undefined and changes nothing it remembers; but to `changed` it is a value
// like any other, equal to null, objects and arrays.
//
// The first message of a key: changed says yes if its value is there, rising if its condition holds.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "routing/compute/message_row.h"
#include "routing/compute/recall/memory.h"

namespace headgate::routing {

// Gives the values as slots of the route's expressions. `plan` and `counts` must outlive it.
class StatefulFunctions final : public Slots {
 public:
  StatefulFunctions(const ComputePlan& plan, RouteCounts& counts);

  // Computes those of WHERE. `source` is the key of functions without OVER.
  void begin(MessageRow& row, std::string_view source, std::string_view id);
  // Computes those of SELECT: WHERE holds, and the message is forwarded.
  void forward(MessageRow& row, std::string_view source, std::string_view id);

  // Values of the message at hand.
  [[nodiscard]] Value value(Op op, uint32_t index) noexcept override;

  // Appends memories until there are `count`; see Computation::open_windows().
  void show(size_t count, OpenWindows& out) const;

  // Entries: keys begin with s.
  void save(const Computation::Put& put);
  [[nodiscard]] bool load(std::string_view key, std::string_view bytes);
  void settle();

  [[nodiscard]] uint64_t bytes() const { return bytes_; }
  [[nodiscard]] size_t size() const;

 private:
  // Memories of one function, of all keys.
  struct Memories {
    KeptTable<Memory> table;
    uint64_t bytes = 0;
  };
  // A trace that a message leaves if it is forwarded.
  struct Pending {
    std::string key;
    std::string last;
  };

  void compute(size_t index, MessageRow& row, std::string_view source, std::string_view id);
  void make_key(size_t index, MessageRow& row, std::string_view source);
  [[nodiscard]] Value compute_forwarded(const Stateful& function, MessageRow& row);
  [[nodiscard]] Value edge(const Stateful& function, MessageRow& row);
  [[nodiscard]] Value holds(const Stateful& function, MessageRow& row);
  [[nodiscard]] Value lag(const Stateful& function, MessageRow& row);
  [[nodiscard]] Value diff(const Stateful& function, MessageRow& row);
  void commit(MessageRow& row);

  [[nodiscard]] Memory& remembered(MessageRow& row, const std::string& key);
  // To be called after anything in it changed; others may have to make room for its growth: those of the function that
  // has the most, so that many keys of one function do not make another one forget.
  void change(Memory& memory);
  void make_room(Memories& memories, int64_t now_ms);
  [[nodiscard]] Memories& of(const std::string& key) { return memories_[static_cast<uint8_t>(key.front())]; }
  [[nodiscard]] Memories& largest();
  void evict_oldest(Memories& memories);
  void remove(Memories& memories, Memory& memory);
  [[nodiscard]] bool has_expired(const Memory& memory, int64_t now_ms) const;

  const ComputePlan& plan_;
  RouteCounts& counts_;
  std::vector<bool> of_where_;
  std::vector<Value> values_;
  std::vector<std::string> texts_;  // of values_
  std::vector<Pending> pending_;
  std::string key_;                 // of the function at hand
  std::string lagging_;             // a text that lag() gives
  std::vector<Memories> memories_;  // by function
  uint64_t next_id_ = 1;
  uint64_t bytes_ = 0;
};

}  // namespace headgate::routing
