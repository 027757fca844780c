// How many routes the messages of a group have come through, so that messages that go round among routes come to an
// end. For each number the furthest pane that holds such a message is known: with that, a window has at least the hops
// of all its messages.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "routing/compute/aggregates/packed.h"

namespace headgate::routing {

class HopMarks {
 public:
  // A message that has come through `hops` routes is in the pane at `at`.
  void note(int64_t at, uint8_t hops) {
    const auto covers = [&](const Mark& mark) { return mark.hops >= hops && mark.at >= at; };
    if (hops == 0 || std::any_of(marks_.begin(), marks_.end(), covers)) return;
    std::erase_if(marks_, [&](const Mark& mark) { return mark.hops <= hops && mark.at <= at; });
    marks_.push_back({at, hops});
  }
  // The most of the panes from there on.
  [[nodiscard]] uint8_t most_from(int64_t at) const {
    uint8_t most = 0;
    for (const Mark& mark : marks_) {
      if (mark.at >= at) most = std::max(most, mark.hops);
    }
    return most;
  }

  void save(std::string& out) const {
    pack_varint(out, marks_.size());
    for (const Mark& mark : marks_) {
      pack_signed(out, mark.at);
      pack_byte(out, mark.hops);
    }
  }
  void load(PackedReader& in) {
    const uint64_t count = in.varint();
    if (count > UINT8_MAX) in.refuse();
    for (uint64_t i = 0; i < count && in.ok(); ++i) {
      const int64_t at = in.signed_varint();
      note(at, in.byte());
    }
  }

 private:
  struct Mark {
    int64_t at = 0;
    uint8_t hops = 0;
  };
  std::vector<Mark> marks_;
};

}  // namespace headgate::routing
