// The thread that checks passwords.
#pragma once

#include <functional>
#include <string>

#include "core/executor.h"
#include "hub/password_queue.h"
#include "store/worker.h"

namespace headgate::hub {

// Destroy it before the executor; it waits for the check that is under way.
class HasherThread : public PasswordHasher {
 public:
  explicit HasherThread(core::Executor& executor) : executor_(executor) {}

  void verify(std::string hash, std::string password, std::function<void(bool fits)> done) override;

 private:
  core::Executor& executor_;
  store::Worker worker_;
};

}  // namespace headgate::hub
