#include "hub/remote/twin_setter.h"

#include <string>
#include <utility>

namespace headgate::hub {

struct TwinSetter::Wish {
  std::vector<DesiredTwin> left;
  size_t under_way = 0;
  std::function<void()> all_set;
};

core::Status TwinSetter::check(const std::vector<DesiredTwin>& twins) const {
  std::string wrong;
  for (const DesiredTwin& twin : twins) {
    const auto found = edge_.find(twin.id);
    if (!found)
      wrong.append(wrong.empty() ? "" : "\n").append("remote document: twins: ").append(found.error().what);
  }
  return wrong.empty() ? core::Status() : core::fail(core::Errc::invalid, std::move(wrong));
}

void TwinSetter::want(std::vector<DesiredTwin> twins, std::function<void()> all_set) {
  if (twins.empty()) return wish_.reset();
  wish_ = std::make_shared<Wish>(Wish{std::move(twins), 0, std::move(all_set)});
}

// Tells of one that cannot be set whatever one does; one that the store did not take is tried again.
void TwinSetter::on_set(Wish& wish, const DesiredTwin& twin, const core::Result<std::string>& result,
                        core::Log& log) {
  --wish.under_way;
  if (result) return;
  const bool again =
      result.error().code != core::Errc::not_found && result.error().code != core::Errc::invalid;
  log.warn("remote_twin_not_set",
           {{"twin", twin.id.id()}, {"error", result.error().what}, {"tried_again", again}});
  if (again) wish.left.push_back(twin);
}

void TwinSetter::tick() {
  const std::shared_ptr<Wish> wish = wish_;
  if (!wish || wish->under_way > 0) return;
  if (wish->left.empty()) {
    wish_.reset();
    return wish->all_set();
  }
  const std::vector<DesiredTwin> now = std::exchange(wish->left, {});
  wish->under_way = now.size();
  for (const DesiredTwin& twin : now)
    edge_.set_twin(twin.id, twin.properties,
                   [wish, twin, &log = log_](const core::Result<std::string>& result) {
                     on_set(*wish, twin, result, log);
                   });
}

}  // namespace headgate::hub
