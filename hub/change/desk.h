// Plans a changed configuration, puts it in force whole or not at all, and takes it back if nobody confirms it. Sans-I/O but for its
// parts; on the loop thread, one change after the other (Reloads::in_turn).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "core/clock.h"
#include "core/log.h"
#include "core/result.h"
#include "hub/access/access.h"
#include "hub/change/plan.h"
#include "hub/change/versions.h"
#include "hub/config/config.h"
#include "hub/reloads.h"
#include "store/queue_store.h"

namespace headgate::hub {

class ConfigDesk {
 public:
  // Borrowed, as far as they are references; the functions are called on the loop thread.
  struct Parts {
    Reloads& reloads;
    Engine& engine;
    store::QueueReader& store;
    PasswordHasher& hasher;
    const core::Clock& clock;
    core::Log& log;
    Elsewhere elsewhere;  // where routes are compiled
    Elsewhere on_disk;    // where files are written
    std::string config_path;
    std::function<const Config&()> running;
    // The configuration that the hub would have if its file had that text.
    std::function<core::Result<Config>(const std::string& text)> coming;
    std::function<std::string()> routes_in_force;
    // Reads all files again, within the turn that is.
    std::function<void(Reloads::Over done)> reload;
    // Why the hub does not take messages and store them; empty: it does.
    std::function<std::string()> trouble;
    // Runs routes over what is recorded, elsewhere: HubView::replay().
    std::function<void(RecordedRun run, HubView::OnReplayed done)> replay;
    std::function<std::optional<uint64_t>()> bytes_a_day;
    // Whether the hub can start again by itself, and has it do so, soon.
    std::function<bool()> can_start_again;
    std::function<void()> start_again;
  };
  // `steps` is borrowed.
  ConfigDesk(Parts parts, FileSteps& steps);

  using OnDone = HubView::OnPlanned;
  void plan(ConfigPlanRequest request, OnDone done);
  // Errors: invalid (there is no file to replace), io.
  void apply(ConfigApplyRequest request, OnDone done);
  // Errors: invalid, if nothing waits for it; io.
  void confirm(OnDone done);
  // Call once the hub is ready, and then about once a second.
  void started();
  void tick();

 private:
  struct Change;
  using ChangePtr = std::shared_ptr<Change>;

  [[nodiscard]] core::Status check_file() const;
  void look(const ChangePtr& change, std::function<void()> then);
  void compare(const ChangePtr& change, const Config& fresh);
  void compare_clients(const Config& fresh, ConfigPlan& plan);
  void replay(const ChangePtr& change);
  void judge(const ChangePtr& change);
  void write(const ChangePtr& change);
  void settle(const ChangePtr& change);
  void take_back(const ChangePtr& change);
  void stand(const ChangePtr& change);
  void finish(const ChangePtr& change, const core::Result<std::string>& answer);
  void roll_back_unconfirmed(const Reloads::Over& over);
  void after_roll_back(const Reloads::Over& over);
  void on_disk(std::function<core::Status()> work, std::function<void(core::Status)> then);

  const Parts parts_;
  Versions versions_;
  std::optional<int64_t> confirm_by_mono_ms_;  // a change is in force that waits for an operator
  bool ending_ = false;                        // it does no more, one way or the other
  bool awaits_restart_ = false;
  bool start_due_ = false;  // at the next tick: whoever asked for it has his answer by then
};

}  // namespace headgate::hub
