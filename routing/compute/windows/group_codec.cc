#include "routing/compute/windows/group_codec.h"

namespace headgate::routing {
namespace {

enum Flag : uint8_t { closed_flag = 1, revised_flag = 2, shown_flag = 4 };

bool is_near(int64_t value) { return value > -kFarthest && value < kFarthest; }

bool is_near_or_never(int64_t value) { return value == kNever || is_near(value); }

void save_revisions(const std::vector<Revision>& revisions, std::string& out) {
  pack_varint(out, revisions.size());
  int64_t before = 0;
  for (const Revision& one : revisions) {
    pack_signed(out, one.end_ms - before);
    pack_varint(out, uint64_t{one.rev} << 2 | (one.shown ? 2 : 0) | (one.owed ? 1 : 0));
    before = one.end_ms;
  }
}

// No element takes less than a byte, so that a made-up number cannot ask for memory.
size_t read_length(PackedReader& in) {
  const uint64_t count = in.varint();
  if (count > in.rest().size()) in.refuse();
  return in.ok() ? count : 0;
}

void load_revisions(std::vector<Revision>& revisions, PackedReader& in) {
  const size_t count = read_length(in);
  uint64_t end = 0;
  for (size_t i = 0; i < count && in.ok(); ++i) {
    end += static_cast<uint64_t>(in.signed_varint());
    const uint64_t rev = in.varint();
    revisions.push_back(
        {static_cast<int64_t>(end), static_cast<uint32_t>(rev >> 2), (rev & 1) != 0, (rev & 2) != 0});
    const bool in_order = i == 0 || revisions[i - 1].end_ms < revisions[i].end_ms;
    if (!in_order || !is_near(revisions[i].end_ms)) in.refuse();
  }
}

}  // namespace

void save_group(const Group& group, std::string& out) {
  pack_varint(out, group.touched);
  pack_text(out, group.key);
  pack_signed(out, group.closed_until_ms);
  pack_signed(out, group.forgotten_until_ms);
  pack_signed(out, group.lacks_until_ms);
  pack_varint(out, group.rev_base);
  pack_varint(out, group.revs);
  pack_varint(out, group.messages);
  pack_byte(out, group.revise_ms ? 1 : 0);
  if (group.revise_ms) pack_signed(out, *group.revise_ms);
  pack_varint(out, group.clocks.size());
  for (const uint64_t clock : group.clocks) pack_varint(out, clock);
  save_revisions(group.revisions, out);
  group.hops.save(out);
  pack_byte(out, group.leaves_from ? 1 : 0);
  if (group.leaves_from) pack_signed(out, *group.leaves_from);
  pack_byte(out, group.panes.empty() ? 0 : 1);
  if (!group.panes.empty()) save_pane(group.panes.back(), out);
}

bool load_group(Group& group, const Sums& none, PackedReader& in) {
  group.touched = in.varint();
  group.key = std::string(in.text());
  group.closed_until_ms = in.signed_varint();
  group.forgotten_until_ms = in.signed_varint();
  group.lacks_until_ms = in.signed_varint();
  group.rev_base = static_cast<uint32_t>(in.varint());
  group.revs = static_cast<uint32_t>(in.varint());
  group.messages = in.varint();
  if (in.byte() != 0) group.revise_ms = in.signed_varint();
  const size_t clocks = read_length(in);
  for (size_t i = 0; i < clocks && in.ok(); ++i) group.clocks.push_back(in.varint());
  load_revisions(group.revisions, in);
  group.hops.load(in);
  if (in.byte() != 0) group.leaves_from = in.signed_varint();
  group.stored = true;
  const bool near = is_near_or_never(group.closed_until_ms) && is_near_or_never(group.forgotten_until_ms);
  if (!near || !is_near(group.revise_ms.value_or(0))) in.refuse();
  if (in.byte() == 0) return in.ok() && in.rest().empty();
  Pane pane;
  return load_pane(pane, none, in) && group.panes.load(std::move(pane));
}

void save_pane(const Pane& pane, std::string& out) {
  pack_signed(out, pane.at);
  pack_signed(out, pane.first_ms - pane.at);
  pack_signed(out, pane.last_ms - pane.at);
  pack_varint(out, pane.rev);
  pack_byte(out, static_cast<uint8_t>((pane.closed ? closed_flag : 0) | (pane.revised ? revised_flag : 0) |
                                      (pane.shown ? shown_flag : 0)));
  save_sums(pane.sums, out);
}

bool load_pane(Pane& pane, const Sums& none, PackedReader& in) {
  pane.at = in.signed_varint();
  const int64_t first = in.signed_varint();
  const int64_t last = in.signed_varint();
  if (!is_near(pane.at) || !is_near(first) || !is_near(last)) in.refuse();
  pane.first_ms = in.ok() ? pane.at + first : 0;
  pane.last_ms = in.ok() ? pane.at + last : 0;
  pane.rev = static_cast<uint32_t>(in.varint());
  const uint8_t flags = in.byte();
  pane.closed = (flags & closed_flag) != 0;
  pane.revised = (flags & revised_flag) != 0;
  pane.shown = (flags & shown_flag) != 0;
  pane.sums = none;
  return in.ok() && load_sums(pane.sums, in) && in.rest().empty();
}

}  // namespace headgate::routing
