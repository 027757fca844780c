// Answers when the test says so; a password fits the hash that reads "hash of <password>", or that
// `fits_really` says.
#pragma once

#include <deque>
#include <functional>
#include <string>
#include <utility>

#include "hub/access/password_queue.h"

namespace headgate::testing {

class ManualHasher : public hub::PasswordHasher {
 public:
  // Replaces the comparison.
  std::function<bool(const std::string& hash, const std::string& password)> fits_really;

  void verify(std::string hash, std::string password, std::function<void(bool)> done) override {
    ++asked_;
    under_way_.push_back({std::move(hash), std::move(password), std::move(done)});
  }
  [[nodiscard]] size_t asked() const { return asked_; }
  [[nodiscard]] bool busy() const { return !under_way_.empty(); }
  [[nodiscard]] const std::string& hash() const { return under_way_.front().hash; }

  void finish_next() {
    const Work work = std::move(under_way_.front());
    under_way_.pop_front();
    work.done(fits_really ? fits_really(work.hash, work.password) : work.hash == "hash of " + work.password);
  }
  void finish_all() {
    while (busy()) finish_next();
  }

 private:
  struct Work {
    std::string hash;
    std::string password;
    std::function<void(bool)> done;
  };
  std::deque<Work> under_way_;
  size_t asked_ = 0;
};

}  // namespace headgate::testing
