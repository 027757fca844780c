// Things kept under a key, in bounded number: found by key or by number, the one that was idle longest at hand, and
// those that changed since the last save known.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace headgate::routing {

// Larger numbers are given to nothing, so that one more than a stored one is always a number.
inline constexpr uint64_t kIdMax = uint64_t{1} << 62;

// Base of a T that a KeptTable<T> keeps.
template <typename T>
struct Kept {
  uint64_t id = 0;  // never used again
  std::string key;
  uint64_t touched = 0;  // counts up from one touch of any to the next
  bool changed = false;  // since the last save
  bool stored = false;
  T* older = nullptr;
  T* newer = nullptr;
};

// Owns its elements, which stay where they are.
template <typename T>
class KeptTable {
 public:
  [[nodiscard]] size_t size() const { return by_key_.size(); }
  [[nodiscard]] bool empty() const { return by_key_.empty(); }

  [[nodiscard]] T* find(std::string_view key) const {
    const auto found = by_key_.find(key);
    return found == by_key_.end() ? nullptr : found->second.get();
  }
  [[nodiscard]] T* with_id(uint64_t id) const {
    const auto found = by_id_.find(id);
    return found == by_id_.end() ? nullptr : found->second;
  }
  // The one that was not touched for longest; nullptr if empty.
  [[nodiscard]] T* oldest() const { return oldest_; }

  // Nullptr, and nothing is added, if its key or its number is taken.
  T* add(std::unique_ptr<T> element) {
    T* added = element.get();
    if (by_id_.contains(added->id)) return nullptr;
    if (!by_key_.try_emplace(added->key, std::move(element)).second) return nullptr;
    by_id_.emplace(added->id, added);
    link(*added);
    return added;
  }

  void touch(T& element) {
    element.touched = ++touches_;
    change(element);
    if (newest_ == &element) return;
    unlink(element);
    link(element);
  }

  void change(T& element) {
    if (std::exchange(element.changed, true)) return;
    changed_.push_back(element.id);
  }

  void remove(T& element) {
    if (element.stored) gone_.push_back(element.id);
    unlink(element);
    by_id_.erase(element.id);
    by_key_.erase(by_key_.find(element.key));
  }

  // Calls saved(T&) for each element that changed, and gone(id) for each that was stored and is no more.
  template <typename Saved, typename Gone>
  void save(const Saved& saved, const Gone& gone) {
    for (const uint64_t id : std::exchange(changed_, {})) {
      T* element = with_id(id);
      if (!element || !std::exchange(element->changed, false)) continue;
      element->stored = true;
      saved(*element);
    }
    for (const uint64_t id : std::exchange(gone_, {})) gone(id);
  }

  template <typename Call>
  void for_each(const Call& call) const {
    for (T* element = oldest_; element; element = element->newer) call(*element);
  }

  // Puts all in the order in which they were touched: after elements were added in another one.
  void order_by_touch() {
    std::vector<T*> all;
    for_each([&](T& element) { all.push_back(&element); });
    std::sort(all.begin(), all.end(), [](const T* a, const T* b) {
      return std::pair(a->touched, a->id) < std::pair(b->touched, b->id);
    });
    if (!all.empty()) touches_ = std::max(touches_, all.back()->touched);
    oldest_ = newest_ = nullptr;
    for (T* element : all) {
      element->older = element->newer = nullptr;
      link(*element);
    }
  }

 private:
  void link(T& element) {
    element.older = newest_;
    (newest_ ? newest_->newer : oldest_) = &element;
    newest_ = &element;
  }
  void unlink(T& element) {
    (element.older ? element.older->newer : oldest_) = element.newer;
    (element.newer ? element.newer->older : newest_) = element.older;
    element.older = element.newer = nullptr;
  }

  std::unordered_map<std::string_view, std::unique_ptr<T>> by_key_;  // views T::key
  std::unordered_map<uint64_t, T*> by_id_;
  T* oldest_ = nullptr;
  T* newest_ = nullptr;
  uint64_t touches_ = 0;
  std::vector<uint64_t> changed_;
  std::vector<uint64_t> gone_;
};

}  // namespace headgate::routing
