// A value that is made when it is first needed: empty it costs a pointer. Copies are deep.
#pragma once

#include <memory>

namespace headgate::routing {

template <typename T>
class Boxed {
 public:
  Boxed() = default;
  Boxed(const Boxed& other) : held_(other.held_ ? std::make_unique<T>(*other.held_) : nullptr) {}
  Boxed(Boxed&&) noexcept = default;
  Boxed& operator=(const Boxed& other) {
    if (this != &other) held_ = other.held_ ? std::make_unique<T>(*other.held_) : nullptr;
    return *this;
  }
  Boxed& operator=(Boxed&&) noexcept = default;
  ~Boxed() = default;

  explicit operator bool() const { return held_ != nullptr; }
  [[nodiscard]] T& made() {
    if (!held_) held_ = std::make_unique<T>();
    return *held_;
  }
  void clear() { held_.reset(); }

  T* operator->() { return held_.get(); }
  const T* operator->() const { return held_.get(); }
  T& operator*() { return *held_; }
  const T& operator*() const { return *held_; }

 private:
  std::unique_ptr<T> held_;
};

}  // namespace headgate::routing
