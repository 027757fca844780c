// Errors as values. The names follow std::expected, so that it can replace this file one day.
#pragma once

#include <cassert>
#include <string>
#include <utility>
#include <variant>

namespace headgate::core {

// Kinds of error, by the action that the caller can take. Few on purpose: the text says what happened.
enum class Errc {
  invalid,      // the input is wrong; the same input fails again
  not_found,    // what was named does not exist
  corrupt,      // stored data cannot be trusted
  unavailable,  // try again later
  full,         // a quota or the disk is used up; apply back-pressure
  io,           // the operating system or a device refused
};

// A failure: what the caller can do (`code`) and what a person should read (`what`).
struct Error {
  Errc code = Errc::invalid;
  std::string what;

  friend bool operator==(const Error&, const Error&) = default;
};

// Tags an error on its way into a Result: `return fail(Errc::invalid, "…")`.
struct Unexpected {
  Error error;
};

[[nodiscard]] inline Unexpected fail(Errc code, std::string what) {
  return Unexpected{Error{code, std::move(what)}};
}
[[nodiscard]] inline Unexpected fail(Error error) { return Unexpected{std::move(error)}; }

// Either a T or an Error. Reading the side that is not there is a bug (assert).
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}  // NOLINT(*-explicit-*)
  Result(Unexpected failure) : state_(std::in_place_index<1>, std::move(failure.error)) {}  // NOLINT

  [[nodiscard]] bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }

  [[nodiscard]] T& value() & { return get(); }
  [[nodiscard]] const T& value() const& { return const_cast<Result*>(this)->get(); }
  [[nodiscard]] T&& value() && { return std::move(get()); }
  T& operator*() & { return get(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(get()); }
  T* operator->() { return &get(); }
  const T* operator->() const { return &value(); }

  [[nodiscard]] const Error& error() const {
    assert(!has_value());
    return *std::get_if<1>(&state_);
  }

 private:
  T& get() {
    assert(has_value());
    return *std::get_if<0>(&state_);
  }

  std::variant<T, Error> state_;
};

// Success without a value, or an Error.
template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Unexpected failure) : error_(std::move(failure.error)), ok_(false) {}  // NOLINT

  [[nodiscard]] bool has_value() const { return ok_; }
  explicit operator bool() const { return ok_; }
  [[nodiscard]] const Error& error() const {
    assert(!ok_);
    return error_;
  }

 private:
  Error error_;
  bool ok_ = true;
};

using Status = Result<void>;

}  // namespace headgate::core
