#include "hub/thinning/sweep.h"

#include <algorithm>
#include <utility>

#include "core/content_type.h"

namespace headgate::hub {
namespace {

bool has_number(std::span<const Leaf> leaves) {
  return std::ranges::any_of(leaves, [](const Leaf& leaf) { return leaf.kind == Leaf::Kind::number; });
}

// Rounded down, for times before 1970 as well.
int64_t floor_of(int64_t time_ms, int64_t size_ms) {
  const int64_t rest = time_ms % size_ms;
  return (time_ms - (rest < 0 ? rest + size_ms : rest)) / size_ms;
}

bool is_json_by_its_type(const core::Message& message) {
  const core::Properties& properties = message.props();
  return properties.content_type.empty() || core::is_json_type(properties.content_type);
}

}  // namespace

int64_t OpenWindow::number_of(const store::Entry& entry) const {
  return floor_of(entry.message->arrived_ms, window_ms_);
}

bool OpenWindow::closes_before(const store::Entry& entry) const {
  return !empty() && (full_ || number_of(entry) != number_);
}

bool OpenWindow::add(const store::Entry& entry, Resolution is, std::span<const Leaf> leaves,
                     store::Seq before) {
  std::string key = entry.message->topic + '\0' + key_of(entry);
  const size_t key_bytes = key.size();
  const auto [fold, fresh] = keys_.try_emplace(std::move(key), entry, into_);
  if (!fold->second.add(entry, is, leaves)) {
    if (fresh) keys_.erase(fold);
    return false;
  }
  if (entries_++ == 0) {
    number_ = number_of(entry);
    after_ = before;
  }
  if (fresh) key_bytes_ += key_bytes + leaves.size() * sizeof(Summary);
  full_ = entries_ >= kEntriesMax || fold->second.entries().size() >= kKeyEntriesMax ||
          keys_.size() >= kKeysMax || key_bytes_ >= kKeyBytesMax;
  return true;
}

ClosedWindow OpenWindow::close() {
  ClosedWindow closed;
  closed.after = after_;
  for (auto& [key, fold] : keys_) {
    if (!fold.is_of_one_row()) closed.folds.push_back(std::move(fold));
  }
  const auto first = [](const Fold& fold) { return fold.entries().front(); };
  std::ranges::sort(closed.folds, {}, first);
  keys_ = {};
  entries_ = 0;
  key_bytes_ = 0;
  full_ = false;
  return closed;
}

bool Sweep::holds_any_up_to(store::Seq seq) const {
  const auto reaches = [seq](const OpenWindow& window) { return !window.empty() && window.after() < seq; };
  const auto has_closed = [seq](const ClosedWindow& window) { return window.after < seq; };
  return reaches(minute_) || reaches(quarter_) || std::ranges::any_of(closed_, has_closed);
}

Sweep::Met Sweep::meet(const store::Entry& entry) {
  const store::Seq before = std::exchange(position_, entry.seq);
  const core::Message& message = *entry.message;
  if (!is_json_by_its_type(message) || !message.props().content_encoding.empty()) return Met::irregular;
  const bool ours = message.source == nullptr && message.props().content_type == kFoldType;
  const auto leaves = leaves_.read(message.body, ours ? kRowLeavesMax : LeafReader::kReadingLeavesMax);
  if (!leaves || !has_number(*leaves)) return Met::irregular;
  const Resolution is = resolution_of(message, *leaves);
  const bool is_known = entry.seq <= met_up_to_;
  if (is == Resolution::quarter && !is_known) return Met::left;
  OpenWindow& window = is == Resolution::reading && !is_known ? minute_ : quarter_;
  if (window.closes_before(entry)) shut(window);
  return window.add(entry, is, *leaves, before) ? Met::taken : Met::irregular;
}

ClosedWindow Sweep::take_closed() {
  if (closed_.empty()) return {};
  ClosedWindow closed = std::move(closed_.front());
  closed_.pop_front();
  return closed;
}

bool Sweep::close_early() {
  OpenWindow& window = minute_.empty() ? quarter_ : minute_;
  if (window.empty()) return false;
  shut(window);
  return true;
}

void Sweep::shut(OpenWindow& window) {
  ClosedWindow closed = window.close();
  if (!closed.folds.empty()) closed_.push_back(std::move(closed));
}

void Sweep::begin_again() {
  const store::Seq met = std::max(met_up_to_, minute_.empty() ? position_ : minute_.after());
  restart();
  met_up_to_ = met;
}

void Sweep::restart() {
  (void)minute_.close();
  (void)quarter_.close();
  closed_.clear();
  position_ = 0;
}

}  // namespace headgate::hub
