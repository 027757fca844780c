// Sets what is desired of twins as a document says, however long the store takes for it. Loop thread only.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "core/log.h"
#include "core/result.h"
#include "hub/edge/verbs.h"
#include "hub/remote/document.h"

namespace headgate::hub {

class TwinSetter {
 public:
  // Borrowed.
  TwinSetter(EdgeVerbs& edge, core::Log& log) : edge_(edge), log_(log) {}

  // Whether each of them is there. Error: invalid, a line for each that is not.
  [[nodiscard]] core::Status check(const std::vector<DesiredTwin>& twins) const;

  // Sets these from the next tick on, in the place of those that were wanted before; `all_set` is called once they are durable, if
  // there is one.
  void want(std::vector<DesiredTwin> twins, std::function<void()> all_set);
  // Call about once a second.
  void tick();

 private:
  struct Wish;

  static void on_set(Wish& wish, const DesiredTwin& twin, const core::Result<std::string>& result,
                     core::Log& log);

  EdgeVerbs& edge_;
  core::Log& log_;
  std::shared_ptr<Wish> wish_;  // null: all are set
};

}  // namespace headgate::hub
