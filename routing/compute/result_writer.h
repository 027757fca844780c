// Results of windows: HAVING decides, SELECT makes the body, templates the topics.
#pragma once

#include <string>
#include <string_view>

#include "routing/compute/computation.h"
#include "routing/compute/windows/group.h"
#include "routing/compute/windows/sums.h"

namespace headgate::routing {

// Reusable; all that it is given must outlive it.
class ResultWriter {
 public:
  ResultWriter(const ComputePlan& plan, Evaluator& evaluator, RouteCounts& counts, std::string& sample)
      : plan_(plan), evaluator_(evaluator), counts_(counts), sample_(sample) {}

  // Appends the result of a window of the group whose key is `key`, if HAVING is yes. Where it is not but was for the
  // revision before, a result that withdraws that one. True: HAVING is yes.
  bool write(std::string_view key, const Sums& sums, const Closing& window, Computation::Results& out);

 private:
  const ComputePlan& plan_;
  Evaluator& evaluator_;
  RouteCounts& counts_;
  std::string& sample_;
  Scratch scratch_;
};

}  // namespace headgate::routing
