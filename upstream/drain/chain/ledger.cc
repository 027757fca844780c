#include "upstream/drain/chain/ledger.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/base64.h"

namespace headgate::upstream {

BegunLanes begun_before(const store::QueueStore& store, std::string_view stream) {
  const std::string key = chain_end_key(stream);
  const auto value = store.get(key);
  if (!value) return {};
  const auto end = read_chain_end(key, *value);
  return end && end->epoch == store.identity().epoch ? end->begun : BegunLanes{};
}

Ledger::Ledger(store::QueueStore& store, const UpstreamOptions& options)
    : store_(store),
      stream_(options.stream),
      enabled_(options.chain.enabled && options.mode == Mode::batch) {}

core::Status Ledger::open(std::string key_of_chain) {
  end_.begun = begun_before(store_, stream_);
  if (!enabled_) return {};
  key_ = std::move(key_of_chain);
  const std::string key = chain_end_key(stream_);
  const auto value = store_.get(key);
  if (!value && value.error().code != core::Errc::not_found) return core::fail(value.error());
  if (value) {
    auto end = read_chain_end(key, *value);
    if (!end) return core::fail(end.error());
    end_ = *std::move(end);
  }
  if (const core::Status read = read_plans(); !read) return read;
  restored_up_to_ = end_.epoch == store_.identity().epoch ? end_.number : 0;
  if (end_.epoch == store_.identity().epoch) return {};
  std::vector<store::KeyValue> erased;  // batches of another epoch hold ids that nobody gives any more
  for (const auto& [number, kept] : plans_) erased.push_back(erase_plan(stream_, number));
  plans_.clear();
  waiting_ = 0;
  end_ = {};
  end_.epoch = store_.identity().epoch;
  if (!erased.empty()) write(std::move(erased));
  return {};
}

core::Status Ledger::read_plans() {
  return store_.for_each(plan_prefix(stream_), [this](std::string_view key, std::string_view value) {
    auto plan = read_plan(key, value);
    if (!plan) return core::Status(core::fail(plan.error()));
    const uint64_t number = plan->mark.number;
    plans_.emplace(number, Kept{.plan = *std::move(plan)});
    ++waiting_;
    return core::Status();
  });
}

// Numbers that a power cut has taken out of the store's memory may stand in batches that were sent.
core::Status Ledger::begin() {
  if (next_ != 0) return {};
  const std::array values{put_chain_end(stream_, end_)};
  const auto seq = store_.put(values, false);
  if (!seq) return core::fail(seq.error());
  next_ = std::max(*seq, end_.number + 1);
  if (next_ > end_.number + 1) note_abandoned({{end_.number + 1, next_ - 1}, end_.number, end_.hash});
  return {};
}

core::Result<uint64_t> Ledger::enter(Plan plan, bool ahead) {
  if (const core::Status begun = begin(); !begun) return core::fail(begun.error());
  const ChainEnd before = end_;
  const uint64_t number = next_;
  const store::Seq begun = end_.begun[plan.lane];
  const bool is_above = plan.messages == 0 || plan.first > begun;
  plan.mark = {number, end_.number, end_.hash, declare_in(number), ahead, is_above ? 0 : begun};
  end_.number = number;
  end_.hash = batch_hash(key_, mark_text(plan.mark), plan.content);
  end_.begun[plan.lane] = std::max(end_.begun[plan.lane], plan.last);
  const std::array values{put_plan(stream_, plan), put_chain_end(stream_, end_)};
  const auto seq = store_.put(values, false);
  if (!seq) {
    end_ = before;
    return core::fail(seq.error());
  }
  ++next_;
  newest_ = *seq;
  plans_.emplace(number, Kept{.plan = std::move(plan), .written = *seq, .following = true});
  return number;
}

std::string Ledger::sealed(uint64_t number, std::string payload) const {
  return with_mark(std::move(payload), mark_text(plan(number).mark));
}

std::string Ledger::hash_of(uint64_t number) const {
  const auto found = plans_.find(number);
  if (found == plans_.end()) return {};
  const Plan& plan = found->second.plan;
  std::string text;
  core::append_base64(text, bytes_of(batch_hash(key_, mark_text(plan.mark), plan.content)));
  return text;
}

const Plan* Ledger::to_follow() const {
  if (waiting_ == 0) return nullptr;
  return &std::ranges::find_if(plans_, [](const auto& known) {
            return !known.second.following;
          })->second.plan;
}

void Ledger::follow(uint64_t number) {
  plans_.at(number).following = true;
  --waiting_;
  ++repeated_;
}

void Ledger::give_back(const std::function<bool(uint64_t)>& on_its_way) {
  waiting_ = 0;
  for (auto& [number, kept] : plans_) {
    kept.following = on_its_way(number);
    if (!kept.following) ++waiting_;
  }
}

void Ledger::forget(std::map<uint64_t, Kept>::iterator plan) {
  if (!plan->second.following) --waiting_;
  plans_.erase(plan);
}

// Readers have this one: one before it that they lack would come out of order.
void Ledger::settle(uint64_t number) {
  const auto found = plans_.find(number);
  if (found == plans_.end()) return;
  forget(found);
  std::vector<store::KeyValue> values{erase_plan(stream_, number)};
  if (std::erase_if(end_.abandoned,
                    [number](const Abandoned& known) { return known.declared_in == number; }) > 0)
    values.push_back(put_chain_end(stream_, end_));
  write(std::move(values));
  if (const Plan* waits = to_follow(); waits != nullptr && waits->mark.number < number) abandon_waiting();
}

void Ledger::abandon(uint64_t number) {
  const auto found = plans_.find(number);
  if (found == plans_.end()) return;
  const Mark mark = std::move(found->second.plan.mark);
  forget(found);
  for (Abandoned& known : end_.abandoned) {
    if (known.declared_in == number) known.declared_in = 0;
  }
  note_abandoned({{number, number}, mark.after, mark.after_hash});
  ++abandoned_;
  write({erase_plan(stream_, number), put_chain_end(stream_, end_)});
}

void Ledger::abandon_waiting() {
  while (const Plan* plan = to_follow()) abandon(plan->mark.number);
}

void Ledger::note_abandoned(const GivenUp& given_up) {
  for (Abandoned& known : end_.abandoned) {
    if (known.declared_in != 0 || known.given_up.numbers.last + 1 != given_up.numbers.first) continue;
    known.given_up.numbers.last = given_up.numbers.last;
    return;
  }
  end_.abandoned.push_back({given_up});
}

std::vector<GivenUp> Ledger::declare_in(uint64_t number) {
  std::vector<GivenUp> declared;
  for (Abandoned& known : end_.abandoned) {
    if (known.declared_in != 0 || declared.size() == kDeclaredAtOnceMax) continue;
    known.declared_in = number;
    declared.push_back(known.given_up);
  }
  return declared;
}

bool Ledger::has_undeclared() const {
  return std::ranges::find(end_.abandoned, 0U, &Abandoned::declared_in) != end_.abandoned.end();
}

bool Ledger::owes_declaration() const {
  return !plans_.empty() && std::ranges::any_of(end_.abandoned, [this](const Abandoned& known) {
    return known.declared_in == 0 && known.given_up.numbers.last < plans_.rbegin()->first;
  });
}

// Lost with the store's next writes only: then what it says is done again.
void Ledger::write(std::vector<store::KeyValue> values) { (void)store_.put(values, false); }

std::optional<ChainHead> Ledger::head() const {
  if (!enabled_ || !end_.abandoned.empty()) return std::nullopt;
  ChainHead head{end_.number, end_.hash};
  if (!plans_.empty()) {
    const Mark& oldest = plans_.begin()->second.plan.mark;
    head = {oldest.after, oldest.after_hash};
  }
  if (head.number == 0) return std::nullopt;
  return head;
}

}  // namespace headgate::upstream
