// Tells which messages may have been in batches that are missing, by what a hub does with a lane: a new batch takes the least
// ids that no other holds. So batches of a lane ascend, until one of them is given up: then its ids are taken once more. Or one
// goes ahead of older messages, as its link has it. Marks say both. Pure.
//
// What holds, for a lane and the numbers that are missing:
// - Ids are above those of the last batch before that did not go ahead, or were in a batch that came before that one and was
//   given up since.
// - Ids are below those of a batch behind, or not over what that one says that others before it have had. Where a batch that was
//   given up since is not here, nobody knows its ids, and nothing bounds from above.
// - No batch that is here has them; of batches before the first link nobody knows. A gap may have them: a message may expire
//   while its batch is on its way.
// Both bounds need another batch of the lane.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "tools/unbatch/chain/link.h"

namespace headgate::tools {

using Links = std::map<uint64_t, ChainLink>;  // by number

// Batches that were given up, and the number of the first batch that says so and stands.
struct GivenUpBy {
  Span numbers;
  uint64_t by = 0;
};
// Passes over what a batch says that was given up itself: others say it again, if it holds (a power cut may have taken it from
// the hub).
[[nodiscard]] std::vector<GivenUpBy> given_up_in(const Links& links);

// The last batch with messages of a lane that did not go ahead, and its greatest id.
struct LaneEnd {
  uint64_t number = 0;
  uint64_t id = 0;
};
using LaneEnds = std::map<int, LaneEnd>;

class MissingIds {
 public:
  // `ends`: of batches before the first link. All are borrowed.
  MissingIds(const Links& links, const std::vector<GivenUpBy>& given_up, const LaneEnds& ends);

  // Joined. Everything where no lane is known.
  [[nodiscard]] std::vector<Span> of(Span numbers) const;

 private:
  struct Lane {
    LaneEnd end;
    std::vector<const ChainLink*> standing;  // with messages, by number
    std::vector<const ChainLink*> in_order;  // of those, what did not go ahead
    std::vector<const ChainLink*> fallen;    // given up, the same
  };

  [[nodiscard]] std::vector<Span> of(const Lane& lane, Span numbers) const;
  [[nodiscard]] uint64_t least(const Lane& lane, uint64_t before) const;
  [[nodiscard]] uint64_t bound(const Lane& lane, Span numbers) const;
  [[nodiscard]] std::optional<uint64_t> first_given_up_since(const Lane& lane, uint64_t number) const;
  [[nodiscard]] std::optional<uint64_t> first_unknown(Span span) const;
  [[nodiscard]] std::vector<Span> given_up_since(uint64_t number) const;

  const Links& links_;
  const std::vector<GivenUpBy>& given_up_;
  std::map<int, Lane> lanes_;
  std::vector<Span> known_;  // ids that are in batches, of whatever lane; joined
};

}  // namespace headgate::tools
