#include "store/report/whereabouts.h"

#include <utility>

#include "core/text.h"
#include "store/dead_letter.h"

namespace headgate::store {
namespace {

constexpr ReadLimit kLetters{100, size_t{1} << 20U};

core::Status look_in(QueueReader& reader, QueueId queue, Seq seq, core::Now now, Whereabouts& found) {
  const QueueStats& stats = reader.stats(queue);
  for (uint8_t lane = 0; lane < kLaneCount; ++lane) {
    if (stats.lanes[lane].waiting == 0) continue;
    const auto entries = reader.read(queue, lane, seq - 1, {1, 1}, now);
    if (!entries) return core::fail(entries.error());
    if (entries->empty() || entries->front().seq != seq) continue;
    found.message = entries->front().message;
    found.places.push_back({stats.name, lane, entries->front().expires_ms});
  }
  for (const Gap& gap : reader.gaps(queue))
    if (gap.from <= seq && seq <= gap.to) found.gaps.emplace_back(stats.name, gap);
  return {};
}

void note(const Entry& entry, Seq seq, Whereabouts& found) {
  auto letter = decode_dead_letter(entry.tag);
  if (!letter || letter->seq != seq) return;
  found.message = entry.message;
  found.places.push_back({std::move(letter->queue), letter->lane, letter->expires_ms, entry.seq});
}

core::Status look_at_letters(QueueReader& reader, Seq seq, core::Now now, Whereabouts& found) {
  const auto dead = find_dead_queue(reader);
  if (!dead) return {};
  for (Seq after = 0;;) {
    const auto letters = reader.read(*dead, kDefaultLane, after, kLetters, now);
    if (!letters) return core::fail(letters.error());
    if (letters->empty()) return {};
    for (const Entry& entry : *letters) note(entry, seq, found);
    after = letters->back().seq;
  }
}

}  // namespace

core::Result<Seq> seq_named(std::string_view id, const Identity& own) {
  const size_t last = id.rfind('/');
  const auto seq =
      core::parse_whole<Seq>(std::string(id.substr(last == std::string_view::npos ? 0 : last + 1)));
  if (!seq) return Seq{0};
  if (last == std::string_view::npos) return *seq;
  const std::string_view before = id.substr(0, last);
  if (before == own.hub + "/" + own.epoch || before == own.epoch) return *seq;
  return core::fail(core::Errc::not_found,
                    "it is an id of another hub or epoch; this is " + own.hub + "/" + own.epoch);
}

std::string_view fate_of(const Gap& gap) {
  if (gap.goes_on()) return "folded";
  if (gap.why == Outcome::expired) return "expired";
  return gap.why == Outcome::dead ? "dead" : "dropped";
}

core::Result<Whereabouts> find_message(QueueReader& reader, Seq seq, core::Now now) {
  Whereabouts found;
  for (const QueueId queue : reader.queues())
    if (auto looked = look_in(reader, queue, seq, now, found); !looked) return core::fail(looked.error());
  if (!found.places.empty()) return found;
  if (auto looked = look_at_letters(reader, seq, now, found); !looked) return core::fail(looked.error());
  return found;
}

}  // namespace headgate::store
