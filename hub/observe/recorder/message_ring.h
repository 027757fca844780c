// The most recent messages in memory of a fixed size, shared fairly among who sends them.
//
// Senders fall into classes by a hash of their client id, and those of a class into classes by a hash of the topic. Where
// room is needed, the oldest message of the class goes that has most; so a chatty topic pushes out its own messages, and
// those of the few that share its class.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "hub/observe/recorder/cells.h"
#include "hub/observe/recorder/recorded.h"

namespace headgate::hub {

class MessageRing {
 public:
  static constexpr size_t kBodyBytesMax = 4096;

  // Takes at most so many bytes, this object not counted.
  explicit MessageRing(size_t bytes);

  // Keeps the message, and lets go what has to make room. Its number. Allocates nothing.
  uint64_t add(const Arrival& arrival, uint64_t routes);
  // Counts a message that is not kept. Its number.
  uint64_t pass_over() { return ++last_; }

  [[nodiscard]] std::optional<Recorded> with_seq(store::Seq seq) const;
  [[nodiscard]] std::optional<Recorded> with_number(uint64_t number) const;
  // The newest with that user property `$.mid`.
  [[nodiscard]] std::optional<Recorded> with_message_id(std::string_view id) const;
  // Number behind which there are `count` messages; 0: behind which all are.
  [[nodiscard]] uint64_t before_newest(size_t count) const;
  // Up to `count` of those behind `after`, oldest first; or the newest, if `newest`.
  [[nodiscard]] std::vector<Recorded> behind(uint64_t after, size_t count, bool newest = false) const;

  [[nodiscard]] size_t size() const { return size_; }
  [[nodiscard]] uint64_t last_number() const { return last_; }
  // Number of the oldest; 0: there is none.
  [[nodiscard]] uint64_t oldest() const;
  [[nodiscard]] size_t bytes_used() const;

 private:
  static constexpr size_t kClasses = 32;  // of clients, and of the topics of each

  struct Slot {           // of a record, by its first cell
    uint64_t number = 0;  // 0: no record begins here
    store::Seq seq = 0;
    uint32_t message_id = 0;           // its hash; 0: none
    Cells::Index next = Cells::kNone;  // record of the same class
  };
  static constexpr size_t kBytesACell = Cells::kCellBytes + sizeof(Slot);
  struct Class {
    Cells::Index first = Cells::kNone;
    Cells::Index last = Cells::kNone;
    uint32_t cells = 0;
  };

  void make_room(size_t cells);
  void let_go_oldest(Class& of, uint32_t& of_client);
  void note(Cells::Index first, const Slot& slot);
  [[nodiscard]] Recorded decode(Cells::Index first) const;
  template <typename Is>
  [[nodiscard]] std::optional<Recorded> newest_that(const Is& is) const;

  std::unique_ptr<Cells> cells_;
  std::vector<Slot> slots_;  // of cells that have been used
  std::array<std::array<Class, kClasses>, kClasses> classes_{};
  std::array<uint32_t, kClasses> cells_of_clients_{};
  size_t size_ = 0;
  uint64_t last_ = 0;
};

}  // namespace headgate::hub
