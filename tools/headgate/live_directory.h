// The store of a hub that has its directory in use and does not answer: a view of it as it is now, that is no second writer and
// puts what it writes itself into a directory of its own, outside, which goes with it.
#pragma once

#include <memory>
#include <string>

#include "store/queue_store.h"

namespace headgate::tools {

class LiveDirectory {
 public:
  explicit LiveDirectory(const std::string& store_dir);
  ~LiveDirectory();
  LiveDirectory(const LiveDirectory&) = delete;
  LiveDirectory& operator=(const LiveDirectory&) = delete;

  // Null: it is not possible.
  [[nodiscard]] store::QueueReader* reader() const { return reader_.get(); }
  [[nodiscard]] const std::string& why() const { return why_; }

 private:
  std::string scratch_;
  std::unique_ptr<store::QueueReader> reader_;
  std::string why_;
};

}  // namespace headgate::tools
