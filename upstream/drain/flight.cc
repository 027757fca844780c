#include "upstream/drain/flight.h"

#include <algorithm>
#include <utility>

namespace headgate::upstream {
namespace {

Batch take(std::list<Batch>& batches, std::list<Batch>::iterator found) {
  Batch batch = std::move(*found);
  batches.erase(found);
  return batch;
}

}  // namespace

bool Flight::open() const {
  return size() + given_up_.size() < window_.size() && being_encoded() + given_up_.size() < kEncodingMax;
}

size_t Flight::being_encoded() const {
  return static_cast<size_t>(std::ranges::count(unpublished_, BatchStage::encoding, &Batch::stage));
}

bool Flight::has_any_of(uint8_t lane) const {
  return has_published_of(lane) || std::ranges::find(unpublished_, lane, &Batch::lane) != unpublished_.end();
}

bool Flight::declares_gaps() const {
  const auto declares = [](const Batch& batch) { return !batch.gaps.empty(); };
  return std::ranges::any_of(unpublished_, declares) || std::ranges::any_of(published_, declares);
}

bool Flight::has_probe() const {
  return std::ranges::any_of(unpublished_, &Batch::is_probe) ||
         std::ranges::any_of(published_, &Batch::is_probe);
}

Batch& Flight::add(Batch batch) {
  batch.token = next_token_++;
  return unpublished_.emplace_back(std::move(batch));
}

Batch* Flight::on_encoded(Token token) {
  if (given_up_.erase(token) > 0) return nullptr;
  const auto found = std::ranges::find(unpublished_, token, &Batch::token);
  if (found == unpublished_.end() || found->stage != BatchStage::encoding) return nullptr;
  found->stage = BatchStage::encoded;
  return &*found;
}

Batch* Flight::next_to_publish() {
  if (unpublished_.empty() || unpublished_.front().stage != BatchStage::encoded) return nullptr;
  return &unpublished_.front();
}

std::vector<Batch*> Flight::next_to_plan() {
  std::vector<Batch*> next;
  for (Batch& batch : unpublished_) {
    if (batch.stage != BatchStage::encoded) break;
    if (batch.number == 0 && !batch.is_probe) next.push_back(&batch);
  }
  return next;
}

bool Flight::holds(uint64_t number) const {
  return std::ranges::find(unpublished_, number, &Batch::number) != unpublished_.end() ||
         has_published(number);
}

bool Flight::has_published(uint64_t number) const {
  return std::ranges::find(published_, number, &Batch::number) != published_.end();
}

bool Flight::has_published_above(uint64_t number) const {
  return std::ranges::any_of(published_, [number](const Batch& batch) { return batch.number > number; });
}

void Flight::on_published(core::Now now) {
  if (published_.empty()) oldest_since_ms_ = now.mono_ms;
  published_.splice(published_.end(), unpublished_, unpublished_.begin());
  Batch& batch = published_.back();
  batch.stage = BatchStage::published;
  batch.published_at_ms = now.mono_ms;
  ++published_of_[batch.lane];
  published_bytes_ += batch.sizes().payload_bytes;
}

std::optional<Batch> Flight::on_answered(Token token, core::Now now) {
  const auto found = std::ranges::find(published_, token, &Batch::token);
  if (found == published_.end()) return std::nullopt;
  if (found == published_.begin()) oldest_since_ms_ = now.mono_ms;
  --published_of_[found->lane];
  published_bytes_ -= found->sizes().payload_bytes;
  return take(published_, found);
}

Batch Flight::take_encoded(Token token) {
  return take(unpublished_, std::ranges::find(unpublished_, token, &Batch::token));
}

GivenBack Flight::give_up_unpublished(uint8_t lane, Token after) {
  GivenBack given_up;
  std::erase_if(unpublished_, [&](const Batch& batch) {
    if (batch.lane != lane || batch.token <= after) return false;
    given_up.messages += batch.seqs.size();
    if (!batch.seqs.empty()) given_up.firsts.push_back(batch.seqs.front());
    release(batch);
    return true;
  });
  return given_up;
}

void Flight::give_up_all() {
  for (const Batch& batch : unpublished_) release(batch);
  unpublished_.clear();
  published_.clear();
  published_of_.fill(0);
  published_bytes_ = 0;
}

void Flight::release(const Batch& batch) {
  if (batch.stage == BatchStage::encoding) given_up_.insert(batch.token);
}

void Flight::widen_window(const Batch& accepted, size_t window_max, bool by_itself, core::Now now) {
  window_.on_accepted({.published_at_ms = accepted.published_at_ms,
                       .now_ms = now.mono_ms,
                       .on_their_way = size() + given_up_.size() + 1,
                       .bytes = published_bytes_ + accepted.sizes().payload_bytes},
                      window_max, by_itself);
}

int64_t Flight::waiting_since() const { return published_.empty() ? kNever : oldest_since_ms_; }

}  // namespace headgate::upstream
