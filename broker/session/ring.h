// A queue that costs nothing while it is empty: std::deque allocates half a kilobyte for holding nothing,
// which is a third of what an idle connection may cost.
#pragma once

#include <bit>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

namespace headgate::broker {

// push_back() and pop_front() are O(1), amortised; elements move when it grows, so a reference is good only
// until the next push_back(). Holds fewer than 2^31 elements.
template <typename T>
class Ring {
 public:
  Ring() = default;
  Ring(Ring&&) = delete;

  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] size_t size() const { return size_; }
  // Elements there is memory for.
  [[nodiscard]] size_t capacity() const { return capacity_; }

  T& operator[](size_t index) {
    assert(index < size_);
    return items_[place(index)];
  }
  T& front() { return (*this)[0]; }
  T& back() { return (*this)[size_ - 1]; }

  void push_back(T item) {
    if (size_ == capacity_) move_to(capacity_ == 0 ? 1 : capacity_ * 2);
    items_[place(size_)] = std::move(item);
    ++size_;
  }

  void pop_front() {
    front() = T{};
    first_ = static_cast<uint32_t>(place(1));
    --size_;
    if (size_ == 0) give_back();
  }

  void clear() {
    items_.reset();
    capacity_ = first_ = size_ = 0;
  }

  template <typename Predicate>
  void erase_if(Predicate&& gone) {
    size_t kept = 0;
    for (size_t i = 0; i < size_; ++i) {
      if (gone((*this)[i])) continue;
      if (kept != i) (*this)[kept] = std::move((*this)[i]);
      ++kept;
    }
    for (size_t i = kept; i < size_; ++i) (*this)[i] = T{};
    size_ = static_cast<uint32_t>(kept);
    if (size_ == 0) give_back();
  }

 private:
  // A client that is sent one message after another fills and empties its ring with each: it may keep this.
  static constexpr uint32_t kKeptWhileEmpty = 4;

  [[nodiscard]] size_t place(size_t index) const { return (first_ + index) & (capacity_ - 1); }

  void move_to(uint32_t capacity) {
    static_assert(std::has_single_bit(kKeptWhileEmpty));  // as every capacity is: place() masks
    auto items = std::make_unique<T[]>(capacity);
    for (size_t i = 0; i < size_; ++i) items[i] = std::move(items_[place(i)]);
    items_ = std::move(items);
    capacity_ = capacity;
    first_ = 0;
  }

  void give_back() {
    if (capacity_ <= kKeptWhileEmpty) return;
    clear();
  }

  std::unique_ptr<T[]> items_;
  uint32_t capacity_ = 0;  // a power of two, or 0
  uint32_t first_ = 0;     // where the front is
  uint32_t size_ = 0;
};

}  // namespace headgate::broker
