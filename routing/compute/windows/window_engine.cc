#include "routing/compute/windows/window_engine.h"

#include <algorithm>

#include "routing/compute/aggregates/stable_hash.h"
#include "routing/compute/event_time.h"
#include "routing/compute/group_key.h"
#include "routing/language/print.h"

namespace headgate::routing {
namespace {

constexpr size_t kClocksOfGroupMax = 16;
constexpr size_t kEvictionsAtOnce = 16;
constexpr size_t kStepsForResult = 8;  // of advance(): many may give none
constexpr size_t kEvictedResultsAtOnce = 256;

bool by_event_time(const ComputePlan& plan) { return !plan.query.timestamp.empty(); }

// By arrival nothing is waited for.
int64_t tolerance_of(const ComputePlan& plan) {
  return by_event_time(plan) ? std::max<int64_t>(plan.limits.tolerance_ms, 0) : 0;
}

// They take a half of the memory at most.
size_t clocks_max(const ComputePlan& plan) {
  const uint64_t room = plan.limits.state_bytes_max / 2 / Clocks::bytes_of(1);
  return std::max<uint64_t>(std::min<uint64_t>(plan.limits.groups_max, room), 1);
}

// Nobody reads a clock's key: in place of a long one stands its hash, behind a byte that no key begins with.
void shorten(std::string& key) {
  constexpr size_t kKeyBytesMax = 64;
  if (key.size() <= kKeyBytesMax) return;
  std::string hash = "h";
  for (const uint64_t seed : {1, 2}) pack_u64(hash, stable_hash(key, seed));
  key = std::move(hash);
}

// True: messages of one group have one clock.
bool keys_tell_clock(const Query& query) {
  const auto is_key = [&](const Expression& over) {
    return std::any_of(query.keys.begin(), query.keys.end(),
                       [&](const Expression& key) { return print(key, query) == print(over, query); });
  };
  return std::all_of(query.timestamp_over.begin(), query.timestamp_over.end(), is_key);
}

bool is_empty(const Group& group) {
  return group.panes.empty() && group.revisions.empty() && group.messages == 0;
}

}  // namespace

WindowEngine::WindowEngine(const ComputePlan& plan, Evaluator& evaluator, RouteCounts& counts,
                           std::string& sample)
    : plan_(plan),
      counts_(counts),
      sample_(sample),
      kind_(plan),
      writer_(plan, evaluator, counts, sample),
      clocks_(tolerance_of(plan), std::max<int64_t>(plan.limits.idle_ms, 0), clocks_max(plan)),
      groups_(empty_sums(plan.query), kind_.farthest_place(), kind_.packs()),
      clock_in_key_(keys_tell_clock(plan.query)) {}

int64_t WindowEngine::time_of(MessageRow& row) {
  if (!by_event_time(plan_)) return row.arrived_ms();
  const auto time = timestamp_ms(row.value(plan_.query.timestamp));
  if (!time) {
    ++counts_.type_errors;
    sample_ = "TIMESTAMP BY gave no time: the arrival is taken";
    return row.arrived_ms();
  }
  if (*time <= row.arrived_ms() + plan_.limits.early_ms) return *time;
  ++counts_.early;
  return row.arrived_ms();
}

Clock& WindowEngine::clock_of(MessageRow& row) {
  if (!by_event_time(plan_)) return clocks_.hub();
  row.key(plan_.query.timestamp_over, key_);
  shorten(key_);
  if (Clock* known = clocks_.find(key_)) return *known;
  if (clocks_.full()) give_up_clock(row.arrived_ms());
  return clocks_.make(key_, next_id_++, row.arrived_ms());
}

// Groups that waited for it wait for their other clocks, or for the hub's. Nobody knows then what its groups have given.
void WindowEngine::give_up_clock(int64_t now_ms) {
  note_forgotten(clocks_.oldest()->forgotten_until_ms, clocks_.oldest()->forgotten_revs);
  for (const Waiting& waiting : clocks_.give_up(*clocks_.oldest())) {
    Group* group = groups_.table().with_id(waiting.group);
    if (group && group->waiting == waiting) wait(*group, waiting.at, now_ms);
  }
}

void WindowEngine::join(Group& group, const Clock& clock, int64_t now_ms) {
  std::vector<uint64_t>& joined = group.clocks;
  if (clock.id == 0 || std::find(joined.begin(), joined.end(), clock.id) != joined.end()) return;
  std::erase_if(joined, [&](uint64_t id) { return !clocks_.knows(id); });
  const auto ahead = [&](uint64_t a, uint64_t b) {
    return clocks_.reached(clocks_.with_id(a), now_ms) < clocks_.reached(clocks_.with_id(b), now_ms);
  };
  if (joined.size() >= kClocksOfGroupMax) joined.erase(std::max_element(joined.begin(), joined.end(), ahead));
  joined.push_back(clock.id);
}

Clock& WindowEngine::slowest(const Group& group, int64_t now_ms) {
  Clock* slowest = nullptr;
  for (const uint64_t id : group.clocks) {
    Clock& clock = clocks_.with_id(id);
    if (!slowest || clocks_.reached(clock, now_ms) < clocks_.reached(*slowest, now_ms)) slowest = &clock;
  }
  return slowest ? *slowest : clocks_.hub();
}

void WindowEngine::wait(Group& group, int64_t at_ms, int64_t now_ms) {
  group.waiting = {at_ms, group.id};
  Clock& clock = slowest(group, now_ms);
  if (clock.waiting.size() > 2 * groups() + kStaleMax) {
    clocks_.weed(clock, [&](const Waiting& waiting) {
      const Group* waits = groups_.table().with_id(waiting.group);
      return waits && waits->waiting == waiting;
    });
  }
  clocks_.wait(clock, group.waiting);
}

// A group may be woken too early, and waits anew then.
void WindowEngine::schedule(Group& group, int64_t now_ms) {
  const auto next = kind_.next(group);
  if (next && *next < group.waiting.at) wait(group, *next, now_ms);
}

void WindowEngine::take(MessageRow& row, uint8_t hops, bool& dead_letter, Results& out) {
  const int64_t now = row.arrived_ms();
  clocks_.set_present(now);
  const int64_t time = time_of(row);
  Clock& clock = clock_of(row);
  if (clock.id != 0) clocks_.wake(clock, now);
  row.key(plan_.query.keys, key_);
  Group* known = groups_.table().find(key_);
  auto fresh = known ? nullptr : make_group(clock);
  Group& group = known ? *known : *fresh;
  join(group, clock, now);
  const size_t panes = group.panes.size();
  const Placement placed = kind_.place(group, {time, clocks_.reached(slowest(group, now), now)});
  note_late(placed, dead_letter);
  if (fresh && !is_empty(group)) {
    make_room(nullptr, out);
    fresh->id = next_id_++;
    fresh->key = key_;
    known = &groups_.add(std::move(fresh));
  }
  if (known) add(*known, placed, row, hops, out);
  // In a pane that was there, on time, nothing can come due earlier than before.
  if (known && (placed.late || panes != known->panes.size())) schedule(*known, now);
  if (known && is_too_large()) make_room(known, out);
  if (clock.id != 0) clocks_.hear(clock, time, now);
}

void WindowEngine::add(Group& group, const Placement& placed, MessageRow& row, uint8_t hops, Results& out) {
  const int64_t now = row.arrived_ms();
  if (placed.pane) {
    group.hops.note(placed.pane->at, hops);
    counts_.type_errors += row.add_to(placed.pane->sums, placed.time_ms, sample_);
    group.panes.change(*placed.pane);
    if (const auto completed = kind_.completed(group, placed.time_ms)) write(group, *completed, out);
  }
  if (plan_.query.window.kind == Window::Kind::count) kind_.pass(group, now);
  if (placed.pane && placed.late && late_rule(plan_).keep_ms > 0 && !group.revise_ms) {
    group.revise_ms = now + tolerance_of(plan_);
    queue_revision(group);
  }
  groups_.table().touch(group);
  groups_.change(group);
}

void WindowEngine::note_late(const Placement& placed, bool& dead_letter) {
  if (!placed.late) return;
  ++counts_.late;
  if (!placed.too_late) return;
  ++counts_.late_dropped;
  dead_letter = plan_.limits.late == LatePolicy::revise || plan_.limits.late == LatePolicy::dead_letter;
}

// Makes room for a new group, or for the growth of `current`.
void WindowEngine::make_room(const Group* current, Results& out) {
  const size_t room = std::max<size_t>(plan_.limits.groups_max, 1);
  if (!current && groups() >= room) evict(*groups_.table().oldest(), out);
  for (size_t i = 0; current && i < kEvictionsAtOnce && is_too_large(); ++i) {
    Group* oldest = groups_.table().oldest();
    if (!oldest || oldest->leaves_from) return;
    if (oldest == current) current = nullptr;  // too large by itself
    evict(*oldest, out);
  }
}

void WindowEngine::evict(Group& group, Results& out) {
  ++counts_.evicted;
  const uint32_t revs = std::max(group.revs, group.rev_base);
  note_forgotten(kind_.holds_until(group), revs == UINT32_MAX ? revs : revs + 1);
  groups_.let_go(group);
  leaving_.push_back(group.id);
  const size_t before = out.size();
  for (size_t step = 0; !leaving_.empty() && step < kEvictedResultsAtOnce * kStepsForResult; ++step) {
    if (out.size() - before >= kEvictedResultsAtOnce) return;
    give_leaving(out);
  }
}

// Lets the first group that was evicted give a result that is owed or open, or go.
void WindowEngine::give_leaving(Results& out) {
  Group* group = groups_.table().with_id(leaving_.front());
  if (!group) return leaving_.pop_front();
  auto closing = kind_.take_revision(*group);
  if (!closing && (closing = kind_.open(*group, *group->leaves_from))) {
    closing->complete = false;
    group->leaves_from = closing->to;
  }
  if (closing) {
    write(*group, *closing, out);
    groups_.change(*group);
    return;
  }
  groups_.remove(*group);
  leaving_.pop_front();
}

void WindowEngine::note_forgotten(int64_t until_ms, uint32_t revs) {
  evicted_until_ms_ = std::max(evicted_until_ms_, until_ms);
  evicted_revs_ = std::max(evicted_revs_, revs);
  rest_changed_ = true;
}

// A group of the key may have been there before: what it may have given is not given anew.
std::unique_ptr<Group> WindowEngine::make_group(const Clock& clock) const {
  auto group = std::make_unique<Group>();
  const int64_t forgotten_ms = clock_in_key_ ? clock.forgotten_until_ms : forgotten_until_ms_;
  group->closed_until_ms = group->forgotten_until_ms = forgotten_ms;
  group->lacks_until_ms = evicted_until_ms_;
  group->rev_base = evicted_revs_;
  group->revs = clock_in_key_ ? clock.forgotten_revs : forgotten_revs_;
  return group;
}

// Does away with a group of which nothing is left.
void WindowEngine::forget(Group& group) {
  const int64_t given_ms = std::max(group.closed_until_ms, group.forgotten_until_ms);
  const uint32_t revs = std::max(group.revs, group.rev_base);
  Clock* clock = group.clocks.empty() ? nullptr : clocks_.table().with_id(group.clocks.front());
  if (clock && clock_in_key_) {
    clock->forgotten_until_ms = std::max(clock->forgotten_until_ms, given_ms);
    clock->forgotten_revs = std::max(clock->forgotten_revs, revs);
    clocks_.table().change(*clock);
  } else if (by_event_time(plan_) && clock_in_key_) {
    note_forgotten(given_ms, revs);
  } else if (by_event_time(plan_)) {
    forgotten_until_ms_ = std::max(forgotten_until_ms_, given_ms);
    forgotten_revs_ = std::max(forgotten_revs_, revs);
    rest_changed_ = true;
  }
  groups_.remove(group);
}

void WindowEngine::write(Group& group, Closing closing, Results& out) {
  const Sums* sums = group.panes.merge(closing.from, closing.to, merging_);
  if (!sums) return;
  // Windows by count begin anew after an eviction, and lack nothing.
  const bool by_count = plan_.query.window.kind == Window::Kind::count;
  if (closing.start_ms < group.lacks_until_ms && !by_count) closing.complete = false;
  closing.hops = group.hops.most_from(closing.from);
  group.revs = std::max(group.revs, closing.rev == UINT32_MAX ? closing.rev : closing.rev + 1);
  const bool shown = writer_.write(group.key, *sums, closing, out);
  if (!plan_.query.having.empty() && !group.leaves_from) kind_.note_shown(group, closing, shown);
}

bool WindowEngine::advance(int64_t now_ms, size_t results_max, Results& out) {
  const size_t before = out.size();
  size_t step = 0;
  for (; !leaving_.empty(); ++step) {
    if (out.size() - before >= results_max || step >= results_max * kStepsForResult) return true;
    give_leaving(out);
  }
  for (;; ++step) {
    const auto clock = clocks_.next();
    const auto revision = next_revision();
    const bool clock_first = clock && (!revision || clock->due_ms <= revision->first);
    if (!clock && !revision) return false;
    if ((clock_first ? clock->due_ms : revision->first) > now_ms) return false;
    if (out.size() - before >= results_max || step >= results_max * kStepsForResult) return true;
    if (clock_first)
      fire(*clock, out);
    else
      revise(*groups_.table().with_id(revision->second), out);
  }
}

bool WindowEngine::close(size_t results_max, Results& out) {
  const size_t before = out.size();
  for (size_t step = 0; groups() > 0; ++step) {
    if (out.size() - before >= results_max || step >= results_max * kStepsForResult) return true;
    close_next(*groups_.table().oldest(), out);
  }
  return false;
}

// Takes one result of a group that ends; after the last, the group.
void WindowEngine::close_next(Group& group, Results& out) {
  const auto owed = kind_.take_revision(group);
  const auto open = owed ? std::nullopt : kind_.give_up(group);
  if (!owed && !open) return groups_.remove(group);
  write(group, owed ? *owed : *open, out);
  if (open) kind_.gave_up(group, *open);
  groups_.change(group);
}

std::optional<int64_t> WindowEngine::due_ms() {
  if (!leaving_.empty()) return clocks_.present_ms();
  const auto clock = clocks_.next();
  const auto revision = next_revision();
  if (!clock || !revision)
    return clock ? std::optional(clock->due_ms) : revision ? std::optional(revision->first) : std::nullopt;
  return std::min(clock->due_ms, revision->first);
}

// Takes a step of a group whose time has come: at most one result.
void WindowEngine::fire(const Clocks::Due& due, Results& out) {
  clocks_.take_off(due);
  Group* group = groups_.table().with_id(due.waiting.group);
  if (!group || group->waiting != due.waiting) return;
  if (clocks_.reached(slowest(*group, due.due_ms), due.due_ms) < due.waiting.at) {
    wait(*group, due.waiting.at, due.due_ms);
    return;
  }
  group->waiting.at = kForever;
  if (kind_.next(*group) == due.waiting.at) {
    if (const auto closing = kind_.closing(*group, due.waiting.at)) write(*group, *closing, out);
    kind_.pass(*group, due.waiting.at);
    groups_.change(*group);
  }
  if (is_empty(*group))
    forget(*group);
  else
    schedule(*group, due.due_ms);
}

// Groups that were evicted leave entries behind.
void WindowEngine::queue_revision(const Group& group) {
  revisions_.emplace(*group.revise_ms, group.id);
  if (revisions_.size() <= 2 * groups() + kStaleMax) return;
  revisions_ = {};
  groups_.table().for_each([&](const Group& one) {
    if (one.revise_ms) revisions_.emplace(*one.revise_ms, one.id);
  });
}

std::optional<WindowEngine::RevisionDue> WindowEngine::next_revision() {
  while (!revisions_.empty()) {
    const Group* group = groups_.table().with_id(revisions_.top().second);
    if (group && group->revise_ms == revisions_.top().first) return revisions_.top();
    revisions_.pop();
  }
  return std::nullopt;
}

// Gives a result that is owed; after the last the group owes nothing.
void WindowEngine::revise(Group& group, Results& out) {
  if (const auto owed = kind_.take_revision(group))
    write(group, *owed, out);
  else
    group.revise_ms.reset();
  groups_.change(group);
}

void WindowEngine::show(size_t count, OpenWindows& out) const {
  std::vector<std::string> names;
  for (const Expression& key : plan_.query.keys) names.push_back(print(key, plan_.query));
  for (const Group* group = groups_.table().oldest(); group && out.size() < count; group = group->newer)
    if (!group->leaves_from) out.push_back(shown(*group, names));
}

// By the messages' own times nobody knows when a window closes: that is up to the next of them.
OpenWindow WindowEngine::shown(const Group& group, const std::vector<std::string>& names) const {
  OpenWindow window;
  window.group = key_json(group.key, names);
  window.messages = kind_.open_messages(group);
  const auto open = kind_.first_open(group);
  if (!open) return window;
  window.start_ms = open->start_ms;
  window.end_ms = open->end_ms;
  const bool by_count = plan_.query.window.kind == Window::Kind::count;
  if (!by_event_time(plan_) && !by_count) window.closes_ms = open->end_ms;
  return window;
}

void WindowEngine::save(const Computation::Put& put) {
  groups_.save(put);
  const auto entry = [](uint64_t id) {
    std::string key = "c";
    pack_varint(key, id);
    return key;
  };
  clocks_.table().save(
      [&](const Clock& clock) {
        std::string bytes;
        Clocks::save(clock, bytes);
        put(entry(clock.id), std::move(bytes));
      },
      [&](uint64_t gone) { put(entry(gone), std::nullopt); });
}

bool WindowEngine::load(std::string_view key, std::string_view bytes) {
  if (key.starts_with('g')) return groups_.load_group(key, bytes, plan_.query.keys.size());
  if (key.starts_with('p')) return groups_.load_pane(key, bytes);
  if (!key.starts_with('c')) return false;
  PackedReader name(key.substr(1));
  PackedReader in(bytes);
  const uint64_t id = name.varint();
  return name.ok() && name.rest().empty() && clocks_.load(id, in);
}

void WindowEngine::save_rest(std::string& out) {
  rest_changed_ = false;
  pack_varint(out, next_id_);
  pack_signed(out, evicted_until_ms_);
  pack_varint(out, evicted_revs_);
  pack_signed(out, forgotten_until_ms_);
  pack_varint(out, forgotten_revs_);
}

void WindowEngine::load_rest(PackedReader& in) {
  next_id_ = std::max(next_id_, in.varint());
  if (next_id_ > kIdMax) in.refuse();
  evicted_until_ms_ = in.signed_varint();
  evicted_revs_ = static_cast<uint32_t>(in.varint());
  forgotten_until_ms_ = in.signed_varint();
  forgotten_revs_ = static_cast<uint32_t>(in.varint());
  if (forgotten_until_ms_ < kNever || forgotten_until_ms_ > kForever) in.refuse();
}

void WindowEngine::settle(int64_t present_ms) {
  clocks_.set_present(present_ms);
  groups_.settle();
  clocks_.table().order_by_touch();
  clocks_.table().for_each([&](Clock& clock) { next_id_ = std::max(next_id_, clock.id + 1); });
  groups_.table().for_each([&](Group& group) {
    next_id_ = std::max(next_id_, group.id + 1);
    kind_.mend(group);
    if (group.leaves_from) return leaving_.push_back(group.id);
    if (group.revise_ms) revisions_.emplace(*group.revise_ms, group.id);
    schedule(group, present_ms);
  });
}

}  // namespace headgate::routing
