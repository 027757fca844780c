// The thread that checks passwords.
#pragma once

#include <functional>
#include <string>

#include "core/executor.h"
#include "core/os/watched_worker.h"
#include "hub/access/password_queue.h"

namespace headgate::hub {

// Destroy it before the executor; it waits for the check that is under way.
class HasherThread : public PasswordHasher {
 public:
  explicit HasherThread(core::Executor& executor) : executor_(executor) {}

  void verify(std::string hash, std::string password, std::function<void(bool fits)> done) override;

 private:
  core::Executor& executor_;
  core::WatchedWorker worker_{"passwords", core::Worker::Priority::below_loop};
};

}  // namespace headgate::hub
